"""Rows lead back to the records that they were written from."""

from __future__ import annotations

import json
from pathlib import Path

from nlp import batch
from nlp.config import load_weights
from nlp.outputs.read import annotated_of
from nlp.outputs.rows import item_row, risk_row
from nlp.ranking import rank
from nlp.records import Report
from nlp.rewriting import rewrite

SAMPLE = "corpora/sample/苍浦市2024年一季度.docx"


def test_written_again_a_report_is_the_same(root: Path, tmp_path: Path) -> None:
    batch.run([root / SAMPLE], out=tmp_path / "first")
    rows = [json.loads(line) for line in (tmp_path / "first" / "items.jsonl").read_text(encoding="utf-8").splitlines()]
    rewrite(rows, out=tmp_path / "second", model_id="rules", yardstick_id="guide", more={"review": {"corrected": 0}})
    for name in ("items.jsonl", "risks.jsonl", "items.csv"):
        assert (tmp_path / "first" / name).read_bytes() == (tmp_path / "second" / name).read_bytes()
    assert json.loads((tmp_path / "second" / "run.json").read_text(encoding="utf-8"))["review"] == {"corrected": 0}


def test_what_people_changed_moves_the_row_in_the_risk_list(root: Path, tmp_path: Path) -> None:
    batch.run([root / SAMPLE], out=tmp_path / "first", formats=("jsonl",))
    rows = [json.loads(line) for line in (tmp_path / "first" / "items.jsonl").read_text(encoding="utf-8").splitlines()]
    first = next(n for n, row in enumerate(rows) if row["risk"]["rank"] == 1)
    rows[first] = {
        **rows[first],
        "status": "completed",
        "basis": None,
        "severity": 0,
        "problems": [],
        "indicators": [],
        "words_against_figures": False,
        "note": "已核",
    }
    result = rewrite(rows, out=tmp_path / "second", model_id="rules", yardstick_id="guide")
    assert result.items[first]["risk"]["rank"] is None
    assert result.items[first]["note"] == "已核"
    assert result.risks[0]["number"] != rows[first]["number"]


def test_a_row_gives_the_same_row_again(root: Path) -> None:
    rows = batch.read_rows(root / SAMPLE)
    annotated = [annotated_of(row) for row in rows]
    report = Report(rows[0]["source"]["file"], rows[0]["report"], rows[0]["place"], annotated[0].period, tuple(item.item for item in annotated))
    risks = {id(risk.annotated): risk for risk in rank(annotated, weights=load_weights())}
    assert [item_row(item, report=report, risk=risks.get(id(item))) for item in annotated] == list(rows)
    assert risk_row(next(iter(risks.values())), report=report)["rank"] >= 1
