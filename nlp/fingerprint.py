"""All on which the outputs of a run depend, and what differs between two runs in words that a user knows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import nlp
from nlp.in_use import manifest_hash
from nlp.plan import Chunk
from nlp.run_record import versions
from nlp.settings import Settings, Tools, file_hash

# Settings by the options that a user knows; what is a file is held against its contents instead.
_OPTIONS: Final = {"period": "--period", "columns": "--column", "formats": "--formats", "top": "--top", "units": "--unit", "lang": "--lang"}
_MOST_NAMED: Final = 3


def fingerprint(chunks: Sequence[Chunk], *, settings: Settings, tools: Tools) -> dict[str, Any]:
    """All on which the outputs of a run depend, as plain JSON values."""
    given = settings.to_json()
    return {
        "program": f"ducha {nlp.__version__}",
        "versions": versions(),
        "settings": {key: given[key] for key in _OPTIONS},
        "model": {"id": tools.model_id, "manifest": manifest_hash(Path(settings.model)) if settings.model else ""},
        "yardstick": tools.yardstick.id,
        "unit_aliases": file_hash(settings.unit_aliases),
        "chunks": [len(chunk.files) for chunk in chunks],
        "files": [{"path": file.path, "folder": file.folder, "size": file.size, "sha256": file.sha256} for chunk in chunks for file in chunk.files],
    }


def compare_heads(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """What differs between two fingerprints, one Chinese phrase each; nothing where they are equal."""
    said = []
    for name, what in (("program", "程序版本"), ("yardstick", "标尺")):
        if before.get(name) != now[name]:
            said.append(f"{what}上次为 {before.get(name)}，这次为 {now[name]}")
    if before.get("model") != now["model"]:
        old, new = (str((head.get("model") or {}).get("id")) for head in (before, now))
        said.append(f"模型上次为 {old}，这次为 {new}" if old != new else f"模型 {new} 的文件变了")
    if before.get("unit_aliases") != now["unit_aliases"]:
        said.append("--unit-aliases 的内容变了")
    for key, option in _OPTIONS.items():
        old, new = (head.get("settings", {}).get(key) for head in (before, now))
        if old != new:
            said.append(f"{option} 上次为 {_value(old)}，这次为 {_value(new)}")
    old, new = before.get("versions", {}), now["versions"]
    said += [f"{name} 上次为 {old.get(name)}，这次为 {version}" for name, version in new.items() if old.get(name) != version]
    said += _compare_files(before.get("files", []), now["files"])
    return said or ([] if before == now else ["文件的分组变了"])


def _compare_files(before: Iterable[Mapping[str, Any]], now: Iterable[Mapping[str, Any]]) -> list[str]:
    old, new = ({file["path"]: file for file in files} for files in (before, now))
    groups = {
        "多了": [path for path in new if path not in old],
        "少了": [path for path in old if path not in new],
        "内容变了": [path for path in new if path in old and new[path]["sha256"] != old[path]["sha256"]],
    }
    return [f"报告{what} {len(paths)} 份（{_named(paths)}）" for what, paths in groups.items() if paths]


def _named(paths: Sequence[str]) -> str:
    return "、".join(Path(path).name for path in paths[:_MOST_NAMED]) + (" 等" if len(paths) > _MOST_NAMED else "")


def _value(value: object) -> str:
    if isinstance(value, dict):
        return str(value.get("code"))
    if isinstance(value, list):
        return ",".join("=".join(map(str, part)) if isinstance(part, list) else str(part) for part in value) or "（无）"
    return "（无）" if value is None else str(value)
