"""The labelling workbook: out and back without a change, and what it refuses."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest

from nlp.errors import CorpusError
from nlp.training.corpus import LabelledItem, read_corpora
from nlp.training.workbook import export_workbook, import_workbook


@pytest.fixture(scope="module")
def items(root: Path) -> list[LabelledItem]:
    _, found = next(read_corpora(root / "corpora"))
    return [item for item in found if item.period.endswith("H1")]


def edit(path: Path, sheet: str, cell: str, value: object) -> None:
    book = openpyxl.load_workbook(path)
    book[sheet][cell] = value
    book.save(path)


def test_a_quarter_comes_back_as_it_went(items: list[LabelledItem], tmp_path: Path) -> None:
    path = tmp_path / "label.xlsx"
    export_workbook(path, items)
    assert import_workbook(path, government=items[0].government, period=items[0].period) == items


def test_labels_have_drop_downs(items: list[LabelledItem], tmp_path: Path) -> None:
    export_workbook(tmp_path / "label.xlsx", items)
    sheet = openpyxl.load_workbook(tmp_path / "label.xlsx")["任务"]
    lists = {validation.formula1 for validation in sheet.data_validations.dataValidation}
    assert '"已完成,推进中,未启动,有风险"' in lists


def test_a_corrected_label_is_read(items: list[LabelledItem], tmp_path: Path) -> None:
    path = tmp_path / "label.xlsx"
    export_workbook(path, items)
    edit(path, "语句", "D2", "未启动")
    back = import_workbook(path, government=items[0].government, period=items[0].period)
    assert back[0].statements[0][1] == "not_started"
    assert back[1:] == items[1:]


@pytest.mark.parametrize(
    ("sheet", "cell", "value", "message"),
    [
        ("任务", "E3", "改了一个字", "“任务”第 3 行：编号、任务、单位或落实情况被改动过，只有白色的格子可以改。请恢复原文，或重新导出"),
        ("任务", "F3", "完成", "“任务”第 3 行：“状态”为“完成”，应为 已完成、推进中、未启动、有风险 之一"),
        ("语句", "C4", "另一句话", "“语句”第 4 行：语句与落实情况不符：另一句话。语句不可改动"),
        ("问题语句", "B2", "原文里没有的话", "“问题语句”第 2 行：“问题语句”不在原文里：原文里没有的话。请从原文逐字复制"),
        ("指标", "E2", "很多", "“指标”第 2 行：“目标值”为“很多”，应为数"),
        ("语句", "A2", "999", "“语句”：编号 999 不在“任务”表里"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_row(items: list[LabelledItem], tmp_path: Path, sheet: str, cell: str, value: str, message: str) -> None:
    path = tmp_path / "label.xlsx"
    export_workbook(path, items)
    edit(path, sheet, cell, value)
    with pytest.raises(CorpusError) as error:
        import_workbook(path, government="甲", period="2024H1")
    assert message in str(error.value)
