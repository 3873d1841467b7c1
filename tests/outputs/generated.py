"""Rows as `items.jsonl` and `risks.jsonl` hold them, made up for tests of the outputs."""

from __future__ import annotations

from typing import Any

from nlp.labels import STATUSES

_PROBABILITIES = {status: {s: 0.94 if s == status else 0.02 for s in STATUSES} for status in STATUSES}


def item(n: int, *, text: str, status: str = "in_progress", **given: Any) -> dict[str, Any]:
    """One item row, the `n`th of its report, with one statement that covers its text."""
    row = {
        "report": "2024年甲市一季度",
        "number": str(n),
        "task": f"完成第{n}项工程",
        "units": ["市住建局"],
        "text": text,
        "period": "2024Q1",
        "elapsed": 0.25,
        "status": status,
        "basis": "stated" if status == "at_risk" else None,
        "probabilities": _PROBABILITIES[status],
        "confidence": 0.94,
        "needs_review": False,
        "statements": [{"start": 0, "end": len(text), "text": text, "status": status, "probabilities": _PROBABILITIES[status], "cues": []}] if text else [],
        "problems": [],
        "indicators": [],
        "words_against_figures": False,
        "severity": 2 if status == "at_risk" else 0,
        "risk": {"score": 0.0, "rank": None, "terms": []},
        "summary": text[:40],
        "reason": "按句判定",
        "decided_by": "model",
        "rules_status": None,
        "section": "",
        "other": [],
        "place": "甲市",
        "source": {"file": "甲市.docx", "sheet": "表1", "row": n + 2},
    }
    return {**row, **given}


def problem(text: str, words: str, kind: str) -> dict[str, Any]:
    """A problem span of an item row: where `words` stand in `text`."""
    start = text.index(words)
    return {"start": start, "end": start + len(words), "text": words, "kind": kind, "score": 0.9, "rule": "model"}


def ranked(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The risk rows of the items at risk, in their order; rank and terms are written into the items."""
    risks = []
    for row in (row for row in items if row["status"] == "at_risk"):
        terms = [{"name": "severity", "value": 40.0}, {"name": "at_risk", "value": 18.8}]
        row["risk"] = {"score": 58.8, "rank": len(risks) + 1, "terms": terms}
        risks.append({"rank": len(risks) + 1, "score": 58.8, "terms": terms, **{key: row[key] for key in ("number", "task", "units", "reason", "source")}})
    return risks


def report(size: int) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Item rows and risk rows of a report of `size` items, of which every fifth is at risk; about 150 characters of text each."""
    items = []
    for n in range(1, size + 1):
        text = (
            f"第{n}项工程已完成投资{n}万元，主体施工正在推进。"
            + "组织调度会议，逐项协调解决要素保障，" * 6
            + ("因用地手续未批，项目尚未开工。" if n % 5 == 0 else "按计划实施。")
        )
        found = [problem(text, "用地手续未批", "blocked")] if n % 5 == 0 else []
        items.append(item(n, text=text, status="at_risk" if n % 5 == 0 else STATUSES[n % 3], problems=found, units=[f"第{n % 40}局"], needs_review=n % 7 == 0))
    return items, ranked(items)
