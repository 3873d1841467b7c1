"""Web pages."""

from __future__ import annotations

from pathlib import Path

import pytest

from nlp.errors import HeaderError, InputError
from nlp.readers import read_report
from nlp.readers.html import read_html
from nlp.records import Item

TITLE = "云岫县2024年一季度进展情况"
HEADER = "<tr><th>序号</th><th>主要任务</th><th>牵头单位</th><th>落实情况</th></tr>"


def row(*cells: str) -> str:
    """A row of plain cells."""
    return "<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"


FIRST = row("1", "修路", "县交通局", "已完工。")


def page(body: str, *, head: str = "<meta charset=utf-8>") -> str:
    """A page with the title."""
    return f"<!DOCTYPE html><html><head>{head}<title>{TITLE}</title></head><body>{body}</body></html>"


def read(folder: Path, body: str) -> tuple[Item, ...]:
    """The items of a page."""
    path = folder / "甲.html"
    path.write_text(page(body), encoding="utf-8")
    return read_report(path).items


def test_page_gives_title_place_period_and_rows(tmp_path: Path) -> None:
    items = read(tmp_path, f"<table>{HEADER}{FIRST}</table>")
    report = read_report(tmp_path / "甲.html")
    assert [(i.number, i.task, i.units, i.text, str(i.source)) for i in items] == [("1", "修路", ("县交通局",), "已完工。", "甲.html 表1第 2 行")]
    assert (report.title, report.place, report.period.code) == (TITLE, "云岫县", "2024Q1")


def test_layout_tables_round_the_data_are_no_items(tmp_path: Path) -> None:
    menu = f"<table>{row('首页', '政务公开', '办事', '互动')}{row('领导', '机构', '文件', '信箱')}</table>"
    items = read(
        tmp_path, f"<table><tr><td>{menu}</td><td><div><table>{HEADER}{FIRST}</table></div></td></tr><tr><td colspan=2>主办：县政府办</td></tr></table>"
    )
    assert [(i.task, i.text) for i in items] == [("修路", "已完工。")]


def test_row_and_column_spans_are_filled(tmp_path: Path) -> None:
    body = (
        "<tr><th rowspan=2>序号</th><th rowspan=2>主要任务</th><th colspan=2>任务落实</th></tr><tr><th>牵头单位</th><th>落实情况</th></tr>"
        "<tr><td colspan='4'>一、经济发展</td></tr>"
        '<tr><td>1</td><td>修路</td><td rowspan="2">县交通局</td><td>已完工。</td></tr>'
        + row("2", "架桥", "已开工。")
        + row("3", "种树", "县林业局", "已完成。")
    )
    items = read(tmp_path, f"<table><tbody>{body}</tbody></table>")
    assert [(i.number, i.units, i.text, i.section) for i in items] == [
        ("1", ("县交通局",), "已完工。", "一、经济发展"),
        ("2", ("县交通局",), "已开工。", "一、经济发展"),
        ("3", ("县林业局",), "已完成。", "一、经济发展"),
    ]


@pytest.mark.parametrize("span", ["0", "-1", "", "abc", "²", "99999999999", "9" * 5000, "1.5", " 1 "])
def test_odd_spans_do_no_harm(tmp_path: Path, span: str) -> None:
    last = f'<tr><td>2</td><td>架桥</td><td>县交通局</td><td rowspan="{span}" colspan="{span}">已开工。</td></tr>'
    assert [i.text for i in read(tmp_path, f"<table>{HEADER}{FIRST}{last}</table>")] == ["已完工。", "已开工。"]


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("完成 5&nbsp;公里&lt;6&amp;7&gt;", "完成 5 公里<6&7>"),
        ("&ldquo;两高&rdquo;&#30005;&#x8def;&middot;甲", "“两高”电路·甲"),
        ("<p>一是修路。</p><p>二是架桥。</p>", "一是修路。\n二是架桥。"),
        ("东段<br>西段<br/>南段", "东段\n西段\n南段"),
        ("<div>东段</div>西段<ul><li>甲</li><li>乙</li></ul>", "东段\n西段\n甲\n乙"),
        ("已<b>完</b><span style='color:red'>工</span><font>。</font>", "已完工。"),
        ("已完工<!-- 草稿：未完工 -->。<script>alert('甲')</script><style>td{}</style>", "已完工。"),
        ("增速<5%，投资 > 6亿", "增速<5%，投资 > 6亿"),
        ("\n    已完工，\n    已验收。\n", "已完工， 已验收。"),
    ],
)
def test_cell_reads_as_a_browser_shows_it(tmp_path: Path, source: str, text: str) -> None:
    assert read(tmp_path, f"<table>{HEADER}{row('1', '修路', '县交通局', source)}</table>")[0].text == text


@pytest.mark.parametrize("declared", ["gb2312", "GBK", "gb18030", "utf-8", "x-unknown", ""])
def test_gbk_page_is_read_whatever_it_declares(tmp_path: Path, declared: str) -> None:
    head = f'<meta http-equiv="Content-Type" content="text/html; charset={declared}">' if declared else ""
    (tmp_path / "甲.htm").write_bytes(page(f"<table>{HEADER}{row('1', '修镕江路', '县交通局', '已完工。')}</table>", head=head).encode("gb18030"))
    report = read_report(tmp_path / "甲.htm")
    assert (report.title, report.items[0].task) == (TITLE, "修镕江路")


def test_workbook_that_is_a_page_in_disguise_is_read(tmp_path: Path) -> None:
    path = tmp_path / "2024年一季度.xls"
    path.write_text(f'<html xmlns:x="urn:schemas-microsoft-com:office:excel"><table>{HEADER}{FIRST}</table></html>', encoding="utf-8-sig")
    assert [i.task for i in read_report(path).items] == ["修路"]


def test_xhtml_with_an_encoding_declaration_is_read(tmp_path: Path) -> None:
    path = tmp_path / "2024年一季度.html"
    text = f'<?xml version="1.0" encoding="gbk"?>\n<html xmlns="http://www.w3.org/1999/xhtml"><body><table>{HEADER}{FIRST}</table></body></html>'
    path.write_bytes(text.encode("gbk"))
    assert [i.text for i in read_report(path).items] == ["已完工。"]


def test_table_2000_levels_deep_is_read(tmp_path: Path) -> None:
    items = read(tmp_path, "<div>" * 2_000 + f"<table>{HEADER}{FIRST}</table>" + "</div>" * 2_000)
    assert [i.text for i in items] == ["已完工。"]


def test_page_too_deep_for_the_parser_is_refused_and_not_cut_short(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        read(tmp_path, f"<table>{HEADER}{FIRST}</table>" + "<div>" * 20_000 + f"<table>{HEADER}{FIRST}</table>")
    assert str(caught.value) == "甲.html：网页嵌套过深，后面的内容读不出来。请在浏览器中打开，把表格复制到 Excel 另存后再试"


def test_deep_nesting_in_a_cell_loses_no_text(tmp_path: Path) -> None:
    items = read(tmp_path, f"<table>{HEADER}{row('1', '修路', '县交通局', '<span>' * 1_500 + '已完工。' + '</span>' * 1_500)}</table>")
    assert items[0].text == "已完工。"


def test_nested_tables_end_well(tmp_path: Path) -> None:
    body = "<table><tr><td>" * 600 + f"<table>{HEADER}{FIRST}</table>" + "</td></tr></table>" * 600
    assert [i.text for i in read(tmp_path, body)] == ["已完工。"]


def test_unclosed_cells_and_rows_are_read(tmp_path: Path) -> None:
    items = read(tmp_path, f"<table>{HEADER}<tr><td>1<td>修路<td>县交通局<td>已完工。<tr><td>2<td>架桥<td>县交通局<td>已开工。</table>")
    assert [i.text for i in items] == ["已完工。", "已开工。"]


def test_header_and_rows_in_two_tables_are_one(tmp_path: Path) -> None:
    assert [i.task for i in read(tmp_path, f"<table>{HEADER}</table><table>{FIRST}</table>")] == ["修路"]


def test_table_written_by_a_script_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(HeaderError) as caught:
        read(tmp_path, f"<script>document.write('<table>{HEADER}{FIRST}</table>')</script>")
    assert str(caught.value) == "甲.html：没有找到表格。请确认文件中有带表头的进展表（任务、落实情况等列）"


def test_text_outside_tables_is_the_lead(tmp_path: Path) -> None:
    path = tmp_path / "甲.html"
    path.write_text(page(f"<h1>通报</h1><p>截至3月底</p><table>{HEADER}{row('1', '<p>修路</p>', '', '')}</table>"), encoding="utf-8")
    assert read_html(path).lead.split("\n") == [TITLE, "通报", "截至3月底"]
