#!/usr/bin/env python3
"""SmolLM2 prefill, ours against `transformers`: same torch wheel, same threads, same machine, alternating runs.

  python bench_prefill.py BENCH_PROGRAM [--model FOLDER_OR_GGUF --hf FOLDER] [--tokens 1024] [--threads 2] [--rounds 5]

BENCH_PROGRAM is the built bench_prefill. Without --model both sides use random weights of SmolLM2-135M's shape: the
time does not depend on the values. Both compute the logits of the last position only and fill a key/value cache. The
ratio is transformers' best time over ours: at least 1 means that we are as fast.
"""
import argparse
import subprocess
import time

import torch
from transformers import AutoModelForCausalLM, LlamaConfig, LlamaForCausalLM


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--model", default="smollm2-shape")
    parser.add_argument("--hf")
    parser.add_argument("--tokens", type=int, default=1024)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--repeats", type=int, default=4)
    parser.add_argument("--dtype", default="float32", choices=["float32", "bfloat16"])
    return parser.parse_args()


def teacher(args):
    if args.hf:
        return AutoModelForCausalLM.from_pretrained(args.hf, dtype=getattr(torch, args.dtype)).eval()
    config = LlamaConfig(
        vocab_size=49152, hidden_size=576, intermediate_size=1536, num_hidden_layers=30, num_attention_heads=9,
        num_key_value_heads=3, max_position_embeddings=8192, tie_word_embeddings=True,
        rope_parameters=dict(rope_type="default", rope_theta=100000.0))
    return LlamaForCausalLM(config).to(getattr(torch, args.dtype)).eval()


def time_transformers(model, ids, repeats):
    times = []
    with torch.inference_mode():
        for _ in range(repeats):
            start = time.perf_counter()
            model(ids, use_cache=True, logits_to_keep=1)
            times.append((time.perf_counter() - start) * 1e3)
    return times


def time_ours(args):
    command = [args.program, args.model, str(args.tokens), str(args.threads), str(args.repeats), args.dtype]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    return [float(line.split()[0]) for line in lines]


def main():
    args = arguments()
    torch.set_num_threads(args.threads)
    model = teacher(args)
    ids = (torch.arange(args.tokens) % 40000 + 17).unsqueeze(0)
    theirs, ours = [], []
    for round_number in range(args.rounds):
        theirs.append(min(time_transformers(model, ids, args.repeats)))
        ours.append(min(time_ours(args)))
        print(f"round {round_number}: transformers {theirs[-1]:.1f} ms, ours {ours[-1]:.1f} ms, "
              f"ratio {theirs[-1] / ours[-1]:.3f}", flush=True)
    print(f"attention: {model.config._attn_implementation}, {args.dtype}, {args.tokens} tokens, "
          f"{args.threads} threads, torch {torch.__version__}")
    print(f"best: transformers {min(theirs):.1f} ms, ours {min(ours):.1f} ms, ratio {min(theirs) / min(ours):.3f}")


if __name__ == "__main__":
    main()
