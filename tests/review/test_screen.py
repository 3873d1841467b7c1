"""The screen: what it shows, how rows are found, corrected, confirmed, taken back; who gets in whose way."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from nlp.review.desk import Desk, open_folder
from nlp.store import Store, correct, set_severity
from tests.review.conftest import TEXT, Browser, make_row, status


def correct_row(browser: Browser, item: int, *changes: dict[str, Any], revision: int = 0) -> Any:
    return browser.post(f"/items/{item}/correct", {"revision": revision, "changes": list(changes)})


def numbers(browser: Browser, query: str) -> list[int]:
    """The items that the list shows for a query."""
    page = browser.get(f"/runs/1/rows?{query}")
    assert page.status_code == 200, page.text
    return [int(part.split('"')[0]) for part in page.text.split('data-item="')[1:]]


def test_the_list_is_filtered_and_sorted(browser: Browser) -> None:
    assert len(numbers(browser, "")) == 20
    assert numbers(browser, "sort=risk")[:5] == [4, 8, 12, 16, 20]
    assert numbers(browser, "sort=doubt")[:3] == [1, 2, 3]
    assert numbers(browser, "status=at_risk&unit=市水利局") == [20]
    assert numbers(browser, "basis=stated&sort=order") == [4, 8, 12, 16, 20]
    assert numbers(browser, "words=第7号") == [7]
    assert numbers(browser, "words=%25") == []
    assert correct_row(browser, 7, status("completed")).status_code == 200
    assert numbers(browser, "state=corrected") == [7]
    assert 7 not in numbers(browser, "state=pending")


@pytest.mark.parametrize("query", ["sort=size", "status=done", "state=new", "basis=x", "offset=x"])
def test_an_unknown_filter_is_one_line(browser: Browser, query: str) -> None:
    answer = browser.get(f"/runs/1/rows?{query}")
    assert answer.status_code == 400
    assert "\n" not in answer.json()["error"]


def test_a_row_shows_its_labels_evidence_and_source(browser: Browser) -> None:
    shown = browser.get("/items/4").json()["item"]
    for words in ("第4号道路改造", "有风险", "文字写明", "推进缓慢", "进度滞后", "表1 第6行", "线索：", "70%"):
        assert words in shown
    assert 'class="st-in_progress problem cue"' in shown


def test_a_correction_is_saved_and_shown(browser: Browser) -> None:
    answer = correct_row(browser, 1, status("at_risk", "pace"), {"field": "severity", "to": 3}).json()
    assert answer["revision"] == 1
    assert 'data-status="at_risk"' in answer["row"]
    assert "程序原判：" in answer["item"]
    assert "王芳" in answer["item"]
    assert "已改 1" in answer["progress"]


def test_statements_spans_and_notes_are_corrected(browser: Browser) -> None:
    changes = (
        {"field": "statement", "to": "completed", "target": "0-8"},
        {"field": "span", "to": "blocked", "target": "12-20"},
        {"field": "note", "to": "电话核实过"},
    )
    shown = correct_row(browser, 1, *changes).json()["item"]
    assert 'data-status="completed"' in shown
    assert TEXT[12:20] in shown
    assert 'data-kind="要件受阻"' in shown
    assert "电话核实过" in shown
    gone = correct_row(browser, 1, {"field": "span", "to": None, "target": "12-20"}, revision=1).json()["item"]
    assert 'data-kind="要件受阻"' not in gone.split("修改记录")[0]


@pytest.mark.parametrize(
    "change",
    [
        {"field": "status", "to": {"status": "done", "basis": None}},
        {"field": "status", "to": "completed"},
        {"field": "severity", "to": 4},
        {"field": "severity", "to": True},
        {"field": "severity", "to": [1]},
        {"field": "span", "to": "delay", "target": "5-99"},
        {"field": "span", "to": "delay", "target": "x"},
        {"field": "statement", "to": "completed", "target": "0-3"},
        {"field": "task", "to": "x"},
    ],
)
def test_a_change_that_is_none_is_refused_in_one_line_and_leaves_nothing(browser: Browser, change: dict[str, Any]) -> None:
    answer = correct_row(browser, 1, change)
    assert answer.status_code == 400
    assert answer.json()["error"]
    assert browser.get("/items/1").json()["revision"] == 0


def test_a_conflict_says_who_changed_what_and_overwrites_nothing(browser: Browser, store: Store) -> None:
    correct(store, 4, [set_severity(3)], who="李明", on_revision=0)
    for answer in (correct_row(browser, 4, status("completed")), browser.post("/items/4/confirm", {"revision": 0})):
        assert answer.status_code == 409
        assert "李明" in answer.json()["error"]
        assert "较重 → 严重" in answer.json()["error"]
    assert "3 严重" in browser.get("/items/4").json()["item"]


def test_steps_are_taken_back_one_by_one(browser: Browser) -> None:
    correct_row(browser, 1, status("completed"))
    browser.post("/items/2/confirm", {"revision": 0})
    first, second = browser.post("/undo").json(), browser.post("/undo").json()
    assert (first["id"], second["id"]) == (2, 1)
    assert 'data-state="pending"' in second["item"]
    answer = browser.post("/undo")
    assert (answer.status_code, answer.json()["error"]) == (400, "王芳 没有可以撤销的操作")


def test_a_filter_is_confirmed_at_once_and_taken_back_at_once(browser: Browser) -> None:
    correct_row(browser, 4, status("completed"))
    chosen = {"status": "at_risk"}
    assert browser.get("/runs/1/pending?status=at_risk").json() == {"count": 4}
    wrong = browser.post("/runs/1/confirm", {"filter": chosen, "expected": 5})
    assert (wrong.status_code, numbers(browser, "state=confirmed")) == (400, [])
    done = browser.post("/runs/1/confirm", {"filter": chosen, "expected": 4}).json()
    assert (done["confirmed"], done["left"]) == (4, 0)
    assert numbers(browser, "state=confirmed&sort=order") == [8, 12, 16, 20]
    assert len(browser.post("/undo").json()["items"]) == 4
    assert numbers(browser, "state=confirmed") == []


def test_thousands_of_rows_come_in_pages(make_desk: Callable[..., Desk], store: Store, tmp_path: Path) -> None:
    (tmp_path / "big").mkdir()
    lines = (json.dumps(make_row(n), ensure_ascii=False) + "\n" for n in range(1, 251))
    (tmp_path / "big" / "items.jsonl").write_text("".join(lines), encoding="utf-8")
    open_folder(store, tmp_path / "big")
    person = Browser(make_desk())
    person.visit("/runs/1")
    assert len(numbers(person, "sort=order")) == 100
    assert numbers(person, "sort=order&offset=200") == list(range(201, 251))
    assert numbers(person, "sort=order&offset=-5")[0] == 1
    assert numbers(person, "offset=999") == []


def test_text_is_shown_as_text(make_desk: Callable[..., Desk], store: Store, tmp_path: Path) -> None:
    evil = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>{{7*7}}"
    row = make_row(1, text=evil, unit=evil, statements=[], problems=[], section=evil, reason=evil, report=evil, other=[{"header": evil, "text": evil}])
    (tmp_path / "evil").mkdir()
    (tmp_path / "evil" / "items.jsonl").write_text(json.dumps({**row, "task": evil, "number": evil}), encoding="utf-8")
    open_folder(store, tmp_path / "evil")
    person = Browser(make_desk())
    pages = [
        person.visit("/runs/1"),
        person.visit("/"),
        person.get("/runs/1/rows").text,
        person.get("/items/1").json()["item"],
        person.get("/runs/1/charts").text,
    ]
    pages.append(correct_row(person, 1, {"field": "note", "to": evil}).json()["item"])
    for page in pages:
        assert "<script>alert" not in page
        assert "<img" not in page
        assert "49" not in page or "{{7*7}}" in page


def test_charts_show_the_corrected_state(browser: Browser) -> None:
    correct_row(browser, 4, status("completed"))
    shown = browser.get("/runs/1/charts").text
    assert "有风险 4" in shown
    assert "市水利局" in shown
    assert "程序原判与核对后" in shown


def test_all_outputs_are_written_from_the_corrected_state(browser: Browser) -> None:
    correct_row(browser, 20, status("completed"), {"field": "severity", "to": 0}, {"field": "span", "to": None, "target": "21-25"})
    correct_row(browser, 1, status("at_risk", "pace"), {"field": "severity", "to": 3})
    answer = browser.get("/runs/1/export.zip")
    assert "%E6%A0%B8%E5%AF%B9%E5%90%8E.zip" in answer.headers["content-disposition"]
    archive = zipfile.ZipFile(io.BytesIO(answer.content))
    assert len(set(archive.namelist()) & {"items.jsonl", "risks.jsonl", "items.csv", "ducha.xlsx", "ducha.html", "run.json"}) == 6
    items = [json.loads(line) for line in archive.read("items.jsonl").decode().splitlines()]
    risks = [json.loads(line) for line in archive.read("risks.jsonl").decode().splitlines()]
    assert (items[19]["status"], items[19]["problems"], items[19]["risk"]["rank"]) == ("completed", [], None)
    assert (items[0]["status"], items[0]["basis"], items[0]["decided_by"]) == ("at_risk", "pace", "person")
    assert [risk["rank"] for risk in risks] == list(range(1, len(risks) + 1))
    assert risks[0]["number"] == "1"
    assert "20" not in [risk["number"] for risk in risks]
    said = json.loads(archive.read("run.json"))
    assert (said["model"], said["review"]["corrected"]) == ("status-x", 2)


def test_what_the_run_says_beside_its_rows_is_written_out_again(make_desk: Callable[..., Desk], store: Store, outputs: Path) -> None:
    skipped = [{"row": 1, "sheet": "表1", "reason": "标题", "text": "乌有市2024年一季度进展"}]
    entry = {"file": "乌有市2024年一季度.xlsx", "items": 20, "period": "2024Q1", "skipped": skipped}
    said = {"model": "status-x", "yardstick": "guide", "unit_aliases": "别名.toml", "unit_alias_names": {"市水务局": ["市水利局"]}, "files": [entry]}
    (outputs / "run.json").write_text(json.dumps(said), encoding="utf-8")
    open_folder(store, outputs)
    person = Browser(make_desk())
    person.visit("/runs/1")
    written = json.loads(zipfile.ZipFile(io.BytesIO(person.get("/runs/1/export.zip").content)).read("run.json"))
    assert (written["unit_aliases"], written["unit_alias_names"]) == ("别名.toml", {"市水务局": ["市水利局"]})
    assert (written["files"][0]["skipped"], written["files"][0]["rows_read"]) == (skipped, 21)
    assert "市水务局" in person.get("/runs/1/charts").text


def test_what_is_not_there_is_said_in_one_line(browser: Browser) -> None:
    assert browser.get("/runs/9").json() == {"error": "没有第 9 份报告"}
    assert browser.get("/items/999").status_code == 400
    assert browser.get("/jobs/x").status_code == 404
    assert browser.get("/static/secret").status_code == 404
    page = browser.get("/nowhere", accept="text/html")
    assert page.status_code == 404
    assert "回到报告列表" in page.text


def test_a_folder_is_opened_once_however_often_it_is_named(browser: Browser, outputs: Path) -> None:
    assert browser.post("/open", {"folder": f' "{outputs}" '}).json() == {"runs": ["1"]}
    answer = browser.post("/open", {"folder": str(outputs / "no")})
    assert answer.status_code == 400
    assert "没有这个文件夹" in answer.json()["error"]
