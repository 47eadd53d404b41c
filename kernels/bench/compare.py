#!/usr/bin/env python3
"""Times our CUDA kernels and other libraries' in one process and checks both against float64.

Needs the built library and torch; flash-linear-attention and flash-qla (with tilelang) are compared where installed.

  compare.py --library libflashmorph_kernels_cuda.so [--operator lightning|gdn] [--rivals fla,flash_qla|none]
             [--shapes SUBSTRING] [--json FILE]
"""

import argparse
import json
import sys

import torch
import torch.nn.functional as F

import recurrence
import rivals
import timing
from library import Library

# (B, T, H, d)
SHAPES = {
    "lightning": [(8, 4096, 32, 128), (8, 4096, 16, 64)],
    "gdn": [(8, 4096, 32, 128), (8, 4096, 16, 128), (8, 4096, 16, 64), (4, 2048, 9, 64), (1, 32768, 16, 128)],
}
GRAPHED = {("gdn", (4, 2048, 9, 64))}  # short enough for launches to count
# (B, T, H): as many pairs as large shapes have, and few of many tokens, since kernels are chosen by that
CHECKED = {"lightning": [(3, 130, 46)], "gdn": [(1, 2112, 16), (3, 130, 46)]}


def shape_name(shape):
    return f"{shape[0]}x{shape[1]} h{shape[2]} d{shape[3]}"


def inputs(operator, shape, seed=0):
    torch.manual_seed(seed)
    batch, tokens, heads, d = shape
    x = {n: torch.randn(shape, dtype=torch.bfloat16, device="cuda") for n in ("q", "k", "v", "do")}
    if operator == "lightning":
        x["log_decay"] = -(2.0 ** (-8.0 * torch.arange(1, heads + 1, device="cuda") / heads))
    else:
        x["q"], x["k"] = (F.normalize(x[n].float(), dim=-1).bfloat16() for n in ("q", "k"))
        x["g"] = F.logsigmoid(torch.randn(batch, tokens, heads, device="cuda") + 3)
        x["beta"] = torch.rand(batch, tokens, heads, device="cuda")
    return x


def implementations(operator, library, chosen):
    found = {}
    if operator == "lightning":
        found["ours"] = library.lightning
        if "fla" in chosen:
            found["fla"] = rivals.lightning_fla
    else:
        if library.has_gdn:
            found["ours"] = library.gdn
        if "fla" in chosen:
            found["fla"] = rivals.gdn_fla
        if "flash_qla" in chosen:
            found["flash_qla"] = rivals.gdn_flash_qla
    return found


def supports(name, shape):
    return name != "flash_qla" or shape[3] == 128


def check(operator, make, shape):
    x = inputs(operator, shape, seed=1)
    forward, training, backward, out = make(x)
    training()
    backward()
    forward()
    return recurrence.relative_errors(out, recurrence.reference(getattr(recurrence, operator), x))


def measure(make, operator, shape):
    forward, training, backward, _ = make(inputs(operator, shape))
    row = {"forward_ms": timing.median_ms(forward)}
    training()
    row["training_forward_ms"] = timing.median_ms(training)
    row["backward_ms"] = timing.median_ms(backward)
    return row


def measure_step(make, operator, shape):
    _, training, backward, _ = make(inputs(operator, shape))

    def step():
        training()
        backward()

    row = {"eager_step_ms": timing.median_ms(step)}
    replay = timing.graphed(step)
    if replay is not None:
        row["graphed_step_ms"] = timing.median_ms(replay)
    return row


def attempt(function, *arguments):
    """A rival that fails must not end the comparison: its error is what the table shows."""
    try:
        return function(*arguments)
    except Exception as error:  # noqa: BLE001
        return {"error": f"{type(error).__name__}: {str(error)[:200]}"}


def numbers(values, form):
    return "  ".join(f"{n} {format(v, form) if isinstance(v, float) else v}" for n, v in values.items())


def compare(operator, library, chosen, wanted):
    results, shapes = [], [s for s in SHAPES[operator] if wanted in shape_name(s)]
    makers = implementations(operator, library, chosen)
    for shape in shapes:
        ours = {}
        for name, make in makers.items():
            if not supports(name, shape):
                continue
            row = attempt(measure, make, operator, shape)
            ours = row if name == "ours" else ours
            ratios = {n: v / ours[n] for n, v in row.items() if n in ours and isinstance(v, float)}
            results.append({"operator": operator, "by": name, "shape": shape_name(shape), "ms": row, "ratio": ratios})
            print(f"{operator:10} {name:10} {shape_name(shape):18} {numbers(row, '.4f')}", end="")
            print(f"   ratio: {numbers(ratios, '.2f')}" if name != "ours" and ratios else "", flush=True)
            torch.cuda.empty_cache()
    # After the times, because FLA tunes itself on the first call for a head size, which must be one of the timed shapes.
    for name, make in makers.items():
        dims = sorted({s[3] for s in shapes if supports(name, s)})
        for shape in (size + (d,) for d in dims for size in CHECKED[operator]):
            errors = attempt(check, operator, make, shape)
            results.append({"operator": operator, "by": name, "shape": shape_name(shape), "errors": errors})
            print(f"{operator:10} {name:10} {shape_name(shape):18} errors: {numbers(errors, '.2e')}", flush=True)
    # Last, and ours first: a capture that fails leaves PyTorch's random numbers unusable for the rest of the process.
    for shape in (s for s in shapes if (operator, s) in GRAPHED):
        for name, make in makers.items():
            if not supports(name, shape):
                continue
            row = attempt(measure_step, make, operator, shape)
            results.append({"operator": operator, "by": name, "shape": shape_name(shape), "ms": row})
            print(f"{operator:10} {name:10} {shape_name(shape):18} {numbers(row, '.4f')}", flush=True)
    return results


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--library", required=True)
    parser.add_argument("--operator", choices=list(SHAPES), action="append")
    parser.add_argument("--rivals", help="comma-separated, or none; default: those installed")
    parser.add_argument("--shapes", default="", help="only shapes whose name holds this, e.g. d128")
    parser.add_argument("--json")
    options = parser.parse_args()
    chosen = rivals.available() if options.rivals is None else options.rivals.split(",")
    report = {
        "device": torch.cuda.get_device_name(),
        "torch": torch.__version__,
        "rivals": chosen,
        "copy_tb_per_s": timing.copy_rate_bytes_per_s() / 1e12,
    }
    print(json.dumps(report), flush=True)
    report["results"] = []
    for operator in options.operator or list(SHAPES):
        report["results"] += compare(operator, Library(options.library), chosen, options.shapes)
        if options.json:
            with open(options.json, "w") as file:
                json.dump(report, file, indent=1)
    return 0


if __name__ == "__main__":
    sys.exit(main())
