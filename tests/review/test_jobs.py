"""An uploaded report is read and annotated beside the screen."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import Any

import pytest

from nlp.errors import UsageError
from nlp.review.jobs import upload_path
from nlp.store import Store, read_facts
from tests.review.conftest import Browser

REPORT = "序号,主要任务,牵头单位,落实情况\n1,建成道路3条,市住建局,已建成道路1条，其余2条正在施工。\n2,新建学校1所,市教育局,因土地指标不足，尚未开工。\n"


def follow(browser: Browser, id: str) -> dict[str, Any]:
    for _ in range(600):
        job: dict[str, Any] = browser.get(f"/jobs/{id}").json()
        if job["runs"] or job["error"]:
            return job
        time.sleep(0.05)
    raise AssertionError(job)


def upload(browser: Browser, content: bytes, **query: str) -> Any:
    return browser.client.post("/upload", params=query, content=content, headers=browser.headers)


def test_an_upload_becomes_a_run(browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    answer = upload(browser, REPORT.encode(), name="C:\\报告\\乌有市2024年一季度.csv")
    assert answer.status_code == 200, answer.text
    job = follow(browser, answer.json()["id"])
    assert (job["file"], job["error"], job["total"]) == ("乌有市2024年一季度.csv", "", 2)
    assert "新建学校" in browser.get(f"/runs/{job['runs'][0]}/rows").text
    assert list(tmp_path.glob("ducha-upload-*")) == []


def test_an_upload_is_judged_with_the_names_of_units_that_the_office_gave(
    make_desk: Any, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = tmp_path / "别名.toml"
    names.write_text('"市住房和城乡建设局" = ["市建设局"]\n', encoding="utf-8")
    desk = make_desk()
    monkeypatch.setattr(desk.jobs, "_unit_aliases", names)
    person = Browser(desk)
    person.visit()
    content = REPORT + "3,改造管网。,市建设局,在建。\n"
    job = follow(person, upload(person, content.encode(), name="乌有市2024年一季度.csv").json()["id"])
    facts = read_facts(store, int(job["runs"][0]))
    assert (facts.aliases.id, facts.aliases.given, [row.reason for row in facts.skipped]) == ("别名.toml", {"市住房和城乡建设局": ("市建设局",)}, ["表头"])
    charts = person.get(f"/runs/{job['runs'][0]}/charts").text
    assert "市住房和城乡建设局" in charts
    assert "市住建局" not in charts


def test_a_report_that_cannot_be_read_is_said_in_one_line(browser: Browser) -> None:
    job = follow(browser, upload(browser, b"PK\x03\x04 broken", name="坏的2024年一季度.xlsx").json()["id"])
    assert job["runs"] == []
    assert "坏的2024年一季度.xlsx" in job["error"]


def test_the_period_may_be_given(browser: Browser) -> None:
    assert upload(browser, REPORT.encode(), name="报告.csv", period="一季度").status_code == 400
    job = follow(browser, upload(browser, REPORT.encode(), name="报告.csv", period="2024H1").json()["id"])
    assert "2024H1" in browser.visit(f"/runs/{job['runs'][0]}")


@pytest.mark.parametrize("name", ["", "报告.exe", ".xlsx", "../../etc/passwd"])
def test_what_is_no_report_is_refused(browser: Browser, name: str) -> None:
    answer = upload(browser, b"x", name=name)
    assert answer.status_code == 400
    assert "不是能判读的报告文件" in answer.json()["error"]


def test_an_empty_or_too_large_file_is_refused_and_leaves_nothing(make_desk: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    person = Browser(make_desk(largest_upload=1_000_000))
    person.visit()
    assert upload(person, b"", name="a.csv").status_code == 400
    assert upload(person, b"x" * 1_000_001, name="a.csv").status_code == 413
    parts = (b"x" * 100_000 for _ in range(20))
    assert person.client.post("/upload?name=a.csv", content=parts, headers=person.headers).status_code == 413
    assert list(tmp_path.glob("ducha-upload-*")) == []


def test_only_the_last_part_of_a_name_is_used() -> None:
    path = upload_path("../..\\..\\x/ 甲:乙\n.XLSX ")
    path.parent.rmdir()
    assert path.name == "甲乙.XLSX"
    with pytest.raises(UsageError):
        upload_path("..")
