"""The Excel workbook of a report. Text stays text: nothing a cell holds becomes a formula or a link."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import xlsxwriter

from nlp.by_unit import UnitRow
from nlp.config import load_toml
from nlp.labels import AT_RISK, COMPLETED, IN_PROGRESS, NOT_STARTED
from nlp.outputs.cells import CENTRED_KEYS, CREATED, LIGHT_KEYS, SHARE_KEYS, STATUS_KEYS, Column, clean, display
from nlp.outputs.sheets import alias_rows, change_rows, columns_of, indicator_rows, item_rows, risk_rows, statement_rows, unit_rows
from nlp.unit_names import Proposal
from nlp.wording import Wording, names

COLOURS: Final = {COMPLETED: "#C6E0B4", IN_PROGRESS: "#DDEBF7", NOT_STARTED: "#E7E6E6", AT_RISK: "#F8CBAD"}
# Traffic lights of the yardstick and of units; none where nothing is to be compared.
LIGHTS: Final = {"green": "#C6E0B4", "yellow": "#FFE699", "red": "#F8CBAD", "": "#FFFFFF"}
MARKED: Final = "#FFF9DB"
HEADER: Final = "#1F4E79"
MARKED_HEADER: Final = "#BF8F00"
FONT: Final = "宋体"
HEADING_FONT: Final = "黑体"
OPTIONS: Final = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False, "in_memory": False}
_LINE_HEIGHT: Final = 13.5
_TALLEST_ROW: Final = 405.0
_MOST_MEASURED: Final = 5_000
_A4: Final = 9


@dataclass(frozen=True)
class Contents:
    """All that a workbook shows of a report: rows as in `items.jsonl` and `risks.jsonl`, units, names to check.

    `only` names the units to which the rows were limited, empty for the whole report.
    """

    title: str
    items: Sequence[Mapping[str, Any]]
    risks: Sequence[Mapping[str, Any]]
    units: Sequence[UnitRow] = ()
    proposals: Sequence[Proposal] = ()
    place: str = ""
    period: str = ""
    only: Sequence[str] = ()
    wording: Wording = field(default_factory=names)


def write_workbook(path: Path, contents: Contents) -> None:
    """Write the workbook: overview with charts, risks, items with columns for corrections, statements, targets against results, units.

    The sheets of names to check and of changes stand in it only where there are any. Filters, frozen headers, A4 landscape.
    """
    from nlp.outputs.overview import write_overview  # noqa: PLC0415

    words = contents.wording
    tables: dict[str, Sequence[Mapping[str, Any]]] = {
        "risks": risk_rows(contents.risks, wording=words),
        "items": item_rows(contents.items, wording=words),
        "statements": statement_rows(contents.items),
        "indicators": indicator_rows(contents.items),
        "units": unit_rows(contents.units, wording=words),
        "aliases": alias_rows(contents.proposals),
        "changes": change_rows(contents.items),
    }
    shown = [name for name, rows in tables.items() if rows or name not in {"aliases", "changes"}]
    with xlsxwriter.Workbook(str(path), OPTIONS) as book:
        book.set_properties({"title": clean(contents.title)[:200], "created": CREATED})
        write_overview(book, contents, sheets=shown)
        for name in shown:
            rows = tables[name]
            columns = columns_of(name, wording=words, rows=rows)
            sheet = write_sheet(book, words.sheets[name], contents.title, columns, rows, wording=words)
            if name == "items":
                _invite_corrections(book, sheet, columns, rows=len(rows), wording=words)
            elif name == "units":
                _write_notes(book, sheet, _unit_notes(words, has_change=any(row["rank_change"] for row in rows)), rows=len(rows), columns=columns)
            elif name == "aliases":
                _write_notes(book, sheet, [words.phrases["aliases_note"]], rows=len(rows), columns=columns)


def write_sheet(book: Any, name: str, title: str, columns: Sequence[Column], rows: Sequence[Mapping[str, Any]], *, wording: Wording | None = None) -> Any:
    """A sheet of a workbook: title, header, a row each; columns of statuses, lights and shares are told by their keys. The XlsxWriter sheet comes back."""
    words = wording or names()
    sheet = book.add_worksheet(name)
    base = {"font_name": FONT, "font_size": 10, "valign": "top", "border": 1, "border_color": "#BFBFBF"}
    heading = book.add_format({"font_name": HEADING_FONT, "font_size": 14, "bold": True})
    head = {**base, "bold": True, "font_color": "#FFFFFF", "align": "center", "valign": "vcenter", "text_wrap": True}
    headers = {marked: book.add_format({**head, "bg_color": MARKED_HEADER if marked else HEADER}) for marked in (False, True)}
    plain = {wraps: book.add_format({**base, "text_wrap": wraps}) for wraps in (False, True)}
    centred = book.add_format({**base, "align": "center"})
    marked = book.add_format({**base, "text_wrap": True, "bg_color": MARKED})
    number = book.add_format({**base, "num_format": "0.0"})
    share = book.add_format({**base, "num_format": "0%"})
    coloured = {status: book.add_format({**base, "bg_color": colour, "align": "center"}) for status, colour in COLOURS.items()}
    lights = {light: book.add_format({**base, "bg_color": colour, "align": "center", "text_wrap": True}) for light, colour in LIGHTS.items()}
    sheet.write_string(0, 0, words.say("sheet_title", title=clean(title)[:120], sheet=name, rows=len(rows)), heading)
    sheet.set_row(1, 3 + _LINE_HEIGHT * max(lines_of(column.header, column.width) for column in columns if not column.hidden))
    for c, column in enumerate(columns):
        sheet.set_column(c, c, column.width, None, {"hidden": column.hidden})
        sheet.write_string(1, c, column.header, headers[column.marked])
    for r, row in enumerate(rows, start=2):
        values = [display(row, column.key, wording=words) for column in columns]
        sheet.set_row(r, _height(values, columns))
        for c, (column, value) in enumerate(zip(columns, values, strict=True)):
            if column.key in STATUS_KEYS and value:
                sheet.write_string(r, c, str(value), coloured[row[column.key]])
            elif column.key in LIGHT_KEYS and "light" in row and value != "":
                sheet.write_string(r, c, str(value), lights[row["light"]])
            elif column.key in SHARE_KEYS and value != "":
                sheet.write_number(r, c, float(value), share)
            elif isinstance(value, int | float) and not isinstance(value, bool):
                sheet.write_number(r, c, value, number if isinstance(value, float) else centred)
            elif value == "":
                sheet.write_blank(r, c, None, marked if column.marked else plain[False])
            else:
                sheet.write_string(r, c, clean(str(value), wording=words), centred if column.key in CENTRED_KEYS else plain[column.wraps])
    _set_up(sheet, rows=len(rows), columns=columns, wording=words)
    return sheet


def _set_up(sheet: Any, *, rows: int, columns: Sequence[Column], wording: Wording) -> None:
    """Frozen and filtered header, A4 landscape one page wide, header on every page."""
    last = max(1, rows + 1)
    sheet.freeze_panes(2, 0)
    sheet.autofilter(1, 0, last, len(columns) - 1)
    # A number of a task (1, 2.3) is text and shall stay so without a green corner in Excel.
    sheet.ignore_errors({"number_stored_as_text": f"A1:ZZ{last + 1}"})
    set_paper(sheet, wording=wording)
    sheet.print_area(0, 0, rows + 1, sum(column.printed for column in columns) - 1)
    sheet.repeat_rows(1)


def set_paper(sheet: Any, *, wording: Wording) -> None:
    """A4 landscape, one page wide, page numbers below."""
    sheet.set_landscape()
    sheet.set_paper(_A4)
    sheet.fit_to_pages(1, 0)
    sheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
    sheet.set_footer("&C" + wording.phrases["footer"])


def _invite_corrections(book: Any, sheet: Any, columns: Sequence[Column], *, rows: int, wording: Wording) -> None:
    """The list of statuses to choose from, hints at the columns that are to be filled in, and a line that says how they come back."""
    places = {column.key: c for c, column in enumerate(columns)}
    statuses = list(wording.statuses.values())
    last = max(2, rows + 1)
    status, problems = places["correct_status"], places["correct_problems"]
    error = {"error_title": columns[status].header, "error_message": wording.say("correct_error", choices=wording.list_mark.join(statuses))}
    hint = {"input_title": columns[status].header, "input_message": wording.phrases["correct_status_hint"]}
    sheet.data_validation(2, status, last, status, {"validate": "list", "source": statuses, **error, **hint})
    hint = {"input_title": columns[problems].header, "input_message": wording.phrases["correct_problems_hint"]}
    sheet.data_validation(2, problems, last, problems, {"validate": "any", **hint})
    sheet.write_string(0, status, wording.phrases["correct_note"], book.add_format({"font_name": FONT, "font_size": 10, "font_color": MARKED_HEADER}))


def _unit_notes(wording: Wording, *, has_change: bool) -> list[str]:
    settings = load_toml("by_unit.toml")
    lights = settings["lights"]
    severity = wording.severities[lights["yellow_severity"]]
    notes = [
        wording.say("units_note", **settings["shrinkage"]),
        wording.say("lights_note", red=lights["red"], yellow=lights["yellow"], severity=severity),
    ]
    return [*notes, wording.phrases["rank_note"]] if has_change else notes


def _write_notes(book: Any, sheet: Any, notes: Sequence[str], *, rows: int, columns: Sequence[Column]) -> None:
    """Lines below a table, on paper too but outside the filter."""
    style = book.add_format({"font_name": FONT, "font_size": 9, "font_color": "#595959", "text_wrap": True, "valign": "top"})
    width, first, last = sum(column.width for column in columns), rows + 3, len(columns) - 1
    for r, note in enumerate(notes, start=first):
        sheet.merge_range(r, 0, r, last, "", style)
        sheet.write_string(r, 0, note, style)
        sheet.set_row(r, 3 + _LINE_HEIGHT * lines_of(note, width))
    sheet.print_area(0, 0, first + len(notes) - 1, last)


def lines_of(text: str, width: int) -> int:
    """Lines that a text takes in a column of so many Latin characters. A Chinese character is two Latin ones wide."""
    per_line = max(2, width - 1)
    return sum(-(-sum(1 + (c > "\u2e7f") for c in line[:_MOST_MEASURED]) // per_line) or 1 for line in text.split("\n"))


def _height(values: Sequence[object], columns: Sequence[Column]) -> float:
    """Height in points of a row whose texts wrap; not every program fits it by itself."""
    lines = max((lines_of(str(value), column.width) for value, column in zip(values, columns, strict=True) if column.wraps and column.printed), default=1)
    return min(_TALLEST_ROW, 4 + _LINE_HEIGHT * lines)
