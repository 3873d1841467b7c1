"""Grid to items: header, columns, sections, footnotes."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from nlp.errors import CoverageError, HeaderError, UsageError
from nlp.readers.grid import Document, Grid, Merge, build_rows
from nlp.readers.items import load_header_names, place_header, read_items
from nlp.records import Item, SkippedRow, Source

HEADER = "序号|主要任务|牵头单位|落实情况"
FIELDS = {str(names["name"]): names for names in load_header_names()}


def grid(*rows: str, merges: Sequence[Merge] = (), wrapped: bool = False) -> Grid:
    """A table of which each row is given as cells parted by |."""
    cells = [row.split("|") for row in rows]
    return Grid(build_rows(cells, sources=[Source("甲.xlsx", n) for n in range(1, len(rows) + 1)], merges=merges), wrapped=wrapped)


def read(*rows: str, merges: Sequence[Merge] = (), columns: dict[str, str] | None = None, wrapped: bool = False) -> tuple[list[Item], list[SkippedRow]]:
    """Items and skipped rows of one table."""
    items, skipped = read_items(Document("甲.xlsx", (grid(*rows, merges=merges, wrapped=wrapped),)), columns=columns)
    return list(items), list(skipped)


@pytest.mark.parametrize(("field", "wording"), [(f, w) for f, names in FIELDS.items() for w in [*names["exact"], *names["hit"]]])
def test_wording_is_placed(field: str, wording: str) -> None:
    assert place_header(wording) == field


@pytest.mark.parametrize(("field", "wording"), [(f, w) for f, names in FIELDS.items() for w in names["miss"]])
def test_wording_is_not_placed(field: str, wording: str) -> None:
    assert place_header(wording) != field


@pytest.mark.parametrize(
    ("wording", "field"),
    [
        ("落 实\n情 况", "text"),
        ("序号*", "number"),
        ("２０２４年目标任务", "task"),
        ("进展情况（截至3月底）", "text"),
        ("责任单位：", "units"),
        ("完成时限", None),
        ("联系电话", None),
        ("", None),
        ("（  ）", None),
        ("进展情况" * 20, None),
    ],
)
def test_wording_is_placed_whatever_its_dress(wording: str, field: str | None) -> None:
    assert place_header(wording) == field


def test_header_is_found_under_title_rows() -> None:
    items, skipped = read("云岫县一季度进展情况|||", "填报单位：县政府办|||2024年4月", HEADER, "1|修路|县交通局|已完工。", merges=[(0, 0, 0, 3)])
    assert [(i.number, i.task, i.units, i.text, i.source.row) for i in items] == [("1", "修路", ("县交通局",), "已完工。", 4)]
    assert [(s.reason, s.text) for s in skipped] == [
        ("标题", "云岫县一季度进展情况"),
        ("标题", "填报单位：县政府办 2024年4月"),
        ("表头", "序号 主要任务 牵头单位 落实情况"),
    ]


def test_header_of_two_tiers_is_read_through_its_merges() -> None:
    items, skipped = read(
        "序号|主要任务|任务落实||备注", "||牵头单位|落实情况|", "1|修路|县交通局|已完工。|甲", merges=[(0, 0, 1, 0), (0, 1, 1, 1), (0, 2, 0, 3), (0, 4, 1, 4)]
    )
    assert [(i.number, i.task, i.units, i.text, i.other) for i in items] == [("1", "修路", ("县交通局",), "已完工。", (("备注", "甲"),))]
    assert [s.reason for s in skipped][-1] == "表头"


def test_header_of_two_tiers_is_read_where_an_export_lost_the_merges() -> None:
    items, _ = read("序号|主要任务|任务落实||备注", "||牵头单位|落实情况|", "1|修路|县交通局|已完工。|")
    assert [(i.number, i.task, i.units, i.text) for i in items] == [("1", "修路", ("县交通局",), "已完工。")]


def test_problem_and_next_step_are_joined_into_the_text() -> None:
    items, _ = read(
        "序号|任务|单位|进展情况|存在问题|下一步打算",
        "1|修路|县交通局|已开工。|征地滞后。|加快征地。",
        "2|架桥|县交通局||资金不足。|",
        "3|种树|县林业局|已完成。||",
    )
    assert [i.text for i in items] == ["已开工。\n存在问题：征地滞后。\n下一步：加快征地。", "存在问题：资金不足。", "已完成。"]


def test_units_and_supporting_units_are_one_list_lead_first() -> None:
    items, _ = read("序号|任务|牵头单位|配合单位|进展", "1|修路|县交通局|县财政局、县交通局|已开工")
    assert items[0].units == ("县交通局", "县财政局")


def test_sections_footnotes_totals_and_repeated_headers_are_no_items() -> None:
    items, skipped = read(
        HEADER,
        "一、经济发展|||",
        "1|修路|县交通局|已完工。",
        HEADER.replace("落实", "落 实"),
        "二|社会民生||",
        "2|办学|县教育局|已开学。",
        "合计|2||",
        "注：以上由各单位填报。|||",
        "填表人：张三||电话：123|",
        merges=[(1, 0, 1, 3)],
    )
    assert [(i.number, i.section) for i in items] == [("1", "一、经济发展"), ("2", "二 社会民生")]
    assert [s.reason for s in skipped] == ["表头", "分节", "表头", "分节", "附注", "附注", "附注"]


@pytest.mark.parametrize("row", ["2|架桥|县交通局|", "2|架桥||", "|架桥|县交通局|"])
def test_row_without_text_stays_an_item(row: str) -> None:
    items, _ = read(HEADER, "1|修路|县交通局|已完工。", row)
    assert [(i.task, i.text) for i in items] == [("修路", "已完工。"), ("架桥", "")]


def test_last_status_column_of_several_counts_and_the_others_are_kept() -> None:
    items, _ = read("序号|任务|一季度进展情况|二季度进展情况", "1|修路|已开工。|已完工。")
    assert (items[0].text, items[0].other) == ("已完工。", (("一季度进展情况", "已开工。"),))


def test_status_column_that_is_still_empty_gives_way_to_the_one_before() -> None:
    items, _ = read("序号|任务|一季度进展情况|二季度进展情况|三季度进展情况", "1|修路|已开工。|已铺底。|", "2|架桥|已立项。||")
    assert [i.text for i in items] == ["已铺底。", ""]


@pytest.mark.parametrize("field", ["落实情况", "text"])
def test_status_column_is_named_by_the_user(field: str) -> None:
    items, _ = read("序号|任务|单位|本月动态", "1|修路|县交通局|已完工。", columns={field: "本 月动态"})
    assert items[0].text == "已完工。"


def test_named_column_wins_over_the_word_list() -> None:
    items, _ = read("序号|任务|进展情况|本月动态", "1|修路|已开工。|已完工。", columns={"落实情况": "本月动态"})
    assert (items[0].text, items[0].other) == ("已完工。", (("进展情况", "已开工。"),))


def test_unknown_field_name_is_refused() -> None:
    with pytest.raises(UsageError) as caught:
        read(HEADER, "1|修路|县交通局|已完工。", columns={"状态": "落实情况"})
    assert str(caught.value) == "--column 的栏目 状态 不认识。应为 序号、任务、单位、配合单位、落实情况、存在问题、下一步 之一，如 --column 落实情况=本月动态"


def test_missing_status_column_is_shown_with_the_header_and_the_way_out() -> None:
    with pytest.raises(HeaderError) as caught:
        read("云岫县|||", "序号|任务|单位|本月动态", "1|修路|县交通局|已完工。")
    assert str(caught.value) == (
        "甲.xlsx：表头里找不到“落实情况”列，读到的表头是：序号 | 任务 | 单位 | 本月动态。请用 --column 落实情况=表头原文 指明，例如 --column 落实情况=本月动态"
    )


def test_named_column_that_is_not_in_the_header_is_shown_with_the_header() -> None:
    with pytest.raises(HeaderError) as caught:
        read("云岫县重点任务|||", HEADER, "1|修路|县交通局|已完工。", merges=[(0, 0, 0, 3)], columns={"落实情况": "本月动态"})
    assert str(caught.value) == (
        "甲.xlsx：表头里没有 --column 指明的“本月动态”列，读到的表头是：序号 | 主要任务 | 牵头单位 | 落实情况。请照表头的原文填写 --column"
    )


def test_document_without_tables_is_refused() -> None:
    with pytest.raises(HeaderError) as caught:
        read_items(Document("甲.docx", ()))
    assert str(caught.value) == "甲.docx：没有找到表格。请确认文件中有带表头的进展表（任务、落实情况等列）"


def test_several_tables_are_read_in_order_and_others_are_kept_as_skipped() -> None:
    contacts = grid("姓名|电话", "张三|123")
    document = Document(
        "甲.docx", (contacts, grid(HEADER, "1|修路|县交通局|已完工。"), grid("2|架桥|县交通局|已开工。"), grid("序号|事项|进展", "3|种树|已完成。"))
    )
    items, skipped = read_items(document)
    assert [(i.number, i.task) for i in items] == [("1", "修路"), ("2", "架桥"), ("3", "种树")]
    assert [s.text for s in skipped if s.reason == "非进展表"] == ["姓名 电话", "张三 123"]


def test_header_in_a_table_of_its_own_serves_the_next() -> None:
    items, _ = read_items(Document("甲.docx", (grid(HEADER), grid("1|修路|县交通局|已完工。"))))
    assert [i.number for i in items] == ["1"]


def test_merged_task_cell_is_the_task_of_every_row_it_covers() -> None:
    items, _ = read(HEADER, "1|修路|县交通局|东段已完工。", "||县住建局|西段未开工。", merges=[(1, 0, 2, 0), (1, 1, 2, 1)])
    assert [(i.number, i.task, i.text) for i in items] == [("1", "修路", "东段已完工。"), ("1", "修路", "西段未开工。")]


def test_line_breaks_of_a_wrapped_table_go_but_latin_words_stay_apart() -> None:
    items, _ = read(HEADER, "1|修\n路|县交\n通局|引进 Open\nSource 平\n台。", wrapped=True)
    assert (items[0].task, items[0].units, items[0].text) == ("修路", ("县交通局",), "引进 Open Source 平台。")


def test_line_breaks_of_an_unwrapped_table_stay() -> None:
    items, _ = read(HEADER, "1|修路|县交通局|已立项。\n未开工。")
    assert items[0].text == "已立项。\n未开工。"


def test_letter_of_a_unit_cell_that_reached_no_unit_stops_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nlp.readers.items.split_units", lambda *_, **__: ("县交通局",))
    with pytest.raises(CoverageError) as caught:
        read(HEADER, "1|修路|县交通局、县水利局|已完工。")
    assert str(caught.value) == "甲.xlsx 第 2 行：“单位”一格没有完整读入：“水利”没有归入任何单位。请另存为 docx 或 xlsx 后重试"


def test_header_below_the_thirtieth_row_is_not_looked_for() -> None:
    with pytest.raises(HeaderError):
        read(*["说明|" * 3] * 30, HEADER, "1|修路|县交通局|已完工。")


def test_number_as_typed_loses_its_white_space() -> None:
    items, _ = read(HEADER, "1 2|修路|县交通局|已完工。", "（十三）|架桥|县交通局|已完工。", "3-1|种树|县林业局|已完成。")
    assert [i.number for i in items] == ["12", "（十三）", "3-1"]
