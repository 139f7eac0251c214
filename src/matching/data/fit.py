#!/usr/bin/env python3
"""Fit the weights of judge.rs on phrases whose right outcome is known.

    python3 fit.py --program mwtui NAME[*WEIGHT]=REGISTRY_DIR:PHRASES.jsonl ... > weights.rs

Reads what `mwtui match --batch --json --explain --workflows DIR` measures of each phrase and prints weights.rs. Each
registry counts the same, times its WEIGHT, and in each the outcomes count as often as people meet them, however many
phrases there are of each. With --held-out each family of registries (NAME up to the first colon) is judged by weights that
were fitted without it, and only that is printed. Needs numpy and scipy. README.md beside this file says what a phrase is.
"""
import argparse
import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from scipy.optimize import minimize

CANDIDATES = 16
LEADS = [1, 2, 3, 6]
AHEAD, BEHIND = 0.1, 0.5
SENTENCES, WORKFLOWS, FEWER, MORE = 2.5, 3.0, -0.5, 2.0
FEATURES, TERMS, PHRASE_TERMS = 9, 18, 16
HIDDEN, EXTREME, ROUNDS, NETWORKS = 16, 3.0, 300, 3
SMOOTH_FIRST, SMOOTH_WAYS, SMOOTH_DIRECT = 0.005, 0.002, 0.006
# How often people ask for a workflow, for one of several, and for none that there is; of the last, for a near miss.
USUAL = {"match": 0.77, "ambiguous": 0.10, "none": 0.13}
NEAR_MISSES = 0.4
CAUTION, MISSED = 2.5, 1.4
NEAR, FURTHER_CHOICE, ASKED_OTHER, ASKED_NONE = 0.1, 0.05, 1.2, 1.6
WORTH_ASKING, AS_LIKELY = 0.05, 0.25


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


def counts(golds, weight):
    """How much each phrase counts."""
    kinds = [("near" if g.get("kind") == "near" else "far") if g["expect"] == "none" else g["expect"] for g in golds]
    usual = {k: v for k, v in USUAL.items() if k in kinds}
    if "near" in kinds and "far" in kinds:
        usual |= {"near": USUAL["none"] * NEAR_MISSES, "far": USUAL["none"] * (1 - NEAR_MISSES)}
    else:
        usual |= {k: USUAL["none"] for k in ("near", "far") if k in kinds}
    each = np.array([usual[k] / kinds.count(k) for k in kinds])
    return weight * each / each.sum()


def matrices(golds, answers):
    """Terms of candidates and phrases in judge.rs's order, and what would have been right."""
    terms, mask, own, target, ids = [], [], [], [], []
    for gold, answer in zip(golds, answers):
        phrase, found = answer["phrase"], answer["candidates"][:CANDIDATES]
        f = np.array([c["features"] for c in found]).reshape(-1, FEATURES)
        talk = np.log1p(phrase["weight"]) - 1
        x, m, t = np.zeros((CANDIDATES, TERMS)), np.zeros(CANDIDATES), np.zeros(CANDIDATES + 1)
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
        signs, shape = phrase["signs"], phrase["shape"]
        workflows = np.clip(np.log(max(phrase["workflows"], 1)) - WORKFLOWS, FEWER, MORE)
        own.append([1, phrase["unknown"], np.log1p(phrase["weight"]), signs["refuses"], signs["asks_past"],
                    signs["asks_to_know"], signs["tells"], phrase["sentences"] - SENTENCES, workflows,
                    *phrase["elsewhere"], phrase["covered"],
                    shape["told_apart"], shape["ahead"], shape["together"], shape["crowded"]])
        terms.append(x), mask.append(m), target.append(t / t.sum())
        ids.append([c["id"] for c in found])
    return np.array(terms), np.array(mask), np.array(own, float), np.array(target), ids


def softmax(u):
    e = np.exp(u - u.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def shares(weights, terms, mask, own):
    u = np.where(mask > 0, terms @ weights[:TERMS], -1e9)
    return softmax(np.concatenate([u, (own @ weights[TERMS:])[:, None]], axis=1))


def first_step(terms, mask, own, target, count):
    def loss(w):
        p = shares(w, terms, mask, own)
        g = (p - target) * count[:, None]
        grad = np.concatenate([np.einsum("nc,nck->k", g[:, :CANDIDATES], terms), g[:, CANDIDATES] @ own])
        return -(count * (target * np.log(p + 1e-12)).sum(1)).sum() + SMOOTH_FIRST * (w @ w), grad + 2 * SMOOTH_FIRST * w

    return minimize(loss, np.zeros(TERMS + PHRASE_TERMS), jac=True, method="L-BFGS-B", options={"maxiter": 800}).x


def outcomes(golds, p, terms, own, ids):
    """What the second step looks at, and what came of it: 0 right, 1 several, 2 none, 3 another."""
    inputs, classes = [], []
    for gold, share, x, phrase, names in zip(golds, p, terms, own, ids):
        order = np.argsort(-share[:CANDIDATES], kind="stable")
        first, second, none = share[order[0]], share[order[1]], share[CANDIDATES]
        log = lambda s: np.log(s + 0.001)
        shape = [log(first) - log(none), log(first) - log(second), first, none, max(0.0, 1 - none - first - second)]
        inputs.append([*shape, *x[order[0]], *x[order[1]][LEADS], *phrase[1:]])
        right = names and gold["expect"] == "match" and names[order[0]] == gold["ids"][0]
        classes.append(0 if right else {"ambiguous": 1, "none": 2}.get(gold["expect"], 3))
    return np.array(inputs), np.array(classes)


class Network:
    """A few hidden ways of looking at the inputs, and a direct way beside them."""

    def __init__(self, inputs, classes, count, seed):
        self.mean = count @ inputs
        self.spread = np.sqrt(count @ (inputs - self.mean) ** 2) + 0.02
        z, y = self.scaled(inputs), np.eye(4)[classes]
        wide, random = z.shape[1], np.random.default_rng(seed)
        shapes = [(wide, HIDDEN), (HIDDEN,), (HIDDEN, 4), (wide, 4), (4,)]
        edges = np.cumsum([0] + [int(np.prod(s)) for s in shapes])
        parts = lambda flat: [flat[a:b].reshape(s) for a, b, s in zip(edges, edges[1:], shapes)]
        smooth = np.repeat([SMOOTH_WAYS / 2, 0, SMOOTH_WAYS / 2, SMOOTH_DIRECT / 2, 0], np.diff(edges))

        def loss(flat):
            a, bias, b, direct, top = parts(flat)
            h = np.tanh(z @ a + bias)
            p = softmax(h @ b + z @ direct + top)
            g = (p - y) * count[:, None]
            gh = (g @ b.T) * (1 - h * h)
            grad = np.concatenate([(z.T @ gh).ravel(), gh.sum(0), (h.T @ g).ravel(), (z.T @ g).ravel(), g.sum(0)])
            return -(count * np.log(p[np.arange(len(z)), classes] + 1e-12)).sum() + smooth @ flat**2, grad + 2 * smooth * flat

        start = np.concatenate([random.normal(0, 0.3 / wide**0.5, edges[1]), np.zeros(HIDDEN),
                                random.normal(0, 0.1, 4 * HIDDEN), np.zeros(4 * wide + 4)])
        found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": ROUNDS})
        self.parts = parts(found.x)

    @classmethod
    def together(cls, networks):
        """One that says what these say on average: their hidden ways side by side."""
        one = cls.__new__(cls)
        one.mean, one.spread = networks[0].mean, networks[0].spread
        a, bias, b, direct, top = zip(*(n.parts for n in networks))
        share = 1 / len(networks)
        one.parts = (np.concatenate(a, 1), np.concatenate(bias), np.concatenate(b) * share, sum(direct) * share, sum(top) * share)
        return one

    def scaled(self, inputs):
        return np.clip((inputs - self.mean) / self.spread, -EXTREME, EXTREME)

    def likely(self, inputs):
        a, bias, b, direct, top = self.parts
        z = self.scaled(inputs)
        return softmax(np.tanh(z @ a + bias) @ b + z @ direct + top)


def fitted(sets):
    """Both steps, on these sets. Each network starts from elsewhere and errs elsewhere; their mean errs less than each."""
    golds = [g for s in sets for g in s["golds"]]
    ids = [names for s in sets for names in s["matrices"][4]]
    terms, mask, own, target = (np.concatenate([s["matrices"][i] for s in sets]) for i in range(4))
    count = np.concatenate([s["counts"] for s in sets])
    count = count / count.sum()
    weights = first_step(terms, mask, own, target, count)
    seen = outcomes(golds, shares(weights, terms, mask, own), terms, own, ids)
    return weights, Network.together([Network(*seen, count, seed) for seed in range(NETWORKS)])


def verdict(share, likely, names):
    """judge.rs's `verdict`: the decision and the workflows that it names."""
    order = np.argsort(-share[:CANDIDATES], kind="stable")
    if not names:
        return "none", []
    first, second = share[order[0]], share[order[1]] if len(names) > 1 else 0.0
    choices = min(len(names), 2)
    while 2 <= choices < min(4, len(names)) and share[order[choices]] > max(WORTH_ASKING, second * AS_LIKELY):
        choices += 1
    right, several, none, other = likely
    near = min(1.0, second / max(first, 1e-300) / NEAR)
    right, several = right + several * (1 - near), several * near
    guess = CAUTION * (1 - right)
    ask = right + ASKED_OTHER * other + ASKED_NONE * none + FURTHER_CHOICE * (choices - 2) if choices > 1 else np.inf
    decline = MISSED * (right + several) + other
    if guess <= ask and guess <= decline:
        return "match", [names[order[0]]]
    return ("ambiguous", [names[i] for i in order[:choices]]) if ask <= decline else ("none", [])


def judged(one, weights, network):
    """Right, guess, top, and the parts of none and ambiguous that are right, in 100; and the log loss."""
    terms, mask, own, _, ids = one["matrices"]
    p = shares(weights, terms, mask, own)
    inputs, classes = outcomes(one["golds"], p, terms, own, ids)
    likely = network.likely(inputs)
    tally = {k: [] for k in ("right", "guess", "top", "none", "ambiguous")}
    for gold, share, q, names in zip(one["golds"], p, likely, ids):
        decision, named = verdict(share, q, names)
        meant = len(set(named) & set(gold["ids"])) >= (2 if decision == "ambiguous" else 1)
        right = decision == gold["expect"] and (decision == "none" or meant)
        tally["right"].append(right)
        tally["guess"].append(decision == "match" and not right)
        if gold["expect"] == "match":
            tally["top"].append(bool(names) and names[int(np.argmax(share[:CANDIDATES]))] in gold["ids"])
        else:
            tally[gold["expect"]].append(right)
    loss = -np.log(likely[np.arange(len(classes)), classes] + 1e-9).mean()
    return [100 * np.mean(tally[k]) if tally[k] else np.nan for k in tally] + [loss]


def held_out(sets):
    rows = {}
    for family in sorted({s["family"] for s in sets}):
        fit = fitted([s for s in sets if s["family"] != family])
        rows |= {s["name"]: judged(s, *fit) for s in sets if s["family"] == family}
    print(f"{'held out':28}  right  guess    top   none  several  loss")
    for name, row in rows.items():
        print(f"{name:28}" + "".join(f"{v:7.1f}" for v in row[:4]) + f"{row[4]:9.1f}{row[5]:6.2f}")
    for what, chosen in (("with examples", True), ("trigger phrases alone", False)):
        part = np.array([row for name, row in rows.items() if name.endswith("-x") == chosen])
        if len(part):
            print(f"{what:28}" + "".join(f"{v:7.1f}" for v in np.nanmean(part, 0)[:4]))


def main():
    ask = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    ask.add_argument("--program", default="mwtui")
    ask.add_argument("--held-out", action="store_true")
    ask.add_argument("sets", nargs="+", metavar="NAME[*WEIGHT]=DIR:PHRASES")
    args = ask.parse_args()

    def one(text):
        name, _, rest = text.partition("=")
        folder, _, path = rest.rpartition(":")
        name, _, weight = name.partition("*")
        program, _, folder = folder.rpartition("!")
        golds, answers = measured(program or args.program, folder, path)
        return {"name": name, "family": name.partition(":")[0].removesuffix("-x"), "golds": golds,
                "counts": counts(golds, float(weight or 1)), "matrices": matrices(golds, answers)}

    with ThreadPoolExecutor(2) as pool:
        sets = list(pool.map(one, args.sets))
    if args.held_out:
        return held_out(sets)
    weights, network = fitted(sets)
    a, bias, b, direct, top = network.parts
    row = lambda numbers: ", ".join(f"{n:.3f}" for n in numbers)
    rows = lambda matrix: "".join(f"    [{row(r)}],\n" for r in matrix)
    allow = '#[allow(clippy::approx_constant, reason = "fitted numbers")]\n'
    print(f"""// Fitted; `README.md` beside this file says how. The order is that of `judge::terms`.
{allow}const WEIGHTS: [f64; TERMS] = [{row(weights[:TERMS])}];
// In the order of `judge::phrase_terms`.
{allow}const NONE_WEIGHTS: [f64; PHRASE_TERMS] = [{row(weights[TERMS:])}];
// What the inputs of `judge::outcome` are on average, and how far from that they usually are.
{allow}const OUTCOME_MEANS: [f64; OUTCOME_TERMS] = [{row(network.mean)}];
{allow}const OUTCOME_SPREADS: [f64; OUTCOME_TERMS] = [{row(network.spread)}];
/// How many ways there are of looking at them.
const HIDDEN: usize = {len(bias)};
{allow}const HIDDEN_WEIGHTS: [[f64; OUTCOME_TERMS]; HIDDEN] = [
{rows(a.T)}];
{allow}const HIDDEN_BIASES: [f64; HIDDEN] = [{row(bias)}];
// For right, several, none and other: from the hidden ways, and from the inputs themselves.
{allow}const OUTCOME_WEIGHTS: [[f64; HIDDEN]; 4] = [
{rows(b.T)}];
{allow}const DIRECT_WEIGHTS: [[f64; OUTCOME_TERMS]; 4] = [
{rows(direct.T)}];
{allow}const OUTCOME_BIASES: [f64; 4] = [{row(top)}];
/// What `Phrase::sentences` is where it makes no difference.
const SENTENCES: f64 = {SENTENCES};
/// What a wrong guess costs where nobody says otherwise, in questions.
const DEFAULT_CAUTION: f64 = {CAUTION};
/// What it costs to say that there is none where there is one.
const MISSED: f64 = {MISSED};""")


if __name__ == "__main__":
    main()
