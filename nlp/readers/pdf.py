"""Ruled PDF tables: pages joined into one grid, rows that a page break cut put together again.

A table that is cut without a closing line loses its last row silently in most readers; here the ends of the column lines
count as lines, and every character inside the table's frame must arrive in a cell.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import pdfplumber
from pdfminer.pdfdocument import PDFPasswordIncorrect
from pdfplumber.utils.exceptions import PdfminerException

from nlp.errors import CoverageError, InputError
from nlp.readers.grid import Document, Grid, Merge, Row, build_rows, check_coverage, count_cells
from nlp.records import Source
from nlp.text import count_characters

_TOLERANCE: Final = 3.0
_PAGE_NUMBER: Final = re.compile(r"[\s\-—–·.]*(?:第?\s*\d{1,4}\s*页?)?[\s\-—–·./／]*(?:共?\s*\d{1,4}\s*页?)?[\s\-—–·.]*")
_MOST_HEADER_ROWS: Final = 3
_MOST_NAMELESS: Final = 0.02


@dataclass(frozen=True)
class _PageTable:
    """The rows of one table on one page, with its column lines and the text above and below it."""

    page: int
    rows: tuple[Row, ...]
    columns: tuple[float, ...]
    above: str
    below: str


def read_pdf(path: Path) -> Document:
    """The tables of a PDF; tables with the same columns on following pages are one.

    Raises
    ------
    InputError : the file is protected, damaged, a scan, or has no ruled table.
    CoverageError : characters between the lines of a table did not arrive in a cell.
    """
    try:
        with pdfplumber.open(path) as pdf:
            tables: list[_PageTable] = []
            characters = nameless = images = 0
            for page in pdf.pages:
                upright = page.filter(lambda thing: not _is_slanted(thing))
                characters += len(upright.chars)
                nameless += sum(char["text"].startswith("(cid:") for char in upright.chars)
                images += len(page.images)
                tables += _page_tables(upright, file=path.name)
                page.close()
            n_pages = len(pdf.pages)
    except (PdfminerException, PDFPasswordIncorrect) as error:
        if isinstance(error, PDFPasswordIncorrect) or any(isinstance(a, PDFPasswordIncorrect) for a in error.args):
            raise InputError("PDF 设有打开密码", where=path.name, remedy="请取消密码后另存再试") from error
        raise InputError(
            f"不能作为 PDF 打开（{type(error.args[0]).__name__ if error.args else type(error).__name__}）",
            where=path.name,
            remedy="请重新导出 PDF，或提供 docx、xlsx",
        ) from error
    if not characters:
        found = f"{n_pages} 页共 {images} 幅图像" if images else f"{n_pages} 页"
        raise InputError(f"PDF 里没有文字（{found}），是扫描件或图片", where=path.name, remedy="请向报送单位索取 Word 或 Excel 原件，或先做文字识别")
    if nameless > characters * _MOST_NAMELESS:
        raise InputError(
            f"PDF 的字体没有文字编码，{characters} 个字符中 {nameless} 个读不出是什么字",
            where=path.name,
            remedy="请提供 docx 或 xlsx，或重新导出 PDF 并嵌入字体",
        )
    if not tables:
        raise InputError(f"PDF 有文字（{characters} 个字符）但没有带框线的表格", where=path.name, remedy="请提供 docx 或 xlsx，或重新导出带框线的 PDF")
    _check_below(tables, file=path.name)
    grids: list[Grid] = []
    group: list[_PageTable] = []
    for table in tables:
        if group and not _continues(group[-1], table):
            grids.append(_join(group))
            group = []
        group.append(table)
    grids.append(_join(group))
    return Document(path.name, tuple(grids), lead="\n".join(t.above for t in tables if t.above))


def _page_tables(page: Any, *, file: str) -> list[_PageTable]:
    edges = page.edges
    verticals = [e for e in edges if e["orientation"] == "v"]
    horizontals = sorted({round(e["top"], 1) for e in edges if e["orientation"] == "h"})
    settings: dict[str, Any] = {"vertical_strategy": "lines", "horizontal_strategy": "lines"}
    # Where a page break cut the frame, the column lines go on past the last row line.
    open_ends = (
        [
            y
            for y in {round(min(e["top"] for e in verticals), 1), round(max(e["bottom"] for e in verticals), 1)}
            if all(abs(y - h) > _TOLERANCE for h in horizontals)
        ]
        if verticals
        else []
    )
    if open_ends:
        settings["explicit_horizontal_lines"] = open_ends
    found: list[_PageTable] = []
    top_of_rest = 0.0
    for table in sorted(page.find_tables(settings), key=lambda t: t.bbox[1]):
        if len(table.cells) < 2:
            continue
        left, top, right, bottom = table.bbox
        rows, columns = _rows(page, table, file=file)
        above = _text([c for c in page.chars if top_of_rest <= _middle(c)[1] < top])
        below = _text([c for c in page.chars if _middle(c)[1] >= bottom and left <= _middle(c)[0] <= right])
        found = [replace(t, below="") for t in found]
        found.append(_PageTable(page.page_number, rows, columns, above, below))
        top_of_rest = bottom
    return found


def _is_slanted(thing: dict[str, Any]) -> bool:
    """Whether an object of the page is a character of a watermark, which runs neither along the page nor up it."""
    matrix = thing.get("matrix")
    return thing["object_type"] == "char" and matrix is not None and min(abs(matrix[0]), abs(matrix[1])) > 0.1 * max(abs(matrix[0]), abs(matrix[1]))


def _middle(char: dict[str, Any]) -> tuple[float, float]:
    return (char["x0"] + char["x1"]) / 2, (char["top"] + char["bottom"]) / 2


def _lines(values: Sequence[float]) -> list[float]:
    """Positions of lines, ascending, those closer than the tolerance taken as one."""
    lines: list[float] = []
    for value in sorted(values):
        if not lines or value - lines[-1] > _TOLERANCE:
            lines.append(value)
    return lines


def _rows(page: Any, table: Any, *, file: str) -> tuple[tuple[Row, ...], tuple[float, ...]]:
    """The rows of one table; a cell that spans several rows or columns becomes a merge."""
    xs = _lines([x for cell in table.cells for x in (cell[0], cell[2])])
    ys = _lines([y for cell in table.cells for y in (cell[1], cell[3])])
    owner: dict[tuple[int, int], tuple[int, int]] = {}
    merges: list[Merge] = []
    for x0, top, x1, bottom in table.cells:
        first_row, last_row = _index(ys, top), _index(ys, bottom) - 1
        first_column, last_column = _index(xs, x0), _index(xs, x1) - 1
        if (first_row, first_column) != (last_row, last_column):
            merges.append((first_row, first_column, last_row, last_column))
        for r in range(first_row, last_row + 1):
            for c in range(first_column, last_column + 1):
                owner[r, c] = (first_row, first_column)
    chars: dict[tuple[int, int], list[dict[str, Any]]] = {}
    lost: list[dict[str, Any]] = []
    left, top, right, bottom = table.bbox
    for char in page.chars:
        x, y = _middle(char)
        if left <= x <= right and top <= y < bottom:
            cell = owner.get((_interval(ys, y), _interval(xs, x)))
            (chars.setdefault(cell, []) if cell else lost).append(char)
    where = f"{file} 第 {page.page_number} 页"
    cells = [[_text(chars.get((r, c), [])) for c in range(len(xs) - 1)] for r in range(len(ys) - 1)]
    rows = build_rows(cells, sources=[Source(file, n, page=page.page_number) for n in range(1, len(ys))], merges=merges)
    inside = count_characters("".join(c["text"] for group in [*chars.values(), lost] for c in group))
    check_coverage(count_cells(rows), expected=inside, where=where)
    return rows, tuple(xs)


def _index(lines: Sequence[float], value: float) -> int:
    return min(range(len(lines)), key=lambda i: abs(lines[i] - value))


def _interval(lines: Sequence[float], value: float) -> int:
    return max(0, min(sum(1 for line in lines if line <= value) - 1, len(lines) - 2))


def _text(chars: list[dict[str, Any]]) -> str:
    """Characters as lines of text in reading order; a gap wider than a third of a character is a space."""
    lines: list[list[dict[str, Any]]] = []
    for char in sorted(chars, key=lambda c: c["bottom"] + c["top"]):
        if lines and abs(_middle(char)[1] - _middle(lines[-1][0])[1]) < char["height"] / 2:
            lines[-1].append(char)
        else:
            lines.append([char])
    out: list[str] = []
    for line in lines:
        line.sort(key=lambda c: c["x0"])
        text = ""
        for i, char in enumerate(line):
            if i and char["x0"] - line[i - 1]["x1"] > char["height"] / 3 and not text.endswith(" "):
                text += " "
            text += char["text"]
        out.append(text.strip())
    return "\n".join(filter(None, out))


def _continues(before: _PageTable, table: _PageTable) -> bool:
    """Whether the table goes on with the one before: the next page, and the same column lines."""
    same = len(before.columns) == len(table.columns) and all(abs(a - b) <= 2 * _TOLERANCE for a, b in zip(before.columns, table.columns, strict=True))
    return same and table.page == before.page + 1


def _check_below(tables: Sequence[_PageTable], *, file: str) -> None:
    """Text under a table that goes on overleaf must be a page number or a footer that other pages have too."""
    footers = [re.sub(r"\d+", "", t.below) for t in tables]
    for table, following in itertools.pairwise(tables):
        if not table.below or not _continues(table, following) or _PAGE_NUMBER.fullmatch(table.below):
            continue
        if footers.count(re.sub(r"\d+", "", table.below)) == 1:
            raise CoverageError(
                f"表格框线以下还有文字没有归入任何一行：{table.below[:40]}",
                where=f"{file} 第 {table.page} 页",
                remedy="请提供 docx 或 xlsx，或重新导出带完整框线的 PDF",
            )


def _join(tables: Sequence[_PageTable]) -> Grid:
    """One grid from the pages of a table: repeated header rows dropped, a row that a page break cut put together."""
    rows = list(tables[0].rows)
    head = [_squeezed(row) for row in rows[:_MOST_HEADER_ROWS]]
    for table in tables[1:]:
        fresh = list(table.rows)
        repeated = 0
        while repeated < len(fresh) and repeated < len(head) and _squeezed(fresh[repeated]) in head:
            repeated += 1
        fresh = _without_header(fresh[repeated:], rows[:_MOST_HEADER_ROWS])
        if fresh and rows and _is_rest(fresh[0]):
            rows[-1] = replace(rows[-1], cells=tuple("\n".join(filter(None, pair)) for pair in zip(rows[-1].cells, fresh[0].cells, strict=True)))
            fresh = fresh[1:]
        rows += fresh
    return Grid(tuple(rows), lead=tables[0].above, wrapped=True)


def _without_header(fresh: list[Row], head: Sequence[Row]) -> list[Row]:
    """The rows of a page, the first without the header that stands in its cells where no line parts the two."""
    for header in head:
        if fresh and fresh[0] != header and all(h and f"{cell}\n".startswith(f"{h}\n") for cell, h in zip(fresh[0].cells, header.cells, strict=True)):
            cells = tuple(cell[len(h) :].strip() for cell, h in zip(fresh[0].cells, header.cells, strict=True))
            return [replace(fresh[0], cells=cells), *fresh[1:]]
    return fresh


def _squeezed(row: Row) -> tuple[str, ...]:
    return tuple("".join(cell.split()) for cell in row.cells)


def _is_rest(row: Row) -> bool:
    """Whether the first row of a page goes on with the last one of the page before: its number cell is empty, another is not."""
    return not row.cells[0].strip() and not row.filled and any(cell.strip() for cell in row.cells)
