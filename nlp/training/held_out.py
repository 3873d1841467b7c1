"""The labelled quarters on which a candidate is measured, and whether it has learned from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from nlp.errors import CorpusError, UsageError
from nlp.training.corpus import PERIODS, Government, LabelledItem, read_corpora, read_government, read_report

DEV: Final = "dev"
TEST: Final = "test"


@dataclass(frozen=True)
class HeldOut:
    """Items in the order of governments, periods and rows, and the SHA-256 of each quarter's file by `government/file`."""

    items: tuple[LabelledItem, ...]
    quarters: Mapping[str, str]

    @property
    def governments(self) -> tuple[str, ...]:
        """The governments, in the order of the quarters."""
        return tuple(dict.fromkeys(key.split("/")[0] for key in self.quarters))


def read_held_out(paths: Sequence[Path]) -> HeldOut:
    """What is held out: of a folder of governments those of split dev; a government, or one of its quarters (a .jsonl), named by itself whatever its split.

    Raises
    ------
    UsageError : the test government was named; it is for final figures, and a gate that looks at it often would wear it out.
    CorpusError : there is nothing held out, or a quarter breaks the format.
    """
    items: list[LabelledItem] = []
    quarters: dict[str, str] = {}
    for path in paths:
        for government, found, files in _read(path):
            if government.split == TEST:
                raise UsageError(f"{government.name} 属于 test，只用于最后衡量", where=str(path), remedy="请用 --held-out 指定别的语料")
            new = {f"{government.name}/{file.name}": file for file in files}
            if twice := new.keys() & quarters.keys():
                raise UsageError(f"{'、'.join(sorted(twice))} 指定了两次", where=str(path))
            quarters |= {key: sha256(file.read_bytes()).hexdigest() for key, file in new.items()}
            items += found
    if not items:
        raise CorpusError(
            "没有留出的语料",
            where="、".join(map(str, paths)),
            remedy="请用 --held-out 指定：含有 dev 政府的文件夹、一个政府的文件夹，或其中一个季度的 jsonl",
        )
    return HeldOut(tuple(items), quarters)


def _read(path: Path) -> list[tuple[Government, list[LabelledItem], list[Path]]]:
    if path.suffix == ".jsonl":
        if path.stem not in PERIODS or not path.is_file():
            raise CorpusError("没有这个季度", where=str(path), remedy=f"文件名应为 {'、'.join(f'{code}.jsonl' for code in PERIODS)} 之一")
        government = read_government(path.parent)
        return [(government, read_report(path, government=government.name, period=government.period(path.stem)), [path])]
    is_one = (path / "government.toml").is_file()
    read = [(government, items) for government, items in read_corpora(path) if is_one or government.split == DEV]
    return [(government, items, [file for code in PERIODS if (file := government.folder / f"{code}.jsonl").is_file()]) for government, items in read]


def learned_from(manifest: Mapping[str, Any], held_out: HeldOut) -> list[str] | None:
    """The held-out quarters that a model, or one whose weights it went on from, was trained on; None where its manifest does not say what it learned from.

    A quarter counts by its name and by its contents. A government of which other quarters were trained on may be held out; one that the manifest
    names without saying which of its quarters may not.
    """
    found: set[str] = set()
    for part in (manifest, manifest.get("inherited", {})):
        train, corpora = part.get("train"), part.get("corpora", {})
        if part is manifest and not isinstance(train, list):
            return None
        learned = {key: contents for key, contents in corpora.items() if key.split("/")[0] in (train or [])}
        named = set(train or []) - {key.split("/")[0] for key in learned}
        hashes = set(learned.values())
        found |= {key for key, contents in held_out.quarters.items() if key in learned or contents in hashes or key.split("/")[0] in named}
    return sorted(found)


def chosen_on(manifest: Mapping[str, Any], held_out: HeldOut) -> list[str]:
    """The held-out governments on which a model's best epoch, temperatures and thresholds were chosen: they flatter it a little."""
    return [name for name in held_out.governments if name in manifest.get("dev", [])]
