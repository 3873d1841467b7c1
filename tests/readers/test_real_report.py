"""A real report in six formats, which must agree with each other."""

from __future__ import annotations

from pathlib import Path

import pytest

from nlp.readers import read_report
from nlp.records import Report

COUNT = 262
FORMATS = ("txt", "docx", "xlsx", "pdf", "html", "gbk.csv")


@pytest.fixture(scope="module")
def reports(real_reports: Path) -> dict[str, Report]:
    """Format -> report as read."""
    return {suffix: read_report(real_reports / f"huainan-2023q1.{suffix}") for suffix in FORMATS}


def squeeze(text: str) -> str:
    """The text without white space."""
    return "".join(text.split())


@pytest.mark.parametrize("suffix", FORMATS)
def test_every_format_gives_every_item(reports: dict[str, Report], suffix: str) -> None:
    report = reports[suffix]
    assert [item.number for item in report.items] == [str(n) for n in range(1, COUNT + 1)]
    assert all(item.task and item.units and item.text for item in report.items)
    assert report.period.code == "2023Q1"


@pytest.mark.parametrize("suffix", [suffix for suffix in FORMATS if suffix != "docx"])
def test_formats_agree_with_each_other(reports: dict[str, Report], suffix: str) -> None:
    for item, same in zip(reports[suffix].items, reports["docx"].items, strict=True):
        assert (item.number, squeeze(item.task), squeeze(item.text)) == (same.number, squeeze(same.task), squeeze(same.text))
        assert item.units == same.units, f"{item.source}"


@pytest.mark.parametrize("suffix", FORMATS)
def test_rows_left_out_are_titles_headers_sections_or_notes(reports: dict[str, Report], suffix: str) -> None:
    assert {row.reason for row in reports[suffix].skipped} <= {"标题", "表头", "分节", "附注", "非进展表"}
    assert sum(len(row.text) for row in reports[suffix].skipped) < 2_000
