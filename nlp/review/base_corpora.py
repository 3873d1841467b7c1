"""The base corpora as the page 重新训练 shows them: places and counts, without reading a row."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from nlp.in_use import MODELS
from nlp.training.corpus import SPLITS, read_government
from nlp.training.held_out import DEV


@dataclass(frozen=True)
class BaseCorpora:
    """The folder of the base corpora: split -> names of its places, and how many rows it has of each; the folders of split dev."""

    folder: Path
    places: dict[str, tuple[str, ...]]
    rows: dict[str, int]
    dev: tuple[Path, ...]


def shipped_corpora() -> Path | None:
    """The corpora of the program, where it has any: a wheel has none."""
    folder = MODELS.parent / "corpora"
    return folder if folder.is_dir() else None


def read_base(folder: Path | None) -> BaseCorpora | None:
    """What the base corpora hold, None where there are none; raises `CorpusError` for a government that cannot be read."""
    paths = sorted(path.parent for path in folder.glob("*/government.toml")) if folder else []
    if folder is None or not paths:
        return None
    governments = [read_government(path) for path in paths]
    places: dict[str, tuple[str, ...]] = {}
    rows = {}
    for split in SPLITS:
        of_split = [government for government in governments if government.split == split]
        places[split] = tuple(government.place for government in of_split)
        rows[split] = sum(_count_lines(path) for government in of_split for path in government.folder.glob("*.jsonl"))
    return BaseCorpora(folder, places, rows, tuple(government.folder for government in governments if government.split == DEV))


def _count_lines(path: Path) -> int:
    return sum(bool(line.strip()) for line in path.read_bytes().split(b"\n"))
