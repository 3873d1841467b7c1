"""Workbooks (xlsx, xls, xlsb, ods): every sheet a grid, merged ranges filled."""

from __future__ import annotations

import datetime
from pathlib import Path

import python_calamine

from nlp.errors import InputError
from nlp.readers.grid import Document, Grid, build_rows, check_coverage, count_cells
from nlp.records import Source
from nlp.text import count_characters


def read_xlsx(path: Path) -> Document:
    """The visible sheets of a workbook in order.

    Raises
    ------
    InputError : the workbook is damaged, or protected by a password.
    """
    try:
        workbook = python_calamine.load_workbook(str(path))
    except python_calamine.PasswordError as error:
        raise InputError("工作簿设有打开密码", where=path.name, remedy="请在 Excel 中取消密码后另存再试") from error
    except (python_calamine.CalamineError, OSError, ValueError) as error:
        raise InputError(f"不能作为工作簿打开（{error}）", where=path.name, remedy="请在 Excel 或 WPS 中打开并另存为 xlsx 再试") from error
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
        rows = build_rows(cells, sources=[Source(path.name, n, sheet=meta.name) for n in range(1, len(cells) + 1)], merges=merges)
        check_coverage(count_cells(rows), expected=sum(count_characters(text) for row in cells for text in row), where=f"{path.name} 工作表“{meta.name}”")
        if rows:
            grids.append(Grid(rows, lead=meta.name))
    return Document(path.name, tuple(grids))


def _text(value: object) -> str:
    """A cell as a person sees it: whole numbers without a decimal point, dates as 2024-03-31."""
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, datetime.datetime):
        return value.date().isoformat() if value.time() == datetime.time() else value.isoformat(" ", "minutes")
    return str(value).replace("\r\n", "\n").replace("\r", "\n").strip()
