"""Quantities: every form that reports use, what only looks like one, and numbers read back as they were written."""

from __future__ import annotations

import itertools
import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nlp.annotate.numerals import read_chinese
from nlp.annotate.quantities import MEASURED, NameRule, find_quantities, load_names, read_name
from nlp.errors import ResourceError
from nlp.text import number

# A sentence with its quantities in 〔〕, then value, unit and kind of each.
LINES = [
    ("新装路灯〔1.3228万户〕，花费〔20.56488 万元〕", [(13228, "户", "amount"), (205648.8, "元", "amount")]),
    ("巡查〔320余处〕，走访〔1204家〕左右", [(320, "处", "amount"), (1204, "家", "amount")]),
    ("车位〔2万个〕，电表〔10万台〕，游客〔4.5万人次〕", [(20000, "个", "amount"), (100000, "台", "amount"), (45000, "人次", "amount")]),
    ("并网〔69.3MW〕，敷设〔12km〕", [(69.3, "mw", "amount"), (12, "km", "amount")]),
    ("〔三分之二〕的点位完工，〔过半〕通水，〔六成〕供暖", [(200 / 3, "%", "percent"), (50, "%", "percent"), (60, "%", "percent")]),
    ("约〔七八百户〕受益，〔十余家〕参加", [(700, "户", "amount"), (10, "家", "amount")]),
    ("产值〔翻一番〕", [(100, "%", "percent")]),
    ("占比提高〔1.2个百分点〕", [(1.2, "个百分点", "points")]),
    ("增长〔5%-6%〕，新建〔2—3家〕", [(5, "%", "percent"), (2, "家", "amount")]),
    ("综合评价进入全省〔前5位〕，现居〔第3位〕", [(5, "名", "rank"), (3, "名", "rank")]),
    ("完成〔１２００ 个〕", [(1200, "个", "amount")]),
    ("投资〔1亿5000万元〕，贷款〔12,345.6万元〕", [(150000000, "元", "amount"), (123456000, "元", "amount")]),
    ("浓度〔29.4微克/立方米〕，抽检〔6批次/千人〕", [(29.4, "微克/立方米", "amount"), (6, "批次/千人", "amount")]),
    ("修桥〔三座〕，招工〔两千三百人〕", [(3, "座", "amount"), (2300, "人", "amount")]),
    ("完成〔百分之二十〕", [(20, "%", "percent")]),
    ("PM2.5〔26微克/立方米〕", [(26, "微克/立方米", "amount")]),
    ("新建5G基站〔40座〕，G345、S63改线〔7公里〕", [(40, "座", "amount"), (7, "公里", "amount")]),
    ("1-4号机组检修，2023—2025年实施“五个一”工程，第42次会议，二期、零部件、科创二路", []),
    ("3月5日开工，前三季度推进，历时18个月，“十四五”期间，8:30放行", []),
]


@pytest.mark.parametrize(("marked", "expected"), LINES)
def test_quantities_of_a_line(marked: str, expected: list[tuple[float, str, str]]) -> None:
    text = re.sub("[〔〕]", "", marked)
    found = [quantity for quantity in find_quantities(text) if quantity.kind in MEASURED]
    assert [quantity.span.of(text) for quantity in found] == re.findall("〔(.*?)〕", marked)
    assert [(pytest.approx(quantity.value), quantity.unit, quantity.kind) for quantity in found] == expected


RULES = load_names()


@pytest.mark.parametrize(("rule", "marked"), [(rule, marked) for rule in RULES for marked in rule.hit])
def test_name_hits(rule: NameRule, marked: str) -> None:
    text = re.sub("[〔〕]", "", marked)
    assert [q.span.of(text) for q in find_quantities(text) if q.kind == rule.kind] == re.findall("〔(.*?)〕", marked)


@pytest.mark.parametrize(("rule", "text"), [(rule, text) for rule in RULES for text in rule.miss])
def test_name_misses(rule: NameRule, text: str) -> None:
    assert [q.span.of(text) for q in find_quantities(text) if q.kind == rule.kind] == []


@pytest.mark.parametrize(
    ("change", "message"), [({"kind": "colour"}, "kind 应为"), ({"pattern": "[0-9]+"}, "不设上限"), ({"miss": []}, "至少各要一句"), ({"x": 1}, "键应为")]
)
def test_a_malformed_name_is_refused(change: dict[str, object], message: str) -> None:
    entry = {"kind": "name", "pattern": "[0-9]号", "hit": ["〔3号〕"], "miss": ["3个"], **change}
    with pytest.raises(ResourceError, match=message):
        read_name(entry)


def test_bounds_and_scale() -> None:
    kinds = {q.span.of(text): q.bound for text in ["不低于30个", "40个以上", "控制在50个", "60个以内", "70个左右", "约80个"] for q in find_quantities(text)}
    assert kinds == {"30个": "least", "40个": "least", "50个": "most", "60个": "most", "70个": "about", "80个": "about"}
    (scale,) = find_quantities("打造千亿级集群")
    assert (scale.kind, scale.value) == ("scale", 1e11)


@given(st.integers(0, 10**15), st.sampled_from(["个", "户", "元", "公里", "人次"]))
def test_whole_numbers_are_read_back(value: int, unit: str) -> None:
    for written in (str(value), f"{value:,}", str(value).translate(str.maketrans("0123456789", "０１２３４５６７８９"))):
        (found,) = find_quantities(f"完成{written} {unit}。")
        assert (found.value, found.unit) == (value, unit)


@given(st.floats(0.01, 9e12, allow_nan=False).map(lambda x: float(f"{x:.6g}")))
def test_what_the_program_writes_it_reads_back(value: float) -> None:
    written = number(value)
    (found,) = find_quantities(f"完成{written}元。")
    assert found.value == pytest.approx(value, rel=1e-5)
    assert found.span.of(f"完成{written}元。") == f"{written}元"


def chinese(value: int) -> str:
    """A whole number below 10^12 in Chinese numerals."""
    if value >= 10**4:
        power, name = (10**8, "亿") if value >= 10**8 else (10**4, "万")
        rest = value % power
        return chinese(value // power) + name + (("零" if rest < power // 10 else "") + chinese(rest) if rest else "")
    out = ""
    for power, name in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit = value // power % 10
        if digit:
            out += "零一二三四五六七八九"[digit] + name
        elif out and value % power and not out.endswith("零"):
            out += "零"
    return out


@given(st.integers(1, 10**12 - 1))
def test_chinese_numerals_are_read_back(value: int) -> None:
    assert read_chinese(chinese(value)) == (value, value)


@settings(max_examples=60)
@given(st.text(alphabet="0123456789零一二三万亿个元%.,、—至前第 増长〔（）“”pm余多成分之", max_size=60))
def test_any_text_is_read_and_spans_stand_in_it(text: str) -> None:
    spans = [quantity.span for quantity in find_quantities(text)]
    assert all(0 <= span.start < span.end <= len(text) for span in spans)
    assert all(one.end <= other.start for one, other in itertools.pairwise(spans))


@pytest.mark.parametrize("piece", ["1个", "9", "一", "1%、", "百分之", "“", "1,234", "万亿", "a1", "第", "翻"])
def test_long_texts_take_no_longer_than_their_length(piece: str) -> None:
    started = time.process_time()
    find_quantities((piece * 100_000)[:100_000])
    assert time.process_time() - started < 10
