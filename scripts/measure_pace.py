"""Measure targets against results: on a split of the corpora, or on real rows labelled for measuring.

    python scripts/measure_pace.py --split test [--words rules|labels]
    python scripts/measure_pace.py --rows gold.jsonl [--elapsed 0.25] [--words rules|labels]
    python scripts/measure_pace.py --seconds

--words says who reads the words: the cue rules, or the labels of the statements (then only the figures are measured). Of real rows the share of
the rows found whose basis is pace, growth or decline, and the rows called at risk that are not.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

from nlp.annotate.pace import find_indicators
from nlp.annotate.pipeline import find_text_cues, read_by_rules
from nlp.annotate.rules import judge_item, names_basis, probabilities
from nlp.annotate.verdict import settle
from nlp.labels import AT_RISK
from nlp.records import Item, Problem, Source, Statement
from nlp.text import Span
from nlp.training.corpus import SPLITS, read_corpora
from nlp.training.pace_figures import WORDS, Words, measure_pace, read_words

ROOT = Path(__file__).resolve().parent.parent


def read_rows(path: Path) -> list[dict[str, Any]]:
    """Rows of a file of the form of `docs/measurements.md`: task, status_text, accepted, basis, statements, problems."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def words_of(row: dict[str, Any], *, by: str) -> Words:
    """What the words of a real row say, by rules or by its labels (the first label of a statement, the first span of a problem)."""
    if by == "rules":
        item = Item(str(row["id"]), row["task"], (), row["status_text"], Source("", 1))
        (cues,) = find_text_cues(iter([item.text]))
        reading = read_by_rules(item, cues=cues)
        return Words(reading.status, reading.basis, reading.statements, reading.problems)
    statements = tuple(Statement(Span(s["start"], s["end"]), s["labels"][0], probabilities("statement", s["labels"][0])) for s in row["statements"])
    problems = tuple(Problem(Span(*p["variants"][0]), p["kind"], 1.0) for p in row["problems"])
    status, basis = judge_item(row["task"], statements=statements, problems=problems)
    return Words(status, names_basis(row["status_text"], problems) if status == AT_RISK else basis, statements, problems)


def measure_rows(rows: list[dict[str, Any]], *, by: str, elapsed: float) -> dict[str, Any]:
    """Rows whose basis rests on figures: found; rows called at risk that are not; and which rows these are."""
    found, missed, wrong, wrong_by_figures, right_basis = [], [], [], [], 0
    right = 0
    for row in rows:
        words = words_of(row, by=by)
        indicators = find_indicators(row["task"], row["status_text"], elapsed=elapsed)
        settled = settle(
            row["task"], status=words.status, basis=words.basis, statements=words.statements, problems=words.problems, indicators=indicators, elapsed=elapsed
        )
        right += settled.status in row["accepted"]
        if row["basis"] in {"pace", "growth", "decline"}:
            (found if settled.status == AT_RISK else missed).append(row["id"])
            right_basis += settled.basis == row["basis"]
        if settled.status == AT_RISK and AT_RISK not in row["accepted"]:
            wrong.append(row["id"])
            if words.status != AT_RISK:
                wrong_by_figures.append(row["id"])
    return {
        "rows": len(rows),
        "status_right": right,
        "figure_rows_found": found,
        "figure_rows_missed": missed,
        "figure_rows_with_right_basis": right_basis,
        "wrongly_at_risk": wrong,
        "wrongly_at_risk_by_figures": wrong_by_figures,
    }


def measure_seconds() -> dict[str, float]:
    """Seconds that 1,000 items of the corpora take for this stage alone, on one core."""
    items = [item for _, found in read_corpora(ROOT / "corpora") for item in found][:1000]
    find_indicators(items[0].task, items[0].text, elapsed=0.25)
    started = time.perf_counter()
    for item in items:
        find_indicators(item.task, item.text, elapsed=item.elapsed)
    return {"items": len(items), "seconds": time.perf_counter() - started}


def main() -> None:
    """Print the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--split", choices=SPLITS)
    parser.add_argument("--rows", type=Path)
    parser.add_argument("--seconds", action="store_true")
    parser.add_argument("--words", choices=WORDS, default="rules")
    parser.add_argument("--elapsed", type=float, default=0.25)
    arguments = parser.parse_args()
    figures: dict[str, Any] = {"words": arguments.words}
    if arguments.split:
        items = [item for government, found in read_corpora(ROOT / "corpora") if government.split == arguments.split for item in found]
        figures[arguments.split] = measure_pace(items, words=read_words(items, by=arguments.words))
    if arguments.rows:
        figures["rows"] = measure_rows(read_rows(arguments.rows), by=arguments.words, elapsed=arguments.elapsed)
    if arguments.seconds:
        figures["seconds"] = measure_seconds()
    print(json.dumps(figures, ensure_ascii=False, indent=1))


if __name__ == "__main__":
    main()
