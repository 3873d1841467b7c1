"""The same task is found again, another is not, and what is doubtful says so."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from nlp.compare.match import masked, match, plain
from scripts import measure_compare
from tests.compare.rows import row


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        ("建成东门大桥。", "建成东门大桥"),
        ("新建公园３个, 绿道 80公里。", "新建公园3个，绿道80公里。"),
        ("新建改造农村公路110公里，改造危桥6座。", "新建改造农村公路150公里，改造危桥9座。"),
        ("推进县人民医院迁建，年底前主体封顶。", "加快推进县人民医院迁建，年底前主体封顶。"),
    ],
)
def test_a_task_is_found_again(older: str, newer: str) -> None:
    matching = match([row(older)], [row(newer, number="9")])
    assert [(pair.older.task, pair.newer.task, pair.is_ambiguous) for pair in matching.pairs] == [(older, newer, False)]


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        ("完善充电基础设施。", "完善园区基础设施。"),
        ("建设市综合档案馆新馆。", "建成市博物馆新馆。"),
        ("新增规上工业企业18家。", "新增限上商贸单位18家。"),
        ("", "建成东门大桥。"),
    ],
)
def test_another_task_is_not(older: str, newer: str) -> None:
    matching = match([row(older)], [row(newer)])
    assert matching.pairs == ()
    assert [len(matching.new), len(matching.dropped)] == [1, 1]


def test_what_is_nearly_alike_is_named_and_not_matched() -> None:
    matching = match([row("完善充电基础设施。", number="3")], [row("完善园区基础设施。", number="8")])
    assert [other.number for other in matching.new[0].possible] == ["3"]
    assert [other.number for other in matching.dropped[0].possible] == ["8"]


def test_figures_part_tasks_of_one_wording() -> None:
    older = [row("新建改造农村公路110公里。", number="1"), row("新建改造农村公路260公里。", number="2")]
    newer = [row("新建改造农村公路260公里！", number="1"), row("新建改造农村公路110公里！", number="2")]
    assert [(pair.older.number, pair.newer.number) for pair in match(older, newer).pairs] == [("2", "1"), ("1", "2")]


def test_units_part_tasks_of_one_wording() -> None:
    older = [row("开展警示教育。", units="市公安局", number="1"), row("开展警示教育。", units="市教育局", number="2")]
    newer = [row("开展警示教育。", units="市教育局", number="1"), row("开展警示教育。", units="市公安局", number="2")]
    assert [(pair.older.units, pair.newer.units) for pair in match(older, newer).pairs] == [(("市教育局",),) * 2, (("市公安局",),) * 2]


def test_one_task_that_became_two_like_ones_is_doubtful() -> None:
    matching = match([row("建设城区公共停车场。")], [row("建设城区公共停车场一。", number="1"), row("建设城区公共停车场二。", number="2")])
    (pair,) = matching.pairs
    assert pair.is_ambiguous
    assert [other.number for other in pair.newer_rivals] == ["2" if pair.newer.number == "1" else "1"]


def test_two_tasks_that_became_one_are_doubtful() -> None:
    matching = match([row("建设城区公共停车场一。", number="1"), row("建设城区公共停车场二。", number="2")], [row("建设城区公共停车场。", number="1")])
    (pair,) = matching.pairs
    assert [other.number for other in pair.older_rivals] == ["2"]
    assert [unmatched.row.number for unmatched in matching.dropped] == ["2"]


def test_rows_that_differ_in_nothing_keep_their_order_without_a_doubt() -> None:
    rows = [row("开展警示教育。", number=str(n)) for n in (1, 2, 3)]
    pairs = match(rows, rows).pairs
    assert [(pair.older.number, pair.newer.number, pair.is_ambiguous) for pair in pairs] == [(str(n),) * 2 + (False,) for n in (1, 2, 3)]


def test_empty_reports() -> None:
    assert match([], []).pairs == ()
    assert len(match([], [row("建成东门大桥。")]).new) == 1


def test_masking() -> None:
    assert plain("PM２.5 平均浓度，控制在 33.5%！") == "pm2.5平均浓度控制在33.5%"
    assert masked("增长6.5%以上，达到 1,200 个。") == masked("增长7%以上，达到900个。")


@pytest.mark.parametrize("name", ["cangping", "jiangbu", "mochuan"])
def test_quarters_of_the_corpora_however_altered(root: Path, name: str) -> None:
    tallies = {government: (plain, mixed) for government, plain, mixed in measure_compare.measure(root / "corpora", seeds=1, share=0.1, only={name})}
    altered, mixed = tallies[name]
    assert (altered.pairs, altered.right, altered.wrong, altered.ambiguous) == (150, 150, 0, 0)
    assert (mixed.put_in, mixed.false, mixed.pairs, mixed.right) == (30, 0, 120, 120)


def test_thousands_of_like_tasks_end_soon() -> None:
    started = time.perf_counter()
    older = [row(f"建设第{n}座桥。", number=str(n)) for n in range(1500)]
    newer = [row(f"建设第{n}座桥，年内通车。", number=str(n)) for n in range(1500)]
    assert len(match(older, newer).pairs) + len(match(older, newer).new) == 1500
    assert time.perf_counter() - started < 60
