"""Fit `nlp/resources/summary_weights.toml` on the training governments: which clauses of a status text a person keeps in a gist."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from nlp.annotate.clauses import Clause, cut_clauses
from nlp.annotate.pace import find_indicators
from nlp.annotate.summary import LONGEST, choose, clause_features, join
from nlp.training.corpus import LabelledItem, read_corpora
from nlp.training.gists import characters, common, rouge_l
from nlp.training.pace_figures import read_words

ROOT = Path(__file__).resolve().parent.parent
HEAD = """# Weights of the features by which `nlp/annotate/summary.py` chooses clauses: their sum is the share of a clause that a person would keep
# (ridge regression on the gists of the training governments; the deciding figure and the problem are lifted by hand).
# Written by scripts/fit_summary.py.
"""
# What a supervisor must find in a summary though a person's gist may leave it out: the figure that decides, the problem. Added to the weights found.
ADDED = {"bad_indicator": 0.2, "problem": 0.1}
LENGTHS = (8, 10, 12, 14, 16, 18, 20, 24, 28)
Example = tuple[LabelledItem, list[Clause], list[dict[str, float]]]


def examples(items: Sequence[LabelledItem]) -> list[Example]:
    """Every item with a gist and a text too long to stay whole, with its clauses and their features; the words are read from the labels."""
    kept = [item for item in items if item.gist and len(item.text) > LONGEST]
    found = []
    for item, words in zip(kept, read_words(kept, by="labels"), strict=True):
        clauses = cut_clauses(item.text, statements=words.statements, longest=LONGEST)
        indicators = find_indicators(item.task, item.text, elapsed=item.elapsed)
        features = clause_features(item.task, item.text, clauses=clauses, statements=words.statements, problems=words.problems, indicators=indicators)
        found.append((item, clauses, features))
    return found


def fit(found: Sequence[Example], *, names: Sequence[str], strength: float) -> dict[str, float]:
    """Weights by name, rounded; a clause weighs by its length, its label is the share of its characters that stand in the gist in order."""
    rows, labels, sizes = [], [], []
    for item, clauses, features in found:
        gist = characters(item.gist)
        for clause, row in zip(clauses, features, strict=True):
            stated = characters(clause.span.of(item.text))
            rows.append([row.get(name, 0.0) for name in names])
            labels.append(common(stated, gist) / max(1, len(stated)))
            sizes.append(len(stated))
    root = np.sqrt(np.array(sizes, dtype=float))
    table, target = np.array(rows) * root[:, None], np.array(labels) * root
    found_weights = np.linalg.solve(table.T @ table + strength * np.eye(len(names)), table.T @ target)
    return {name: round(float(weight) + ADDED.get(name, 0.0), 3) for name, weight in zip(names, found_weights, strict=True)}


def mean_rouge(found: Sequence[Example], *, weights: dict[str, float], expected: float) -> float:
    """Mean ROUGE-L of the summaries."""
    scores = []
    for item, clauses, features in found:
        worth = [sum(weights[name] * value for name, value in row.items()) for row in features]
        chosen = choose([clause.span.end - clause.span.start for clause in clauses], worth, expected=expected, longest=LONGEST)
        scores.append(rouge_l(join(item.text, [clauses[n] for n in chosen]), item.gist))
    return float(np.mean(scores))


def main() -> None:
    """Fit and write the file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpora", type=Path, nargs="?", default=ROOT / "corpora")
    parser.add_argument("--out", type=Path, default=ROOT / "nlp" / "resources" / "summary_weights.toml")
    parser.add_argument("--strength", type=float, default=10.0, help="L2 penalty")
    arguments = parser.parse_args()
    found = examples([item for government, items in read_corpora(arguments.corpora) if government.split == "train" for item in items])
    names = sorted({name for _, _, features in found for row in features for name in row})
    weights = fit(found, names=names, strength=arguments.strength)
    scores = {length: mean_rouge(found, weights=weights, expected=length) for length in LENGTHS}
    best = max(scores, key=lambda length: (round(scores[length], 3), length))
    lines = [f"{name} = {weight}" for name, weight in weights.items()]
    note = "# Length in characters that a person's summary is taken to have: the greater, the longer the summaries.\n"
    arguments.out.write_text(f"{HEAD}\n{note}expected_length = {best}\n\n[weights]\n" + "\n".join(lines) + "\n", encoding="utf-8")
    print(f"{len(found)} items; ROUGE-L on train by expected length: " + ", ".join(f"{length} {score:.3f}" for length, score in scores.items()))


if __name__ == "__main__":
    main()
