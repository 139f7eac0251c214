#!/usr/bin/env python3
"""Make stems.txt and vectors.bin: a small student of a large sentence model.

    python3 vectors.py --model DIR --texts FILE --words words.txt --out DIR

--model is the folder of all-MiniLM-L6-v2 (model.safetensors, tokenizer.json, vocab.txt), --texts a file of short English
texts, one a line. Needs numpy, scipy, tokenizers and safetensors. README.md beside this file says what the texts were.
"""
import argparse
import collections
import re
import unicodedata
from pathlib import Path

import numpy as np
import scipy.sparse as sparse
from safetensors.numpy import load_file
from tokenizers import Tokenizer

DIMENSIONS, MOST_STEMS, LENGTH = 128, 26_000, 380.0
STEPS, HELD_TO_FIRST, SYNONYMS = 150, 3.0, 0.5


def stem(word):
    """stem.rs, word for word."""
    if len(word) <= 3 or not re.fullmatch("[a-z]+", word):
        return word

    def drop(s, end, stands):
        return s[: -len(end)] if s.endswith(end) and stands(s[: -len(end)]) else s

    if word.endswith("ies") and len(word) >= 5:
        s = word[:-3] + "y"
    elif word.endswith(("sses", "ches", "shes", "xes", "zes")):
        s = word[:-2]
    elif word.endswith(("ss", "us", "is")):
        s = word
    else:
        s = word.removesuffix("s")
    s = drop(s, "ly", lambda r: len(r) >= 4)
    if s.endswith("ied") and len(s) >= 5:
        s = s[:-3] + "y"
    elif not s.endswith("eed"):
        for end in ("ing", "ed"):
            rest = s.removesuffix(end)
            if rest != s and len(rest) >= 3 and re.search("[aeiouy]", rest):
                s = rest
                break
    s = drop(s, "ion", lambda r: len(r) >= 4 and r[-1] in "st")
    s = drop(s, "e", lambda r: len(r) >= 3)
    s = drop(s, "at", lambda r: len(r) >= 6)
    s = drop(s, "ment", lambda r: len(r) >= 4)
    s = drop(s, "ness", lambda r: len(r) >= 4)
    return s[:-1] if len(s) >= 4 and s[-1] == s[-2] and s[-1] not in "aeiou" else s


def stems(text):
    text = re.sub("['’`]", "", unicodedata.normalize("NFKD", text.casefold()))
    text = "".join(c for c in text if not unicodedata.combining(c))
    return [stem(word) for word in re.findall("[^\\W_]+", text)]


class Teacher:
    """all-MiniLM-L6-v2 in numpy: the mean of its last layer, of length 1."""

    def __init__(self, folder):
        self.w = {k.removeprefix("bert."): v.astype(np.float32)
                  for k, v in load_file(folder / "model.safetensors").items() if v.dtype != np.int64}
        self.tokens = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self.tokens.no_padding()
        self.tokens.enable_truncation(48)

    def line(self, x, name):
        flat = x.reshape(-1, x.shape[-1]) @ self.w[name + ".weight"].T + self.w[name + ".bias"]
        return flat.reshape(*x.shape[:-1], -1)

    def norm(self, x, name):
        x = x - x.mean(-1, keepdims=True)
        return x / np.sqrt((x * x).mean(-1, keepdims=True) + 1e-12) * self.w[name + ".weight"] + self.w[name + ".bias"]

    def layers(self, ids):
        count, length = ids.shape
        w = self.w
        x = w["embeddings.word_embeddings.weight"][ids] + w["embeddings.position_embeddings.weight"][:length]
        x = self.norm(x + w["embeddings.token_type_embeddings.weight"][0], "embeddings.LayerNorm")
        for layer in range(6):
            at = f"encoder.layer.{layer}."
            q, k, v = (self.line(x, f"{at}attention.self.{n}").reshape(count, length, 12, 32).transpose(0, 2, 1, 3)
                       for n in ("query", "key", "value"))
            a = q @ k.transpose(0, 1, 3, 2) / np.float32(32**0.5)
            a = np.exp(a - a.max(-1, keepdims=True))
            o = (a / a.sum(-1, keepdims=True) @ v).transpose(0, 2, 1, 3).reshape(count, length, 384)
            x = self.norm(x + self.line(o, at + "attention.output.dense"), at + "attention.output.LayerNorm")
            h = self.line(x, at + "intermediate.dense")
            h = 0.5 * h * (1 + np.tanh(0.7978845608 * (h + 0.044715 * h**3)))
            x = self.norm(x + self.line(h, at + "output.dense"), at + "output.LayerNorm")
        return x.mean(1)

    def directions(self, texts, batch=256):
        ids = [t.ids for t in self.tokens.encode_batch(texts)]
        of_length = collections.defaultdict(list)
        for at, one in enumerate(ids):
            of_length[len(one)].append(at)
        out = np.zeros((len(texts), 384), np.float32)
        for places in of_length.values():
            for start in range(0, len(places), batch):
                part = places[start : start + batch]
                out[part] = self.layers(np.array([ids[at] for at in part]))
        return out / np.linalg.norm(out, axis=1, keepdims=True)


def vocabulary(folder, texts):
    """Stems in the order of their frequency, with a word for each: the model's own list is in that order."""
    listed = [line.strip() for line in open(folder / "vocab.txt", encoding="utf-8")][1996:]
    listed = [w for w in listed if re.fullmatch("[a-z]{2,}|[a-z]+[0-9]+[a-z]*|[0-9]{1,4}", w)]
    seen = collections.Counter(w for t in texts for w in re.findall("[a-z0-9]+", t.lower()))
    more = [w for w, n in seen.most_common() if n >= 4 and len(w) > 2]
    words = {}
    for word in [*"abcdefghijklmnopqrstuvwxyz", *listed, *more]:
        found = stems(word)
        if len(found) == 1 and len(found[0]) <= 24:
            words.setdefault(found[0], word)
    return dict(list(words.items())[:MOST_STEMS])


def fitted(rows, target, first):
    """Vectors whose sums over each text's words point where the model points; held to the model's view of each word."""
    v, m, s = first.copy(), np.zeros_like(first), np.zeros_like(first)
    back = rows.T.tocsr()
    for step in range(STEPS):
        sums = rows @ v
        length = np.linalg.norm(sums, axis=1, keepdims=True) + 1e-6
        cosine = (sums / length * target).sum(1, keepdims=True)
        gradient = back @ (-(target - cosine * sums / length) / length) + HELD_TO_FIRST * (v - first)
        m, s = 0.9 * m + 0.1 * gradient, 0.98 * s + 0.02 * gradient**2
        rate = 0.02 * (1 - step / STEPS) + 0.001
        v -= rate * (m / (1 - 0.9 ** (step + 1))) / (np.sqrt(s / (1 - 0.98 ** (step + 1))) + 1e-6)
    return v


def drawn_together(v, places, table):
    """Words of one line of the table nearer to each other; lengths stay."""
    near = collections.defaultdict(set)
    for line in open(table, encoding="utf-8"):
        if line[:1] in "=~":
            group = {places[s] for s in stems(line[1:]) if s in places}
            for a in group:
                near[a] |= {(b, 2.0 if line[0] == "=" else 1.0) for b in group - {a}}
    length = np.linalg.norm(v, axis=1, keepdims=True)
    own = v / length
    unit = own.copy()
    for _ in range(8):
        moved = unit.copy()
        for a, others in near.items():
            if not others:
                continue
            pull = sum(w * unit[b] for b, w in others) / sum(w for _, w in others)
            moved[a] = own[a] + SYNONYMS * pull
            moved[a] /= np.linalg.norm(moved[a])
        unit = moved
    return unit, length[:, 0]


def main():
    ask = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ("model", "texts", "words", "out"):
        ask.add_argument("--" + name, type=Path, required=True)
    args = ask.parse_args()
    texts = args.texts.read_text(encoding="utf-8").splitlines()
    words = vocabulary(args.model, texts)
    places = {s: at for at, s in enumerate(words)}
    teacher = Teacher(args.model)
    seen = teacher.directions(texts)
    mean = seen.mean(0)
    _, axes = np.linalg.eigh(np.cov((seen - mean).T))
    axes = axes[:, ::-1][:, :DIMENSIONS]
    narrow = lambda d: (lambda p: p / np.linalg.norm(p, axis=1, keepdims=True))((d - mean) @ axes)
    target, first = narrow(seen), narrow(teacher.directions(list(words.values())))
    at = [(row, places[s]) for row, text in enumerate(texts) for s in stems(text) if s in places]
    rows = sparse.csr_matrix((np.ones(len(at), np.float32), tuple(zip(*at))), shape=(len(texts), len(words)))
    count = np.asarray(rows.sum(0)).ravel()
    rare = 1e-3 / (1e-3 + count / count.sum())
    kept = np.asarray(rows.sum(1)).ravel() > 0
    v = fitted(rows[kept], target[kept], first * (rare / rare.max())[:, None] * 0.6)
    unit, length = drawn_together(v, places, args.words)
    direction = np.clip(np.round(unit * LENGTH), -127, 127).astype(np.int8)
    telling = np.clip(np.round(length / np.quantile(length, 0.999) * 255), 1, 255).astype(np.uint8)
    np.concatenate([telling[:, None].view(np.int8), direction], axis=1).tofile(args.out / "vectors.bin")
    (args.out / "stems.txt").write_text("\n".join(words) + "\n")


if __name__ == "__main__":
    main()
