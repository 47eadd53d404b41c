#!/usr/bin/env python3
"""Makes the built-in teacher's tokenizer: byte-level BPE with 1,024 entries on resources/text/kjv.txt.

    pip install tokenizers==0.23.3 && python3 make_tokenizer.py

The words of the retrieval tasks (core/data/word_lists.cpp) and of their sentences are one token each, leading blank included, so that a
small model spends its depth on retrieval and not on spelling. They are added tokens that are not special: encoding splits on them
before anything else, in HF tokenizers exactly as in core/formats.
"""
import json
import pathlib
import re
import sys

from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers

HERE = pathlib.Path(__file__).resolve().parent
REPOSITORY = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else HERE.parent.parent
OUT = HERE / "fm-tiny"
SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
MARKERS = [" is", " of", " the", " and", " what", " key", " value", " copy", " then", " same", " as", " has", " number", "?", ".", ":", "\n"]
SIZE = 1024


def word_lists():
    source = (REPOSITORY / "core/data/word_lists.cpp").read_text(encoding="utf-8")
    return {name: re.findall(r'"([a-z]+)"', body) for name, body in re.findall(r"& (\w+)\(\) \{(.*?)\n\}", source, re.S)}


def train(vocab_size, text):
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)])
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.train_from_iterator([text], trainers.BpeTrainer(
        vocab_size=vocab_size, special_tokens=SPECIAL, show_progress=False, initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet())))
    return tokenizer


def is_one(tokenizer, text):
    return len(tokenizer.encode(text, add_special_tokens=False).ids) == 1


def main():
    lists = word_lists()
    words = [" " + w for name in ("natoWords", "keyWords", "numberWords", "ordinalWords") for w in lists[name]]
    text = (REPOSITORY / "resources/text/kjv.txt").read_text(encoding="ascii")
    # What BPE finds by itself (" the", ".") needs no entry of its own; how much it finds depends on the room left.
    size = SIZE
    while True:
        tokenizer = train(size, text)
        missing = [w for w in words + MARKERS if w in words[:90] or not is_one(tokenizer, w)]
        if size + len(missing) <= SIZE:
            break
        size = min(size - 1, SIZE - len(missing))
    tokenizer = train(SIZE - len(missing), text)
    tokenizer.add_tokens([AddedToken(w, normalized=False, special=False) for w in missing])
    assert tokenizer.get_vocab_size() == SIZE
    assert all(is_one(tokenizer, w) for w in words + MARKERS)
    assert len(tokenizer.encode(" river is alpha bravo").ids) == 4
    OUT.mkdir(exist_ok=True)
    tokenizer.save(str(OUT / "tokenizer.json"), pretty=False)
    (OUT / "tokenizer_config.json").write_text(json.dumps(
        {"tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": 512, "eos_token": SPECIAL[0], "pad_token": SPECIAL[0]}, indent=2) + "\n")


if __name__ == "__main__":
    main()
