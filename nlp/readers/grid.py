"""A table as rows of cells with addresses, the same for every file format; merged cells are filled with the text of their first cell."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from nlp.errors import CoverageError
from nlp.records import Source
from nlp.text import count_characters

# Row and column of the first and the last cell that a merge covers, both inclusive, from 0.
Merge = tuple[int, int, int, int]


@dataclass(frozen=True)
class Row:
    """One row of a table. `filled` holds the columns (from 0) whose text came from a merged cell that begins elsewhere."""

    cells: tuple[str, ...]
    source: Source
    filled: frozenset[int] = frozenset()

    def characters(self) -> int:
        """Characters of the cells that begin in this row, white space aside."""
        return sum(count_characters(text) for column, text in enumerate(self.cells) if column not in self.filled)


@dataclass(frozen=True)
class Grid:
    """A table with the text that stands before it (`lead`: titles, one a line).

    `wrapped` says that line breaks inside cells come from the width of the cell, as in a PDF, and mean nothing.
    """

    rows: tuple[Row, ...]
    lead: str = ""
    wrapped: bool = False

    @property
    def width(self) -> int:
        """Number of columns."""
        return max((len(row.cells) for row in self.rows), default=0)


@dataclass(frozen=True)
class Document:
    """A file as read: its tables in order, and the text outside them in which title, place and period are looked for."""

    file: str
    grids: tuple[Grid, ...]
    lead: str = ""


def build_rows(cells: Sequence[Sequence[str]], *, sources: Sequence[Source], merges: Iterable[Merge] = ()) -> tuple[Row, ...]:
    """Rows of equal width from ragged cells, with every merge filled; rows without any text are dropped.

    Parameters
    ----------
    cells : text of each cell, row by row; a merged cell's text stands in its first cell.
    sources : one address a row.
    merges : merged areas, row and column from 0, both ends inclusive.
    """
    width = max((len(row) for row in cells), default=0)
    table = [[*row, *[""] * (width - len(row))] for row in cells]
    filled: list[set[int]] = [set() for _ in table]
    for top, left, bottom, right in merges:
        for r in range(top, min(bottom, len(table) - 1) + 1):
            for c in range(left, min(right, width - 1) + 1):
                if (r, c) != (top, left):
                    table[r][c] = table[top][left]
                    filled[r].add(c)
    return tuple(
        Row(tuple(texts), source, frozenset(columns))
        for texts, source, columns in zip(table, sources, filled, strict=True)
        if any(text.strip() for text in texts)
    )


def count_cells(rows: Iterable[Row]) -> int:
    """Characters of all cells, white space aside, merged cells counted once."""
    return sum(row.characters() for row in rows)


def check_coverage(found: int, *, expected: int, where: str) -> None:
    """Hold the number of characters read against the number counted in the file itself, white space aside.

    Raises
    ------
    CoverageError : fewer were read than the file holds; the message names `where`.
    """
    if found < expected:
        raise CoverageError(
            f"表格共 {expected} 个字符，只读出 {found} 个，缺 {expected - found} 个",
            where=where,
            remedy="为免漏项已停止处理此文件，请另存为 docx 或 xlsx 后重试",
        )
