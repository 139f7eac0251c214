#!/usr/bin/env python3
"""Make registries out of the corpus, on which fit.py fits the decision.

    python3 registries.py --corpus corpus --phrases phrases --far far.txt --out DIR

For each file of phrases, which are said of the corpus file of the same name: its registry with the trigger phrases alone
(NAME), with everything that the corpus has (NAME-x), and four smaller ones (NAME-0 to NAME-3): some of the workflows, some of
their sentences; what asks for another workflow then asks for none. To all of them phrases are added that ask for nothing in
any registry. Prints the sets as fit.py takes them. Needs nothing but Python 3; the same every time.
"""
import argparse
import json
import random
from pathlib import Path

SMALLER = 4
SIZES, EXAMPLES, TRIGGERS = [5, 7, 9, 12, 16, 20], [0, 0, 4, 8, 14, 24], [3, 4, 5]
# Of the phrases for workflows that a smaller registry has not, so many are kept; and so many that ask for nothing are added.
ASK_FOR_OTHERS, FAR = 0.35, 16
FAMILIES, WEIGHT, WEIGHT_SMALLER = 4, 0.25, 0.125


def read(path):
    workflows = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            name, title, scope = (part.strip() for part in line[3:].split("|", 2))
            workflows.append({"id": name, "name": title, "scope": scope, "trigger_phrases": [], "examples": []})
        elif line[:2] in ("! ", "- "):
            workflows[-1]["trigger_phrases" if line[0] == "!" else "examples"].append(line[2:].strip())
    return workflows


def write(folder, workflows, phrases):
    (folder / "registry").mkdir(parents=True, exist_ok=True)
    for workflow in workflows:
        # JSON is YAML.
        whole = workflow | {"status": "active", "steps": [{"id": "do", "title": "Do it"}]}
        path = folder / "registry" / f"{workflow['id']}.yaml"
        path.write_text(json.dumps(whole, ensure_ascii=False) + "\n", encoding="utf-8")
    lines = "".join(json.dumps(phrase, ensure_ascii=False) + "\n" for phrase in phrases)
    (folder / "phrases.jsonl").write_text(lines, encoding="utf-8")


def of_smaller(phrases, ids, chance):
    for phrase in phrases:
        left = [one for one in phrase["ids"] if one in ids]
        if len(left) == len(phrase["ids"]) or len(left) > 1:
            yield phrase | {"ids": left}
        elif not left and chance.random() < ASK_FOR_OTHERS:
            yield phrase | {"expect": "none", "ids": [], "kind": "near"}


def main():
    ask = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ("corpus", "phrases", "far", "out"):
        ask.add_argument("--" + name, type=Path, required=True)
    args = ask.parse_args()
    chance = random.Random(7)
    far = [line for line in args.far.read_text(encoding="utf-8").splitlines() if line]
    nothing = lambda: [{"phrase": p, "expect": "none", "ids": [], "kind": "far"} for p in chance.sample(far, FAR)]
    sets = []
    for number, path in enumerate(sorted(args.phrases.glob("*.jsonl"))):
        workflows = read(args.corpus / f"{path.stem}.txt")
        phrases = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        made = {"": [w | {"examples": []} for w in workflows], "-x": workflows}
        for small in range(SMALLER):
            some, said = chance.sample(workflows, chance.choice(SIZES)), chance.choice(EXAMPLES)
            shorter = lambda w: {
                "trigger_phrases": w["trigger_phrases"][: chance.choice(TRIGGERS)],
                "examples": chance.sample(w["examples"], min(said, len(w["examples"]))),
            }
            made[f"-{small}"] = [w | shorter(w) for w in some]
        for suffix, registry in made.items():
            folder = args.out / (path.stem + suffix)
            said = of_smaller(phrases, {w["id"] for w in registry}, chance) if suffix[1:].isdigit() else phrases
            write(folder, [{k: v for k, v in w.items() if v} for w in registry], [*said, *nothing()])
            weight = WEIGHT_SMALLER if suffix[1:].isdigit() else WEIGHT
            sets.append(f"c{number % FAMILIES}:{path.stem}{suffix}*{weight}={folder}/registry:{folder}/phrases.jsonl")
    print(" ".join(sets))


if __name__ == "__main__":
    main()
