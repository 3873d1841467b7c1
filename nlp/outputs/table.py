"""Tables for people and programs: Excel workbook, csv with BOM, JSON lines. Text stays text: nothing a cell holds becomes a formula."""

from __future__ import annotations

import csv
import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import xlsxwriter

from nlp.labels import (
    AT_RISK,
    BASIS_NAMES,
    CHANGE_NAMES,
    COMPLETED,
    IN_PROGRESS,
    NOT_STARTED,
    PROBLEM_NAMES,
    SEVERITY_NAMES,
    STATUS_NAMES,
    STATUSES,
    VERDICT_NAMES,
)
from nlp.ranking import TERM_NAMES
from nlp.text import number

# Excel's own limit on the characters of a cell.
LONGEST_CELL: Final = 32_767
_CUT_NOTE: Final = "……（超出单元格上限，全文见 items.jsonl）"
# What XML 1.0 cannot hold, control characters, and marks that turn the direction of text round.
_UNPRINTABLE: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffe\uffff\ud800-\udfff\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_FORMULA_START: Final = ("=", "+", "-", "@", "\t", "\r")
_COLOURS: Final = {COMPLETED: "#C6E0B4", IN_PROGRESS: "#DDEBF7", NOT_STARTED: "#E7E6E6", AT_RISK: "#F8CBAD"}
# Traffic lights of the yardstick; none where nothing is to be compared.
_LIGHTS: Final = {"green": "#C6E0B4", "yellow": "#FFE699", "red": "#F8CBAD", "": "#FFFFFF"}
# Columns that hold a status and take its colour; empty where there was none.
STATUS_KEYS: Final = frozenset({"status", "status_older", "status_newer"})
_LIT: Final = frozenset({"verdict", "changes", "at_risk_change"})
_SHARES: Final = frozenset({"share", "confidence", "ratio", "expected", "similarity"})
_FONT: Final = "宋体"
_LINE_HEIGHT: Final = 13.5
_TALLEST_ROW: Final = 405.0
_MOST_MEASURED: Final = 5_000


@dataclass(frozen=True)
class Column:
    """A column of a table: header, key of the row, width in Latin characters, whether its text wraps, whether it goes on paper."""

    header: str
    key: str
    width: int
    wraps: bool = False
    printed: bool = True


_ITEM_COLUMNS: Final = (
    Column("序号", "number", 6),
    Column("主要任务", "task", 32, wraps=True),
    Column("牵头单位", "units", 14, wraps=True),
    Column("落实情况", "text", 60, wraps=True),
    Column("状态", "status", 8),
    Column("依据", "basis", 9),
    Column("严重程度", "severity", 7),
    Column("问题语句", "problems", 30, wraps=True),
    Column("判断理由", "reason", 30, wraps=True, printed=False),
    Column("摘要", "summary", 36, wraps=True, printed=False),
    Column("文字与数字", "words_against_figures", 10, printed=False),
    Column("把握", "confidence", 7, printed=False),
    Column("需复核", "needs_review", 7, printed=False),
    Column("出处", "source", 14, wraps=True, printed=False),
)
_RISK_COLUMNS: Final = (
    Column("排名", "rank", 6),
    Column("风险分", "score", 8),
    Column("序号", "number", 6),
    Column("主要任务", "task", 36, wraps=True),
    Column("牵头单位", "units", 14, wraps=True),
    Column("状态", "status", 8),
    Column("依据", "basis", 9),
    Column("严重程度", "severity", 7),
    Column("问题语句", "problems", 38, wraps=True),
    Column("摘要", "summary", 38, wraps=True),
    Column("得分构成", "terms", 26, wraps=True, printed=False),
    Column("出处", "source", 14, wraps=True, printed=False),
)
_INDICATOR_COLUMNS: Final = (
    Column("序号", "number", 6),
    Column("主要任务", "task", 32, wraps=True),
    Column("牵头单位", "units", 14, wraps=True),
    Column("指标", "name", 22, wraps=True),
    Column("目标", "target", 12),
    Column("结果", "result", 12),
    Column("完成比例", "ratio", 9),
    Column("应达", "expected", 8),
    Column("结论", "verdict", 10),
    Column("算式", "arithmetic", 34, wraps=True),
    Column("任务状态", "status", 8),
    Column("文字与数字", "words_against_figures", 10),
    Column("出处", "source", 14, wraps=True, printed=False),
)
_UNIT_COLUMNS: Final = (
    Column("牵头单位", "unit", 24),
    Column("任务数", "total", 8),
    *(Column(STATUS_NAMES[status], status, 8) for status in STATUSES),
    Column("有风险占比", "share", 11),
    Column("最高风险分", "score", 11),
)


def printable(text: str) -> str:
    """The text without what XML cannot hold, control characters, and marks that turn its direction round."""
    return _UNPRINTABLE.sub("", text)


def clean(text: str) -> str:
    """Text that a cell can hold: `printable`, and not longer than Excel allows (the cut is said in the cell)."""
    kept = printable(text)
    return kept if len(kept) <= LONGEST_CELL else kept[: LONGEST_CELL - len(_CUT_NOTE)] + _CUT_NOTE


def display(row: Mapping[str, Any], key: str) -> str | float | int | bool:
    """What a person reads in the column `key` of an item row or a risk row."""
    value = row[key]
    if key in STATUS_KEYS:
        return STATUS_NAMES[value] if value else ""
    if key == "changes":
        return "、".join(CHANGE_NAMES[name] for name in value)
    if key == "basis":
        return BASIS_NAMES.get(value, "")
    if key == "severity":
        return f"{value} {SEVERITY_NAMES[value]}"
    if key == "units":
        return "、".join(value)
    if key == "problems":
        return "\n".join(f"[{PROBLEM_NAMES[p['kind']]}] {p['text']}" for p in value)
    if key == "needs_review":
        return "是" if value else ""
    if key == "words_against_figures":
        return "不一致" if value else ""
    if key == "verdict":
        return VERDICT_NAMES[value]
    if key in {"ratio", "expected"}:
        return "" if value is None else float(value)
    if key == "terms":
        return "；".join(f"{TERM_NAMES[t['name']]} {t['value']:g}" for t in value)
    if key == "source":
        place = f"第{value['page']}页 " if "page" in value else f"{value['sheet']} " if "sheet" in value else ""
        return f"{place}第{value['row']}行"
    return value  # type: ignore[no-any-return]


def write_jsonl(path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    """One JSON object a line, UTF-8, keys in the order of the row."""
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for row in rows:
            file.write(json.dumps(row, ensure_ascii=False) + "\n")


def write_csv(path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    """The items as csv, UTF-8 with BOM for Excel; a cell that begins like a formula gets an apostrophe in front."""
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(column.header for column in _ITEM_COLUMNS)
        for row in rows:
            writer.writerow(_inert(display(row, column.key)) for column in _ITEM_COLUMNS)


def _inert(value: str | float | int | bool) -> str | float | int | bool:
    if not isinstance(value, str):
        return value
    text = printable(value)
    return "'" + text if text.lstrip(" \u3000").startswith(_FORMULA_START) or text.startswith(_FORMULA_START) else text


def count_units(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """One row a lead unit (the first of an item): items, items per status, share at risk in [0, 1], highest score; most at risk first."""
    counts: dict[str, Counter[str]] = {}
    scores: dict[str, float] = {}
    for row in rows:
        unit = row["units"][0] if row["units"] else "（未填单位）"
        counts.setdefault(unit, Counter())[row["status"]] += 1
        scores[unit] = max(scores.get(unit, 0.0), row["risk"]["score"])
    table = [
        {"unit": unit, "total": count.total(), **{status: count[status] for status in STATUSES}, "share": count[AT_RISK] / count.total(), "score": scores[unit]}
        for unit, count in counts.items()
    ]
    return sorted(table, key=lambda row: (-row[AT_RISK], -row["score"], row["unit"]))


def indicator_rows(items: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """One row a target with its result, in the order of the items: figures with their units as people write them."""
    return [
        {
            **{key: item[key] for key in ("number", "task", "units", "status", "words_against_figures", "source")},
            **{key: indicator[key] for key in ("name", "ratio", "expected", "verdict", "light", "arithmetic")},
            "target": f"{number(indicator['target'])}{indicator['target_unit']}",
            "result": f"{number(indicator['result'])}{indicator['result_unit']}",
        }
        for item in items
        for indicator in item["indicators"]
    ]


def write_workbook(path: Path, *, title: str, items: Sequence[Mapping[str, Any]], risks: Sequence[Mapping[str, Any]]) -> None:
    """Workbook with the sheets 风险清单, 全部任务, 指标对照, 单位统计: filters, frozen headers, colours by status, ready to print on A4 landscape."""
    with xlsxwriter.Workbook(str(path), {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False, "in_memory": False}) as book:
        book.set_properties({"title": clean(title)[:200]})
        write_sheet(book, "风险清单", title, _RISK_COLUMNS, risks)
        write_sheet(book, "全部任务", title, _ITEM_COLUMNS, items)
        write_sheet(book, "指标对照", title, _INDICATOR_COLUMNS, indicator_rows(items))
        write_sheet(book, "单位统计", title, _UNIT_COLUMNS, count_units(items))


def write_sheet(book: Any, name: str, title: str, columns: Sequence[Column], rows: Sequence[Mapping[str, Any]]) -> None:
    """A sheet of a workbook: title, header, a row each; columns of statuses, lights and shares are told by their keys."""
    sheet = book.add_worksheet(name)
    base = {"font_name": _FONT, "font_size": 10, "valign": "top", "border": 1, "border_color": "#BFBFBF"}
    heading = book.add_format({"font_name": "黑体", "font_size": 14, "bold": True})
    header = book.add_format({**base, "bold": True, "bg_color": "#1F4E79", "font_color": "#FFFFFF", "align": "center", "valign": "vcenter", "text_wrap": True})
    formats = {wraps: book.add_format({**base, "text_wrap": wraps}) for wraps in (False, True)}
    number = book.add_format({**base, "num_format": "0.0"})
    share = book.add_format({**base, "num_format": "0%"})
    coloured = {status: book.add_format({**base, "bg_color": colour, "align": "center"}) for status, colour in _COLOURS.items()}
    lights = {light: book.add_format({**base, "bg_color": colour, "align": "center", "text_wrap": True}) for light, colour in _LIGHTS.items()}
    sheet.write_string(0, 0, clean(title)[:120] + f" · {name}（{len(rows)} 行）", heading)
    # A header of two lines needs its height said; not every program fits it by itself.
    sheet.set_row(1, 3 + _LINE_HEIGHT * max(1 + column.header.count("\n") for column in columns))
    for c, column in enumerate(columns):
        sheet.set_column(c, c, column.width)
        sheet.write_string(1, c, column.header, header)
    for r, row in enumerate(rows, start=2):
        values = [display(row, column.key) for column in columns]
        sheet.set_row(r, _height(values, columns))
        for c, (column, value) in enumerate(zip(columns, values, strict=True)):
            if column.key in STATUS_KEYS and value:
                sheet.write_string(r, c, str(value), coloured[row[column.key]])
            elif column.key in _LIT:
                sheet.write_string(r, c, str(value), lights[row["light"]])
            elif column.key in _SHARES and value != "":
                sheet.write_number(r, c, float(value), share)
            elif isinstance(value, int | float) and not isinstance(value, bool):
                sheet.write_number(r, c, value, number if isinstance(value, float) else formats[False])
            else:
                sheet.write_string(r, c, clean(str(value)), formats[column.wraps])
    sheet.freeze_panes(2, 0)
    sheet.autofilter(1, 0, max(1, len(rows) + 1), len(columns) - 1)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.print_area(0, 0, len(rows) + 1, sum(column.printed for column in columns) - 1)
    sheet.repeat_rows(1)
    sheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
    sheet.set_footer("&C第 &P 页 共 &N 页")


def _height(values: Sequence[object], columns: Sequence[Column]) -> float:
    """Height in points of a row whose texts wrap; not every program fits it by itself. A Chinese character is two Latin ones wide."""
    lines = 1
    for value, column in zip(values, columns, strict=True):
        if column.wraps and column.printed:
            per_line = max(2, column.width - 1)
            lines = max(lines, sum(-(-sum(1 + (c > "\u2e7f") for c in line[:_MOST_MEASURED]) // per_line) or 1 for line in str(value).split("\n")))
    return min(_TALLEST_ROW, 3 + _LINE_HEIGHT * lines)
