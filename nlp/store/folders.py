"""Output folders of `ducha run`: the item rows in them, with what the run says of itself."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from nlp.errors import InputError, UsageError
from nlp.labels import SEVERITIES, STATUSES
from nlp.outputs.folder import RUN_FILE
from nlp.report_facts import facts_of, kept_of
from nlp.store.engine import Store
from nlp.store.runs import Taken, take_run

ITEMS_FILE: Final = "items.jsonl"
_NEEDED: Final = frozenset(
    {"report", "number", "task", "units", "text", "period", "status", "basis", "severity", "statements", "problems", "probabilities", "source"}
)


@dataclass(frozen=True)
class Outputs:
    """The items of one report: file of the items, rows as they stand in it, id of model and yardstick (empty where unknown), `report_facts.kept_of`."""

    path: Path
    rows: tuple[dict[str, Any], ...]
    model: str
    yardstick: str
    kept: Mapping[str, Any]


def read_outputs(folder: Path) -> list[Outputs]:
    """The reports of an output folder: its own items, or those of the folders in it, sorted by name.

    Raises
    ------
    UsageError : no folder, or no items in it.
    InputError : a line is no item row, which is named; or `run.json` does not have the form of one.
    """
    if not folder.is_dir():
        raise UsageError("没有这个文件夹", where=str(folder), remedy="请指定 ducha run 的输出文件夹")
    files = _item_files(folder)
    if not files:
        raise UsageError(f"文件夹里没有 {ITEMS_FILE}", where=str(folder), remedy="请指定 ducha run 的输出文件夹，或先用 ducha run 判读报告")
    said = _run_record(folder)
    return [_outputs(path, said) for path in files]


def is_outputs(folder: Path) -> bool:
    """Whether there are items of a run in the folder."""
    return bool(_item_files(folder))


def _item_files(folder: Path) -> list[Path]:
    return [folder / ITEMS_FILE] if (folder / ITEMS_FILE).is_file() else sorted(folder.glob(f"*/{ITEMS_FILE}"))


def _outputs(path: Path, said: Mapping[str, Any]) -> Outputs:
    rows = read_rows(path)
    kept = kept_of(said, rows=rows, folder=path.parent.name)
    facts_of(kept, file=str(path.parent / RUN_FILE))
    return Outputs(path, rows, str(said.get("model") or ""), str(said.get("yardstick") or ""), kept)


def take_folder(store: Store, folder: Path, *, hashes: Mapping[str, str] | None = None) -> list[Taken]:
    """Take the reports of an output folder into the store, as they are there already or new.

    Parameters
    ----------
    hashes : file name -> SHA-256 of the report files that are at hand.

    Raises
    ------
    UsageError, InputError : as `read_outputs`; nothing was taken.
    """
    taken = []
    for outputs in read_outputs(folder):
        try:
            hashed = (hashes or {}).get(str(outputs.rows[0]["source"].get("file", "")), "")
            taken.append(take_run(store, outputs.rows, model=outputs.model, yardstick=outputs.yardstick, file_hash=hashed, kept=outputs.kept))
        except (KeyError, TypeError) as error:
            raise InputError(f"行的内容不对（{error}）", where=str(outputs.path)) from error
    return taken


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
