"""Reports of the corpora, rendered in every layout and read back."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

from nlp.readers import read_report
from nlp.training.corpus import Government, LabelledItem, read_corpora

LAYOUTS = ("docx", "xlsx", "pdf", "html", "txt")
GOVERNMENTS = ("yunxiu", "helan")


@pytest.fixture(scope="module")
def renderer(root: Path) -> ModuleType:
    """scripts/render_reports.py as a module."""
    spec = importlib.util.spec_from_file_location("render_reports", root / "scripts" / "render_reports.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def corpora(root: Path) -> dict[str, tuple[Government, tuple[LabelledItem, ...]]]:
    """Name of a government -> government and items."""
    return {government.name: (government, tuple(items)) for government, items in read_corpora(root / "corpora")}


def comparable(text: str, layout: str) -> str:
    """The text without white space, and for a PDF without the middle dot, which its font does not have."""
    return "".join(text.split()).replace("·", "" if layout == "pdf" else "·")


@pytest.mark.parametrize("period", ["Q1", "H1", "Q3", "FY"])
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("name", GOVERNMENTS)
def test_rendered_report_reads_back_the_same(
    renderer: ModuleType, corpora: dict[str, tuple[Government, tuple[LabelledItem, ...]]], tmp_path: Path, name: str, layout: str, period: str
) -> None:
    government, everything = corpora[name]
    items = [item for item in everything if item.period == f"{government.year}{period}"]
    title = f"{government.place}{government.year}年重点工作任务{renderer.PERIOD_NAMES[period]}进展情况"
    path = tmp_path / f"甲.{layout}"
    renderer.LAYOUTS[layout](path, title, [renderer.PlainRow(item.number, item.task, item.units, item.text) for item in items])
    report = read_report(path)
    read = [(item.number, comparable(item.task, layout), item.units, comparable(item.text, layout)) for item in report.items]
    assert read == [(item.number, comparable(item.task, layout), item.units, comparable(item.text, layout)) for item in items]
    assert len(items) > 10
    assert (report.title, report.place, report.period.code) == (title, government.place, f"{government.year}{period}")


@pytest.mark.parametrize("layout", LAYOUTS)
def test_sections_of_the_sample_are_sections_in_every_layout(renderer: ModuleType, tmp_path: Path, layout: str) -> None:
    title, rows = renderer.read_sample(renderer.SAMPLE / "rows.tsv")
    path = tmp_path / f"甲.{layout}"
    renderer.LAYOUTS[layout](path, title, rows)
    report = read_report(path)
    expected = []
    section = ""
    for row in rows:
        section = row.task if row.is_section else section
        expected += [] if row.is_section else [(row.number, comparable(row.task, layout), row.units, section)]
    assert [(item.number, comparable(item.task, layout), item.units, item.section) for item in report.items] == expected
    assert len({section for *_, section in expected}) > 1


def test_reports_of_a_government_are_rendered_in_turn(
    renderer: ModuleType, corpora: dict[str, tuple[Government, tuple[LabelledItem, ...]]], root: Path, tmp_path: Path
) -> None:
    year = corpora["yunxiu"][0].year
    written = renderer.render_corpora(tmp_path, root=root / "corpora", governments=["yunxiu"])
    assert [path.name for path in written] == [f"yunxiu-{year}q1.docx", f"yunxiu-{year}h1.xlsx", f"yunxiu-{year}q3.pdf", f"yunxiu-{year}fy.html"]
    assert [read_report(path).period.code for path in written] == [f"{year}{period}" for period in ("Q1", "H1", "Q3", "FY")]
