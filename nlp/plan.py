"""Files of a run in chunks: which are judged together, and where the outputs of each stand. It depends on the list of files alone."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from nlp.settings import file_hash

# Some hundred rows a chunk: enough to sort them by length, little enough to lose and to hold three at a time.
MOST_FILES: Final = 8
MOST_BYTES: Final = 80_000
_HASHERS: Final = 4
# What stands in the folder of the outputs beside those of the reports.
_RESERVED: Final = frozenset({"run.json", "summary.xlsx", "summary.html", "risks.jsonl", "items.jsonl", "items.csv"})


@dataclass(frozen=True)
class Input:
    """A report file: absolute path, name of the folder of its outputs, bytes, SHA-256 (empty where it could not be read)."""

    path: str
    folder: str
    size: int
    sha256: str

    @property
    def name(self) -> str:
        """The file's name, by which people know it."""
        return Path(self.path).name


@dataclass(frozen=True)
class Chunk:
    """Files that are judged together; `number` counts from 0."""

    number: int
    files: tuple[Input, ...]


def plan(files: Sequence[Path]) -> tuple[Chunk, ...]:
    """The files in chunks: in the order of their paths, so many and so many bytes together; it depends on the files alone."""
    ordered = sorted(dict.fromkeys(Path(os.path.abspath(path)) for path in files), key=lambda path: path.as_posix())  # noqa: PTH100
    with ThreadPoolExecutor(_HASHERS) as pool:
        hashes = list(pool.map(file_hash, ordered))
    inputs = [
        Input(str(path), folder, path.stat().st_size if found else 0, found) for path, folder, found in zip(ordered, folder_names(ordered), hashes, strict=True)
    ]
    groups: list[list[Input]] = []
    for file in inputs:
        if groups and len(groups[-1]) < MOST_FILES and sum(other.size for other in groups[-1]) + file.size <= MOST_BYTES:
            groups[-1].append(file)
        else:
            groups.append([file])
    return tuple(Chunk(number, tuple(group)) for number, group in enumerate(groups))


def folder_names(files: Sequence[Path]) -> list[str]:
    """A folder name a file: its name without the ending; with the ending, then with the folders above it, where two would share one.

    Names that differ in letter case alone count as one: they are one on Windows.
    """
    ways: list[Callable[[Path], str]] = [lambda path: path.stem, lambda path: path.name.replace(".", "_")]
    deepest = max((len(path.parts) for path in files), default=0)
    ways += [lambda path, n=n: "_".join((*path.parts[-n - 1 : -1], path.name.replace(".", "_"))) for n in range(1, deepest)]  # type: ignore[misc]
    chosen: dict[Path, str] = {}
    taken = {name.casefold() for name in _RESERVED}
    rest = list(files)
    for way in ways:
        names = {path: "".join("_" if c in '<>:"/\\|?*' or ord(c) < 32 else c for c in way(path)).strip(" .") or "_" for path in rest}
        counts = Counter(name.casefold() for name in names.values())
        settled = {path: name for path, name in names.items() if counts[name.casefold()] == 1 and name.casefold() not in taken}
        chosen |= settled
        taken |= {name.casefold() for name in settled.values()}
        rest = [path for path in rest if path not in chosen]
    chosen |= {path: f"{n}_{path.name.replace('.', '_')}" for n, path in enumerate(rest, start=1)}
    return [chosen[path] for path in files]
