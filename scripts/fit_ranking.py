"""Fit weights of the risk score on the severities of the training governments, in the steps of `nlp/resources/ranking.toml`.

    python scripts/fit_ranking.py

The shipped model reads the rows. The step of severity stays 20 and gives the scale; the fitted terms lie between 0 and half a step, so that none of
them lifts a row over one that is a step more severe and sure to be so. Terms that no severity speaks of (a repeated text, a year that ended) are
left as they stand in the file. The lines to put into the file are printed, and with --write put there.
"""

from __future__ import annotations

import argparse
import re
from pathlib import Path

import numpy as np
from scipy.optimize import minimize

from nlp.annotate.encoder import load_model
from nlp.config import load_weights
from nlp.labels import TERM_NAMES
from nlp.ranking import amounts_of
from nlp.training.corpus import read_corpora
from nlp.training.evaluate import read_items
from nlp.training.questions import questions_of
from nlp.training.ranking_figures import finish_items, gain, measure_ranking

ROOT = Path(__file__).resolve().parent.parent
FILE = ROOT / "nlp" / "resources" / "ranking.toml"
FITTED = ("at_risk", "pace_gap", "decline", "blocked", "spread", "external")
MOST = 10.0
STEP = 0.5
# So many points make the order of two rows nearly certain.
WIDTH = 5.0


def fit(tables: list[np.ndarray], gains: list[np.ndarray], *, fixed: list[np.ndarray], strength: float) -> np.ndarray:
    """Weights `(F,)` that set pairs of rows of one report right, a pair weighing as much as its gains differ.

    Parameters
    ----------
    tables : amounts of the fitted terms, `(N, F)` a report; `gains`, `(N,)`, what the rows are worth; `fixed`, `(N,)`, their score without the fitted terms.
    strength : L2 penalty that draws a weight that nothing speaks for to 0.
    """
    differences, offsets, sizes = [], [], []
    for table, worth, base in zip(tables, gains, fixed, strict=True):
        better, worse = np.nonzero(worth[:, None] > worth[None, :])
        differences.append(table[better] - table[worse])
        offsets.append(base[better] - base[worse])
        sizes.append((worth[better] - worth[worse]) / max(1.0, float(worth.sum())))
    rows, offset, size = np.concatenate(differences), np.concatenate(offsets), np.concatenate(sizes)

    def loss(weights: np.ndarray) -> tuple[float, np.ndarray]:
        margin = (offset + rows @ weights) / WIDTH
        wrong = 1 / (1 + np.exp(margin))
        return float(size @ np.logaddexp(0, -margin) + strength * weights @ weights), -(rows.T @ (size * wrong)) / WIDTH + 2 * strength * weights

    found = minimize(loss, np.zeros(rows.shape[1]), jac=True, method="L-BFGS-B", bounds=[(0.0, MOST)] * rows.shape[1])
    return np.asarray(found.x)


def main() -> None:
    """Fit, print the lines and what they are worth on the training and the dev governments."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpora", type=Path, nargs="?", default=ROOT / "corpora")
    parser.add_argument("--model", type=Path, default=ROOT / "models" / "status")
    parser.add_argument("--strength", type=float, default=1e-3)
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    model, before = load_model(arguments.model), load_weights()
    done = {}
    for split in ("train", "dev"):
        items = [item for government, found in read_corpora(arguments.corpora) if government.split == split for item in found]
        done[split] = items, finish_items(items, read_items(items, predictions=model.predict(questions_of(items)), review_below=model.review_below))
    reports: dict[str, list[int]] = {}
    items, annotated = done["train"]
    for n, item in enumerate(items):
        reports.setdefault(f"{item.government}/{item.period}", []).append(n)
    amounts = [amounts_of(row) for row in annotated]
    tables = [np.array([[amounts[n][name] for name in FITTED] for n in rows]) for rows in reports.values()]
    fixed = [np.array([sum(before[name] * amounts[n][name] for name in TERM_NAMES if name not in FITTED) for n in rows]) for rows in reports.values()]
    gains = [np.array([float(gain(items[n].severity)) for n in rows]) for rows in reports.values()]
    found = fit(tables, gains, fixed=fixed, strength=arguments.strength)
    after = before | {name: round(round(float(weight) / STEP) * STEP, 1) for name, weight in zip(FITTED, found, strict=True)}
    for name in FITTED:
        print(f"{name} = {after[name]}")
    for split, (rows, finished) in done.items():
        old, new = (measure_ranking(rows, finished, weights=weights)["ndcg_mean"] for weights in (before, after))
        print(f"{split}: nDCG@20 {old:.4f} with the weights as they stand, {new:.4f} with these")
    if arguments.write:
        text = FILE.read_text(encoding="utf-8")
        for name in FITTED:
            text = re.sub(rf"(?m)^{name} = .*$", f"{name} = {after[name]}", text)
        FILE.write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
