"""What one report's result is written as: which file holds which form."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from nlp.by_unit import UnitRow
from nlp.digest import digest
from nlp.outputs import brief, columnar, page, table, workbook
from nlp.records import Report
from nlp.run_record import ReportResult
from nlp.unit_names import Proposal
from nlp.wording import Wording, names

_WORKBOOK: Final = "ducha.xlsx"


def write_files(
    folder: Path,
    *,
    report: Report,
    items: Sequence[Mapping[str, Any]],
    risks: Sequence[Mapping[str, Any]],
    formats: Collection[str],
    top: int,
    units: Sequence[UnitRow] = (),
    proposals: Sequence[Proposal] = (),
    only: Sequence[str] = (),
    wording: Wording | None = None,
) -> None:
    """The item rows and risk rows of a report in each of the `formats`; `top` risks, and at most as many sheets, go into the brief.

    `units`, `proposals`, `only` (the units to which the rows were limited) and `wording` are for the workbook, `wording` for the csv too.
    """
    words = wording or names()
    if "jsonl" in formats:
        table.write_jsonl(folder / "items.jsonl", items)
        table.write_jsonl(folder / "risks.jsonl", risks)
    if columnar.FORMAT in formats:
        columnar.write_parquet(folder / columnar.ITEMS, items, schema=columnar.item_schema())
        columnar.write_parquet(folder / columnar.RISKS, risks, schema=columnar.risk_schema())
    if "csv" in formats:
        table.write_csv(folder / "items.csv", items, wording=words)
    if "xlsx" in formats:
        place, period = report.place, report.period.code
        contents = workbook.Contents(report.title, items, risks, units, proposals, place, period, only, words)
        workbook.write_workbook(folder / _WORKBOOK, contents)
    if not {"html", "docx"} & set(formats):
        return
    passages = digest(items, risks)
    # What counts only a part of the report is to say so wherever it goes.
    title = f"{report.title}（{'、'.join(only)}牵头或配合的任务）" if only else report.title
    if "html" in formats:
        page.write_page(folder / "ducha.html", title=title, place=report.place, period=report.period, items=items, risks=risks, passages=passages)
    if "docx" in formats:
        brief.write_brief(
            folder / "brief.docx",
            report_title=title,
            place=report.place,
            period=report.period,
            items=items,
            risks=risks,
            passages=passages,
            top=top,
            workbook=_WORKBOOK if "xlsx" in formats else None,
        )


def write_result(folder: Path, result: ReportResult, *, formats: Collection[str], top: int, wording: Wording) -> None:
    """The result of a report in each of the `formats`, as `write_files` does."""
    write_files(
        folder,
        report=result.report,
        items=result.items,
        risks=result.risks,
        formats=frozenset(formats),
        top=top,
        units=result.units,
        proposals=result.proposals,
        only=result.only,
        wording=wording,
    )
