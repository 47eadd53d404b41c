"""The same operators from other libraries, where installed. Each returns (forward alone, forward for training,
backward, outputs) as library.Library does."""

import importlib.util
import os


def available():
    return [name for name in ("fla", "flash_qla") if importlib.util.find_spec(name) is not None]


def _fla():
    os.environ["FLA_FLASH_QLA"] = "0"  # FlashQLA is timed by itself
    import fla.ops.common.chunk_o as chunk_o

    # FLA refuses its gated backward under Triton 3.4 to 3.7.0 on Hopper, because gradients come out wrong at d = 64.
    # The work is the same, so its time counts; its gradients at d = 64 do not. With TileLang it takes another way.
    chunk_o.TRITON_ABOVE_3_7_1 = True
    return chunk_o


def _with_autograd(x, names, call):
    import torch

    leaves = {n: x[n].detach().clone().requires_grad_() for n in names}
    constants = {n: t for n, t in x.items() if n not in names and n != "do"}
    out = {}

    def forward():
        with torch.no_grad():
            out["o"] = call(**leaves, **constants)

    def training():
        out["graph"] = call(**leaves, **constants)

    def backward():
        gradients = torch.autograd.grad(out["graph"], list(leaves.values()), x["do"], retain_graph=True)
        out.update({f"d{n}": g for n, g in zip(names, gradients)})

    return forward, training, backward, out


def lightning_fla(x):
    _fla()
    from fla.ops.simple_gla import chunk_simple_gla

    def call(q, k, v, log_decay):
        return chunk_simple_gla(q, k, v, g_gamma=log_decay, scale=q.shape[-1] ** -0.5)[0]

    return _with_autograd(x, ("q", "k", "v"), call)


def _gdn(x, chunk_gated_delta_rule):
    def call(q, k, v, g, beta):
        return chunk_gated_delta_rule(q, k, v, g, beta, scale=q.shape[-1] ** -0.5)[0]

    return _with_autograd(x, ("q", "k", "v", "g", "beta"), call)


def gdn_fla(x):
    _fla()
    from fla.ops.gated_delta_rule import chunk_gated_delta_rule

    return _gdn(x, chunk_gated_delta_rule)


def gdn_flash_qla(x):
    from flash_qla import chunk_gated_delta_rule

    return _gdn(x, chunk_gated_delta_rule)
