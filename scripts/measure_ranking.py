"""Measure the ranked list, the severities and the summaries: on a split of the corpora, or on real rows labelled for measuring.

    python scripts/measure_ranking.py --split test
    python scripts/measure_ranking.py --rows gold.jsonl [--elapsed 0.25]

The gain of a row is 2^severity - 1 (0, 1, 3, 7). Of real rows: `task`, `status_text`, `severity`, `gist` (empty where none was written).
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np

from nlp.annotate.encoder import Model, load_model
from nlp.annotate.pipeline import annotate
from nlp.annotate.summary import LONGEST
from nlp.config import load_weights
from nlp.records import Item, Period, Source
from nlp.training.corpus import SPLITS, read_corpora
from nlp.training.evaluate import read_items
from nlp.training.gists import lead, rouge_l
from nlp.training.questions import questions_of
from nlp.training.ranking_figures import finish_items, list_ndcg, measure_ranking, measure_summaries

ROOT = Path(__file__).resolve().parent.parent


def measure_split(split: str, *, model: Model | None) -> dict[str, Any]:
    """Figures of ranking and summaries on one split; the rules read the words where no model is given."""
    items = [item for government, found in read_corpora(ROOT / "corpora") if government.split == split for item in found]
    readings = read_items(items, predictions=model.predict(questions_of(items)), review_below=model.review_below) if model else read_items(items)
    annotated = finish_items(items, readings)
    return {"ranking": measure_ranking(items, annotated, weights=load_weights()), "summaries": measure_summaries(items, annotated)}


def measure_rows(path: Path, *, model: Model | None, elapsed: float) -> dict[str, Any]:
    """The same figures on real rows, read by the main job."""
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    items = [Item(str(row["id"]), row["task"], (), row["status_text"], Source(path.name, n)) for n, row in enumerate(rows, start=1)]
    annotated = annotate(items, period=Period("", elapsed), model=model)
    severities = [row["severity"] for row in rows]
    with_gist = [(row, done) for row, done in zip(rows, annotated, strict=True) if row["gist"] and len(row["status_text"]) > LONGEST]
    return {
        "ndcg": list_ndcg(annotated, severities, weights=load_weights()),
        "severity_accuracy": float(np.mean([done.severity == severity for done, severity in zip(annotated, severities, strict=True)])),
        "summary": float(np.mean([rouge_l(done.summary, row["gist"]) for row, done in with_gist])),
        "lead": float(np.mean([rouge_l(lead(row["status_text"]), row["gist"]) for row, _ in with_gist])),
    }


def main() -> None:
    """Print the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--split", choices=SPLITS)
    parser.add_argument("--rows", type=Path)
    parser.add_argument("--elapsed", type=float, default=0.25)
    parser.add_argument("--model", default=str(ROOT / "models" / "status"))
    arguments = parser.parse_args()
    model = None if arguments.model == "rules" else load_model(Path(arguments.model))
    figures: dict[str, Any] = {}
    if arguments.split:
        figures[arguments.split] = measure_split(arguments.split, model=model)
    if arguments.rows:
        figures["rows"] = measure_rows(arguments.rows, model=model, elapsed=arguments.elapsed)
    print(json.dumps(figures, ensure_ascii=False, indent=1))


if __name__ == "__main__":
    main()
