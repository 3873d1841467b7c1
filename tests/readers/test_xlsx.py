"""Workbooks: xlsx, xls and ods."""

from __future__ import annotations

import datetime
import zipfile
from collections.abc import Sequence
from pathlib import Path

import openpyxl
import pytest
import xlwt
from odf.opendocument import OpenDocumentSpreadsheet
from odf.table import CoveredTableCell, Table, TableCell, TableRow
from odf.text import P
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont

from nlp.errors import HeaderError, InputError
from nlp.readers import read_report
from nlp.readers.xlsx import read_xlsx

Cells = Sequence[Sequence[object]]
TITLE = "云岫县2024年一季度进展情况"
HEADER = ("序号", "主要任务", "牵头单位", "落实情况")
# Title over four columns; the unit of rows 3 and 4 is one cell.
MERGED: Cells = [(TITLE, None, None, None), HEADER, (1.0, "修路", "县交通局", "已完工。"), (2.0, "架桥", None, "已开工。")]


def write_xlsx(path: Path, cells: Cells) -> Path:
    """The cells with the merges of `MERGED`."""
    book = openpyxl.Workbook()
    for row in cells:
        book.active.append(row)
    book.active.merge_cells("A1:D1")
    book.active.merge_cells("C3:C4")
    book.save(path)
    return path


def write_xls(path: Path, cells: Cells) -> Path:
    """The same as a workbook of Excel 97."""
    book = xlwt.Workbook()
    sheet = book.add_sheet("进展")
    for r, row in enumerate(cells):
        for c, value in enumerate(row):
            if value is not None and (r, c) not in {(0, 0), (2, 2)}:
                sheet.write(r, c, value)
    sheet.write_merge(0, 0, 0, 3, cells[0][0])
    sheet.write_merge(2, 3, 2, 2, cells[2][2])
    book.save(str(path))
    return path


def write_ods(path: Path, cells: Cells) -> Path:
    """The same as a workbook of LibreOffice."""
    book = OpenDocumentSpreadsheet()
    table = Table(name="进展")
    for r, row in enumerate(cells):
        line = TableRow()
        for c, value in enumerate(row):
            spans = {(0, 0): {"numbercolumnsspanned": "4"}, (2, 2): {"numberrowsspanned": "2"}}.get((r, c), {})
            is_covered = (r == 0 and c) or (r, c) == (3, 2)
            typed = {"valuetype": "float", "value": value} if isinstance(value, float) else {"valuetype": "string"} if value else {}
            cell = CoveredTableCell() if is_covered else TableCell(**spans, **typed)
            if value is not None:
                cell.addElement(P(text=str(value)))
            line.addElement(cell)
        table.addElement(line)
    book.spreadsheet.addElement(table)
    book.save(str(path))
    return path


@pytest.mark.parametrize("suffix", ["xlsx", "xls", "ods"])
def test_merged_cells_and_numbers_read_alike(tmp_path: Path, suffix: str) -> None:
    report = read_report({"xlsx": write_xlsx, "xls": write_xls, "ods": write_ods}[suffix](tmp_path / f"甲.{suffix}", MERGED))
    assert [(i.number, i.task, i.units, i.text) for i in report.items] == [("1", "修路", ("县交通局",), "已完工。"), ("2", "架桥", ("县交通局",), "已开工。")]
    assert (report.title, report.place, report.period.code) == (TITLE, "云岫县", "2024Q1")
    assert [i.source.row for i in report.items] == [3, 4]


def sheets(path: Path, contents: dict[str, Cells], *, hidden: Sequence[str] = ()) -> Path:
    """A workbook of several sheets."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, cells in contents.items():
        sheet = book.create_sheet(name)
        for row in cells:
            sheet.append(row)
        sheet.sheet_state = "hidden" if name in hidden else "visible"
    book.save(path)
    return path


def rows(*numbers: int) -> Cells:
    """A table of tasks with these numbers."""
    return [HEADER, *((n, f"任务{n}", "县交通局", "已完工。") for n in numbers)]


def test_sheets_are_read_in_order_and_hidden_ones_left_out(tmp_path: Path) -> None:
    contents = {"工业": rows(1, 2), "旧表": rows(9), "农业": rows(3), "空": [], "通讯录": [("姓名", "电话"), ("张三", 123)]}
    report = read_report(sheets(tmp_path / "2024年一季度.xlsx", contents, hidden=["旧表"]))
    assert [(i.number, i.source.sheet, str(i.source)) for i in report.items] == [
        ("1", "工业", "2024年一季度.xlsx 工业第 2 行"),
        ("2", "工业", "2024年一季度.xlsx 工业第 3 行"),
        ("3", "农业", "2024年一季度.xlsx 农业第 2 行"),
    ]


def test_period_may_stand_in_the_name_of_the_sheet(tmp_path: Path) -> None:
    assert read_report(sheets(tmp_path / "甲.xlsx", {"2024年上半年": rows(1)})).period.code == "2024H1"


def test_workbook_of_hidden_sheets_holds_no_table(tmp_path: Path) -> None:
    path = sheets(tmp_path / "甲.xlsx", {"空": [], "旧表": rows(1)}, hidden=["旧表"])
    with pytest.raises(HeaderError) as caught:
        read_report(path)
    assert str(caught.value) == "甲.xlsx：没有找到表格。请确认文件中有带表头的进展表（任务、落实情况等列）"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (3, "3"),
        (3.0, "3"),
        (0.35, "0.35"),
        (-2.5, "-2.5"),
        (12345678901, "12345678901"),
        (True, "是"),
        (datetime.date(2024, 3, 31), "2024-03-31"),
        (datetime.datetime(2024, 3, 31, 14, 30), "2024-03-31 14:30"),
        (" 甲\r\n乙 ", "甲\n乙"),
        ("=1+1", ""),
    ],
)
def test_cell_reads_as_a_person_sees_it(tmp_path: Path, value: object, text: str) -> None:
    path = sheets(tmp_path / "甲.xlsx", {"表": [("头", value)]})
    assert read_xlsx(path).grids[0].rows[0].cells[1:] in {(text,), () if not text else (text,)}


def test_table_may_begin_away_from_the_first_cell(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for c, (head, value) in enumerate(zip(HEADER, (1, "修路", "县交通局", "已完工。"), strict=True), start=3):
        book.active.cell(5, c, head)
        book.active.cell(6, c, value)
    book.active.merge_cells("E6:E7")
    book.active.cell(7, 4, "架桥")
    book.active.cell(7, 6, "已开工。")
    book.save(tmp_path / "2024年一季度.xlsx")
    items = read_report(tmp_path / "2024年一季度.xlsx").items
    assert [(i.task, i.units, i.text, i.source.row) for i in items] == [("修路", ("县交通局",), "已完工。", 6), ("架桥", ("县交通局",), "已开工。", 7)]


def test_hidden_rows_and_columns_are_read(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for row in rows(1, 2):
        book.active.append(row)
    book.active.row_dimensions[3].hidden = True
    book.active.column_dimensions["C"].hidden = True
    book.save(tmp_path / "2024年一季度.xlsx")
    assert [i.units for i in read_report(tmp_path / "2024年一季度.xlsx").items] == [("县交通局",)] * 2


def test_merge_over_a_whole_column_is_cut_at_the_last_row(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for row in rows(1, 2):
        book.active.append(row)
    book.active["F1"] = "备注"
    book.active.merged_cells.add("F1:F1048576")
    book.save(tmp_path / "2024年一季度.xlsx")
    assert [i.number for i in read_report(tmp_path / "2024年一季度.xlsx").items] == ["1", "2"]


def test_stray_cell_at_the_far_end_of_the_sheet_is_refused(tmp_path: Path) -> None:
    path = sheets(tmp_path / "2024年一季度.xlsx", {"表": rows(1)})
    book = openpyxl.load_workbook(path)
    book["表"].cell(1_048_576, 16_384, "甲")
    book.save(path)
    with pytest.raises(InputError) as caught:
        read_report(path)
    message = "工作表占 1048576 行 16384 列，不像进展表。请在 Excel 中删去远处的多余单元格（Ctrl+End 可见）后另存再试"
    assert str(caught.value) == f"2024年一季度.xlsx：{message}"


def test_far_cell_that_is_only_formatted_does_no_harm(tmp_path: Path) -> None:
    path = sheets(tmp_path / "2024年一季度.xlsx", {"表": rows(1)})
    book = openpyxl.load_workbook(path)
    book["表"].cell(1_048_576, 16_384).number_format = "0.00"
    book.save(path)
    assert [i.number for i in read_report(path).items] == ["1"]


def test_rich_text_of_a_cell_is_whole(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.append(HEADER)
    book.active.append((1, "修路", "县交通局", CellRichText("已完工", TextBlock(InlineFont(b=True), "三成"), "。")))
    book.save(tmp_path / "2024年一季度.xlsx")
    assert read_report(tmp_path / "2024年一季度.xlsx").items[0].text == "已完工三成。"


def test_damaged_workbook_is_refused(tmp_path: Path) -> None:
    path = sheets(tmp_path / "甲.xlsx", {"表": rows(1)})
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    parts["xl/workbook.xml"] = parts["xl/workbook.xml"][:80]
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    with pytest.raises(InputError, match=r"^甲\.xlsx：不能作为工作簿打开（.+）。请在 Excel 或 WPS 中打开并另存为 xlsx 再试$"):
        read_report(path)


def test_repeated_rows_and_cells_of_an_ods_keep_its_merges_in_place(tmp_path: Path) -> None:
    book = OpenDocumentSpreadsheet()
    table = Table(name="2024年一季度")
    for cells, repeated in ((("",), 3), (HEADER, 1), (("1", "修路", "县交通局", "已完工。"), 1), (("2", "架桥", None, "已开工。"), 1)):
        line = TableRow(numberrowsrepeated=str(repeated))
        line.addElement(TableCell(numbercolumnsrepeated="2"))
        for c, value in enumerate(cells):
            cell = CoveredTableCell() if value is None else TableCell(valuetype="string", numberrowsspanned="2" if (cells[0], c) == ("1", 2) else "1")
            if value:
                cell.addElement(P(text=value))
            line.addElement(cell)
        table.addElement(line)
    book.spreadsheet.addElement(table)
    book.save(str(tmp_path / "甲.ods"))
    items = read_report(tmp_path / "甲.ods").items
    assert [(i.task, i.units, i.source.row) for i in items] == [("修路", ("县交通局",), 5), ("架桥", ("县交通局",), 6)]
