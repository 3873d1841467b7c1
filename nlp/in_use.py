"""Which model is in use: read from `models/current.json`, written by nothing but `nlp/training/registry.py`. Loads no model."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import nlp
from nlp.errors import ModelError

# Where the models lie in a checkout, a folder each; a wheel has none, there --model names one.
MODELS: Final = Path(nlp.__file__).resolve().parent.parent / "models"
CURRENT: Final = "current.json"
# In use as long as nothing was promoted.
SHIPPED: Final = "status"
_MANIFEST: Final = "manifest.json"
_REMEDY: Final = "请用 ducha models rollback 退回，或用 --model 指定一个，或用 --model rules 只按规则判读"


@dataclass(frozen=True)
class Place:
    """A model by the name of its folder, and the hash that its manifest had when it was put to use (empty where none was read)."""

    model: str
    manifest: str


@dataclass(frozen=True)
class Use:
    """The model in use, since when and by whom (empty for the shipped one), those in use before (latest first), and the log entry of the change."""

    place: Place
    since: str = ""
    by: str = ""
    before: tuple[Place, ...] = ()
    change: Mapping[str, Any] = field(default_factory=dict)


def manifest_hash(folder: Path) -> str:
    """SHA-256 of a model's manifest, which holds the hashes of all its files; empty where it cannot be read."""
    try:
        return sha256((folder / _MANIFEST).read_bytes()).hexdigest()
    except OSError:
        return ""


def read_use(models: Path) -> Use | None:
    """What `current.json` says, the shipped model where there is no such file, None where there is neither.

    Raises
    ------
    ModelError : the file cannot be read as what it should be.
    """
    path = models / CURRENT
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        shipped = models / SHIPPED
        return Use(Place(SHIPPED, manifest_hash(shipped))) if shipped.is_dir() else None
    except (OSError, UnicodeDecodeError) as error:
        raise ModelError(f"读不出来（{type(error).__name__}）", where=str(path), remedy=_REMEDY) from error
    try:
        record = json.loads(text)
        before = tuple(_place(entry) for entry in record["before"])
        return Use(_place(record), str(record["since"]), str(record["by"]), before, dict(record["change"]))
    except (ValueError, KeyError, TypeError) as error:
        raise ModelError("不是 ducha models 写的样子", where=str(path), remedy=f"请照 log.jsonl 改回，或删去它而用 {models / SHIPPED}") from error


def _place(record: Mapping[str, Any]) -> Place:
    name = record["model"]
    # A folder of the models folder, never a path that leads out of it.
    if not isinstance(name, str) or name != Path(name).name or name.startswith("."):
        raise ValueError(name)
    return Place(name, str(record["manifest"]))


def model_in_use(models: Path | None = None) -> Path | None:
    """The folder of the model in use among those of a folder, `MODELS` where none is given; None where there is none.

    Raises
    ------
    ModelError : `current.json` is malformed, or the model that it names is gone or no longer the one that was put to use.
    """
    models = models or MODELS
    use = read_use(models)
    if use is None:
        return None
    folder = models / use.place.model
    if not folder.is_dir():
        raise ModelError("在用的模型不在了", where=str(folder), remedy=_REMEDY)
    if use.place.manifest and manifest_hash(folder) != use.place.manifest:
        raise ModelError("在用的模型在换上之后被改动过", where=str(folder), remedy=_REMEDY)
    return folder
