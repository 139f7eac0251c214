#!/usr/bin/env python3
"""Teach the vectors which words of a trade belong together, and say what other teams' processes sound like.

    python3 train.py --student DIR --corpus DIR --out DIR [--without NAME,NAME]

--student is the folder into which vectors.py wrote stems.txt and vectors.bin, --corpus the folder of corpus files. Writes
stems.txt, vectors.bin, elsewhere.txt and elsewhere.bin. Needs numpy and scipy, and takes about four minutes on two
cores. README.md beside this file says what the corpus is.

A sentence by which somebody asks for a process must point nearer to the other sentences of the same process than to those of
any other in the same file, and of files about something else. Words that the corpus does not have stay where they are.
"""
import argparse
from multiprocessing import Pool
from pathlib import Path

import numpy as np
import scipy.sparse as sparse

from vectors import LENGTH, stems

DIMENSIONS = 192
STEPS, RATE, TEACHERS = 1600, 0.006, 4
# How sharply the nearest must win, how much holds a word to its first place, and which part of a sentence's words is hidden.
SHARP, HELD, HIDDEN = 0.05, 0.02, 0.3
# How much longer the vectors of words become that the corpus does not have: as much as it makes the others, on average.
UNHEARD = 1.25
# Files whose processes are compared in one step, and from which likeness on two processes of different files may be the same.
FILES, SAME = 6, 0.55
TRIGGER, SAID, TOLD = 0, 1, 2


def read(folder, without=()):
    processes = []
    for path in sorted(Path(folder).glob("*.txt")):
        if path.stem in without:
            continue
        for line in path.read_text(encoding="utf-8").splitlines():
            mark, text = line[:2], line[2:].strip()
            if line.startswith("## "):
                _, name, scope = (part.strip() for part in line[3:].split("|", 2))
                processes.append({"trade": path.stem, "name": name, "texts": [(TOLD, name), (TOLD, scope)]})
            elif mark in ("! ", "- "):
                processes[-1]["texts"].append((TRIGGER if mark == "! " else SAID, text))
    return processes


def unit(x):
    length = np.linalg.norm(x, axis=-1, keepdims=True) + 1e-6
    return x / length, length


def along(gradient, direction, length):
    """The gradient of a vector from that of its direction."""
    return (gradient - (gradient * direction).sum(1, keepdims=True) * direction) / length


def taught(first, rows, process, kind, trade, seed):
    """Vectors in which each process's sentences find each other. The mean of the second half of all steps."""
    random = np.random.default_rng(seed)
    v, m, s, mean = first.copy(), np.zeros_like(first), np.zeros_like(first), np.zeros_like(first)
    used = (np.asarray((rows > 0).sum(0)).ravel() > 0)[:, None]
    texts = [np.flatnonzero(process == number) for number in range(len(trade))]
    start = unit(rows @ first)[0]
    alike = unit(np.stack([start[own].mean(0) for own in texts]))[0]
    trades = np.unique(trade)
    for step in range(STEPS):
        here = np.flatnonzero(np.isin(trade, random.choice(trades, min(FILES, len(trades)), replace=False)))
        asked, meant, given, of = [], [], [], []
        for at, number in enumerate(here):
            mixed = random.permutation(texts[number])
            questions = [t for t in mixed if kind[t] != TOLD][:2]
            rest = [t for t in mixed if t not in questions]
            if random.random() < 0.5:
                rest = [t for t in rest if kind[t] != SAID] or rest
            rest = rest[: random.integers(1, 9) if random.random() < 0.7 else 25]
            asked += questions
            meant += [at] * len(questions)
            given += rest
            of += [at] * len(rest)
        meant = np.array(meant)
        question, answer = rows[asked].copy(), rows[given].copy()
        for part in (question, answer):
            part.data *= random.random(len(part.data)) > HIDDEN
        q, q_length = unit(question @ v)
        a, a_length = unit(answer @ v)
        sums = sparse.csr_matrix((np.ones(len(of), np.float32), (of, range(len(of)))), shape=(len(here), len(of)))
        c, c_length = unit(sums @ a)
        near = q @ c.T / SHARP
        maybe_same = (trade[here][meant][:, None] != trade[here]) & (alike[here][meant] @ alike[here].T > SAME)
        near[maybe_same] = -1e9
        power = np.exp(near - near.max(1, keepdims=True))
        wrong = power / power.sum(1, keepdims=True)
        wrong[np.arange(len(meant)), meant] -= 1
        wrong /= len(meant) * SHARP
        to_a = along(sums.T @ along(wrong.T @ q, c, c_length), a, a_length)
        gradient = question.T @ along(wrong @ c, q, q_length) + answer.T @ to_a
        gradient += HELD * (v - first) * len(meant) / len(kind)
        m, s = 0.9 * m + 0.1 * gradient, 0.99 * s + 0.01 * gradient**2
        rate = RATE * (1 - step / STEPS)
        v -= used * rate * (m / (1 - 0.9 ** (step + 1))) / (np.sqrt(s / (1 - 0.99 ** (step + 1))) + 1e-7)
        if step >= STEPS // 2:
            mean += v / (STEPS - STEPS // 2)
    return mean


def main():
    ask = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ("student", "corpus", "out"):
        ask.add_argument("--" + name, type=Path, required=True)
    ask.add_argument("--without", default="")
    args = ask.parse_args()
    words = (args.student / "stems.txt").read_text(encoding="utf-8").split()
    data = np.fromfile(args.student / "vectors.bin", np.uint8).reshape(len(words), -1)
    first = data[:, :1].astype(np.float32) / 255 * (data[:, 1:].view(np.int8).astype(np.float32) / LENGTH)
    processes = read(args.corpus, args.without.split(","))
    said = [[stems(text) for _, text in one["texts"]] for one in processes]
    # Words of two processes or more; a word of one alone tells nothing that would hold elsewhere.
    users = {}
    for number, texts in enumerate(said):
        for word in {word for text in texts for word in text}:
            users.setdefault(word, set()).add(number)
    known = set(words)
    new = [w for w, who in users.items() if w not in known and len(who) > 1 and len(w) <= 24]
    words += sorted(new, key=lambda w: (-len(users[w]), w))
    random = np.random.default_rng(1)
    first = np.concatenate([first, random.normal(0, 0.01, (len(new), first.shape[1]))])
    first = np.concatenate([first, random.normal(0, 0.01, (len(first), DIMENSIONS - first.shape[1]))], axis=1)
    first = first.astype(np.float32)

    place = {word: at for at, word in enumerate(words)}
    rows = [[place[w] for w in text if w in place] for texts in said for text in texts]
    at = np.repeat(np.arange(len(rows)), [len(r) for r in rows])
    rows = sparse.csr_matrix((np.ones(len(at), np.float32), (at, [w for r in rows for w in r])), (len(rows), len(words)))
    process = np.repeat(np.arange(len(processes)), [len(one["texts"]) for one in processes])
    kind = np.array([kind for one in processes for kind, _ in one["texts"]])
    trade = np.array([one["trade"] for one in processes])
    # Teachers that saw the sentences in other orders err in other ways; their mean errs less than each.
    with Pool() as pool:
        lessons = [(first, rows, process, kind, trade, seed) for seed in range(TEACHERS)]
        v = np.mean(pool.starmap(taught, lessons), axis=0)

    direction, length = unit(v)
    whole = lambda d: np.clip(np.round(d * LENGTH), -127, 127).astype(np.int8)
    # Words that the corpus uses grow as they learn. The others must keep up, or what a phrase says of another field is
    # not heard beside a single word of work.
    used = np.asarray((rows > 0).sum(0)).ravel()[:, None] > 0
    telling = length / np.quantile(length, 0.999) * np.where(used, 1, UNHEARD)
    telling = np.clip(np.round(telling * 255), 1, 255).astype(np.uint8)
    np.concatenate([telling.view(np.int8), whole(direction)], axis=1).tofile(args.out / "vectors.bin")
    (args.out / "stems.txt").write_text("\n".join(words) + "\n", encoding="utf-8")
    sentences = unit(rows @ v)[0] * (kind != TOLD)[:, None]
    sums = sparse.csr_matrix((np.ones(len(kind), np.float32), (process, range(len(kind)))), (len(trade), len(kind)))
    whole(unit(sums @ sentences)[0]).tofile(args.out / "elsewhere.bin")
    names = (f"{one['trade'].replace('-', ' ')}\t{one['name']}\n" for one in processes)
    (args.out / "elsewhere.txt").write_text("".join(names), encoding="utf-8")


if __name__ == "__main__":
    main()
