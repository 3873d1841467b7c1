"""Outputs whole or not at all: files are written into a hidden folder beside the target, which takes their place at the end."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from nlp.errors import OutputError

# What this program writes; only a folder that holds nothing else is replaced by --force.
RUN_FILE: Final = "run.json"


def check_target(folder: Path, *, force: bool) -> None:
    """Refuse a folder that cannot take the outputs, before any work begins.

    Raises
    ------
    OutputError : the folder exists and `force` is off, holds files of others, or its parent cannot be written to.
    """
    if folder.exists() and not folder.is_dir():
        raise OutputError("已有同名文件", where=str(folder), remedy="请用 --out 指定另一个文件夹")
    if folder.is_dir() and any(folder.iterdir()):
        if not force:
            raise OutputError("输出文件夹已存在", where=str(folder), remedy="加 --force 覆盖，或用 --out 指定另一个文件夹")
        if not (folder / RUN_FILE).is_file():
            raise OutputError("文件夹里有别的文件，不是以前的输出", where=str(folder), remedy="请用 --out 指定另一个文件夹")
    parent = next(p for p in folder.absolute().parents if p.exists())
    if not os.access(parent, os.W_OK | os.X_OK) or not _can_write(parent):
        raise OutputError("没有写入权限", where=str(parent), remedy="请用 --out 指定可写的文件夹")


def _can_write(folder: Path) -> bool:
    try:
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


@contextmanager
def whole_folder(target: Path) -> Iterator[Path]:
    """A folder to write into; it becomes `target` when the block ends without an exception, else nothing is left of it.

    Raises
    ------
    OutputError : the finished folder cannot take its place; what stood there before stands again.
    """
    target = target.absolute()
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        staging = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    except OSError as error:
        raise OutputError(f"不能在此写入（{error.strerror}）", where=str(target.parent), remedy="请用 --out 指定可写的文件夹") from error
    old = staging.with_name(f"{staging.name}-old")
    try:
        yield staging
        staging.chmod(0o755)
        try:
            if target.exists():
                target.replace(old)
            staging.replace(target)
        except OSError as error:
            if old.exists() and not target.exists():
                old.replace(target)
            raise OutputError(f"不能换上新的输出（{error.strerror}）", where=str(target), remedy="请关闭正打开其中文件的程序（如 Excel）后重试") from error
    except OSError as error:
        raise OutputError(f"写入失败（{error.strerror}）", where=str(target), remedy="请检查磁盘空间和权限") from error
    finally:
        shutil.rmtree(staging, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)
