#!/usr/bin/env python3
"""Fit the weights of judge.rs on phrases whose right outcome is known.

    python3 fit.py --program mwtui NAME[*WEIGHT]=REGISTRY_DIR:PHRASES.jsonl ... > weights.rs

Reads what `mwtui match --batch --json --explain --workflows DIR` measures of each phrase and prints weights.rs. Each
registry counts the same, times its WEIGHT. Needs numpy and scipy. README.md beside this file says what a phrase is.
"""
import argparse
import json
import subprocess
import sys

import numpy as np
from scipy.optimize import minimize

CANDIDATES = 16
LEADS = [1, 2, 3, 6]
AHEAD, BEHIND = 0.1, 0.5
SENTENCES, WORKFLOWS = 2.5, 3.0
SMOOTH_FIRST, SMOOTH_SECOND = 0.001, 0.003
CAUTION, MISSED = 2.2, 1.2


def measured(program, folder, path):
    """The phrases with what the program measures of them; control phrases are left out."""
    golds = [json.loads(line) for line in open(path, encoding="utf-8") if line.strip()]
    golds = [gold for gold in golds if gold["expect"] != "control"]
    command = [program, "match", "--batch", "--json", "--explain", "--workflows", folder]
    lines = "".join(gold["phrase"] + "\n" for gold in golds)
    done = subprocess.run(command, input=lines.encode(), capture_output=True, check=True)
    answers = [json.loads(line) for line in done.stdout.decode().splitlines()]
    if len(answers) != len(golds):
        sys.exit(f"fit: {len(answers)} answers to {len(golds)} phrases of {path}")
    return golds, [answer["measured"] for answer in answers]


def matrices(golds, answers):
    """Terms of candidates and phrases in judge.rs's order, and what would have been right."""
    terms, mask, own, target, ids = [], [], [], [], []
    for gold, answer in zip(golds, answers):
        phrase, found = answer["phrase"], answer["candidates"][:CANDIDATES]
        f = np.array([c["features"] for c in found]).reshape(-1, 7)
        talk = np.log1p(phrase["weight"]) - 1
        x, m, t = np.zeros((CANDIDATES, 16)), np.zeros(CANDIDATES), np.zeros(CANDIDATES + 1)
        lead = np.zeros((len(found), len(LEADS)))
        for at, feature in enumerate(LEADS):
            if len(found):
                order = np.argsort(-f[:, feature], kind="stable")
                second = max(f[order[1], feature], 0.0) if len(found) > 1 else 0.0
                lead[:, at] = f[:, feature] - f[order[0], feature]
                lead[order[0], at] = f[order[0], feature] - second
        lead = np.clip(lead, -BEHIND, AHEAD)
        for at, candidate in enumerate(found):
            v = f[at]
            x[at] = [*v, v[1] ** 2, v[2] ** 2, *lead[at], v[1] * talk, v[2] * talk, v[6] * talk]
            m[at] = 1
            if candidate["id"] in gold["ids"]:
                t[at] = 1
        if gold["expect"] == "none" or not t.any():
            t[CANDIDATES] = 1 if gold["expect"] == "none" else 1e-9
        signs = phrase["signs"]
        own.append([1, phrase["unknown"], np.log1p(phrase["weight"]), signs["refuses"], signs["asks_past"],
                    signs["asks_to_know"], signs["tells"], phrase["sentences"] - SENTENCES,
                    np.log(max(phrase["workflows"], 1)) - WORKFLOWS])
        terms.append(x), mask.append(m), target.append(t / t.sum())
        ids.append([c["id"] for c in found])
    return np.array(terms), np.array(mask), np.array(own, float), np.array(target), ids


def shares(weights, terms, mask, own):
    u = np.where(mask > 0, terms @ weights[:16], -1e9)
    u = np.concatenate([u, (own @ weights[16:])[:, None]], axis=1)
    e = np.exp(u - u.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def first_step(terms, mask, own, target, counts):
    def loss(w):
        p = shares(w, terms, mask, own)
        g = (p - target) * counts[:, None]
        grad = np.concatenate([np.einsum("nc,nck->k", g[:, :CANDIDATES], terms), g[:, CANDIDATES] @ own])
        return -(counts * (target * np.log(p + 1e-12)).sum(1)).sum() + SMOOTH_FIRST * (w @ w), grad + 2 * SMOOTH_FIRST * w

    return minimize(loss, np.zeros(25), jac=True, method="L-BFGS-B", options={"maxiter": 800}).x


def outcomes(golds, p, terms, own, ids):
    inputs, classes = [], []
    for gold, share, x, phrase, names in zip(golds, p, terms, own, ids):
        order = np.argsort(-share[:CANDIDATES], kind="stable")
        first, second, none = share[order[0]], share[order[1]], share[CANDIDATES]
        log = lambda s: np.log(s + 0.001)
        shape = [1, log(first) - log(none), log(first) - log(second), first, none, max(0.0, 1 - none - first - second)]
        inputs.append([*shape, *x[order[0]][:7], *x[order[0]][9:13], *phrase[1:8]])
        right = names and gold["expect"] == "match" and names[order[0]] == gold["ids"][0]
        classes.append(0 if right else {"ambiguous": 1, "none": 2}.get(gold["expect"], 3))
    return np.array(inputs), np.array(classes)


def second_step(inputs, classes, counts):
    scale = inputs.std(axis=0) + 0.05
    scale[0] = 1
    z, y = inputs / scale, np.eye(4)[classes]

    def loss(flat):
        w = flat.reshape(4, -1)
        u = z @ w.T
        e = np.exp(u - u.max(axis=1, keepdims=True))
        p = e / e.sum(axis=1, keepdims=True)
        grad = ((p - y) * counts[:, None]).T @ z + 2 * SMOOTH_SECOND * w
        return -(counts * (y * np.log(p + 1e-12)).sum(1)).sum() + SMOOTH_SECOND * (flat @ flat), grad.ravel()

    found = minimize(loss, np.zeros(4 * z.shape[1]), jac=True, method="L-BFGS-B", options={"maxiter": 800}).x
    return found.reshape(4, -1) / scale


def main():
    ask = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    ask.add_argument("--program", default="mwtui")
    ask.add_argument("sets", nargs="+", metavar="NAME[*WEIGHT]=DIR:PHRASES")
    args = ask.parse_args()
    golds, parts, counts = [], [], []
    for one in args.sets:
        name, _, rest = one.partition("=")
        folder, _, path = rest.rpartition(":")
        weight = float(name.partition("*")[2] or 1)
        g, answers = measured(args.program, folder, path)
        golds += g
        parts.append(matrices(g, answers))
        counts += [weight / len(g)] * len(g)
    counts = np.array(counts) / sum(counts)
    terms, mask, own, target = (np.concatenate([p[i] for p in parts]) for i in range(4))
    ids = [names for p in parts for names in p[4]]
    weights = first_step(terms, mask, own, target, counts)
    p = shares(weights, terms, mask, own)
    outcome = second_step(*outcomes(golds, p, terms, own, ids), counts)
    row = lambda numbers: ", ".join(f"{n:.3f}" for n in numbers)
    rows = "".join(f"    [{row(r)}],\n" for r in outcome)
    print(f"""// Fitted; `README.md` beside this file says how. The order is that of `judge::terms`.
#[allow(clippy::approx_constant, reason = "fitted numbers")]
const WEIGHTS: [f64; TERMS] = [{row(weights[:16])}];
// In the order of `judge::phrase_terms`.
#[allow(clippy::approx_constant, reason = "fitted numbers")]
const NONE_WEIGHTS: [f64; PHRASE_TERMS] = [{row(weights[16:])}];
// For right, several, none and other, each in the order of `judge::outcome`.
#[allow(clippy::approx_constant, reason = "fitted numbers")]
const OUTCOME_WEIGHTS: [[f64; OUTCOME_TERMS]; 4] = [
{rows}];
/// What `Phrase::sentences` is where it makes no difference.
const SENTENCES: f64 = {SENTENCES};
/// What a wrong guess costs where nobody says otherwise, in questions.
const DEFAULT_CAUTION: f64 = {CAUTION};
/// What it costs to say that there is none where there is one.
const MISSED: f64 = {MISSED};""")


if __name__ == "__main__":
    main()
