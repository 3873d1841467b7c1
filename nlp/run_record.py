"""What a run did with each report, and `run.json`, which says so to programs."""

from __future__ import annotations

import importlib.metadata
import platform
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import nlp
from nlp.by_unit import UnitRow, UnitTally
from nlp.labels import STATUSES
from nlp.records import Report, Source
from nlp.unit_names import Aliases, Proposal

_PACKAGES: Final = ("spacy", "jieba", "onnxruntime", "tokenizers", "pdfplumber", "python-docx", "python-calamine", "lxml", "rapidfuzz", "XlsxWriter")


@dataclass(frozen=True)
class Failure:
    """A file that gave no items, with the one line that says why."""

    file: str
    reason: str
    is_usage: bool


@dataclass(frozen=True)
class ReportResult:
    """A report with its rows as written, its ranked list, its units (`tallies` are what they were counted from), and names of units that may be one.

    `only` names the units to which the rows were limited, empty for the whole report; scores, ranks and shares are those of the whole report.
    """

    report: Report
    items: tuple[dict[str, Any], ...]
    risks: tuple[dict[str, Any], ...]
    warnings: tuple[str, ...] = ()
    units: tuple[UnitRow, ...] = ()
    tallies: tuple[UnitTally, ...] = ()
    proposals: tuple[Proposal, ...] = ()
    only: tuple[str, ...] = ()


@dataclass(frozen=True)
class FileDone:
    """What is kept of a file once its outputs are written: `record` as `run.json` has it and what was counted of its units, or why there are none."""

    file: str
    folder: str
    sha256: str
    record: Mapping[str, Any] | None = None
    units: tuple[UnitTally, ...] = ()
    failure: Failure | None = None

    @property
    def judged(self) -> int:
        """Items that were judged, those with them that are left out of the outputs because other units have them."""
        record = self.record or {}
        return int(record.get("items_in_report", record.get("items", 0)))

    def to_json(self) -> dict[str, Any]:
        """The record as plain JSON values."""
        units = [{**vars(unit), "wordings": dict(unit.wordings)} for unit in self.units]
        failure = asdict(self.failure) if self.failure else None
        return {"file": self.file, "folder": self.folder, "sha256": self.sha256, "record": self.record, "units": units, "failure": failure}

    @staticmethod
    def from_json(value: Mapping[str, Any]) -> FileDone:
        """The record that `to_json` was made of."""
        units = tuple(UnitTally(**{**unit, "wordings": Counter(unit["wordings"])}) for unit in value["units"])
        failure = Failure(**value["failure"]) if value["failure"] else None
        return FileDone(value["file"], value["folder"], value["sha256"], value["record"], units, failure)


def run_record(
    results: Sequence[ReportResult], failures: Sequence[Failure], *, model_id: str, yardstick_id: str, aliases: Aliases, seconds: float
) -> dict[str, Any]:
    """The contents of `run.json`."""
    return {
        **run_head(model_id=model_id, yardstick_id=yardstick_id, aliases=aliases, seconds=seconds),
        "files": [file_record(result) for result in results],
        **run_foot(failures),
    }


def run_head(*, model_id: str, yardstick_id: str, aliases: Aliases, seconds: float) -> dict[str, Any]:
    """What stands in `run.json` before its files."""
    return {
        "program": f"ducha {nlp.__version__}",
        "model": model_id,
        "yardstick": yardstick_id,
        "unit_aliases": aliases.id,
        **({"unit_alias_names": {name: list(wordings) for name, wordings in aliases.given.items()}} if aliases.given else {}),
        "seconds": round(seconds, 3),
    }


def run_foot(failures: Sequence[Failure]) -> dict[str, Any]:
    """What stands in `run.json` behind its files."""
    return {"failed": [{"file": f.file, "reason": f.reason} for f in failures], "versions": versions()}


def versions() -> dict[str, str]:
    """Versions of Python and of the packages on which the outputs depend."""
    return {"python": platform.python_version(), **{name: importlib.metadata.version(name) for name in _PACKAGES}}


def file_record(result: ReportResult) -> dict[str, Any]:
    """What `run.json` says of one report."""
    report = result.report
    return {
        "file": report.file,
        "title": report.title,
        "place": report.place,
        "period": report.period.code,
        "rows_read": len(report.items) + len(report.skipped),
        "items": len(result.items),
        **({"units": list(result.only), "items_in_report": len(report.items)} if result.only else {}),
        "statuses": {status: sum(row["status"] == status for row in result.items) for status in STATUSES},
        "needs_review": sum(row["needs_review"] for row in result.items),
        "unit_alias_proposals": [asdict(proposal) for proposal in result.proposals],
        "skipped": [{**_place(s.source), "reason": s.reason, "text": s.text[:200]} for s in report.skipped],
    }


def _place(source: Source) -> dict[str, Any]:
    """Row, with its page or sheet where it has one."""
    return {"row": source.row, **({"page": source.page} if source.page else {}), **({"sheet": source.sheet} if source.sheet else {})}
