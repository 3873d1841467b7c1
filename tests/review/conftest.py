"""A store with a small invented run, and a client that stands where the browser stands."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("fastapi", reason="the extra [review] is not installed")
from fastapi.testclient import TestClient

from nlp.labels import STATUSES
from nlp.review.access import Password
from nlp.review.app import create_app
from nlp.review.desk import Desk, open_folder
from nlp.review.jobs import Jobs
from nlp.store import Store, open_store

ADDRESS = "http://127.0.0.1:8721"
TEXT = "项目一标段已完工。二标段用地手续尚未办结，推进缓慢。"
CUTS = ((0, 8), (9, 25))


def make_row(n: int, *, status: str = "in_progress", unit: str = "市住建局", text: str = TEXT, **more: Any) -> dict[str, Any]:
    """A line of `items.jsonl`; its second statement has a problem in the first four rows of five."""
    odds = {s: 0.7 if s == status else 0.1 for s in STATUSES}
    statements = [{"start": a, "end": b, "text": text[a:b], "status": "in_progress", "probabilities": odds, "cues": []} for a, b in CUTS if b <= len(text)]
    cue = {"rule": "slow", "label": "delay", "start": 21, "end": 25, "text": text[21:25]}
    if statements:
        statements[-1]["cues"] = [cue]
    at_risk = status == "at_risk"
    row = {
        "report": "2024年乌有市重点任务一季度进展情况",
        "number": str(n),
        "task": f"第{n}号道路改造，完成投资{n}亿元",
        "units": [unit, "市财政局"],
        "text": text,
        "period": "2024Q1",
        "elapsed": 0.25,
        "status": status,
        "basis": "stated" if at_risk else None,
        "probabilities": odds,
        "confidence": round(0.4 + n / 1000, 4),
        "needs_review": False,
        "statements": statements,
        "problems": [{"start": 21, "end": 25, "text": text[21:25], "kind": "delay", "score": 0.9, "rule": "slow"}] if at_risk else [],
        "indicators": [],
        "words_against_figures": False,
        "severity": 2 if at_risk else 0,
        "risk": {"score": float(n), "rank": n, "terms": [{"name": "severity", "value": float(n)}], "why": "进度滞后。"}
        if at_risk
        else {"score": 0.0, "rank": None, "terms": [], "why": ""},
        "summary": text[:8],
        "reason": "推进缓慢",
        "decided_by": "rules",
        "rules_status": None,
        "section": "一、城建",
        "other": [],
        "place": "乌有市",
        "source": {"file": "乌有市2024年一季度.xlsx", "sheet": "表1", "row": n + 2},
    }
    return {**row, **more}


@pytest.fixture
def outputs(tmp_path: Path) -> Path:
    """An output folder with twenty rows, five of them at risk."""
    folder = tmp_path / "out"
    folder.mkdir()
    rows = [make_row(n, status="at_risk" if n % 4 == 0 else "in_progress", unit="市水利局" if n % 5 == 0 else "市住建局") for n in range(1, 21)]
    (folder / "items.jsonl").write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    (folder / "run.json").write_text('{"model": "status-x", "yardstick": "guide"}', encoding="utf-8")
    return folder


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """An empty store."""
    with open_store(str(tmp_path / "labels.db")) as opened:
        yield opened


@pytest.fixture
def make_desk(store: Store) -> Callable[..., Desk]:
    """A desk on the store, in the name of 王芳 where no password is given."""

    def make(*, password: str = "", **more: Any) -> Desk:
        jobs = Jobs(open_folder=lambda folder: open_folder(store, folder), model=lambda: None)
        return Desk(store=store, jobs=jobs, who="王芳", password=Password.of(password) if password else None, **more)

    return make


class Browser:
    """A client that sends what the script of the page sends."""

    def __init__(self, desk: Desk, address: str = ADDRESS) -> None:
        self.client = TestClient(create_app(desk), base_url=address, follow_redirects=False)
        self.headers = {"origin": address}

    def visit(self, path: str = "/") -> str:
        """Open a page and take its token."""
        page = self.client.get(path, headers={"accept": "text/html"})
        assert page.status_code == 200, page.text
        found = re.search(r'name="csrf" content="([^"]*)"', page.text)
        assert found
        self.headers = {**self.headers, "x-csrf-token": found[1]}
        return page.text

    def get(self, path: str, **headers: str) -> Any:
        return self.client.get(path, headers=headers)

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        return self.client.post(path, json={} if body is None else body, headers={**self.headers, **{k.replace("_", "-"): v for k, v in headers.items()}})


@pytest.fixture
def browser(make_desk: Callable[..., Desk], store: Store, outputs: Path) -> Browser:
    """A browser that has opened run 1."""
    open_folder(store, outputs)
    opened = Browser(make_desk())
    opened.visit("/runs/1")
    return opened


def status(value: str, basis: str | None = None) -> dict[str, Any]:
    """A change of the row's status."""
    return {"field": "status", "to": {"status": value, "basis": basis}}
