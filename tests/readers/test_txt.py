"""Text and csv files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from nlp.errors import HeaderError, InputError
from nlp.readers import read_report
from nlp.readers.txt import decode
from nlp.records import Report

WriteCsv = Callable[..., Path]
HEADER = "序号\t主要任务\t牵头单位\t落实情况"


def read_lines(folder: Path, *lines: str, encoding: str = "utf-8", newline: str = "\n") -> Report:
    """A txt report of the lines, read back."""
    path = folder / "云岫县2024年一季度进展.txt"
    path.write_bytes(newline.join(lines).encode(encoding))
    return read_report(path)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_encoding_and_line_ends_make_no_difference(tmp_path: Path, encoding: str, newline: str) -> None:
    report = read_lines(tmp_path, "云岫县一季度进展情况", HEADER, "1\t修建镕江路\t县交通局\t已完工。", encoding=encoding, newline=newline)
    assert [(i.number, i.task, i.units, i.text, i.source.row) for i in report.items] == [("1", "修建镕江路", ("县交通局",), "已完工。", 3)]
    assert (report.title, report.place) == ("云岫县一季度进展情况", "云岫县")


def test_rare_name_of_gb18030_is_read(tmp_path: Path) -> None:
    assert read_lines(tmp_path, HEADER, "1\t修建㼆𬭎路\t县交通局\t已完工。", encoding="gb18030").items[0].task == "修建㼆𬭎路"


def test_nul_byte_is_named_with_its_line() -> None:
    with pytest.raises(InputError) as caught:
        decode("甲\n乙\0".encode(), where="甲.txt")
    assert str(caught.value) == "甲.txt：第 2 行含有 NUL 字节，不是纯文本。请用 Excel 或记事本打开后另存为 UTF-8 文本再试"


def test_other_encoding_is_refused() -> None:
    with pytest.raises(InputError) as caught:
        decode(b"\x81\xff\xff\xff", where="甲.txt")
    assert str(caught.value) == "甲.txt：不是 utf-8 或 gb18030 编码的文本。请另存为 UTF-8 文本后再试"


@pytest.mark.parametrize(
    "lines",
    [
        (HEADER, "1\t修路\t县交通局\t已完工。"),
        ("| 序号 | 主要任务 | 牵头单位 | 落实情况 |", "|---|:---:|---|---|", "| 1 | 修路 | 县交通局 | 已完工。 |"),
        ("序号|主要任务|牵头单位|落实情况", "1|修路|县交通局|已完工。"),
        ("序号  主要任务  牵头单位  落实情况", "1    修路  县交通局     已完工。"),
        ("序号\u3000\u3000主要任务\u3000\u3000牵头单位\u3000\u3000落实情况", "1\u3000\u3000修路\u3000\u3000县交通局\u3000\u3000已完工。"),
        ("<p>序号</p>\t<p>主要任务</p>\t牵头单位\t落实情况", '1\t<span style="x">修路</span>\t县交通局\t已完工。<br/>'),
    ],
    ids=["tabs", "markdown", "bars", "spaces", "wide spaces", "stray tags"],
)
def test_separator_is_found(tmp_path: Path, lines: tuple[str, ...]) -> None:
    items = read_lines(tmp_path, *lines).items
    assert [(i.number, i.task, i.units, i.text) for i in items] == [("1", "修路", ("县交通局",), "已完工。")]


def test_table_of_bars_may_have_an_empty_first_cell(tmp_path: Path) -> None:
    lines = ("|序号|主要任务|牵头单位|落实情况|", "|1|修路|县交通局|已完工。|", "||架桥|县交通局|已开工。|", "|3|种树|县林业局||", "注：截至3月底。")
    assert [(i.number, i.task, i.text) for i in read_lines(tmp_path, *lines).items] == [("1", "修路", "已完工。"), ("", "架桥", "已开工。"), ("3", "种树", "")]


def test_line_without_separator_goes_on_with_the_row_before(tmp_path: Path) -> None:
    report = read_lines(tmp_path, HEADER, "1\t修路\t县交通局\t东段已完工，", "西段未开工。", "", "2\t架桥\t县交通局\t已完工。")
    assert [i.text for i in report.items] == ["东段已完工，\n西段未开工。", "已完工。"]


def test_sections_and_footnotes_do_not_go_on_with_the_row_before(tmp_path: Path) -> None:
    lines = ["一、经济发展", "1\t修路\t县交通局\t已完工。", "（二）社会民生", "2\t办学\t县教育局\t已开学。", "注：各单位填报。", "注1：截至3月底。"]
    report = read_lines(tmp_path, HEADER, *lines, "审核人：张三", "填报日期：2024年4月2日", "单位负责人：李四")
    assert [(i.section, i.text) for i in report.items] == [("一、经济发展", "已完工。"), ("（二）社会民生", "已开学。")]
    assert [s.text for s in report.skipped if s.reason == "附注"] == [
        "注：各单位填报。",
        "注1：截至3月底。",
        "审核人：张三",
        "填报日期：2024年4月2日",
        "单位负责人：李四",
    ]


@pytest.mark.parametrize("line", ["- 3 -", "— 12 —", "第 1 页 共 5 页", "第3页", "3 / 12"])
def test_page_number_between_rows_is_no_text(tmp_path: Path, line: str) -> None:
    assert read_lines(tmp_path, HEADER, "1\t修路\t县交通局\t已完工。", line, "2\t架桥\t县交通局\t已开工。").items[0].text == "已完工。"


def test_entities_are_resolved_and_plain_signs_kept(tmp_path: Path) -> None:
    item = read_lines(tmp_path, HEADER, "1\t修路&nbsp;架桥\t县交通局\t完成&lt;5公里&gt;。", "2\t种树\t县林业局\t增速<5%，R&D 达标。").items
    assert [i.text for i in item] == ["完成<5公里>。", "增速<5%，R&D 达标。"]


def test_text_without_a_table_is_refused(tmp_path: Path) -> None:
    with pytest.raises(HeaderError) as caught:
        read_lines(tmp_path, "云岫县一季度工作总结", "今年以来，全县经济平稳运行。")
    assert str(caught.value) == "云岫县2024年一季度进展.txt：没有找到表格。请确认文件中有带表头的进展表（任务、落实情况等列）"


@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_csv_delimiter_is_found(write_csv: WriteCsv, mark: str) -> None:
    items = read_report(write_csv("序号,任务,单位,进展".replace(",", mark), "1,修路，架桥,县交通局,已完工。".replace(",", mark))).items
    assert [(i.number, i.task, i.units, i.text) for i in items] == [("1", "修路，架桥", ("县交通局",), "已完工。")]


def test_csv_cell_may_hold_line_breaks_delimiters_and_quotes(write_csv: WriteCsv) -> None:
    items = read_report(write_csv("序号,任务,单位,进展", '1,修路,县交通局,"东段完工,\n西段""两停""。"', "2,架桥,县交通局,已完工。")).items
    assert [(i.text, i.source.row) for i in items] == [('东段完工,\n西段"两停"。', 2), ("已完工。", 4)]


def test_csv_quote_that_is_never_closed_does_not_swallow_the_rows_below(write_csv: WriteCsv) -> None:
    path = write_csv("序号,任务,单位,进展", '1,"两高项目,县发改委,已完工。', *(f"{n},任务{n},县交通局,已完工。" for n in range(2, 9)))
    with pytest.raises(InputError) as caught:
        read_report(path)
    assert str(caught.value) == "2024年一季度进展.csv：第 2 行起引号没有成对，以下各行会并成一格。请用 Excel 打开后另存为 xlsx 再试"


def test_csv_in_gbk_with_title_rows_and_rows_of_commas(write_csv: WriteCsv) -> None:
    path = write_csv("云岫县一季度进展情况,,,", "序号,任务,单位,进展", ",,,", "1,修路,县交通局,已完工。", ",,,", encoding="gbk")
    report = read_report(path)
    assert (report.title, [i.source.row for i in report.items]) == ("云岫县一季度进展情况", [4])


def test_csv_row_with_more_cells_than_the_header_keeps_them(write_csv: WriteCsv) -> None:
    assert read_report(write_csv("序号,任务,单位,进展", "1,修路,县交通局,已完工。,多出一格")).items[0].other == (("第5列", "多出一格"),)


def test_csv_cell_of_a_megabyte_is_read(write_csv: WriteCsv) -> None:
    assert len(read_report(write_csv("序号,任务,单位,进展", f"1,修路,县交通局,{'进' * 1_000_000}")).items[0].text) == 1_000_000
