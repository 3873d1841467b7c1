"""Fit the weights of `nlp/resources/pairing.toml` on the training governments: which figure of a text answers which target of its task."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from scipy.optimize import minimize

from nlp.annotate.pairs import all_features
from nlp.annotate.results import find_results
from nlp.annotate.targets import find_targets
from nlp.training.corpus import LabelledItem, read_corpora

ROOT = Path(__file__).resolve().parent.parent
HEAD = """# Weights of the features by which `nlp/annotate/pairs.py` holds a result against a target (logistic regression on the training governments).
# Written by scripts/fit_pairs.py; a score of `threshold` or more makes a pair.

[weights]
"""


# Features of which it is known beforehand which way they speak: the fit may not turn them round, so that names that are alike never speak against a pair.
FOR = ("like", "near", "about", "clause", "before", "named_", "head_noun", "margin_", "best_for", "first_best", "order", "unit_same", "stage_same")
FOR += ("share_named", "rate_of", "threshold_same")
AGAINST = ("unnamed", "ratio_", "level_", "from", "brackets", "part_of_year", "unit_other", "stage_lacks", "repeats_early", "scope_", "pushed", "listed")
AGAINST += ("threshold_other",)
AGAINST += tuple(f"{where}_group_{name}" for where in ("lead", "tail", "clause") for name in ("planned", "applied", "remaining", "past"))


def bounds(name: str) -> tuple[float | None, float | None]:
    """Least and most weight of a feature."""
    if name.startswith(AGAINST):
        return None, 0.0
    return (0.0, None) if name.startswith(FOR) and "_group_" not in name else (None, None)


def fit(table: np.ndarray, labels: np.ndarray, *, limits: list[tuple[float | None, float | None]], strength: float) -> np.ndarray:
    """Weights `(F,)` of a logistic regression with an L2 penalty within limits; `table` is `(N, F)`, `labels` `(N,)` in {0, 1}."""

    def loss(weights: np.ndarray) -> tuple[float, np.ndarray]:
        logits = table @ weights
        shares = 1 / (1 + np.exp(-logits))
        value = np.logaddexp(0, logits).sum() - labels @ logits + (weights @ weights) / (2 * strength)
        return float(value), table.T @ (shares - labels) + weights / strength

    return np.asarray(minimize(loss, np.zeros(table.shape[1]), jac=True, method="L-BFGS-B", bounds=limits, options={"maxiter": 2000}).x)


def examples(items: Sequence[LabelledItem]) -> tuple[list[dict[str, float]], list[bool]]:
    """Features of every pair that kind and unit allow, and whether it is labelled so."""
    rows: list[dict[str, float]] = []
    labels: list[bool] = []
    for item in items:
        targets, results = find_targets(item.task), find_results(item.text)
        for (t, r), features in all_features(targets, results, elapsed=item.elapsed).items():
            rows.append(features)
            labels.append(
                any(
                    pair.task_span.start < targets[t].span.end
                    and targets[t].span.start < pair.task_span.end
                    and pair.text_span.start < results[r].mention.span.end
                    and results[r].mention.span.start < pair.text_span.end
                    for pair in item.pairs
                )
            )
    return rows, labels


def main() -> None:
    """Fit and write the file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpora", type=Path, nargs="?", default=ROOT / "corpora")
    parser.add_argument("--out", type=Path, default=ROOT / "nlp" / "resources" / "pairing.toml")
    parser.add_argument("--strength", type=float, default=1.0, help="inverse of the L2 penalty")
    parser.add_argument("--threshold", type=float, default=0.45)
    arguments = parser.parse_args()
    items = [item for government, found in read_corpora(arguments.corpora) if government.split == "train" for item in found]
    rows, labels = examples(items)
    names = sorted({name for row in rows for name in row})
    table = np.zeros((len(rows), len(names)))
    for n, row in enumerate(rows):
        for name, value in row.items():
            table[n, names.index(name)] = value
    seen = (table != 0).sum(axis=0)
    names, table = [name for name, count in zip(names, seen, strict=True) if count >= 5], table[:, seen >= 5]
    found = fit(table, np.array(labels, dtype=float), limits=[bounds(name) for name in names], strength=arguments.strength)
    weights = [(name, round(float(weight), 3)) for name, weight in zip(names, found, strict=True)]
    lines = [f'"{name}" = {weight}' for name, weight in weights if weight]
    arguments.out.write_text(HEAD + f"threshold = {arguments.threshold}\n" + "\n".join(lines) + "\n", encoding="utf-8")
    print(f"{len(rows)} pairs of figures, {sum(labels)} of them labelled; {len(lines)} weights")


if __name__ == "__main__":
    main()
