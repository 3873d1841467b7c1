"""The digest: six passages in their order, counts that add up, quotes that stand in the rows."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from nlp.batch import run
from nlp.digest import CAUSES, DONE, HEADINGS, MOVING, OVERVIEW, RISKS, UNITS, Passage, digest
from nlp.readers import read_report

Rows = Sequence[dict[str, Any]]


def row(number: str, status: str, **more: Any) -> dict[str, Any]:
    base = {
        "number": number,
        "task": "建设安置房500套。",
        "units": ["市住建局"],
        "text": "已建成120套，资金缺口大。",
        "status": status,
        "severity": 2 if status == "at_risk" else 0,
        "problems": [],
        "words_against_figures": False,
        "needs_review": False,
        "summary": "已建成120套",
        "confidence": 0.9,
        "risk": {"score": 0.0},
        "why": "现为120套，列为较重。",
    }
    return base | more


def problem(text: str, words: str, kind: str = "resources") -> dict[str, Any]:
    start = text.index(words)
    return {"start": start, "end": start + len(words), "text": words, "kind": kind, "score": 0.9}


TEXT = "已建成120套，资金缺口大。"
RISKY = row("2", "at_risk", problems=[problem(TEXT, "资金缺口大")], risk={"score": 60.0})


def text_of(passages: Sequence[Passage], heading: str) -> str:
    return next(passage.text for passage in passages if passage.heading == heading)


def test_passages_stand_in_their_order_and_cite_their_rows() -> None:
    passages = digest([row("1", "completed"), RISKY, row("3", "in_progress"), row("4", "not_started")], [RISKY])
    assert tuple(passage.heading for passage in passages) == HEADINGS
    assert {passage.heading: passage.numbers for passage in passages} == {
        OVERVIEW: (),
        DONE: ("1",),
        MOVING: ("3",),
        RISKS: ("2",),
        CAUSES: ("2",),
        UNITS: ("2",),
    }
    assert text_of(passages, OVERVIEW).startswith("本期共督查事项4项，其中已完成1项，推进中1项，未启动1项，有风险1项。")
    assert text_of(passages, CAUSES) == "从所报问题看，资源短缺1项，如市住建局“资金缺口大”。"


def test_small_units_have_counts_and_no_shares() -> None:
    few = [RISKY, row("3", "in_progress")]
    assert text_of(digest(few, [RISKY]), UNITS) == "按牵头单位统计，市住建局牵头2项，有风险1项。"
    many = [RISKY, *(row(str(n), "in_progress") for n in range(3, 12))]
    assert "市住建局牵头10项，有风险1项（占10.0%）" in text_of(digest(many, [RISKY]), UNITS)


def test_a_bare_fall_is_quoted_with_its_figure() -> None:
    text = "进出口总额18亿元，同比下降4%，订单减少。"
    fallen = row("5", "at_risk", text=text, problems=[problem(text, "同比下降4%", "shortfall")])
    assert "“进出口总额18亿元，同比下降4%”" in text_of(digest([fallen], [fallen]), CAUSES)


def test_an_uncertain_row_is_not_told_as_done() -> None:
    passages = digest([row("1", "completed", needs_review=True)], [])
    assert text_of(passages, DONE) == "已完成1项。"
    assert "需人工复核的1项" in text_of(passages, OVERVIEW)


def test_an_empty_report_has_its_passages() -> None:
    passages = digest([], [])
    assert [passage.heading for passage in passages] == list(HEADINGS)
    assert all(passage.text.endswith("。") and not passage.numbers for passage in passages)


def check(items: Rows, risks: Rows) -> None:
    """Quotes stand in the rows cited; a number is a count or stands there too."""
    by_number = {str(item["number"]): item for item in items}
    reasons = {str(risk["number"]): risk["why"] for risk in risks}
    for passage in digest(items, risks):
        cited = [by_number[number] for number in passage.numbers]
        source = "".join("".join(f"{item['task']}{item['text']}{item['summary']}".split()) for item in cited)
        for quote in re.findall("“([^”]*)”", passage.text):
            assert "".join(quote.split()).replace("‘", "“").replace("’", "”") in source, (passage.heading, quote)
        words = re.sub("“[^”]*”", "", passage.text)
        for number in passage.numbers if passage.heading == RISKS else ():
            words = words.replace(re.sub("“[^”]*”", "", reasons[number]), "")
        for found in re.findall(r"\d+(?:\.\d+)?", words):
            assert float(found) <= max(100, len(items)), (passage.heading, found)


def test_sample_report(root, tmp_path) -> None:
    result = run([next((root / "corpora" / "sample").glob("*.xlsx"))], out=tmp_path / "out", formats=("jsonl",)).single
    check(result.items, result.risks)


def test_real_report(real_reports, tmp_path) -> None:
    path = next(real_reports.glob("*.xlsx"))
    result = run([path], out=tmp_path / "out", formats=("jsonl",)).single
    assert len(result.items) == len(read_report(path).items)
    check(result.items, result.risks)
