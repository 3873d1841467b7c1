"""Numeric targets of a task: value, unit, kind, comparator and name, each case one line."""

from __future__ import annotations

import pytest

from nlp.annotate.targets import find_targets

LINES = [
    ("新建口袋公园30个。", [("新建口袋公园", 30, "个", "quantity", ">=")]),
    ("规上工业增加值增长8%左右。", [("规上工业增加值", 8, "%", "growth", "~")]),
    ("单位GDP能耗下降3%以上。", [("单位GDP能耗", -3, "%", "growth", "<=")]),
    ("居民消费价格涨幅控制在3%以内。", [("居民消费价格涨幅", 3, "%", "ceiling", "<=")]),
    ("河湖断面优良比例达到85%，不良贷款率不超过2%。", [("河湖断面优良比例", 85, "%", "level", ">="), ("不良贷款率", 2, "%", "ceiling", "<=")]),
    ("能繁母猪保有量不低于6万头。", [("能繁母猪保有量", 6, "万头", "level", ">=")]),
    ("PM2.5平均浓度控制在35微克/立方米以内。", [("PM2.5平均浓度", 35, "微克/立方米", "ceiling", "<=")]),
    ("综合考核进入全省前10位。", [("综合考核进入全省", 10, "名", "rank", "<=")]),
    (
        "新签约、新开工、投产项目分别不少于90、60、30个。",
        [("新签约", 90, "个", "quantity", ">="), ("新开工", 60, "个", "quantity", ">="), ("投产项目", 30, "个", "quantity", ">=")],
    ),
    (
        "亿元以上、20亿元以上项目分别不少于80个、6个。",
        [("亿元以上", 80, "个", "quantity", ">="), ("20亿元以上项目", 6, "个", "quantity", ">=")],
    ),
    (
        "新开工80个、续建150个、竣工45个以上。",
        [("新开工", 80, "个", "quantity", ">="), ("续建", 150, "个", "quantity", ">="), ("竣工", 45, "个", "quantity", ">=")],
    ),
    ("城镇、农村居民收入分别增长7%、8%。", [("城镇", 7, "%", "growth", ">="), ("农村居民收入", 8, "%", "growth", ">=")]),
    # What describes the work is no target of its own.
    ("建成污水处理厂（日处理5万吨）。", []),
    ("加快总投资60亿元以上的化工项目建设。", []),
    ("创建“五个一”示范点，落实“十四五”规划。", []),
]


@pytest.mark.parametrize(("task", "expected"), LINES)
def test_targets_of_a_task(task: str, expected: list[tuple[str, float, str, str, str]]) -> None:
    found = find_targets(task)
    given = [(t.name, t.value, t.unit, t.kind, t.comparator) for t in found]
    wanted = [(name, value * (10_000 if unit.startswith("万") else 1), unit.removeprefix("万"), kind, sign) for name, value, unit, kind, sign in expected]
    assert given == wanted
    assert all(t.span.of(task)[0].isdigit() or t.kind == "rank" for t in found)
