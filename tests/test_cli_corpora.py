"""The analysts' commands: audit, label; training is refused clearly where it cannot run."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import openpyxl

from tests.test_cli import HEADER, ROW, ducha


def test_the_audit_prints_counts_and_ends_well(root: Path) -> None:
    done = ducha("audit", root / "corpora")
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"^\d{4} 项，错误 0，提醒 0$", done.stdout, re.MULTILINE)


def test_the_audit_fails_on_a_contradiction(root: Path, tmp_path: Path) -> None:
    folder = tmp_path / "langang"
    shutil.copytree(root / "corpora" / "langang", folder)
    path = folder / "q1.jsonl"
    text = path.read_text(encoding="utf-8")
    path.write_text(
        text.replace('"status": "in_progress", "basis": null, "severity": 0', '"status": "in_progress", "basis": null, "severity": 3', 1), encoding="utf-8"
    )
    done = ducha("audit", tmp_path, "--no-counts")
    assert done.returncode == 1
    assert "状态 in_progress 与严重程度 3 不合" in done.stdout


def test_a_folder_without_corpora_is_refused(tmp_path: Path) -> None:
    done = ducha("audit", tmp_path)
    assert done.returncode == 1
    assert done.stderr.strip() == f"错误：{tmp_path}：没有找到语料（每个政府一个文件夹，内有 government.toml）"


def test_a_report_is_labelled_in_excel_and_read_back(write_csv, tmp_path: Path) -> None:
    book, corpus = tmp_path / "标注.xlsx", tmp_path / "某县" / "q1.jsonl"
    assert ducha("label", "export", write_csv(HEADER, ROW), "--out", book).returncode == 0
    again = ducha("label", "export", write_csv(HEADER, ROW), "--out", book)
    assert again.returncode == 1
    assert "文件已存在。加 --force 覆盖" in again.stderr
    assert ducha("label", "import", book, "--out", corpus).returncode == 0
    assert '"text": "{' in corpus.read_text(encoding="utf-8")


def test_corrections_in_the_workbook_of_a_run_come_back(write_csv, tmp_path: Path) -> None:
    corpus = tmp_path / "某县" / "q1.jsonl"
    assert ducha("run", write_csv(HEADER, ROW, "2,举办龙舟赛。,市体育局,拟定于五月举办。"), "--out", tmp_path / "out").returncode == 0
    path = tmp_path / "out" / "ducha.xlsx"
    empty = ducha("label", "import", path, "--out", corpus)
    assert empty.returncode == 1
    assert "没有填写更正。请在黄色的列里填写，或加 --all" in empty.stderr
    book = openpyxl.load_workbook(path)
    book["全部任务"]["I4"] = "推进中"
    book.save(path)
    done = ducha("label", "import", path, "--out", corpus)
    assert done.stdout.splitlines() == ["更正 1 行；未更正的 1 行没有写出", f"1 项已写入 {corpus}"]
    assert '"text": "{P}拟定于五月举办。"' in corpus.read_text(encoding="utf-8")
    assert ducha("label", "import", path, "--out", corpus, "--all", "--force").stdout.startswith("更正 1 行\n2 项已写入")


def test_an_unknown_split_is_bad_usage(root: Path) -> None:
    done = ducha("evaluate", root / "corpora", "--split", "validation")
    assert done.returncode == 2
    assert done.stderr.strip() == "错误：--split 为 validation，应为 train、dev、test 之一"
