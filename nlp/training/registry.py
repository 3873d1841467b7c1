"""The models folder: what lies in it, and the change of the model in use, which is one small file put in place of another.

No model is ever changed by a promotion or a rollback. `current.json` holds the change itself, so that `log.jsonl`, written after it, can be made
whole by the next change where a run was killed between the two.
"""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from nlp.annotate.encoder import CHECKED, MANIFEST, WEIGHTS
from nlp.errors import GateError, ModelError, OutputError, UsageError
from nlp.in_use import CURRENT, Place, Use, manifest_hash, read_use
from nlp.lock import locked

LOG: Final = "log.jsonl"
METRICS: Final = "metrics.json"
PROMOTE: Final = "promote"
ROLLBACK: Final = "rollback"
# How many changes can be taken back.
_MOST_BEFORE: Final = 50
_BUSY: Final = "另一个 ducha models 正在更换模型"


@dataclass(frozen=True)
class Verdict:
    """What a gate says of a candidate: why it must not be used (nothing where it may), and the figures for the log."""

    refusals: tuple[str, ...] = ()
    figures: Mapping[str, Any] = field(default_factory=dict)


# Candidate and model in use (None where none can be compared) -> verdict.
Judge = Callable[[Path, Path | None], Verdict]


@dataclass(frozen=True)
class Listing:
    """A model folder with its manifest and dev figures (empty where they cannot be read), bytes, date (YYYY-MM-DD), and what is wrong with it."""

    name: str
    in_use: bool
    manifest: Mapping[str, Any]
    dev: Mapping[str, Any]
    size: int
    date: str
    fault: str


def fault_of(folder: Path, *, manifest: str = "") -> str:
    """What is wrong with a model folder, empty where every file is as its manifest says.

    Parameters
    ----------
    manifest : hash that the manifest must have; empty for any.
    """
    if not folder.is_dir():
        return "文件夹不在了"
    files = _files(folder)
    if not files:
        return f"{MANIFEST} 缺失或读不出来"
    for name in dict.fromkeys((*CHECKED, *files)):
        try:
            found = sha256((folder / name).read_bytes()).hexdigest()
        except OSError:
            return f"缺少文件 {name}"
        if found != files.get(name):
            return f"文件 {name} 与清单不符"
    return "清单被改动过" if manifest and manifest_hash(folder) != manifest else ""


def find_models(models: Path) -> list[Path]:
    """The model folders of a models folder, by name; a base encoder is none, hidden folders are left out.

    Raises
    ------
    ModelError : there is no such folder.
    """
    if not models.is_dir():
        raise ModelError("没有这个模型文件夹", where=str(models), remedy="请用 --models 指定")
    folders = sorted(path for path in models.iterdir() if path.is_dir() and not path.name.startswith("."))
    return [folder for folder in folders if (folder / WEIGHTS).exists() or WEIGHTS in _files(folder)]


def list_models(models: Path) -> list[Listing]:
    """Every model of the folder; one that is in use but gone stands in the list too. Raises `ModelError` as `find_models` and `read_use` do."""
    folders, use = find_models(models), read_use(models)
    if use and models / use.place.model not in folders:
        folders.append(models / use.place.model)
    return [_listing(folder, use) for folder in folders]


def _listing(folder: Path, use: Use | None) -> Listing:
    in_use = use is not None and use.place.model == folder.name
    manifest = _read_object(folder / MANIFEST)
    files = [path for path in folder.iterdir() if path.is_file()] if folder.is_dir() else []
    made = max((path.stat().st_mtime for path in files), default=None)
    date = manifest.get("date") or (datetime.fromtimestamp(made).date().isoformat() if made else "")
    fault = fault_of(folder, manifest=use.place.manifest if use and in_use else "")
    return Listing(folder.name, in_use, manifest, _read_object(folder / METRICS).get("dev", {}), sum(path.stat().st_size for path in files), str(date), fault)


def candidate_name(given: str, *, models: Path) -> str:
    """The name, in the models folder, of a model given by its name or its path.

    Raises
    ------
    UsageError : it does not lie in the models folder.
    """
    path = Path(given)
    if path.is_dir() and path.resolve().parent == models.resolve():
        return path.resolve().name
    if path.name == given and not given.startswith(".") and (models / given).is_dir():
        return given
    if path.is_dir():
        raise UsageError(f"候选模型不在模型文件夹 {models} 里", where=given, remedy="请先把整个文件夹放进去，或用 --models 指定它所在的文件夹")
    raise UsageError("没有这个模型", where=given, remedy="ducha models list 列出已有的模型")


def promote(models: Path, *, name: str, judge: Judge, by: str, why: str = "", force: bool = False) -> Mapping[str, Any]:
    """Put a model to use that is whole and that the judge lets through, and give back the log entry; a refusal changes nothing.

    Parameters
    ----------
    name : folder of the candidate in the models folder.
    force : use it although the judge refuses; a damaged one is never used.

    Raises
    ------
    ModelError : the candidate is damaged. GateError : it was refused. UsageError : it is in use. OutputError : another change is under way.
    """
    folder = models / name
    with locked(models, by=by, what=_BUSY):
        use = read_use(models)
        place = Place(name, manifest_hash(folder))
        _check(folder, place)
        if use and use.place == place:
            raise UsageError(f"{name} 已经在用")
        current = models / use.place.model if use else None
        refusals: tuple[str, ...] = ()
        if use and current and (fault := fault_of(current, manifest=use.place.manifest)):
            refusals, current = (f"在用的 {use.place.model} 已损坏（{fault}），无法与它比较",), None
        verdict = judge(folder, current)
        refusals += verdict.refusals
        if refusals and not force:
            raise GateError("；".join(refusals), where=name, remedy="模型没有换。仍要换上请加 --force --why 理由")
        # The judge may have taken minutes: what is put to use must be what was judged.
        _check(folder, place)
        entry = _entry(PROMOTE, by=by, source=use.place.model if use else None, target=place, why=why)
        entry |= {"forced": force, "refusals": list(refusals), "figures": dict(verdict.figures)}
        before = (use.place, *use.before)[:_MOST_BEFORE] if use else ()
        _switch(models, Use(place, entry["when"], by, before, entry), former=use)
    return entry


def rollback(models: Path, *, by: str, why: str = "") -> Mapping[str, Any]:
    """Go back to the model that was in use before this one, and give back the log entry.

    Raises
    ------
    ModelError : there was none, or it is damaged or changed since; nothing is changed. OutputError : another change is under way.
    """
    with locked(models, by=by, what=_BUSY):
        use = read_use(models)
        if use is None or not use.before:
            raise ModelError("在这之前没有用过别的模型", where=str(models), remedy="ducha models list --log 列出历次更换")
        place, *rest = use.before
        _check(models / place.model, place)
        entry = _entry(ROLLBACK, by=by, source=use.place.model, target=place, why=why) | {"forced": False, "refusals": [], "figures": {}}
        _switch(models, Use(place, entry["when"], by, tuple(rest), entry), former=use)
    return entry


def history(models: Path) -> list[Mapping[str, Any]]:
    """The changes of the model in use, oldest first; raises `ModelError` for a line of the log that cannot be read."""
    use = read_use(models)
    entries = []
    for n, line in enumerate(_log_lines(models, use), start=1):
        try:
            entry = json.loads(line)
        except ValueError as error:
            raise ModelError("不是 JSON", where=f"{models / LOG} 第 {n} 行", remedy="请改正或删去这一行") from error
        entries.append(entry)
    return entries


def _check(folder: Path, place: Place) -> None:
    if fault := fault_of(folder, manifest=place.manifest):
        raise ModelError(f"{fault}，不能换上", where=str(folder), remedy="模型没有换。请重新取得或重新训练这个模型")


def _entry(what: str, *, by: str, source: str | None, target: Place, why: str) -> dict[str, Any]:
    when = datetime.now().astimezone().isoformat(timespec="milliseconds")
    return {"when": when, "by": by, "what": what, "from": source, "to": target.model, "manifest": target.manifest, "why": why}


def _switch(models: Path, use: Use, *, former: Use | None) -> None:
    """The change itself: one file replaced. What is written to the log before it is only what an earlier run left out."""
    lines = _log_lines(models, former)
    if former and former.change:
        # Else a run killed twice in a row would lose it.
        _write_whole(models / LOG, lines)
    record = {
        **dataclasses.asdict(use.place),
        "since": use.since,
        "by": use.by,
        "before": [dataclasses.asdict(place) for place in use.before],
        "change": dict(use.change),
    }
    _write_whole(models / CURRENT, [json.dumps(record, ensure_ascii=False, indent=1)])
    _write_whole(models / LOG, [*lines, _line(use.change)])


def _log_lines(models: Path, use: Use | None) -> list[str]:
    """The lines of the log, with the last change where a run was killed before it was written there."""
    path = models / LOG
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line.strip()] if path.is_file() else []
    if use and use.change and _line(use.change) not in lines:
        lines.append(_line(use.change))
    return lines


def _line(entry: Mapping[str, Any]) -> str:
    return json.dumps(entry, ensure_ascii=False)


def _write_whole(path: Path, lines: Sequence[str]) -> None:
    """A text file, on the disk before it takes the place of the older one: at every moment one of the two is there, whole."""
    # Only the holder of the lock writes here.
    temporary = path.with_name(f".{path.name}-new")
    try:
        with temporary.open("w", encoding="utf-8", newline="\n") as file:
            file.write("".join(f"{line}\n" for line in lines))
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        if os.name == "posix":
            handle = os.open(path.parent, os.O_RDONLY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)
    except OSError as error:
        raise OutputError(f"写入失败（{error.strerror}）", where=str(path), remedy="请检查磁盘空间和权限") from error


def _files(folder: Path) -> dict[str, Any]:
    """The files of a model with their hashes, as its manifest names them; empty where it cannot be read."""
    files = _read_object(folder / MANIFEST).get("files")
    return files if isinstance(files, dict) else {}


def _read_object(path: Path) -> dict[str, Any]:
    """A JSON object from a file, empty where there is none that can be read."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}
