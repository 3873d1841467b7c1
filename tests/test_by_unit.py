"""The state of affairs by unit: counts, steadied shares against values worked out by hand, lights, ranks."""

from __future__ import annotations

from typing import Any

import pytest

from nlp.by_unit import NO_UNIT, by_unit, prior_strength, select, shrink
from nlp.config import load_toml
from nlp.unit_names import Aliases

SETTINGS = load_toml("by_unit.toml")["shrinkage"]


def row(units: str, status: str = "in_progress", *, severity: int = 0, score: float = 0.0) -> dict[str, Any]:
    return {"units": units.split(), "status": status, "severity": severity, "risk": {"score": score}}


def test_lead_and_co_units_are_counted_apart_and_aliases_together() -> None:
    rows = [
        row("市住建局 市财政局", "at_risk", score=9.0),
        row("市住房和城乡建设局", "completed"),
        row("市住建局 市住房城乡建设局"),
        row("", "not_started", score=3.0),
    ]
    table = {unit.unit: unit for unit in by_unit(rows)}
    assert list(table)[-1] == "市财政局"
    housing = table["市住建局"]
    assert (housing.led, housing.joined, housing.counts, housing.top_score) == (3, 0, (1, 1, 0, 1), 9.0)
    assert housing.wordings == ("市住建局", "市住房和城乡建设局", "市住房城乡建设局")
    finance = table["市财政局"]
    assert (finance.led, finance.joined, finance.light, finance.rank, finance.at_risk_shrunk) == (0, 1, "", None, 0.0)
    assert table[NO_UNIT].counts == (0, 0, 1, 0)


def test_a_small_unit_is_drawn_to_the_mean_and_a_large_one_is_not() -> None:
    assert shrink(1, 1, mean=0.2, strength=8.0) == pytest.approx(2.6 / 9)
    assert shrink(0, 0, mean=0.2, strength=8.0) == pytest.approx(0.2)
    assert shrink(500, 1000, mean=0.2, strength=8.0) == pytest.approx(0.5, abs=0.003)


def test_the_strength_of_the_mean_comes_from_the_report() -> None:
    # Two kinds of units, 1 of 10 and 9 of 10: p = 0.5, S = 6 * 10 * 0.16 = 9.6, rho = (38.4 - 5) / (60 - 10 - 5), M = 1/rho - 1 = 0.347, below the least.
    assert prior_strength([(1, 10), (9, 10)] * 3, settings=SETTINGS) == SETTINGS["weakest"]
    assert prior_strength([(1, 10), (9, 10)] * 3, settings={**SETTINGS, "weakest": 0.0}) == pytest.approx(45 / 33.4 - 1)
    assert prior_strength([(5, 10)] * 6, settings=SETTINGS) == SETTINGS["strongest"]
    assert prior_strength([(1, 10), (9, 10)], settings=SETTINGS) == SETTINGS["default"]
    assert prior_strength([(0, 3)] * 9, settings=SETTINGS) == SETTINGS["default"]
    assert prior_strength([(1, 1)] * 5 + [(0, 1)] * 5, settings=SETTINGS) == SETTINGS["default"]
    assert prior_strength([], settings=SETTINGS) == SETTINGS["default"]


def test_lights_and_ranks() -> None:
    rows = [row("甲局", "at_risk", severity=2)] * 6 + [row("乙局", "at_risk", severity=3)] + [row("乙局")] * 19 + [row("丙局")] * 5 + [row("丁局")] * 5
    table = {unit.unit: unit for unit in by_unit(rows)}
    assert [(unit.unit, unit.light, unit.rank) for unit in table.values()] == [
        ("甲局", "red", 1),
        ("乙局", "yellow", 2),
        ("丁局", "green", 3),
        ("丙局", "green", 3),
    ]
    assert table["甲局"].at_risk_share == 1.0
    assert table["甲局"].at_risk_shrunk < 1.0
    assert sum(unit.at_risk_shrunk > unit.at_risk_share for unit in table.values()) == 3


def test_who_leads_nothing_at_risk_is_green_however_bad_the_others_are() -> None:
    table = {unit.unit: unit for unit in by_unit([row("甲局", "at_risk", severity=2)] * 9 + [row("乙局")])}
    assert table["乙局"].at_risk_shrunk > 0.35
    assert table["乙局"].light == "green"


def test_change_of_rank_against_an_older_list() -> None:
    older = by_unit([row("市住房和城乡建设局", "at_risk")] * 3 + [row("市水利局")] * 3)
    newer = by_unit([row("市住建局")] * 3 + [row("市水利局", "at_risk")] * 3 + [row("市教育局")] * 3, older=older)
    changes = {unit.unit: unit.rank_change for unit in newer}
    assert changes == {"市水利局": -1, "市住建局": 1, "市教育局": None}


def test_rows_of_a_unit_are_those_it_leads_or_joins() -> None:
    rows = [row("市住建局"), row("市水利局 市住房和城乡建设局"), row("市水利局")]
    assert select(rows, units=["市住房城乡建设局"], aliases=Aliases()) == rows[:2]


def test_no_rows_no_units() -> None:
    assert by_unit([]) == ()
