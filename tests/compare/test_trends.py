"""Counts of statuses and units, then against now."""

from __future__ import annotations

from nlp.compare.changes import compare
from nlp.compare.trends import transitions, unit_trends
from nlp.labels import STATUSES
from tests.compare.rows import quarter, row

OLDER = quarter(
    row("建成东门大桥。", number="1", units="市交通局"),
    row("举办龙舟赛。", number="2", units="市发改委", status="not_started"),
    row("清理河道淤泥。", number="3", units="市水利局", status="at_risk"),
)
NEWER = quarter(
    row("举办龙舟赛。", number="1", units="市发展改革委", status="completed"),
    row("建成东门大桥。", number="2", units="市交通局", status="at_risk"),
    row("培训养老护理员。", number="3", units="", status="at_risk"),
    period="2024H1",
)


def test_all_sixteen_transitions_are_counted() -> None:
    table = transitions(compare(OLDER, NEWER).changes)
    assert [len(table), *map(len, table.values())] == [4, 4, 4, 4, 4]
    assert table["in_progress"]["at_risk"] == table["not_started"]["completed"] == 1
    assert sum(table[a][b] for a in STATUSES for b in STATUSES) == 2


def test_units_then_and_now_with_new_and_dropped_tasks() -> None:
    trends = {trend.unit: trend for trend in unit_trends(compare(OLDER, NEWER))}
    assert {unit: (sum(t.older.values()), sum(t.newer.values()), t.at_risk_change) for unit, t in trends.items()} == {
        "市交通局": (1, 1, 1),
        "（未填单位）": (0, 1, 1),
        "市发展改革委": (1, 1, 0),
        "市水利局": (1, 0, -1),
    }
    assert trends["市发展改革委"].former == "市发改委"
    assert list(trends)[-1] == "市水利局"
