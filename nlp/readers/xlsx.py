"""Workbooks (xlsx, xls, xlsb, ods): every sheet a grid, merged ranges filled."""

from __future__ import annotations

import datetime
import re
import zipfile
from pathlib import Path
from typing import Final

import python_calamine
from lxml import etree

from nlp.errors import InputError
from nlp.readers.grid import Document, Grid, Merge, build_rows, check_coverage, count_cells
from nlp.records import Source
from nlp.text import count_characters

# A cell with a value; one that is only formatted is closed at once.
_FILLED_CELL: Final = re.compile(rb"""<c\s[^<>]*?r=["']([A-Z]{1,3})(\d{1,7})["'][^<>]*(?<!/)>(?!(?:<v\s?/>|<v></v>)?</c>)""")
_MOST_CELLS: Final = 50_000_000
_TABLE: Final = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"


def read_xlsx(path: Path) -> Document:
    """The visible sheets of a workbook in order.

    Raises
    ------
    InputError : the workbook is damaged, or protected by a password.
    """
    _check_extent(path)
    try:
        workbook = python_calamine.load_workbook(str(path))
    except python_calamine.PasswordError as error:
        raise InputError("工作簿设有打开密码", where=path.name, remedy="请在 Excel 中取消密码后另存再试") from error
    except (python_calamine.CalamineError, OSError, ValueError) as error:
        raise InputError(f"不能作为工作簿打开（{error}）", where=path.name, remedy="请在 Excel 或 WPS 中打开并另存为 xlsx 再试") from error
    ods_merges = _ods_merges(path)
    grids: list[Grid] = []
    for meta in workbook.sheets_metadata:
        if meta.typ != python_calamine.SheetTypeEnum.WorkSheet or meta.visible != python_calamine.SheetVisibleEnum.Visible:
            continue
        try:
            sheet = workbook.get_sheet_by_name(meta.name)
            values = sheet.to_python(skip_empty_area=False)
        except (python_calamine.CalamineError, OSError, ValueError) as error:
            raise InputError(f"工作表读不出来（{error}）", where=f"{path.name} {meta.name}", remedy="请在 Excel 中另存为 xlsx 再试") from error
        cells = [[_text(value) for value in row] for row in values]
        merges = [(top, left, bottom, right) for (top, left), (bottom, right) in sheet.merged_cell_ranges or ()]
        merges += ods_merges.get(meta.name, [])
        rows = build_rows(cells, sources=[Source(path.name, n, sheet=meta.name) for n in range(1, len(cells) + 1)], merges=merges)
        check_coverage(count_cells(rows), expected=sum(count_characters(text) for row in cells for text in row), where=f"{path.name} 工作表“{meta.name}”")
        if rows:
            grids.append(Grid(rows, lead=meta.name))
    return Document(path.name, tuple(grids))


def _check_extent(path: Path) -> None:
    """Refuse a sheet whose filled cells lie so far apart that the area between them does not fit into memory, which would end the program.

    Raises
    ------
    InputError : a sheet of an xlsx spans more cells than any report does.
    """
    if not zipfile.is_zipfile(path):
        return
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            if not name.startswith("xl/worksheets/"):
                continue
            cells = {(match[1], match[2]) for match in _FILLED_CELL.finditer(archive.read(name))}
            width = max((sum((c - 64) * 26**i for i, c in enumerate(reversed(letters))) for letters in {letters for letters, _ in cells}), default=0)
            height = max((int(row) for _, row in cells), default=0)
            if width * height > _MOST_CELLS:
                raise InputError(
                    f"工作表占 {height} 行 {width} 列，不像进展表", where=path.name, remedy="请在 Excel 中删去远处的多余单元格（Ctrl+End 可见）后另存再试"
                )


def _ods_merges(path: Path) -> dict[str, list[Merge]]:
    """The merged areas of each sheet of an ods, which calamine does not give; empty for the other kinds."""
    merges: dict[str, list[Merge]] = {}
    if not zipfile.is_zipfile(path):
        return merges
    with zipfile.ZipFile(path) as archive:
        if "content.xml" not in archive.namelist():
            return merges
        root = etree.fromstring(archive.read("content.xml"), parser=etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True))
    for table in root.iter(f"{_TABLE}table"):
        areas = merges.setdefault(table.get(f"{_TABLE}name", ""), [])
        r = 0
        for row in table.iter(f"{_TABLE}table-row"):
            c = 0
            for cell in row.iterchildren(f"{_TABLE}table-cell", f"{_TABLE}covered-table-cell"):
                down, across = _count(cell, "number-rows-spanned"), _count(cell, "number-columns-spanned")
                if (down, across) != (1, 1):
                    areas.append((r, c, r + down - 1, c + across - 1))
                c += _count(cell, "number-columns-repeated")
            r += _count(row, "number-rows-repeated")
    return merges


def _count(element: etree._Element, name: str) -> int:
    return int(element.get(f"{_TABLE}{name}", "1"))


def _text(value: object) -> str:
    """A cell as a person sees it: whole numbers without a decimal point, dates as 2024-03-31."""
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, datetime.datetime):
        return value.date().isoformat() if value.time() == datetime.time() else value.isoformat(" ", "minutes")
    return str(value).replace("\r\n", "\n").replace("\r", "\n").strip()
