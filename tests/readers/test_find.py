"""Files, folders and patterns: which files of them are reports."""

from __future__ import annotations

from pathlib import Path

import pytest

from nlp.errors import UsageError
from nlp.readers.find import find_reports


def touch(folder: Path, *names: str) -> list[Path]:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    return [folder / name for name in names]


def test_a_folder_gives_what_lies_in_it_and_below_it(tmp_path: Path) -> None:
    wanted = touch(tmp_path, "乙县/一季度.csv", "乙县/旧/一季度.xlsx", "甲市.DOCX")
    touch(tmp_path, "说明.md", ".隐藏.csv", "~$甲市.docx", ".git/报告.csv", "图.png")
    assert find_reports([tmp_path]) == sorted(wanted)


def test_outputs_of_this_program_are_no_reports(tmp_path: Path) -> None:
    (report,) = touch(tmp_path, "甲市.csv")
    touch(
        tmp_path, "ducha-output/run.json", "ducha-output/甲市/ducha.xlsx", "ducha-output.partial/ledger.jsonl", "ducha-output.partial/reports/甲市/ducha.html"
    )
    assert find_reports([tmp_path]) == [report]
    with pytest.raises(UsageError, match="文件夹里没有报告文件"):
        find_reports([tmp_path / "ducha-output"])


def test_a_pattern_that_no_shell_took_up(tmp_path: Path) -> None:
    first, second, below = touch(tmp_path, "a1.csv", "a2.csv", "b/a3.csv")
    touch(tmp_path, "a4.md")
    assert find_reports([tmp_path / "a*"]) == [first, second]
    assert find_reports([tmp_path / "**" / "a[13].csv"]) == [first, below]
    with pytest.raises(UsageError, match=r"没有符合的报告文件.*核对通配符"):
        find_reports([tmp_path / "c*.csv"])


def test_a_file_whose_name_looks_like_a_pattern_is_itself(tmp_path: Path) -> None:
    (report,) = touch(tmp_path, "报告[1].csv")
    assert find_reports([report]) == [report]


def test_each_file_once_in_the_order_given_and_missing_ones_are_kept(tmp_path: Path) -> None:
    first, second = touch(tmp_path, "b.csv", "a.csv")
    missing = tmp_path / "none.csv"
    assert find_reports([first, missing, tmp_path, tmp_path / "." / "b.csv"]) == [first, missing, second]
    with pytest.raises(UsageError, match="没有指定报告文件"):
        find_reports([])
