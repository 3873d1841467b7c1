"""Labelled quarters: read, check, write. The format is described in `corpora/README.md`.

A corpus is a folder of governments; a government is a folder with `government.toml` and one JSONL file a period.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from nlp.errors import CorpusError
from nlp.labels import AT_RISK, BASES, SEVERITIES, STATUSES, TARGET_KINDS, VERDICTS
from nlp.text import Span
from nlp.training.markup import label_statements, read_marks, write_marks

SPLITS: Final = ("train", "dev", "test")
PERIODS: Final = {"q1": 0.25, "h1": 0.5, "q3": 0.75, "fy": 1.0}
LONGEST_GIST: Final = 40
LONGEST_WITHOUT_GIST: Final = 60
_REQUIRED: Final = {"id", "number", "task", "units", "text", "status", "basis", "severity"}
_OPTIONAL: Final = {"pairs", "gist", "note"}
_PAIR_KEYS: Final = {"name", "kind", "target", "result", "verdict"}


@dataclass(frozen=True)
class LabelledPair:
    """A target of the task with the result that the status text gives; values in the target's unit, a fall below zero."""

    name: str
    kind: str
    target: float
    result: float
    verdict: str
    task_span: Span
    text_span: Span


@dataclass(frozen=True)
class LabelledItem:
    """One row of a report with its labels; `id` names the same task in every period of a government."""

    government: str
    period: str
    id: str
    number: str
    task: str
    units: tuple[str, ...]
    text: str
    status: str
    basis: str | None
    severity: int
    statements: tuple[tuple[Span, str], ...]
    problems: tuple[tuple[Span, str], ...]
    pairs: tuple[LabelledPair, ...]
    gist: str

    @property
    def key(self) -> str:
        """Government, period and id: unique over all corpora."""
        return f"{self.government}/{self.period}/{self.id}"

    @property
    def elapsed(self) -> float:
        """The share of the year that the item's report covers, in (0, 1]."""
        return PERIODS[self.period[4:].lower()]


@dataclass(frozen=True)
class Government:
    """A fictional government whose reports make up one folder of the corpora."""

    name: str
    folder: Path
    place: str
    year: int
    split: str

    def period(self, code: str) -> str:
        """The period code of a report (`2024Q1`) for a file name without suffix (`q1`)."""
        return f"{self.year}{code.upper()}"


def read_item(record: dict[str, Any], *, government: str, period: str, where: str) -> LabelledItem:
    """One line of a corpus file as a labelled item.

    Raises
    ------
    CorpusError : a key is missing or unknown, a label is not in the guide, a mark does not fit the text.
    """
    missing, unknown = _REQUIRED - record.keys(), record.keys() - _REQUIRED - _OPTIONAL
    if missing or unknown:
        raise CorpusError(f"缺少键 {sorted(missing)}，多出键 {sorted(unknown)}", where=where)
    _one_of(record["status"], STATUSES, "status", where)
    _one_of(record["basis"], (*BASES, None), "basis", where)
    _one_of(record["severity"], SEVERITIES, "severity", where)
    if (record["status"] == AT_RISK) != (record["basis"] is not None):
        raise CorpusError(f"status 为 {record['status']} 而 basis 为 {record['basis']}：只有 at_risk 带 basis", where=where)
    if not record["units"] or not all(isinstance(unit, str) and unit for unit in record["units"]):
        raise CorpusError("units 应为非空的单位名称列表", where=where)
    task, text = read_marks(record["task"], where=where), read_marks(record["text"], where=where)
    gist = record.get("gist", "")
    if len(gist) > LONGEST_GIST:
        raise CorpusError(f"gist 有 {len(gist)} 字，至多 {LONGEST_GIST} 字", where=where)
    # An empty gist in so many words says that nobody wrote one, as in rows corrected in the workbook of a run.
    if len(text.text) > LONGEST_WITHOUT_GIST and "gist" not in record:
        raise CorpusError(f"text 有 {len(text.text)} 字而没有 gist", where=where)
    pairs = record.get("pairs", [])
    if set(task.numbered) != set(range(1, len(pairs) + 1)) or set(text.numbered) != set(task.numbered):
        raise CorpusError(f"pairs 有 {len(pairs)} 对，task 标记 {sorted(task.numbered)}，text 标记 {sorted(text.numbered)}", where=where)
    return LabelledItem(
        government=government,
        period=period,
        id=str(record["id"]),
        number=str(record["number"]),
        task=task.text,
        units=tuple(record["units"]),
        text=text.text,
        status=record["status"],
        basis=record["basis"],
        severity=record["severity"],
        statements=label_statements(text, where=where),
        problems=text.problems,
        pairs=tuple(_read_pair(pair, task.numbered[n], text.numbered[n], where) for n, pair in enumerate(pairs, start=1)),
        gist=gist,
    )


def _read_pair(pair: dict[str, Any], task_span: Span, text_span: Span, where: str) -> LabelledPair:
    if pair.keys() != _PAIR_KEYS:
        raise CorpusError(f"pairs 的键应为 {sorted(_PAIR_KEYS)}，实为 {sorted(pair)}", where=where)
    _one_of(pair["kind"], TARGET_KINDS, "kind", where)
    _one_of(pair["verdict"], VERDICTS, "verdict", where)
    return LabelledPair(pair["name"], pair["kind"], float(pair["target"]), float(pair["result"]), pair["verdict"], task_span, text_span)


def _one_of(value: object, allowed: tuple[object, ...], name: str, where: str) -> None:
    if value not in allowed:
        raise CorpusError(f"{name} 为 {value!r}，应为 {'、'.join(map(str, allowed))} 之一", where=where)


def read_report(path: Path, *, government: str, period: str) -> list[LabelledItem]:
    """The labelled items of one JSONL file, in report order; raises `CorpusError` naming file and line."""
    items: list[LabelledItem] = []
    for n, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        where = f"{path.name} 第 {n} 行"
        try:
            record = json.loads(line)
        except json.JSONDecodeError as error:
            raise CorpusError(f"不是 JSON（{error}）", where=where) from error
        items.append(read_item(record, government=government, period=period, where=where))
    return items


def read_government(folder: Path) -> Government:
    """What `government.toml` in the folder says; raises `CorpusError` for a missing file or an unknown split."""
    path = folder / "government.toml"
    if not path.is_file():
        raise CorpusError("缺少 government.toml", where=str(folder))
    settings = tomllib.loads(path.read_text(encoding="utf-8"))
    _one_of(settings.get("split"), SPLITS, "split", str(path))
    return Government(folder.name, folder, settings["place"], settings["year"], settings["split"])


def read_corpora(root: Path) -> Iterator[tuple[Government, list[LabelledItem]]]:
    """Every government below `root` (or `root` itself) with its items in the order of periods and rows."""
    folders = [root] if (root / "government.toml").is_file() else sorted(p.parent for p in root.glob("*/government.toml"))
    for folder in folders:
        government = read_government(folder)
        items = [
            item
            for code in PERIODS
            if (folder / f"{code}.jsonl").is_file()
            for item in read_report(folder / f"{code}.jsonl", government=government.name, period=government.period(code))
        ]
        yield government, items


def item_record(item: LabelledItem) -> dict[str, Any]:
    """The line from which `read_item` gives the item back."""
    record: dict[str, Any] = {
        "id": item.id,
        "number": item.number,
        "task": write_marks(item.task, numbered={n: pair.task_span for n, pair in enumerate(item.pairs, start=1)}),
        "units": list(item.units),
        "text": write_marks(
            item.text, statements=item.statements, problems=item.problems, numbered={n: pair.text_span for n, pair in enumerate(item.pairs, start=1)}
        ),
        "status": item.status,
        "basis": item.basis,
        "severity": item.severity,
    }
    if item.pairs:
        record["pairs"] = [{"name": p.name, "kind": p.kind, "target": _plain(p.target), "result": _plain(p.result), "verdict": p.verdict} for p in item.pairs]
    if item.gist or len(item.text) > LONGEST_WITHOUT_GIST:
        record["gist"] = item.gist
    return record


def _plain(number: float) -> float | int:
    return int(number) if number.is_integer() else number


def write_report(path: Path, items: Sequence[LabelledItem]) -> None:
    """One JSONL file, one item a line, whole or not at all."""
    lines = [json.dumps(item_record(item), ensure_ascii=False) for item in items]
    temporary = path.with_name(f".{path.name}.tmp")
    temporary.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")
    temporary.replace(path)
