"""Measure model and rules on labelled rows of a real report that lie outside the project: `python scripts/measure_real.py ROWS.jsonl [--model DIR|rules]`.

The rows are for measuring only. One JSON object a line: `task`, `status_text`, `status`, `accepted` (labels that count as right), `statements` with
`start`, `end`, `labels`, `problems` with `variants` of spans, `optional_problems` that are neither hit nor false alarm.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from nlp.annotate.encoder import load_model
from nlp.annotate.pipeline import Reading, annotate, find_text_cues, read_by_model, read_by_rules
from nlp.annotate.predict import Question
from nlp.labels import AT_RISK, STATUSES
from nlp.records import Item, Period, Source
from nlp.text import Span
from nlp.training.metrics import class_figures, confusion, macro_f1, overlap

ROOT = Path(__file__).resolve().parent.parent


def measure(rows: list[dict[str, Any]], readings: list[Reading]) -> dict[str, Any]:
    """Statement macro-F1 and figures per label, item accuracy, precision and recall of problem spans, all in [0, 1]."""
    true, said = [], []
    hits = wrong = found = wanted = 0
    items = 0
    for row, reading in zip(rows, readings, strict=True):
        items += reading.status in row["accepted"]
        places = {s.span: s.status for s in reading.statements}
        for statement in row["statements"]:
            answer = places.get(Span(statement["start"], statement["end"]), "in_progress")
            said.append(answer)
            true.append(answer if answer in statement["labels"] else statement["labels"][0])
        problems = [[Span(*variant) for variant in problem["variants"]] for problem in row["problems"]]
        optional = [Span(*variant) for problem in row["optional_problems"] for variant in problem["variants"]]
        spans = [problem.span for problem in reading.problems]
        wanted += len(problems)
        found += sum(any(overlap(span, variant) >= 0.3 for span in spans for variant in variants) for variants in problems)
        for span in spans:
            is_hit = any(overlap(span, variant) >= 0.3 for variants in problems for variant in variants)
            hits += is_hit
            wrong += not is_hit and not any(overlap(span, variant) > 0 for variant in optional)
    counts = confusion(true, said)
    return {
        "statement_macro_f1": macro_f1(counts),
        "statements": class_figures(counts),
        "item_accuracy": items / len(rows),
        "at_risk_found": sum(reading.status == AT_RISK and row["status"] == AT_RISK for row, reading in zip(rows, readings, strict=True)),
        "at_risk_wrongly": sum(reading.status == AT_RISK and AT_RISK not in row["accepted"] for row, reading in zip(rows, readings, strict=True)),
        "problem_recall": found / max(1, wanted),
        "problem_precision": hits / max(1, hits + wrong),
    }


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rows", type=Path)
    parser.add_argument("--model", default=str(ROOT / "models" / "status"))
    parser.add_argument("--elapsed", type=float, default=0.25)
    arguments = parser.parse_args()
    rows = [json.loads(line) for line in arguments.rows.read_text(encoding="utf-8").splitlines()]
    items = [Item(str(row["id"]), row["task"], (), row["status_text"], Source(arguments.rows.name, n)) for n, row in enumerate(rows, start=1)]
    cues = list(find_text_cues(item.text for item in items))
    model = None if arguments.model == "rules" else load_model(Path(arguments.model))
    if model is None:
        readings = [read_by_rules(item, cues=found) for item, found in zip(items, cues, strict=True)]
    else:
        predictions = model.predict([Question(item.task, item.text, arguments.elapsed, found) for item, found in zip(items, cues, strict=True)])
        readings = [
            read_by_model(item, prediction=p, cues=found, review_below=model.review_below) for item, p, found in zip(items, predictions, cues, strict=True)
        ]
    figures = measure(rows, readings)
    whole = annotate(items, period=Period("", arguments.elapsed), model=model)
    figures["words_and_figures"] = {
        "items_right": sum(item.status in row["accepted"] for item, row in zip(whole, rows, strict=True)),
        "at_risk_found": sum(item.status == AT_RISK == row["status"] for item, row in zip(whole, rows, strict=True)),
        "at_risk_wrongly": sum(item.status == AT_RISK and AT_RISK not in row["accepted"] for item, row in zip(whole, rows, strict=True)),
        "needs_review": sum(item.needs_review for item in whole),
    }
    print(json.dumps(figures | {"statements": {s: figures["statements"][s] for s in STATUSES}}, ensure_ascii=False, indent=1))


if __name__ == "__main__":
    main()
