"""Word documents: every table a grid. The walk goes over `w:tc` itself, because python-docx repeats the text of merged cells."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import docx
from docx.opc.exceptions import PackageNotFoundError
from docx.oxml.ns import qn
from lxml import etree

from nlp.errors import InputError
from nlp.readers.grid import Document, Grid, Merge, build_rows, check_coverage, count_cells
from nlp.records import Source
from nlp.text import count_characters

_SKIPPED = {qn("w:del"), qn("w:moveFrom"), qn("w:instrText")}
_WRITTEN = {qn("w:t"): "", qn("w:sym"): "", qn("w:br"): "\n", qn("w:cr"): "\n", qn("w:tab"): " ", qn("w:noBreakHyphen"): "-"}
_TICKS = {"F0FC": "√", "F0FE": "☑", "F0FB": "×", "F0A8": "□", "F06F": "□"}
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"


def read_docx(path: Path) -> Document:
    """The tables of a Word document in order, each with the paragraphs that stand between it and the table before.

    Raises
    ------
    InputError : the file is no Word document, or is damaged.
    """
    try:
        body = docx.Document(str(path)).element.body
    except (PackageNotFoundError, KeyError, ValueError, BadZipFile, NotImplementedError, RuntimeError, etree.XMLSyntaxError, OSError) as error:
        raise InputError(f"不能作为 Word 文档打开（{type(error).__name__}）", where=path.name, remedy="请在 Word 或 WPS 中打开并另存为 docx 再试") from error
    if body is None:
        raise InputError("Word 文档里没有正文", where=path.name, remedy="请在 Word 或 WPS 中打开并另存为 docx 再试")
    grids: list[Grid] = []
    lead: list[str] = []
    pending: list[str] = []
    for element in _blocks(body):
        if element.tag == qn("w:p"):
            text = _paragraph(element).strip()
            if text:
                pending.append(text)
            continue
        grid = _table(element, file=path.name, name=f"表{len(grids) + 1}", lead="\n".join(pending))
        lead += pending
        pending = []
        grids.append(grid)
    return Document(path.name, tuple(grids), lead="\n".join(lead + pending))


def _blocks(parent: Any) -> Iterator[Any]:
    """Paragraphs and tables of the body in order, those inside content controls too."""
    for element in parent.iterchildren():
        if element.tag in {qn("w:p"), qn("w:tbl")}:
            yield element
        elif element.tag in {qn("w:sdt"), qn("w:sdtContent"), qn("w:ins"), qn("w:smartTag"), qn("w:customXml")}:
            yield from _blocks(element)


def _table(table: Any, *, file: str, name: str, lead: str) -> Grid:
    cells: list[list[str]] = []
    merges: list[Merge] = []
    open_merges: dict[int, Merge] = {}
    for r, tr in enumerate(_children(table, qn("w:tr"))):
        texts: list[str] = [""] * _number(tr, "w:trPr", "w:gridBefore", 0)
        still_open: dict[int, Merge] = {}
        for tc in _children(tr, qn("w:tc")):
            column = len(texts)
            span = _number(tc, "w:tcPr", "w:gridSpan", 1)
            text = _cell(tc)
            texts += [text, *[""] * (span - 1)]
            vertical = tc.find(f"{qn('w:tcPr')}/{qn('w:vMerge')}")
            if vertical is None:
                if span > 1:
                    merges.append((r, column, r, column + span - 1))
            elif vertical.get(qn("w:val")) == "restart" or column not in open_merges:
                still_open[column] = (r, column, r, column + span - 1)
            else:
                top, left, _, right = open_merges.pop(column)
                # A covered cell is empty in Word; where another program left text in it, the cell is read on its own.
                if text.strip():
                    merges.append((top, left, r - 1, right))
                    still_open[column] = (r, column, r, column + span - 1)
                else:
                    still_open[column] = (top, left, r, right)
        merges += open_merges.values()
        open_merges = still_open
        cells.append(texts)
    merges += open_merges.values()
    rows = build_rows(cells, sources=[Source(file, n, sheet=name) for n in range(1, len(cells) + 1)], merges=merges)
    check_coverage(count_cells(rows), expected=count_characters(_all_text(table)), where=f"{file} {name}")
    return Grid(rows, lead)


def _children(parent: Any, tag: str) -> Iterator[Any]:
    for element in parent.iterchildren():
        if element.tag == tag:
            yield element
        elif element.tag in {qn("w:sdt"), qn("w:sdtContent"), qn("w:ins"), qn("w:customXml")}:
            yield from _children(element, tag)


def _number(element: Any, properties: str, name: str, default: int) -> int:
    found = element.find(f"{qn(properties)}/{qn(name)}")
    value = found.get(qn("w:val"), "") if found is not None else ""
    return min(int(value), 100) if value.isdecimal() else default


def _cell(cell: Any) -> str:
    """Text of a cell, one line a paragraph; a table inside the cell gives one line a cell, a text box is read in the first of its two forms."""
    lines = [_paragraph(element).strip() for element in cell.iter(qn("w:p")) if not any(a.tag == _FALLBACK for a in _ancestors(element, cell))]
    return "\n".join(line for line in lines if line)


def _paragraph(paragraph: Any) -> str:
    out: list[str] = []
    for element in paragraph.iter(*_WRITTEN):
        if any(a.tag in _SKIPPED or a.tag == qn("w:txbxContent") for a in _ancestors(element, paragraph)):
            continue
        if element.tag == qn("w:t"):
            out.append(element.text or "")
        elif element.tag == qn("w:sym"):
            out.append(_symbol(element.get(qn("w:char"), "")))
        else:
            out.append(_WRITTEN[element.tag])
    return "".join(out)


def _symbol(code: str) -> str:
    """A character of a symbol font; the ticks and boxes of Wingdings as the characters that they look like."""
    return _TICKS.get(code.upper()) or (chr(int(code, 16)) if re.fullmatch("[0-9A-Fa-f]{4}", code) else "")


def _ancestors(element: Any, stop: Any) -> Iterator[Any]:
    for ancestor in element.iterancestors():
        if ancestor is stop:
            return
        yield ancestor


def _all_text(table: Any) -> str:
    """All visible text below the table, read without regard to rows and cells."""
    return "".join(t.text or "" for t in table.iter(qn("w:t")) if not any(a.tag in _SKIPPED or a.tag == qn("w:txbxContent") for a in t.iterancestors()))
