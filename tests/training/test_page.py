"""The page of an evaluation: well formed, complete, nothing fetched."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from lxml import html

from nlp.labels import PROBLEM_NAMES, STATUS_NAMES
from nlp.training.corpus import read_corpora
from nlp.training.evaluate import evaluate, read_items
from nlp.training.page import write_page


@pytest.fixture(scope="module")
def page(root: Path) -> str:
    _, items = next(read_corpora(root / "corpora"))
    figures = evaluate(items[:60], read_items(items[:60]))
    baseline = {what: figures[what] for what in ("statement", "item_by_words")}
    return write_page({"规则": figures, "TF-IDF": baseline}, title="甲 <b>市</b>")


def test_every_reader_stands_in_every_table_it_can(page: str) -> None:
    tree = html.fromstring(page)
    tables = ["".join(table.itertext()) for table in tree.iter("table")]
    assert sum("TF-IDF" in table for table in tables) == 4
    assert sum("规则" in table for table in tables) == 8
    assert all(any(name in table for table in tables) for name in (*STATUS_NAMES.values(), *PROBLEM_NAMES.values()))


def test_plots_are_inline_and_nothing_is_fetched(page: str) -> None:
    assert page.count("<svg") == 2
    assert not re.search(r"https?:|<script|<img|<link|url\(", page)
    assert "甲 &lt;b&gt;市" in page


def test_points_stay_inside_their_plot(page: str) -> None:
    for svg in html.fromstring(page).iter("svg"):
        width, height = float(svg.get("width")), float(svg.get("height"))
        assert all(0 <= float(c.get("cx")) <= width and 0 <= float(c.get("cy")) <= height for c in svg.iter("circle"))
