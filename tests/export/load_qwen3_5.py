"""Loads an exported folder with transformers and holds its logits against those recorded in the folder.

Prints JSON: unmatched keys (text, "" when all match), compared positions, largest difference of a full pass, and of
prefill followed by token-by-token decoding.
"""

import json
import sys

import torch
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM


def main(folder):
    reference = load_file(folder + "/flashmorph_reference.safetensors")
    model, info = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, output_loading_info=True)
    model.eval()
    unmatched = {key: sorted(map(str, value)) for key, value in info.items() if value}
    ids, expected = reference["ids"], reference["logits"]
    kept = expected.shape[1]
    with torch.no_grad():
        whole = model(ids).logits[:, -kept:]
        step = model(ids[:, :-kept], use_cache=True)
        decoded = []
        for t in range(ids.shape[1] - kept, ids.shape[1]):
            step = model(ids[:, t : t + 1], past_key_values=step.past_key_values, use_cache=True)
            decoded.append(step.logits[:, 0])
    print(
        json.dumps(
            {
                "class": type(model).__name__,
                "unmatched": json.dumps(unmatched) if unmatched else "",
                "positions": expected.shape[0] * kept,
                "max_abs": (whole - expected).abs().max().item(),
                "decode_max_abs": (torch.stack(decoded, 1) - expected).abs().max().item(),
            }
        )
    )


main(sys.argv[1])
