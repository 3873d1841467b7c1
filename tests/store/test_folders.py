"""Output folders are read or refused with the line that is wrong."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from nlp.errors import InputError, UsageError
from nlp.store.folders import read_outputs
from tests.store.conftest import make_row, make_rows


@pytest.fixture
def outputs(tmp_path: Path) -> Path:
    """An output folder with twenty rows."""
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / "items.jsonl").write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in make_rows(20)), encoding="utf-8")
    (folder / "run.json").write_text('{"model": "status-x", "yardstick": "guide"}', encoding="utf-8")
    return folder


def test_the_outputs_of_several_reports_are_read_with_what_the_run_says(outputs: Path) -> None:
    (outputs / "乙").mkdir()
    (outputs / "甲").mkdir()
    for name in ("甲", "乙"):
        (outputs / name / "items.jsonl").write_text(json.dumps(make_row(1)), encoding="utf-8")
    (outputs / "items.jsonl").unlink()
    read = read_outputs(outputs)
    assert [(one.path.parent.name, len(one.rows), one.model, one.yardstick) for one in read] == [("乙", 1, "status-x", "guide"), ("甲", 1, "status-x", "guide")]


def test_a_folder_without_items_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"没有 items.jsonl"):
        read_outputs(tmp_path)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("", "没有任何一行"),
        ("{", "不是 JSON"),
        ("[]", "不是 ducha 的任务行"),
        ('{"task": 1}', "缺少"),
        (json.dumps({**make_row(1), "status": "done"}), "不在标签之列"),
        (json.dumps({**make_row(1), "text": "短"}), "不在正文的 1 字之内"),
        (json.dumps({**make_row(1), "units": "市住建局"}), "units 应为列表"),
    ],
)
def test_a_line_that_is_no_row_is_named(tmp_path: Path, line: str, said: str) -> None:
    (tmp_path / "items.jsonl").write_text(line, encoding="utf-8")
    with pytest.raises(InputError, match=said):
        read_outputs(tmp_path)
