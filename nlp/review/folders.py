"""Output folders of `ducha run`: the item rows in them, with what the run says of itself."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from nlp.errors import InputError, UsageError
from nlp.labels import SEVERITIES, STATUSES
from nlp.outputs.folder import RUN_FILE

ITEMS_FILE: Final = "items.jsonl"
_NEEDED: Final = frozenset(
    {"report", "number", "task", "units", "text", "period", "status", "basis", "severity", "statements", "problems", "probabilities", "source"}
)


@dataclass(frozen=True)
class Outputs:
    """The items of one report: file of the items, rows as they stand in it, id of model and yardstick (empty where unknown)."""

    path: Path
    rows: tuple[dict[str, Any], ...]
    model: str
    yardstick: str


def read_outputs(folder: Path) -> list[Outputs]:
    """The reports of an output folder: its own items, or those of the folders in it, sorted by name.

    Raises
    ------
    UsageError : no folder, or no items in it.
    InputError : a line is no item row; names file and line.
    """
    if not folder.is_dir():
        raise UsageError("没有这个文件夹", where=str(folder), remedy="请指定 ducha run 的输出文件夹")
    files = [folder / ITEMS_FILE] if (folder / ITEMS_FILE).is_file() else sorted(folder.glob(f"*/{ITEMS_FILE}"))
    if not files:
        raise UsageError(f"文件夹里没有 {ITEMS_FILE}", where=str(folder), remedy="请指定 ducha run 的输出文件夹，或先用 ducha run 判读报告")
    said = _run_record(folder)
    return [Outputs(path, read_rows(path), str(said.get("model") or ""), str(said.get("yardstick") or "")) for path in files]


def read_rows(path: Path) -> tuple[dict[str, Any], ...]:
    """The rows of an `items.jsonl`; raises `InputError` naming the line that is none, or that the file is empty."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"不能读取（{error}）", where=str(path)) from error
    rows = tuple(_row(line, where=f"{path} 第 {n} 行") for n, line in enumerate(text.split("\n"), start=1) if line.strip())
    if not rows:
        raise InputError("文件里没有任何一行", where=str(path))
    return rows


def _row(line: str, *, where: str) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except json.JSONDecodeError as error:
        raise InputError(f"不是 JSON（{error}）", where=where) from error
    if not isinstance(row, dict) or (missing := _NEEDED - row.keys()):
        raise InputError(f"不是 ducha 的任务行，缺少 {sorted(missing) if isinstance(row, dict) else '全部键'}", where=where)
    if not isinstance(row["text"], str) or not isinstance(row["task"], str) or not isinstance(row["units"], list):
        raise InputError("text、task 应为文字，units 应为列表", where=where)
    if row["status"] not in STATUSES or row["severity"] not in SEVERITIES:
        raise InputError(f"状态 {row['status']!r} 或严重程度 {row['severity']!r} 不在标签之列", where=where)
    _check_spans(row["statements"], len(row["text"]), where)
    _check_spans(row["problems"], len(row["text"]), where)
    return row


def _check_spans(parts: Sequence[Any], length: int, where: str) -> None:
    for part in parts:
        start, end = part.get("start"), part.get("end")
        if not (isinstance(start, int) and isinstance(end, int) and 0 <= start < end <= length):
            raise InputError(f"语句或问题的位置 [{start}, {end}) 不在正文的 {length} 字之内", where=where)


def _run_record(folder: Path) -> dict[str, Any]:
    """What `run.json` says; it stands beside the items or one folder above; nothing where there is none."""
    for path in (folder / RUN_FILE, folder.parent / RUN_FILE):
        try:
            said = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        if isinstance(said, dict):
            return said
    return {}
