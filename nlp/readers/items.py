"""Grid to items: the header row found, columns mapped, section rows and footnotes told from items, every character accounted for."""

from __future__ import annotations

import functools
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from nlp.config import load_toml
from nlp.errors import CoverageError, HeaderError, UsageError
from nlp.readers.grid import Document, Grid, Row
from nlp.readers.units import seen_alone, split_units
from nlp.records import Item, SkippedRow
from nlp.text import count_characters, fold

FIELDS: Final = ("number", "task", "units", "co_units", "text", "problem", "next")
FIELD_NAMES: Final = {"number": "序号", "task": "任务", "units": "单位", "co_units": "配合单位", "text": "落实情况", "problem": "存在问题", "next": "下一步"}
_LAST_HEADER_ROW: Final = 30
_LONGEST_HEADER: Final = 60
# Notes, signatures and totals, and the page numbers of a text made from paper.
FOOTNOTE: Final = re.compile(
    r"\s*(?:(?:附?注|备注|说明|(?:填表|填报|联系|制表|审核|报送)(?:人|单位|日期|时间|电话)?|单位负责人|合计|总计|小计)\s*\d{0,2}\s*(?:[:：]|$)"
    r"|(?:[-—–]+\s*\d{1,4}\s*[-—–]+|第\s*\d{1,4}\s*页.{0,12}|\d{1,4}\s*/\s*\d{1,4})\s*$)"
)
_ROLE_LETTERS: Final = frozenset("牵头责任负主办配合协参与单位部门")
_NUMBER: Final = re.compile(r"[\d.\-—（）()、]+|[一二三四五六七八九十百]+")


@dataclass(frozen=True)
class Header:
    """Column (from 0) of each field that was placed, the wording of every column, and the rows (from `start` up to `end`) it fills."""

    columns: Mapping[str, int]
    wordings: tuple[str, ...]
    start: int
    end: int


@functools.cache
def load_header_names() -> tuple[dict[str, list[str] | str], ...]:
    """The header wordings of `resources/headers.toml`, in order of precedence."""
    return tuple(load_toml("headers.toml")["field"])


@functools.lru_cache(maxsize=4096)
def place_header(wording: str) -> str | None:
    """The field that a header wording stands for, None where no list claims it."""
    bare = _bare(wording) if len(wording) <= _LONGEST_HEADER else ""
    if not bare:
        return None
    for names in load_header_names():
        if bare in map(_bare, names["exact"]):
            return str(names["name"])
    # The words before the brackets decide: 问题整改情况 is a status, 单位负责人 is nobody's unit.
    if re.search(r"电话|负责人|联系|时限|时间|期限|备注|领导|文号", bare):
        return None
    for names in load_header_names():
        if any(_bare(part) in bare for part in names["part"]):
            return str(names["name"])
    return None


def _bare(wording: str) -> str:
    text = re.sub(r"[\s:：*]|\d{4}年", "", fold(wording))
    return re.sub(r"[（(](?:[^（）()]*)[）)]", "", text) or text


def read_items(document: Document, *, columns: Mapping[str, str] | None = None) -> tuple[tuple[Item, ...], tuple[SkippedRow, ...]]:
    """The items of a document in order, and the rows that are none, each with its reason.

    Parameters
    ----------
    columns : field (`FIELDS` or its Chinese name) -> header wording, for columns that the word list does not know.

    Raises
    ------
    HeaderError : tables were found, but in none could task and status text be placed.
    CoverageError : characters of a row did not arrive in its item.
    """
    named = {_field(field): _bare(wording) for field, wording in (columns or {}).items()}
    items: list[Item] = []
    skipped: list[SkippedRow] = []
    header: Header | None = None
    width = 0
    for grid in document.grids:
        found = find_header(grid, named=named)
        if found is None and (header is None or grid.width != width):
            skipped += [SkippedRow(row.source, _row_text(row), "非进展表") for row in grid.rows]
            continue
        if found is not None:
            header, width = found, grid.width
            skipped += [SkippedRow(row.source, _row_text(row), "标题" if n < found.start else "表头") for n, row in enumerate(grid.rows[: found.end])]
        assert header is not None
        rows = grid.rows[found.end if found else 0 :]
        new_items, new_skipped = _read_rows(rows, header=header, wrapped=grid.wrapped)
        items += new_items
        skipped += new_skipped
    if header is None:
        raise _no_header(document, named)
    if not any(item.number for item in items):
        # Word numbers rows by itself and leaves the cell empty; then the order of the rows is the number.
        items = [replace(item, number=str(n)) for n, item in enumerate(items, start=1)]
    return tuple(items), tuple(skipped)


def _field(name: str) -> str:
    fields = {**{f: f for f in FIELDS}, **{chinese: f for f, chinese in FIELD_NAMES.items()}}
    if name not in fields:
        raise UsageError(f"--column 的栏目 {name} 不认识", remedy=f"应为 {'、'.join(FIELD_NAMES.values())} 之一，如 --column 落实情况=本月动态")
    return fields[name]


def find_header(grid: Grid, *, named: Mapping[str, str]) -> Header | None:
    """The first row, or pair of rows under merged headers, that places both task and status text; None where there is none.

    Where no row does so, two rows are tried whose merged cells an export has left empty.
    """
    options: list[tuple[int, int, tuple[str, ...]]] = []
    stripped: list[tuple[int, int, tuple[str, ...]]] = []
    for n, row in enumerate(grid.rows[:_LAST_HEADER_ROW]):
        for below in grid.rows[n + 1 : n + 2]:
            if len(below.filled) >= 2 and sum(a == b for a, b in zip(row.cells, below.cells, strict=True)) >= 2:
                options.append((n, n + 2, _stack(row, below)))
            elif place_header(row.cells[0]) and not below.cells[0]:
                stripped.append((n, n + 2, _stack(row, below)))
        options.append((n, n + 1, row.cells))
    for start, end, wordings in [*options, *stripped]:
        columns = _columns(wordings, named, rows=grid.rows[end:])
        if "task" in columns and "text" in columns:
            return Header(columns, wordings, start, end)
    return None


def _stack(row: Row, below: Row) -> tuple[str, ...]:
    """The wordings of a header of two tiers."""
    return tuple(a if a == b else f"{a}{b}" for a, b in zip(row.cells, below.cells, strict=True))


def _columns(wordings: Sequence[str], named: Mapping[str, str], *, rows: Sequence[Row]) -> dict[str, int]:
    """Field -> column. Of several columns for one field the first counts, but of status columns (one a quarter) the last that is filled in."""
    columns: dict[str, int] = {}
    for field, wording in named.items():
        column = next((c for c, text in enumerate(wordings) if _bare(text) == wording), None)
        if column is not None:
            columns[field] = column
    for c, text in enumerate(wordings):
        field_found = place_header(text)
        if field_found and c not in columns.values() and field_found not in named and (field_found not in columns or _replaces(field_found, c, wordings, rows)):
            columns[field_found] = c
    return columns


def _replaces(field: str, column: int, wordings: Sequence[str], rows: Sequence[Row]) -> bool:
    """Whether a further column of the field takes the place of the one before: a status column that is not still empty in every row."""
    return field == "text" and (not rows or any(column not in row.filled and row.cells[column].strip() not in {"", wordings[column].strip()} for row in rows))


def _no_header(document: Document, named: Mapping[str, str]) -> HeaderError:
    """The error that shows what stood in the row most like a header, and how to name its columns."""
    rows = [row for grid in document.grids for row in grid.rows[:_LAST_HEADER_ROW]]
    if not rows:
        return HeaderError("没有找到表格", where=document.file, remedy="请确认文件中有带表头的进展表（任务、落实情况等列）")
    best = max(rows, key=lambda row: (len({place_header(cell) for cell in row.cells} - {None}), len(set(row.cells))))
    placed = {place_header(cell) for cell in best.cells}
    missing = [FIELD_NAMES[field] for field in ("task", "text") if field not in placed]
    absent = [wording for wording in named.values() if wording not in map(_bare, best.cells)]
    shown = " | ".join(" ".join(cell.split())[:12] for cell in dict.fromkeys(best.cells) if cell.strip())
    if absent:
        return HeaderError(
            f"表头里没有 --column 指明的“{'”“'.join(absent)}”列，读到的表头是：{shown}", where=document.file, remedy="请照表头的原文填写 --column"
        )
    return HeaderError(
        f"表头里找不到“{'”“'.join(missing)}”列，读到的表头是：{shown}",
        where=document.file,
        remedy=f"请用 --column {missing[0]}=表头原文 指明，例如 --column {missing[0]}={(best.cells[-1].split() or ['本月动态'])[0][:12]}" if missing else "",
    )


def _read_rows(rows: Sequence[Row], *, header: Header, wrapped: bool) -> tuple[list[Item], list[SkippedRow]]:
    items: list[Item] = []
    skipped: list[SkippedRow] = []
    section = ""
    unit_columns = [header.columns[f] for f in ("units", "co_units") if f in header.columns]
    known = seen_alone([row.cells[c] for row in rows for c in unit_columns])
    for row in rows:
        reason = _reason_to_skip(row, header)
        if reason == "分节":
            section = _row_text(row)
        if reason:
            skipped.append(SkippedRow(row.source, _row_text(row), reason))
        else:
            items.append(_read_item(row, header=header, section=section, known=known, wrapped=wrapped))
    return items, skipped


def _reason_to_skip(row: Row, header: Header) -> str:
    """Why a row is no item; empty where it is one."""
    texts = dict.fromkeys(cell.strip() for cell in row.cells if cell.strip())
    if all(len(cell) <= _LONGEST_HEADER for cell in texts) and [_bare(c) for c in row.cells] == [_bare(c) for c in header.wordings]:
        return "表头"
    first = next(iter(texts), "")
    if FOOTNOTE.match(first):
        return "附注"
    text = row.cells[header.columns["text"]].strip()
    task = row.cells[header.columns["task"]].strip()
    if len(texts) == 1:
        return "分节"
    if not text and (not task or _NUMBER.fullmatch(task)):
        return "分节"
    # A section row may carry its own number: 一 | 经济发展 | | .
    is_numbered_section = not text and len(texts) == 2 and re.fullmatch(r"[（(]?[一二三四五六七八九十]+[）)、.]*", first)
    return "分节" if is_numbered_section else ""


def _row_text(row: Row) -> str:
    return " ".join(dict.fromkeys(" ".join(cell.split()) for cell in row.cells if cell.strip()))


def _read_item(row: Row, *, header: Header, section: str, known: frozenset[str], wrapped: bool) -> Item:
    def cell(field: str) -> str:
        return row.cells[header.columns[field]].strip() if field in header.columns else ""

    def prose(field: str) -> str:
        return _unwrap(cell(field)) if wrapped else cell(field)

    units = split_units(cell("units"), known=known)
    units += tuple(unit for unit in split_units(cell("co_units"), known=known) if unit not in units)
    text = prose("text")
    for field in ("problem", "next"):
        if prose(field):
            text += ("\n" if text else "") + f"{FIELD_NAMES[field]}：{prose(field)}"
    other = tuple(
        (" ".join(header.wordings[c].split()) or f"第{c + 1}列", row.cells[c].strip())
        for c in range(len(row.cells))
        if c not in header.columns.values() and row.cells[c].strip()
    )
    item = Item("".join(cell("number").split()), prose("task"), units, text, row.source, section, other)
    _check_item(item, row=row, header=header)
    return item


def _unwrap(text: str) -> str:
    """Text of a cell without the line breaks that its width made; a space stays between two Latin words."""
    return re.sub(r"(?<=[A-Za-z,.])\n(?=[A-Za-z])", " ", text).replace("\n", "")


def _check_item(item: Item, *, row: Row, header: Header) -> None:
    """Every character of the row must stand in the item; of the cells of units the marks between names and the words for a role may go."""
    for field in ("number", "task", "text", "problem", "next"):
        if field in header.columns:
            expected = count_characters(row.cells[header.columns[field]])
            found = count_characters({"number": item.number, "task": item.task}.get(field, item.text))
            if found < expected:
                raise _lost(FIELD_NAMES[field], f"应有 {expected} 个字符，只有 {found} 个", row)
    kept = Counter(c for unit in item.units for c in unit)
    for field in ("units", "co_units"):
        cell = row.cells[header.columns[field]] if field in header.columns else ""
        lost = [c for c in cell if c.isalnum() and c not in kept and c not in _ROLE_LETTERS]
        if lost:
            raise _lost(FIELD_NAMES[field], f"“{''.join(lost)}”没有归入任何单位", row)


def _lost(name: str, what: str, row: Row) -> CoverageError:
    return CoverageError(f"“{name}”一格没有完整读入：{what}", where=str(row.source), remedy="请另存为 docx 或 xlsx 后重试")
