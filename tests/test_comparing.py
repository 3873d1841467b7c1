"""The command `compare`, and `run --older`: outputs as promised, one clear line for what cannot be compared."""

from __future__ import annotations

import contextlib
import io
import json
import sys
from pathlib import Path
from typing import NamedTuple
from unittest.mock import patch

import openpyxl
import pytest

from nlp.cli import main
from tests.test_cli import HEADER

OLDER = (
    "1,建成东门大桥。,市交通局,桥墩在建。",
    "2,新建公园30个。,市园林局,建成公园8个。",
    "3,举办龙舟赛。,市体育局,拟定于五月举办。",
    "4,清理河道淤泥。,市水利局,正在清淤。",
)
NEWER = (
    "1,新建公园30个。,市园林局,累计建成公园16个。",
    "2,建成东门大桥。,市交通局,引桥征地受阻，业主对补偿有分歧。",
    "3,清理河道淤泥。,市水利局,正在清淤。",
    "4,培训养老护理员。,市民政局,正在报名。",
)
KEYS = ["number_older", "number_newer", "task", "units", "status_older", "status_newer", "changes", "similarity", "ambiguous", "evidence"]


class Done(NamedTuple):
    """What a command left behind."""

    returncode: int
    stdout: str
    stderr: str


def ducha(*arguments: object) -> Done:
    """The command in this process: a start of its own for each call would be most of the time."""
    code, out, err = 0, io.StringIO(), io.StringIO()
    with patch.object(sys, "argv", ["ducha", *map(str, arguments)]), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            main()
        except SystemExit as end:
            code = int(end.code or 0)
    return Done(code, out.getvalue(), err.getvalue())


@pytest.fixture
def quarters(write_csv) -> tuple[Path, Path]:
    """Two quarters of one place."""
    return write_csv(HEADER, *OLDER, name="云岫县2024年一季度.csv"), write_csv(HEADER, *NEWER, name="云岫县2024年上半年.csv")


def lines(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_two_reports_give_changes_a_workbook_and_a_record(quarters: tuple[Path, Path], tmp_path: Path) -> None:
    done = ducha("compare", *quarters, "--out", tmp_path / "out", "--model", "rules")
    assert (done.returncode, done.stderr) == (0, "")
    assert "转差 1" in done.stdout
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["changes.jsonl", "compare.xlsx", "run.json"]
    rows = lines(tmp_path / "out" / "changes.jsonl")
    assert [set(KEYS) - set(row) for row in rows] == [set()] * 3
    assert [(row["number_older"], row["number_newer"]) for row in rows] == [("2", "1"), ("1", "2"), ("4", "3")]
    assert [row["changes"] for row in rows] == [["moved"], ["worse"], ["stalled", "repeated"]]
    assert "8个→16个" in rows[0]["evidence"]
    run = json.loads((tmp_path / "out" / "run.json").read_text(encoding="utf-8"))
    assert [[task["number"] for task in run[kind]] for kind in ("new", "dropped")] == [["4"], ["3"]]
    book = openpyxl.load_workbook(tmp_path / "out" / "compare.xlsx")
    assert book.sheetnames == ["变化清单", "状态转移", "单位趋势", "新增与取消"]
    assert [cell.value for cell in book["变化清单"]["G"]][2:] == ["转差", "停滞、照抄上期", "推进"]
    assert {cell.data_type for sheet in book for row in sheet.iter_rows() for cell in row} <= {"s", "n"}


def test_an_output_folder_stands_for_its_report_and_older_adds_the_change(quarters: tuple[Path, Path], tmp_path: Path) -> None:
    assert ducha("run", quarters[0], "--out", tmp_path / "q1", "--model", "rules").returncode == 0
    assert ducha("run", quarters[1], "--out", tmp_path / "h1", "--model", "rules", "--older", tmp_path / "q1").returncode == 0
    assert [row["change"] for row in lines(tmp_path / "h1" / "items.jsonl")] == [
        {"names": ["moved"], "older_status": "in_progress", "older_number": "2"},
        {"names": ["worse"], "older_status": "in_progress", "older_number": "1"},
        {"names": ["stalled", "repeated"], "older_status": "in_progress", "older_number": "4"},
        {"names": ["new"], "older_status": None, "older_number": None},
    ]
    terms = [[term["name"] for term in row["risk"]["terms"]] for row in lines(tmp_path / "h1" / "items.jsonl")]
    assert ["repeated" in names for names in terms] == [False, False, True, False]
    for older, newer, name in ((tmp_path / "q1", tmp_path / "h1", "a"), (*quarters, "b")):
        assert ducha("compare", older, newer, "--out", tmp_path / name, "--model", "rules").returncode == 0
    assert lines(tmp_path / "a" / "changes.jsonl") == lines(tmp_path / "b" / "changes.jsonl")


def test_what_cannot_be_compared_gets_one_line_and_nothing_is_written(quarters: tuple[Path, Path], write_csv, tmp_path: Path) -> None:
    older, newer = quarters
    (tmp_path / "leer").mkdir()
    (tmp_path / "bad.jsonl").write_text('{"number": "1"}\n', encoding="utf-8")
    nameless = write_csv(HEADER, *OLDER, name="无期.csv")
    cases = [
        ((newer, older), 2, "新的一期（2024Q1）早于旧的一期（2024H1）。请把两份报告对调"),
        ((tmp_path / "leer", newer), 2, "没有 items.jsonl。请指定报告文件"),
        ((tmp_path / "bad.jsonl", newer), 1, "bad.jsonl 第 1 行：缺少键 source。请用 ducha run 重新判读"),
        ((nameless, newer), 2, "请加 --older-period，例如 --older-period 2023Q1"),
    ]
    for paths, code, message in cases:
        done = ducha("compare", *paths, "--out", tmp_path / "out", "--model", "rules")
        assert (done.returncode, done.stderr.count("\n")) == (code, 1)
        assert message in done.stderr
    assert not (tmp_path / "out").exists()
    assert ducha("run", older, newer, "--older", older, "--out", tmp_path / "out").stderr.startswith("错误：--older 只能用于一份报告")


def test_the_same_period_and_another_place_are_warned_of(write_csv, tmp_path: Path) -> None:
    other = write_csv("稷阳县2024年一季度重点任务进展情况,,,", HEADER, *OLDER, name="稷阳.csv")
    mine = write_csv("云岫县2024年一季度重点任务进展情况,,,", HEADER, *OLDER, name="云岫.csv")
    done = ducha("compare", mine, other, "--out", tmp_path / "out", "--model", "rules")
    assert done.returncode == 0
    assert done.stderr.splitlines() == [
        "提醒：两份报告是同一期（2024Q1），比较结果只说明文字异同",
        "提醒：两份报告不是一个地方（云岫县、稷阳县），对应关系未必成立",
    ]
    again = ducha("compare", mine, other, "--out", tmp_path / "out", "--model", "rules")
    assert (again.returncode, "加 --force 覆盖" in again.stderr) == (1, True)


def test_a_real_report_against_itself_is_all_copied(real_reports: Path, tmp_path: Path) -> None:
    report = real_reports / "huainan-2023q1.docx"
    assert ducha("compare", report, report, "--out", tmp_path / "out", "--model", "rules").returncode == 0
    rows = lines(tmp_path / "out" / "changes.jsonl")
    assert len(rows) == 262
    assert all("repeated" in row["changes"] and row["number_older"] == row["number_newer"] and not row["ambiguous"] for row in rows)
