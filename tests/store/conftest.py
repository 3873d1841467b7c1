"""A store in a fresh file with rows of a fictional report in it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from nlp.labels import STATUSES
from nlp.store import Run, Store, add_run, open_store

TEXTS = (
    ("桥墩浇筑完成，桥面尚缺资金，进度滞后。", "at_risk", "stated", 2, ((7, 13, "resources"), (14, 18, "delay"))),
    ("已印发实施办法；培训会3月召开。", "completed", None, 0, ()),
    ("正在编制方案，待省里批复后开工。", "in_progress", None, 1, ((7, 15, "external"),)),
    ("拟于下月启动。", "not_started", None, 0, ()),
)
UNITS = ("市交通局", "市水务局", "市教育局")


def make_row(n: int, **changes: Any) -> dict[str, Any]:
    """A line of `items.jsonl`, one of four kinds in turn."""
    text, status, basis, severity, problems = TEXTS[n % len(TEXTS)]
    sure = 0.4 + (n * 37 % 60) / 100
    shares = {name: round(sure if name == status else (1 - sure) / 3, 4) for name in STATUSES}
    cut = text.find("；") + 1
    spans = [(0, cut - 1), (cut, len(text) - 1)] if cut else [(0, len(text) - 1)]
    row = {
        "report": "2024年苇塘市重点任务一季度进展",
        "number": str(n + 1),
        "task": f"第{n + 1}号工程年内建成。",
        "units": [UNITS[n % 3], "市发改委"],
        "text": text,
        "period": "2024Q1",
        "elapsed": 0.25,
        "status": status,
        "basis": basis,
        "probabilities": shares,
        "confidence": sure,
        "needs_review": sure < 0.5,
        "statements": [{"start": a, "end": b, "text": text[a:b], "status": status, "probabilities": shares, "cues": []} for a, b in spans],
        "problems": [{"start": a, "end": b, "text": text[a:b], "kind": kind, "score": 0.9, "rule": ""} for a, b, kind in problems],
        "indicators": [],
        "words_against_figures": False,
        "severity": severity,
        "risk": {"score": 20.0, "rank": n // 4 + 1, "terms": [{"name": "severity", "value": 20.0}]}
        if status == "at_risk"
        else {"score": 0.0, "rank": None, "terms": []},
        "summary": text.strip("。"),
        "reason": "按句判",
        "decided_by": "model",
        "rules_status": None,
        "section": "",
        "other": [],
        "place": "苇塘市",
        "source": {"file": "苇塘市.xlsx", "sheet": "表1", "row": n + 2},
    }
    return row | changes


def make_rows(n: int) -> list[dict[str, Any]]:
    """The first `n` rows of the report."""
    return [make_row(i) for i in range(n)]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """An empty store."""
    with open_store(tmp_path / "标注.db") as opened:
        yield opened


@pytest.fixture
def run(store: Store) -> Run:
    """Eight rows of a report in the store; the items are 1 to 8."""
    return add_run(store, make_rows(8), model="status-1", yardstick="guide")
