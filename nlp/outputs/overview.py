"""The first sheet of the workbook: counts, two charts, what the colours mean, and where to find what."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

from nlp.by_unit import NO_UNIT
from nlp.labels import AT_RISK, BASES, SEVERITIES, STATUSES
from nlp.outputs.cells import clean
from nlp.outputs.workbook import COLOURS, FONT, HEADER, HEADING_FONT, LIGHTS, MARKED, Contents, set_paper

_WIDTHS: Final = (20, 9, 9, 2, 28, 8, 8, 2, 20, 52)
_FIRST: Final = 4
_CHART_ROWS: Final = 16
_MOST_UNITS: Final = 10
# Darker than the cells' colours: a slice stands on white without a border.
_SLICES: Final = {"completed": "#70AD47", "in_progress": "#5B9BD5", "not_started": "#A5A5A5", "at_risk": "#ED7D31"}


def write_overview(book: Any, contents: Contents, *, sheets: Sequence[str]) -> None:
    """Write the overview; `sheets` are the others of the workbook by their keys, in order."""
    words = contents.wording
    sheet = book.add_worksheet(words.sheets["overview"])
    sheet.hide_gridlines(2)
    for c, width in enumerate(_WIDTHS):
        sheet.set_column(c, c, width)
    table = _Table(book, sheet)
    sheet.write_string(0, 0, clean(contents.title)[:120], table.heading)
    facts = {"place": clean(contents.place)[:40], "period": contents.period, "items": str(len(contents.items))}
    sheet.write_string(1, 0, "    ".join(f"{words.phrases[key]} {value}" for key, value in facts.items() if value), table.text)
    if contents.only:
        sheet.write_string(2, 0, words.say("limited", units=clean(words.list_mark.join(contents.only))[:200]), table.text)
    after = _write_counts(table, contents)
    below = _FIRST + _CHART_ROWS + 1
    _add_status_chart(book, sheet, contents)
    lower = max(_write_units(book, table, contents, row=below), _write_guide(table, contents, sheets=sheets, row=below))
    set_paper(sheet, wording=words)
    sheet.fit_to_pages(1, 1)
    sheet.print_area(0, 0, max(after, lower), len(_WIDTHS) - 1)


class _Table:
    """The formats of the sheet, and the writing of small tables with them."""

    def __init__(self, book: Any, sheet: Any) -> None:
        base = {"font_name": FONT, "font_size": 10, "valign": "vcenter"}
        boxed = {**base, "border": 1, "border_color": "#BFBFBF"}
        self.book, self.sheet = book, sheet
        self.heading = book.add_format({"font_name": HEADING_FONT, "font_size": 16, "bold": True})
        self.text = book.add_format(base)
        self.header = book.add_format({**boxed, "bold": True, "bg_color": HEADER, "font_color": "#FFFFFF"})
        self.label = book.add_format(boxed)
        self.bold = book.add_format({**boxed, "bold": True})
        self.share = book.add_format({**boxed, "num_format": "0%"})
        self.link = book.add_format({**boxed, "font_color": "#0563C1", "underline": 1})
        self.filled = {colour: book.add_format({**boxed, "bg_color": colour}) for colour in (*COLOURS.values(), *LIGHTS.values(), MARKED)}

    def head(self, row: int, column: int, *texts: str) -> None:
        for c, text in enumerate(texts, start=column):
            self.sheet.write_string(row, c, text, self.header)

    def line(self, row: int, column: int, label: str, *values: float | None, style: Any = None) -> None:
        """A label, whole numbers as they are, fractions as shares, empty cells for None."""
        self.sheet.write_string(row, column, label, style or self.label)
        for c, value in enumerate(values, start=column + 1):
            if value is None:
                self.sheet.write_blank(row, c, None, self.label)
            else:
                self.sheet.write_number(row, c, value, self.share if isinstance(value, float) else self.label)


def _write_counts(table: _Table, contents: Contents) -> int:
    """Statuses, bases, severities and flags down the left side; the last row used comes back."""
    words, items = contents.wording, contents.items
    total = len(items)

    def part(n: int) -> float | None:
        return n / total if total else None

    statuses = Counter(item["status"] for item in items)
    bases = Counter(item["basis"] for item in items if item["basis"])
    severities = Counter(item["severity"] for item in items)
    first = _FIRST
    table.head(first, 0, words.columns["status"], words.phrases["items"], words.phrases["share"])
    for r, status in enumerate(STATUSES, start=first + 1):
        table.line(r, 0, words.statuses[status], statuses[status], part(statuses[status]), style=table.filled[COLOURS[status]])
    table.line(first + len(STATUSES) + 1, 0, words.phrases["total"], total, part(total), style=table.bold)
    first += len(STATUSES) + 3
    table.head(first, 0, words.phrases["at_risk_by"], words.phrases["items"], words.phrases["share"])
    for r, basis in enumerate(BASES, start=first + 1):
        table.line(r, 0, words.bases[basis], bases[basis], part(bases[basis]))
    first += len(BASES) + 2
    table.head(first, 0, words.phrases["severity_of"], words.phrases["items"], words.phrases["share"])
    for r, level in enumerate(reversed(SEVERITIES), start=first + 1):
        table.line(r, 0, f"{level} {words.severities[level]}", severities[level], part(severities[level]))
    first += len(SEVERITIES) + 2
    for r, key in enumerate(("needs_review", "words_against_figures"), start=first):
        n = sum(bool(item[key]) for item in items)
        table.line(r, 0, words.phrases[key], n, part(n))
    return first + 1


def _add_status_chart(book: Any, sheet: Any, contents: Contents) -> None:
    """A doughnut of the statuses from the table beside it."""
    words = contents.wording
    name, first, last = words.sheets["overview"], _FIRST + 1, _FIRST + len(STATUSES)
    chart = book.add_chart({"type": "doughnut"})
    chart.add_series(
        {
            "name": words.phrases["status_chart"],
            "categories": [name, first, 0, last, 0],
            "values": [name, first, 1, last, 1],
            "points": [{"fill": {"color": _SLICES[status]}} for status in STATUSES],
            "data_labels": {"value": True, "font": {"name": FONT, "size": 10, "bold": True, "color": "#FFFFFF"}},
        }
    )
    chart.set_title({"name": words.phrases["status_chart"], "name_font": {"name": FONT, "size": 12}, "overlay": False})
    chart.set_legend({"position": "right", "font": {"name": FONT, "size": 10}})
    chart.set_hole_size(50)
    chart.set_size({"width": 330, "height": 20 * _CHART_ROWS})
    sheet.insert_chart(_FIRST, 4, chart, {"description": words.phrases["status_chart"]})


def _write_units(book: Any, table: _Table, contents: Contents, *, row: int) -> int:
    """The units with most items at risk as a small table and, above it, a bar chart; nothing where no unit leads one."""
    words = contents.wording
    worst = sorted((u for u in contents.units if u.count(AT_RISK)), key=lambda u: (-u.count(AT_RISK), u.rank or 0))[:_MOST_UNITS]
    if not worst:
        return row
    name = words.sheets["overview"]
    table.head(row, 4, words.columns["unit"], words.statuses[AT_RISK], words.columns["led"])
    for r, unit in enumerate(worst, start=row + 1):
        label = words.phrases["no_unit"] if unit.unit == NO_UNIT else clean(unit.unit)[:60]
        table.line(r, 4, label, unit.count(AT_RISK), unit.led, style=table.filled[LIGHTS[unit.light]])
    last = row + len(worst)
    chart = book.add_chart({"type": "bar"})
    chart.add_series(
        {
            "name": words.statuses[AT_RISK],
            "categories": [name, row + 1, 4, last, 4],
            "values": [name, row + 1, 5, last, 5],
            "fill": {"color": _SLICES[AT_RISK]},
            "gap": 60,
            "data_labels": {"value": True, "font": {"name": FONT, "size": 9}},
        }
    )
    chart.set_title({"name": words.phrases["unit_chart"], "name_font": {"name": FONT, "size": 12}, "overlay": False})
    chart.set_legend({"none": True})
    chart.set_y_axis({"reverse": True, "num_font": {"name": FONT, "size": 9}, "major_tick_mark": "none"})
    most = max(unit.count(AT_RISK) for unit in worst)
    chart.set_x_axis({"visible": False, "min": 0, "max": most + 1, "major_unit": 1, "major_gridlines": {"visible": False}})
    chart.set_size({"width": 510, "height": 20 * _CHART_ROWS})
    table.sheet.insert_chart(_FIRST, 8, chart, {"description": words.phrases["unit_chart"]})
    return last


def _write_guide(table: _Table, contents: Contents, *, sheets: Sequence[str], row: int) -> int:
    """What stands on which sheet, with links to them, and what the colours mean."""
    words = contents.wording
    table.head(row, 8, words.phrases["sheet_guide"], "")
    for r, key in enumerate(sheets, start=row + 1):
        table.sheet.write_url(r, 8, f"internal:'{words.sheets[key]}'!A1", table.link, words.sheets[key])
        table.sheet.write_string(r, 9, words.phrases[f"guide_{key}"], table.label)
    first = row + len(sheets) + 2
    table.head(first, 8, words.phrases["legend"], "")
    legend = [(COLOURS[status], words.statuses[status], words.phrases["legend_status"]) for status in STATUSES]
    legend += [(LIGHTS[light], name, words.phrases["legend_light"]) for light, name in words.lights.items()]
    legend.append((MARKED, words.columns["correct_status"], words.phrases["legend_correct"]))
    for r, (colour, name, meaning) in enumerate(legend, start=first + 1):
        table.sheet.write_string(r, 8, name, table.filled[colour])
        table.sheet.write_string(r, 9, meaning, table.label)
    return first + len(legend)
