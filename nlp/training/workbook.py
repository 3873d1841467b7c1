"""A quarter as a workbook to label in Excel, and back: drop-downs for every label, changed texts and unknown labels refused with the row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any, Final, TypeVar

import python_calamine
import xlsxwriter

from nlp.errors import CorpusError
from nlp.labels import BASIS_NAMES, PROBLEM_NAMES, SEVERITIES, STATUS_NAMES, TARGET_KINDS, VERDICT_NAMES
from nlp.text import Span
from nlp.training.corpus import LabelledItem, LabelledPair

_T = TypeVar("_T")

TASKS: Final = ("编号", "序号", "主要任务", "牵头单位", "落实情况", "状态", "依据", "严重程度", "摘要", "校验")
STATEMENTS: Final = ("编号", "句序", "语句", "状态")
PROBLEMS: Final = ("编号", "问题语句", "类别")
PAIRS: Final = ("编号", "指标", "类型", "目标原文", "目标值", "结果原文", "结果值", "结论")
_SHEETS: Final = {"任务": TASKS, "语句": STATEMENTS, "问题语句": PROBLEMS, "指标": PAIRS}
_WIDTHS: Final = {"主要任务": 36, "落实情况": 70, "语句": 80, "问题语句": 50, "摘要": 40, "牵头单位": 18, "目标原文": 18, "结果原文": 18, "指标": 18}
_CHOICES: Final = {
    ("任务", "状态"): list(STATUS_NAMES.values()),
    ("任务", "依据"): list(BASIS_NAMES.values()),
    ("任务", "严重程度"): [str(level) for level in SEVERITIES],
    ("语句", "状态"): list(STATUS_NAMES.values()),
    ("问题语句", "类别"): list(PROBLEM_NAMES.values()),
    ("指标", "类型"): list(TARGET_KINDS),
    ("指标", "结论"): list(VERDICT_NAMES.values()),
}
# Rows below the last one in which a problem or a pair can be added by hand.
_SPARE_ROWS: Final = 500


def export_workbook(path: Path, items: Sequence[LabelledItem]) -> None:
    """Write the sheets 任务, 语句, 问题语句, 指标; what a person may change is white, the rest grey."""
    rows: dict[str, list[list[Any]]] = {name: [] for name in _SHEETS}
    for item in items:
        basis = BASIS_NAMES.get(item.basis or "", "")
        fixed = [item.id, item.number, item.task, "、".join(item.units), item.text]
        rows["任务"].append([*fixed, STATUS_NAMES[item.status], basis, str(item.severity), item.gist, _checksum(fixed)])
        rows["语句"] += [[item.id, n, span.of(item.text), STATUS_NAMES[status]] for n, (span, status) in enumerate(item.statements, start=1)]
        rows["问题语句"] += [[item.id, span.of(item.text), PROBLEM_NAMES[kind]] for span, kind in item.problems]
        rows["指标"] += [
            [item.id, p.name, p.kind, p.task_span.of(item.task), p.target, p.text_span.of(item.text), p.result, VERDICT_NAMES[p.verdict]] for p in item.pairs
        ]
    with xlsxwriter.Workbook(str(path), {"strings_to_formulas": False, "strings_to_urls": False}) as book:
        head = book.add_format({"bold": True, "bg_color": "#1F4E79", "font_color": "#FFFFFF"})
        grey = book.add_format({"text_wrap": True, "valign": "top", "bg_color": "#F2F2F2", "border": 1, "border_color": "#D9D9D9"})
        white = book.add_format({"text_wrap": True, "valign": "top", "border": 1, "border_color": "#D9D9D9", "bg_color": "#FFFFFF"})
        for name, columns in _SHEETS.items():
            sheet = book.add_worksheet(name)
            fixed_columns = {"任务": 5, "语句": 3}.get(name, 0)
            for c, column in enumerate(columns):
                sheet.set_column(c, c, _WIDTHS.get(column, 10), None, {"hidden": column == "校验"})
                sheet.write_string(0, c, column, head)
                choices = _CHOICES.get((name, column))
                last = len(rows[name]) + (_SPARE_ROWS if not fixed_columns else 0)
                if choices and last:
                    error = {"error_title": column, "error_message": f"请从下拉列表选择：{'、'.join(choices)}"}
                    sheet.data_validation(1, c, last, c, {"validate": "list", "source": choices, **error})
            for r, row in enumerate(rows[name], start=1):
                for c, value in enumerate(row):
                    style = grey if c < fixed_columns else white
                    if isinstance(value, int | float):
                        sheet.write_number(r, c, value, style)
                    else:
                        sheet.write_string(r, c, value, style)
            sheet.freeze_panes(1, 0)
            sheet.autofilter(0, 0, max(1, len(rows[name])), len(columns) - 1)


def _checksum(fixed: Sequence[str]) -> str:
    return sha256("\x1f".join("".join(cell.split()) for cell in fixed).encode()).hexdigest()[:16]


def import_workbook(path: Path, *, government: str, period: str) -> list[LabelledItem]:
    """The labelled items of a workbook that `export_workbook` wrote.

    Raises
    ------
    CorpusError : a sheet or column is missing, a text was changed, a label is unknown, a span does not stand in its text; with sheet and row.
    """
    tables = _read_sheets(path)
    statements = _by_item(tables["语句"])
    problems = _by_item(tables["问题语句"])
    pairs = _by_item(tables["指标"])
    items = []
    for where, row in tables["任务"]:
        fixed = [row[column] for column in TASKS[:5]]
        if _checksum(fixed) != row["校验"]:
            raise CorpusError("编号、任务、单位或落实情况被改动过，只有白色的格子可以改", where=where, remedy="请恢复原文，或重新导出")
        status = _code(row, "状态", STATUS_NAMES, where)
        items.append(
            LabelledItem(
                government=government,
                period=period,
                id=row["编号"],
                number=row["序号"],
                task=row["主要任务"],
                units=tuple(filter(None, row["牵头单位"].split("、"))),
                text=row["落实情况"],
                status=status,
                basis=_code(row, "依据", BASIS_NAMES, where) if row["依据"] else None,
                severity=int(_code(row, "严重程度", {level: str(level) for level in SEVERITIES}, where)),
                statements=_read_statements(row["落实情况"], statements.pop(row["编号"], [])),
                problems=tuple(sorted(_read_problem(row["落实情况"], entry) for entry in problems.pop(row["编号"], []))),
                pairs=tuple(_read_pair(row, entry) for entry in pairs.pop(row["编号"], [])),
                gist=row["摘要"],
            )
        )
    for name, rest in (("语句", statements), ("问题语句", problems), ("指标", pairs)):
        if rest:
            raise CorpusError(f"编号 {next(iter(rest))} 不在“任务”表里", where=f"{path.name} “{name}”")
    return items


def _read_sheets(path: Path) -> dict[str, list[tuple[str, dict[str, str]]]]:
    """Sheet name -> (place, column -> text) of every row that is not empty."""
    try:
        book = python_calamine.load_workbook(str(path))
    except (python_calamine.CalamineError, OSError) as error:
        raise CorpusError(f"不能作为工作簿打开（{error}）", where=path.name) from error
    tables = {}
    for name, columns in _SHEETS.items():
        if name not in book.sheet_names:
            raise CorpusError(f"缺少工作表“{name}”，现有 {'、'.join(book.sheet_names)}", where=path.name)
        values = [[_text(value) for value in row] for row in book.get_sheet_by_name(name).to_python(skip_empty_area=False)]
        if not values or values[0][: len(columns)] != list(columns):
            raise CorpusError(f"表头应为 {'、'.join(columns)}", where=f"{path.name} “{name}”")
        rows = [(f"{path.name} “{name}”第 {n} 行", dict(zip(columns, row, strict=False))) for n, row in enumerate(values[1:], start=2)]
        tables[name] = [(where, row) for where, row in rows if any(row.values())]
    return tables


def _text(value: object) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value).strip()


def _by_item(rows: Sequence[tuple[str, dict[str, str]]]) -> dict[str, list[tuple[str, dict[str, str]]]]:
    grouped: dict[str, list[tuple[str, dict[str, str]]]] = {}
    for where, row in rows:
        grouped.setdefault(row["编号"], []).append((where, row))
    return grouped


def _code(row: Mapping[str, str], column: str, names: Mapping[_T, str], where: str) -> _T:
    codes = {name: code for code, name in names.items()}
    if row[column] not in codes:
        raise CorpusError(f"“{column}”为“{row[column]}”，应为 {'、'.join(codes)} 之一", where=where)
    return codes[row[column]]


def _read_statements(text: str, rows: Sequence[tuple[str, dict[str, str]]]) -> tuple[tuple[Span, str], ...]:
    found = []
    end = 0
    for where, row in rows:
        start = text.find(row["语句"], end)
        if start < 0:
            raise CorpusError(f"语句与落实情况不符：{row['语句'][:30]}", where=where, remedy="语句不可改动")
        end = start + len(row["语句"])
        found.append((Span(start, end), _code(row, "状态", STATUS_NAMES, where)))
    return tuple(found)


def _read_problem(text: str, entry: tuple[str, dict[str, str]]) -> tuple[Span, str]:
    where, row = entry
    return _find(text, row["问题语句"], "问题语句", where), _code(row, "类别", PROBLEM_NAMES, where)


def _read_pair(item: Mapping[str, str], entry: tuple[str, dict[str, str]]) -> LabelledPair:
    where, row = entry
    numbers = []
    for column in ("目标值", "结果值"):
        try:
            numbers.append(float(row[column]))
        except ValueError as error:
            raise CorpusError(f"“{column}”为“{row[column]}”，应为数", where=where) from error
    kind = _code(row, "类型", {kind: kind for kind in TARGET_KINDS}, where)
    spans = _find(item["主要任务"], row["目标原文"], "目标原文", where), _find(item["落实情况"], row["结果原文"], "结果原文", where)
    return LabelledPair(row["指标"], kind, numbers[0], numbers[1], _code(row, "结论", VERDICT_NAMES, where), *spans)


def _find(text: str, part: str, name: str, where: str) -> Span:
    """The span of `part` in `text`: the first occurrence; raises `CorpusError` where there is none."""
    start = text.find(part) if part else -1
    if start < 0:
        raise CorpusError(f"“{name}”不在原文里：{part[:30]}", where=where, remedy="请从原文逐字复制")
    return Span(start, start + len(part))


def prefilled(rows: Sequence[Mapping[str, Any]]) -> Iterator[LabelledItem]:
    """Item rows as the program wrote them (`items.jsonl`) as labelled items to correct; ids are the row's place in the report."""
    for n, row in enumerate(rows, start=1):
        yield LabelledItem(
            government="",
            period=row["period"],
            id=f"{n:03d}",
            number=row["number"],
            task=row["task"],
            units=tuple(row["units"]),
            text=row["text"],
            status=row["status"],
            basis=row["basis"],
            severity=row["severity"],
            statements=tuple((Span(s["start"], s["end"]), s["status"]) for s in row["statements"]),
            problems=tuple((Span(p["start"], p["end"]), p["kind"]) for p in row["problems"]),
            pairs=(),
            gist="",
        )
