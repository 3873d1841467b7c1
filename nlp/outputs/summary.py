"""All reports of a run together as a workbook and as a page: reports in order of what is at risk, the worst risks, the units."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from importlib.resources import files
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import xlsxwriter

from nlp.labels import STATUSES
from nlp.outputs.cells import CREATED, SHARE_KEYS, STATUS_KEYS, Column, display
from nlp.outputs.document import document
from nlp.outputs.page import shown
from nlp.outputs.sheets import columns_of, risk_rows, unit_rows
from nlp.outputs.table import write_jsonl
from nlp.outputs.workbook import OPTIONS, write_sheet
from nlp.overall import Overall, Place
from nlp.wording import Wording, period_name

WORKBOOK: Final = "summary.xlsx"
PAGE: Final = "summary.html"
RISKS: Final = "risks.jsonl"
# A page that is to open at once shows no more rows of a table; the workbook has them all.
MOST_SHOWN: Final = 500
_SHEETS: Final = ("places", "all_risks", "all_units")
_REPORT_PAGE: Final = "ducha.html"


def write_summary(folder: Path, overall: Overall, *, formats: Iterable[str], wording: Wording) -> list[Path]:
    """The files of the summary that belong to the `formats`: workbook, page, risks as JSON lines; their paths come back."""
    chosen, written = frozenset(formats), []
    tables = _tables(overall, wording)
    title = wording.say("summary_title", reports=overall.reports)
    if "jsonl" in chosen:
        write_jsonl(folder / RISKS, overall.risks)
        written.append(folder / RISKS)
    if "xlsx" in chosen:
        with xlsxwriter.Workbook(str(folder / WORKBOOK), OPTIONS) as book:
            book.set_properties({"title": title, "created": CREATED})
            for name in _SHEETS:
                write_sheet(book, wording.sheets[name], title, columns_of(name, wording=wording, rows=tables[name]), tables[name], wording=wording)
        written.append(folder / WORKBOOK)
    if "html" in chosen:
        page = _page(overall, tables, title=title, wording=wording)
        (folder / PAGE).write_text(page, encoding="utf-8", newline="\n")
        written.append(folder / PAGE)
    return written


def _tables(overall: Overall, wording: Wording) -> dict[str, list[dict[str, Any]]]:
    rows = unit_rows((unit.row for unit in overall.units), wording=wording)
    return {
        "places": [_place_row(place, wording=wording) for place in overall.places],
        "all_risks": [{**row, "file": row["source"]["file"]} for row in risk_rows(overall.risks, wording=wording)],
        "all_units": [{**row, "reports": unit.reports} for row, unit in zip(rows, overall.units, strict=True)],
    }


def _place_row(place: Place, *, wording: Wording) -> dict[str, Any]:
    """Counts and shares stay empty for a file that gave no report."""
    is_report = not place.failure
    return {
        "unit_rank": place.rank if is_report else "",
        **{key: getattr(place, key) for key in ("place", "title", "light", "file", "folder", "failure")},
        "period": period_name(place.period) if place.period and wording.lang == "zh" else place.period,
        "count": place.items if is_report else "",
        **{status: n if is_report else "" for status, n in zip(STATUSES, place.counts, strict=True)},
        **{key: getattr(place, key) if is_report else None for key in ("at_risk_share", "at_risk_shrunk")},
        "to_review": place.needs_review if is_report else "",
        "top_score": place.top_score if is_report else "",
    }


def _page(overall: Overall, tables: Mapping[str, Sequence[Mapping[str, Any]]], *, title: str, wording: Wording) -> str:
    """The page: counts, then a table each; no script, nothing from elsewhere."""
    counts = "".join(f"<li><b>{overall.count(status)}</b> {escape(wording.statuses[status])}</li>" for status in STATUSES)
    facts = wording.say("summary_facts", reports=overall.reports, items=overall.items, failed=len(overall.failed), review=overall.needs_review)
    parts = [f'<header><h1>{escape(title)}</h1><p class="meta">{escape(facts)}</p><ul class="counts">{counts}</ul></header><main>']
    for name in _SHEETS:
        rows = tables[name]
        columns = [column for column in columns_of(name, wording=wording, rows=rows) if column.printed]
        cut = wording.say("summary_cut", shown=MOST_SHOWN, total=len(rows)) if len(rows) > MOST_SHOWN else ""
        head = "".join(f'<th scope="col">{escape(column.header)}</th>' for column in columns)
        body = "".join(_row(row, columns, wording=wording, leads=name == "places") for row in rows[:MOST_SHOWN])
        note = escape(" ".join(filter(None, (wording.phrases[f"note_{name}"], cut))))
        table = f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'
        parts.append(f'<section><h2>{escape(wording.sheets[name])}</h2><p class="note">{note}</p>{table}</section>')
    style = files("nlp").joinpath("resources/page/summary.css").read_text(encoding="utf-8").replace("\r\n", "\n")
    return document(title=shown(title), style=style, body="".join([*parts, "</main>"]), language="zh-CN" if wording.lang == "zh" else wording.lang)


def _row(row: Mapping[str, Any], columns: Sequence[Column], *, wording: Wording, leads: bool) -> str:
    cells = []
    for column in columns:
        value = display(row, column.key, wording=wording)
        text = escape(shown(_text(value, column.key)))
        if leads and column.key == "title" and not row["failure"]:
            text = f'<a href="{quote(row["folder"])}/{_REPORT_PAGE}">{text}</a>'
        kind = row["light"] if column.key == "light" else "number" if isinstance(value, int | float) else row[column.key] if column.key in STATUS_KEYS else ""
        cells.append(f'<td class="{kind}">{text}</td>' if kind else f"<td>{text}</td>")
    return f"<tr>{''.join(cells)}</tr>"


def _text(value: str | float, key: str) -> str:
    if not isinstance(value, float):
        return str(value)
    return f"{value:.0%}" if key in SHARE_KEYS else f"{value:.1f}"
