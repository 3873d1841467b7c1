"""Outputs are written whole or not at all."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from nlp.errors import OutputError
from nlp.outputs.folder import RUN_FILE, check_target, whole_folder


def test_a_finished_folder_takes_its_place(tmp_path: Path) -> None:
    with whole_folder(tmp_path / "new" / "out") as folder:
        (folder / RUN_FILE).write_text("{}", encoding="utf-8")
        assert not (tmp_path / "new" / "out").exists()
    assert [p.name for p in (tmp_path / "new").iterdir()] == ["out"]


def test_a_failure_leaves_the_old_outputs_and_nothing_else(tmp_path: Path) -> None:
    target = tmp_path / "out"
    target.mkdir()
    (target / RUN_FILE).write_text("old", encoding="utf-8")
    with pytest.raises(ZeroDivisionError), whole_folder(target) as folder:
        (folder / RUN_FILE).write_text("new", encoding="utf-8")
        raise ZeroDivisionError
    assert [p.name for p in tmp_path.iterdir()] == ["out"]
    assert (target / RUN_FILE).read_text(encoding="utf-8") == "old"


def test_old_outputs_are_replaced_whole(tmp_path: Path) -> None:
    target = tmp_path / "out"
    for name in ("first", "second"):
        with whole_folder(target) as folder:
            (folder / name).write_text(name, encoding="utf-8")
    assert [p.name for p in target.iterdir()] == ["second"]


def test_targets_that_are_refused(tmp_path: Path) -> None:
    full = tmp_path / "full"
    full.mkdir()
    (full / "photo.jpg").write_text("x", encoding="utf-8")
    with pytest.raises(OutputError, match="输出文件夹已存在。加 --force 覆盖"):
        check_target(full, force=False)
    with pytest.raises(OutputError, match="不是以前的输出"):
        check_target(full, force=True)
    with pytest.raises(OutputError, match="已有同名文件"):
        check_target(full / "photo.jpg", force=True)
    (full / RUN_FILE).write_text("{}", encoding="utf-8")
    check_target(full, force=True)


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="needs a user whom folder permissions bind")
def test_a_read_only_folder_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o555)
    try:
        with pytest.raises(OutputError, match="没有写入权限"):
            check_target(tmp_path / "out", force=False)
    finally:
        tmp_path.chmod(0o755)


def test_a_folder_where_no_file_can_be_made_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nlp.outputs.folder._can_write", lambda _: False)
    with pytest.raises(OutputError, match="没有写入权限"):
        check_target(tmp_path / "out", force=False)
