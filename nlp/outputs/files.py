"""What one report's result is written as: which file holds which form."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from nlp.digest import digest
from nlp.outputs import brief, page, table
from nlp.records import Report

_WORKBOOK: Final = "ducha.xlsx"


def write_files(
    folder: Path, *, report: Report, items: Sequence[Mapping[str, Any]], risks: Sequence[Mapping[str, Any]], formats: Collection[str], top: int
) -> None:
    """The item rows and risk rows of a report in each of the `formats`; `top` risks, and at most as many sheets, go into the brief."""
    if "jsonl" in formats:
        table.write_jsonl(folder / "items.jsonl", items)
        table.write_jsonl(folder / "risks.jsonl", risks)
    if "csv" in formats:
        table.write_csv(folder / "items.csv", items)
    if "xlsx" in formats:
        table.write_workbook(folder / _WORKBOOK, title=report.title, items=items, risks=risks)
    if not {"html", "docx"} & set(formats):
        return
    passages = digest(items, risks)
    if "html" in formats:
        page.write_page(folder / "ducha.html", title=report.title, place=report.place, period=report.period, items=items, risks=risks, passages=passages)
    if "docx" in formats:
        workbook = _WORKBOOK if "xlsx" in formats else None
        brief.write_brief(
            folder / "brief.docx",
            report_title=report.title,
            place=report.place,
            period=report.period,
            items=items,
            risks=risks,
            passages=passages,
            top=top,
            workbook=workbook,
        )
