"""What a run did with each report, and `run.json`, which says so to programs."""

from __future__ import annotations

import importlib.metadata
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import nlp
from nlp.by_unit import UnitRow
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
    """A report with its rows as written, its ranked list, its units, and names of units that may be one.

    `only` names the units to which the rows were limited, empty for the whole report; scores, ranks and shares are those of the whole report.
    """

    report: Report
    items: tuple[dict[str, Any], ...]
    risks: tuple[dict[str, Any], ...]
    warnings: tuple[str, ...] = ()
    units: tuple[UnitRow, ...] = ()
    proposals: tuple[Proposal, ...] = ()
    only: tuple[str, ...] = ()


def run_record(
    results: Sequence[ReportResult], failures: Sequence[Failure], *, model_id: str, yardstick_id: str, aliases: Aliases, seconds: float
) -> dict[str, Any]:
    """The contents of `run.json`."""
    return {
        "program": f"ducha {nlp.__version__}",
        "model": model_id,
        "yardstick": yardstick_id,
        "unit_aliases": aliases.id,
        **({"unit_alias_names": {name: list(wordings) for name, wordings in aliases.given.items()}} if aliases.given else {}),
        "seconds": round(seconds, 3),
        "files": [
            {
                "file": r.report.file,
                "title": r.report.title,
                "place": r.report.place,
                "period": r.report.period.code,
                "rows_read": len(r.report.items) + len(r.report.skipped),
                "items": len(r.items),
                **({"units": list(r.only), "items_in_report": len(r.report.items)} if r.only else {}),
                "statuses": {status: sum(row["status"] == status for row in r.items) for status in STATUSES},
                "needs_review": sum(row["needs_review"] for row in r.items),
                "unit_alias_proposals": [asdict(proposal) for proposal in r.proposals],
                "skipped": [{**_place(s.source), "reason": s.reason, "text": s.text[:200]} for s in r.report.skipped],
            }
            for r in results
        ],
        "failed": [{"file": f.file, "reason": f.reason} for f in failures],
        "versions": {"python": platform.python_version(), **{name: importlib.metadata.version(name) for name in _PACKAGES}},
    }


def _place(source: Source) -> dict[str, Any]:
    """Row, with its page or sheet where it has one."""
    return {"row": source.row, **({"page": source.page} if source.page else {}), **({"sheet": source.sheet} if source.sheet else {})}
