"""Title, place and reporting period."""

from __future__ import annotations

import pytest

from nlp.errors import UsageError
from nlp.readers.title import find_period, find_place, find_title, parse_period


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("云岫县2024年重点工作任务一季度进展情况", "2024Q1"),
        ("2024年第一季度督查通报", "2024Q1"),
        ("2024年1季度进展", "2024Q1"),
        ("2024年首季重点工作通报", "2024Q1"),
        ("2024年1—3月落实情况", "2024Q1"),
        ("2024年1月至3月落实情况", "2024Q1"),
        ("2024年1―3月落实情况", "2024Q1"),
        ("2024 年 1 － 3 月 进展", "2024Q1"),
        ("２０２４年１—３月进展", "2024Q1"),
        ("重点工作进展（截至2024年3月31日）", "2024Q1"),
        ("2024年1-6月进展", "2024H1"),
        ("2024年上半年进展情况", "2024H1"),
        ("2024年二季度进展情况", "2024H1"),
        ("2024年半年度通报", "2024H1"),
        ("2024年上半年进展情况和下半年工作安排", "2024H1"),
        ("2024年前三季度进展情况", "2024Q3"),
        ("2024年三季度进展情况", "2024Q3"),
        ("2024年前3季度进展情况", "2024Q3"),
        ("2024年1-3季度进展情况", "2024Q3"),
        ("2024年1～9月进展", "2024Q3"),
        ("2024年全年完成情况", "2024FY"),
        ("2024年第四季度进展情况", "2024FY"),
        ("2024年下半年进展情况", "2024FY"),
        ("2024年1至12月完成情况", "2024FY"),
        ("2024年度总结", "2024FY"),
        ("2024年重点任务台账（截至11月底）", "2024M11"),
        ("截止2024年11月30日进展", "2024M11"),
        ("2024年5月份重点工作任务进展情况", "2024M05"),
        ("2024年10月份进展情况", "2024M10"),
        ("2024年1-2月进展", "2024M02"),
        ("二〇二三年上半年进展", "2023H1"),
        ("二○二四年前三季度进展", "2024Q3"),
        ("二O二三年一季度进展", "2023Q1"),
        ("二零二四年全年完成情况", "2024FY"),
        ("云岫县2024年政府工作报告主要任务\n一季度完成情况", "2024Q1"),
    ],
)
def test_title_gives_the_period(text: str, code: str) -> None:
    found = find_period(text)
    assert found is not None
    assert found.code == code


@pytest.mark.parametrize(
    ("stem", "code"),
    [
        ("yunxiu-2023q1", "2023Q1"),
        ("x_2023q1_v2", "2023Q1"),
        ("2023Q1进展", "2023Q1"),
        ("langang-2024fy", "2024FY"),
        ("report 2024h1", "2024H1"),
        ("2024-Q3", "2024Q3"),
        ("2024q4-final", "2024FY"),
        ("云岫县2024年前三季度进展(终稿)", "2024Q3"),
        ("yunxiu-2024m11", "2024M11"),
    ],
)
def test_file_name_gives_the_period(stem: str, code: str) -> None:
    found = find_period(stem)
    assert found is not None
    assert found.code == code


@pytest.mark.parametrize("text", ["", "2024年重点工作任务", "一季度进展情况", "2024年4月10日印发", "云政办〔2024〕5号", "2024年13月进展", "report-q1"])
def test_half_a_period_is_none(text: str) -> None:
    assert find_period(text) is None


def test_first_text_with_a_period_wins() -> None:
    found = find_period("云岫县重点工作", "2024年上半年进展", "2023q1")
    assert found is not None
    assert found.code == "2024H1"


@pytest.mark.parametrize(
    ("code", "expected", "elapsed"),
    [
        ("2023Q1", "2023Q1", 3),
        ("2023q2", "2023H1", 6),
        ("2023H1", "2023H1", 6),
        (" 2023Q3 ", "2023Q3", 9),
        ("2023Q4", "2023FY", 12),
        ("2023FY", "2023FY", 12),
        ("2023M11", "2023M11", 11),
        ("2023-11", "2023M11", 11),
        ("2023年3月", "2023Q1", 3),
        ("２０２３Ｑ１", "2023Q1", 3),
    ],
)
def test_named_period_is_parsed(code: str, expected: str, elapsed: int) -> None:
    period = parse_period(code)
    assert (period.code, period.elapsed) == (expected, elapsed / 12)


@pytest.mark.parametrize("code", ["", "2023", "Q1", "2023Q5", "2023M13", "2023M0", "一季度"])
def test_wrong_period_is_refused_with_the_ways_to_write_it(code: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_period(code)
    assert str(caught.value) == f"报告期 {code} 写法不对。请写作 2023Q1（一季度）、2023H1（上半年）、2023Q3（前三季度）、2023FY（全年）或 2023M11（1—11月）"


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("云岫县2024年重点工作任务一季度进展情况", "云岫县"),
        ("关于云岫县2024年重点工作的通报", "云岫县"),
        ("2024年云岫县重点工作", "云岫县"),
        ("今年以来全市 重点工作", ""),
        ("2024年云岫县政府工作报告", "云岫县"),
        ("澜港市望礁区2024年重点工作", "澜港市望礁区"),
        ("云岫县人民政府重点工作", "云岫县"),
        ("云岫县《政府工作报告》任务", "云岫县"),
        ("填报单位：云岫县", "云岫县"),
        ("青禾自治县二〇二四年重点工作", "青禾自治县"),
        ("苍浦新区2024年进展", "苍浦新区"),
        ("全市2024年重点工作", ""),
        ("市政府2024年重点工作", ""),
        ("2024年重点工作\n澜港市2024年", "澜港市"),
    ],
)
def test_place_of_a_title(text: str, place: str) -> None:
    assert find_place(text) == place


@pytest.mark.parametrize(
    ("lead", "title"),
    [
        ("附件1\n云岫县重点工作进展情况\n填报单位：县政府办", "云岫县重点工作进展情况"),
        ("附件2\n云岫县任务", "附件2"),
        ("\n  \n重点任务台账 ", "重点任务台账"),
        ("", ""),
        ("情况" * 50 + "\n云岫县通报", "云岫县通报"),
    ],
)
def test_title_is_the_line_that_speaks_of_progress(lead: str, title: str) -> None:
    assert find_title(lead) == title
