"""Charts are plain SVG with text escaped."""

from __future__ import annotations

from lxml import etree

from nlp.by_unit import by_unit
from nlp.review.charts import Bar, bars, doughnut, status_parts, unit_bars


def test_bars_are_well_formed_and_escape_names() -> None:
    drawn = bars("单位", [Bar("<script>'&", status_parts({"at_risk": 3, "completed": 1})), Bar("乙", status_parts({}))])
    root = etree.fromstring(str(drawn))
    assert root.tag == "svg"
    assert "<script>'&" in [text.text for text in root.findall("text")]
    assert [title.text for title in root.iter("title")] == ["已完成 1", "有风险 3"]
    assert "style" not in root.attrib


def test_no_lines_draw_nothing() -> None:
    assert bars("空", []) == ""


def test_the_ring_shows_the_sum() -> None:
    root = etree.fromstring(str(doughnut("状态", status_parts({"at_risk": 3, "completed": 1}))))
    assert [text.text for text in root.iter("text")] == ["4"]
    assert len(root.findall("circle")) == 2


def test_units_beyond_the_twentieth_stand_together() -> None:
    rows = [{"units": [f"单位{n}"], "status": status, "severity": 0, "risk": {"score": 1.0}} for n in range(25) for status in ("in_progress", "at_risk")]
    lines = unit_bars(by_unit(rows))
    assert (len(lines), lines[-1].name, lines[-1].total) == (21, "其余 5 个单位", 10)
