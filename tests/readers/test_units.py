"""Units of a cell."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nlp.readers.units import load_unit_rules, seen_alone, split_units

NAMES = (
    "市发改委",
    "市农业农村局",
    "市城管执法局",
    "望礁县政府",
    "高新区管委会",
    "县供销社",
    "市残联",
    "各县区",
    "市水务集团",
    "金融监管总局澜港分局",
    "甲乙丙",
)
MARKS = ("、", "，", ",", ";", "；", "/", "|", "。", " ", "\n", "\u3000", "\t", "")


@pytest.mark.parametrize("case", load_unit_rules()["cases"], ids=lambda case: case["cell"].replace("\n", "⏎"))
def test_case_of_the_word_list(case: dict[str, object]) -> None:
    assert list(split_units(str(case["cell"]))) == case["units"]


@pytest.mark.parametrize(
    ("cell", "units"),
    [
        ("", ()),
        ("/", ()),
        (" \n\u3000", ()),
        ("市教育局。", ("市教育局",)),
        ("市发改委牵头，市财政局、市住建局配合", ("市发改委", "市财政局", "市住建局")),
        ("县水利局负责", ("县水利局",)),
        ("（牵头）市教育局", ("市教育局",)),
        ("牵头单位：市教育局\n责任单位：市财政局、市人社局", ("市教育局", "市财政局", "市人社局")),
        ("市教育局、市教育局、市财政局", ("市教育局", "市财政局")),
        ("市教育局(市委教育工委)", ("市教育局(市委教育工委)",)),
        ("各县（市、区）政府，各开发区（园区、新区）管委会", ("各县（市、区）政府", "各开发区（园区、新区）管委会")),
        ("市教育局/市体育局", ("市教育局", "市体育局")),
        ("市人力资源\n和社会\n保障局", ("市人力资源和社会保障局",)),
        ("市生态环境局\n云岫分局 市公安局", ("市生态环境局云岫分局", "市公安局")),
        ("市教育局 公安分局", ("市教育局", "公安分局")),
        ("市教育局 张三", ("市教育局", "张三")),
        ("张三", ("张三",)),
    ],
)
def test_units_of_a_cell(cell: str, units: tuple[str, ...]) -> None:
    assert split_units(cell) == units


def test_name_seen_alone_wins_over_a_reading_never_seen() -> None:
    assert split_units("市文广 新局") == ("市文广新局",)
    assert split_units("市文广 新局", known={"市文广", "新局"}) == ("市文广", "新局")


def test_names_seen_alone_are_those_without_white_space() -> None:
    assert seen_alone(["市教育局", "市财政局、市农业 农村局", "牵头单位：市科技局", ""]) == {"市教育局", "市财政局", "市科技局"}


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(MARKS)), max_size=12))
def test_no_letter_of_a_cell_is_lost(parts: list[tuple[str, str]]) -> None:
    cell = "".join(name + mark for name, mark in parts)
    units = split_units(cell)
    assert len(set(units)) == len(units)
    assert {c for c in cell if c.isalnum()} == {c for unit in units for c in unit if c.isalnum()}
    assert not Counter("".join(units)) - Counter(cell)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(NAMES[:10]), min_size=1, max_size=6, unique=True), st.sampled_from("、，,;；/"))
def test_names_between_marks_come_back_in_order(names: list[str], mark: str) -> None:
    assert split_units(mark.join(names)) == tuple(names)


def test_long_cell_is_split_in_linear_time() -> None:
    names = [f"第{n}中心" for n in range(3000)]
    assert split_units(" ".join(names)) == tuple(names)
