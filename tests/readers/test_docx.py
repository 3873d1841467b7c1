"""Word documents."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import docx
import pytest
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls, qn

from nlp.errors import CoverageError, InputError
from nlp.readers import docx as reader
from nlp.readers import read_report
from nlp.records import Item

TITLE = "云岫县2024年一季度进展情况"
HEADER = ("序号", "主要任务", "牵头单位", "落实情况")
ROWS = (("1", "修路", "县交通局", "已完工。"), ("2", "架桥", "县交通局", "已开工。"), ("3", "种树", "县林业局", "已完成。"))


def add_table(document: Any, rows: Sequence[Sequence[str]]) -> Any:
    """A table of the rows at the end of the document."""
    table = document.add_table(rows=len(rows), cols=len(rows[0]))
    for r, row in enumerate(rows):
        for c, text in enumerate(row):
            table.cell(r, c).text = text
    return table


@pytest.fixture
def document() -> Any:
    """A new document with the title."""
    new = docx.Document()
    new.add_paragraph(TITLE)
    return new


def read(document: Any, folder: Path) -> tuple[Item, ...]:
    """The items of the document after it was saved."""
    document.save(str(folder / "甲.docx"))
    return read_report(folder / "甲.docx").items


def insert_into(cell: Any, xml: str) -> None:
    """Put XML into the first paragraph of a cell."""
    cell.paragraphs[0]._p.append(parse_xml(xml.replace(">", f" {nsdecls('w')}>", 1)))


def test_table_is_read_with_title_place_and_period(tmp_path: Path, document: Any) -> None:
    add_table(document, [HEADER, *ROWS])
    assert [(i.number, i.task, i.units, i.text) for i in read(document, tmp_path)] == [(n, task, (unit,), text) for n, task, unit, text in ROWS]
    report = read_report(tmp_path / "甲.docx")
    assert (report.title, report.place, report.period.code) == (TITLE, "云岫县", "2024Q1")
    assert str(report.items[2].source) == "甲.docx 表1第 4 行"


def test_title_over_two_paragraphs_gives_place_and_period(tmp_path: Path) -> None:
    document = docx.Document()
    document.add_paragraph("云岫县2024年政府工作报告主要任务")
    document.add_paragraph("一季度进展情况")
    add_table(document, [HEADER, *ROWS])
    read(document, tmp_path)
    report = read_report(tmp_path / "甲.docx")
    assert (report.place, report.period.code) == ("云岫县", "2024Q1")


def test_vertical_merge_fills_the_rows_it_covers(tmp_path: Path, document: Any) -> None:
    table = add_table(document, [HEADER, *((n, task, "", text) for n, task, _, text in ROWS)])
    table.cell(1, 2).merge(table.cell(2, 2)).text = "县交通局\n县财政局"
    table.cell(3, 2).text = "县林业局"
    assert [i.units for i in read(document, tmp_path)] == [("县交通局", "县财政局")] * 2 + [("县林业局",)]


def test_two_vertical_merges_that_touch_stay_apart(tmp_path: Path, document: Any) -> None:
    rows = [(str(n), f"任务{n}", "", "已完成。") for n in range(1, 5)]
    table = add_table(document, [HEADER, *rows])
    table.cell(1, 2).merge(table.cell(2, 2)).text = "县交通局"
    table.cell(3, 2).merge(table.cell(4, 2)).text = "县林业局"
    assert [i.units[0] for i in read(document, tmp_path)] == ["县交通局", "县交通局", "县林业局", "县林业局"]


def test_text_left_in_a_covered_cell_is_read(tmp_path: Path, document: Any) -> None:
    table = add_table(document, [HEADER, *ROWS])
    for r in (1, 2):
        table.cell(r, 3)._tc.get_or_add_tcPr().append(parse_xml(f'<w:vMerge {nsdecls("w")} w:val="{"restart" if r == 1 else "continue"}"/>'))
    assert [i.text for i in read(document, tmp_path)] == ["已完工。", "已开工。", "已完成。"]


def test_row_merged_over_the_width_is_a_section(tmp_path: Path, document: Any) -> None:
    table = add_table(document, [HEADER, ("", "", "", ""), *ROWS])
    table.cell(1, 0).merge(table.cell(1, 3)).text = "一、经济发展"
    items = read(document, tmp_path)
    assert [(i.number, i.section) for i in items] == [("1", "一、经济发展"), ("2", "一、经济发展"), ("3", "一、经济发展")]


def test_header_of_two_tiers(tmp_path: Path, document: Any) -> None:
    table = add_table(document, [("序号", "主要任务", "", ""), ("", "", "牵头单位", "落实情况"), *ROWS])
    table.cell(0, 0).merge(table.cell(1, 0))
    table.cell(0, 1).merge(table.cell(1, 1))
    table.cell(0, 2).merge(table.cell(0, 3)).text = "任务落实"
    assert [i.units[0] for i in read(document, tmp_path)] == ["县交通局", "县交通局", "县林业局"]


def test_nested_table_is_part_of_its_cell(tmp_path: Path, document: Any) -> None:
    table = add_table(document, [HEADER, *ROWS])
    inner = table.cell(1, 3).add_table(rows=2, cols=2)
    for cell, text in zip(inner._cells, ("路段", "进度", "东段", "九成"), strict=True):
        cell.text = text
    assert [i.text for i in read(document, tmp_path)] == ["已完工。\n路段\n进度\n东段\n九成", "已开工。", "已完成。"]


def test_tracked_deletions_are_gone_and_insertions_stay(tmp_path: Path, document: Any) -> None:
    table = add_table(document, [HEADER, *ROWS])
    cell = table.cell(1, 3)
    insert_into(cell, '<w:del w:id="1" w:author="甲"><w:r><w:delText>未启动。</w:delText></w:r></w:del>')
    insert_into(cell, '<w:moveFrom w:id="2" w:author="甲"><w:r><w:t>移走的话。</w:t><w:br/></w:r></w:moveFrom>')
    insert_into(cell, '<w:ins w:id="3" w:author="甲"><w:r><w:t>通车。</w:t></w:r></w:ins>')
    assert read(document, tmp_path)[0].text == "已完工。通车。"


def test_row_that_was_deleted_with_tracking_is_gone(tmp_path: Path, document: Any) -> None:
    table = add_table(document, [HEADER, *ROWS])
    row = table.rows[2]._tr
    row.get_or_add_trPr().append(parse_xml(f'<w:del {nsdecls("w")} w:id="1" w:author="甲"/>'))
    for run in list(row.iter(qn("w:r"))):
        deletion = parse_xml(f'<w:del {nsdecls("w")} w:id="2" w:author="甲"/>')
        run.addprevious(deletion)
        deletion.append(run)
        run.find(qn("w:t")).tag = qn("w:delText")
    assert [i.number for i in read(document, tmp_path)] == ["1", "3"]


def wrap(element: Any) -> None:
    """Put an element into a content control."""
    control = parse_xml(f"<w:sdt {nsdecls('w')}><w:sdtPr/><w:sdtContent/></w:sdt>")
    element.addprevious(control)
    control.find(qn("w:sdtContent")).append(element)


@pytest.mark.parametrize("part", ["table", "row", "cell", "paragraph", "run"])
def test_content_control_hides_nothing(tmp_path: Path, document: Any, part: str) -> None:
    table = add_table(document, [HEADER, *ROWS])
    cell = table.cell(2, 3)
    paragraph = cell.paragraphs[0]
    wrap({"table": table._tbl, "row": table.rows[2]._tr, "cell": cell._tc, "paragraph": paragraph._p, "run": paragraph.runs[0]._r}[part])
    assert [i.text for i in read(document, tmp_path)] == ["已完工。", "已开工。", "已完成。"]


def test_hyperlink_breaks_tabs_and_hyphens_of_a_cell(tmp_path: Path, document: Any) -> None:
    cell = add_table(document, [HEADER, *ROWS]).cell(1, 3)
    insert_into(cell, "<w:hyperlink><w:r><w:t>附件</w:t><w:tab/><w:t>甲</w:t><w:noBreakHyphen/><w:t>乙</w:t><w:br/><w:t>另起</w:t></w:r></w:hyperlink>")
    assert read(document, tmp_path)[0].text == "已完工。附件 甲-乙\n另起"


def test_field_code_is_no_text_but_its_result_is(tmp_path: Path, document: Any) -> None:
    cell = add_table(document, [HEADER, *ROWS]).cell(1, 3)
    insert_into(cell, '<w:r><w:fldChar w:fldCharType="begin"/><w:instrText>PAGE</w:instrText><w:fldChar w:fldCharType="end"/><w:t>七成</w:t></w:r>')
    assert read(document, tmp_path)[0].text == "已完工。七成"


def test_text_box_in_a_cell_is_read_once(tmp_path: Path, document: Any) -> None:
    cell = add_table(document, [HEADER, *ROWS]).cell(1, 3)
    box = "<w:txbxContent><w:p><w:r><w:t>框内的话。</w:t></w:r></w:p></w:txbxContent>"
    xml = f'<mc:Choice Requires="wps"><w:drawing>{box}</w:drawing></mc:Choice><mc:Fallback><w:pict>{box}</w:pict></mc:Fallback>'
    run = f'<w:r xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"><mc:AlternateContent>{xml}</mc:AlternateContent></w:r>'
    insert_into(cell, run)
    assert read(document, tmp_path)[0].text.count("框内的话。") == 1


def test_ticks_of_a_symbol_font_are_read(tmp_path: Path, document: Any) -> None:
    cell = add_table(document, [HEADER, *ROWS]).cell(1, 3)
    insert_into(cell, '<w:r><w:sym w:font="Wingdings" w:char="F0FC"/></w:r>')
    assert read(document, tmp_path)[0].text == "已完工。√"


def test_several_tables_go_on_under_one_header(tmp_path: Path, document: Any) -> None:
    add_table(document, [("联系人", "电话"), ("张三", "123")])
    for heading, rows in (("一、经济发展", [HEADER, *ROWS[:2]]), ("二、生态建设", [*ROWS[2:]])):
        document.add_paragraph(heading)
        add_table(document, rows)
    assert [(i.number, i.source.sheet) for i in read(document, tmp_path)] == [("1", "表2"), ("2", "表2"), ("3", "表3")]


def test_header_split_from_its_rows_serves_the_next_table(tmp_path: Path, document: Any) -> None:
    add_table(document, [HEADER])
    document.add_paragraph("")
    add_table(document, ROWS)
    assert [i.number for i in read(document, tmp_path)] == ["1", "2", "3"]


def test_grid_before_and_odd_spans_keep_the_columns(tmp_path: Path, document: Any) -> None:
    table = add_table(document, [HEADER, *ROWS])
    table.cell(3, 3)._tc.get_or_add_tcPr().append(parse_xml(f'<w:gridSpan {nsdecls("w")} w:val="²"/>'))
    row = table.rows[2]._tr
    row.remove(row.tc_lst[0])
    row.get_or_add_trPr().append(parse_xml(f'<w:gridBefore {nsdecls("w")} w:val="1"/>'))
    assert [(i.number, i.task) for i in read(document, tmp_path)] == [("1", "修路"), ("", "架桥"), ("3", "种树")]


def test_text_that_reaches_no_cell_stops_the_file(tmp_path: Path, document: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    add_table(document, [HEADER, *ROWS])
    monkeypatch.setattr(reader, "_cell", lambda tc: "".join(t.text for t in tc.iter(qn("w:t"))).replace("已开工。", ""))
    with pytest.raises(CoverageError) as caught:
        read(document, tmp_path)
    assert str(caught.value) == "甲.docx 表1：表格共 47 个字符，只读出 43 个，缺 4 个。为免漏项已停止处理此文件，请另存为 docx 或 xlsx 后重试"


def test_document_without_body_is_refused(tmp_path: Path, document: Any) -> None:
    document.element.remove(document.element.body)
    document.save(str(tmp_path / "甲.docx"))
    with pytest.raises(InputError) as caught:
        read_report(tmp_path / "甲.docx")
    assert str(caught.value) == "甲.docx：Word 文档里没有正文。请在 Word 或 WPS 中打开并另存为 docx 再试"
