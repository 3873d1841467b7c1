"""One comparison: two periods in, `changes.jsonl`, `compare.xlsx` and `run.json` out."""

from __future__ import annotations

import importlib.metadata
import json
import platform
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nlp
from nlp.annotate.yardstick import load_yardstick
from nlp.compare.changes import Comparison, compare
from nlp.compare.match import settings
from nlp.compare.rows import Quarter
from nlp.compare.trends import transitions
from nlp.labels import DROPPED, NEW
from nlp.outputs.folder import RUN_FILE, check_target, whole_folder
from nlp.quarters import check_order, read_quarter
from nlp.records import Period

if TYPE_CHECKING:
    from nlp.annotate.encoder import Model

_PACKAGES = ("rapidfuzz", "XlsxWriter")


@dataclass(frozen=True)
class CompareResult:
    """What a comparison found, what must be said of it, where the outputs stand, seconds taken."""

    comparison: Comparison
    warnings: tuple[str, ...]
    out: Path
    seconds: float


def run(
    older: Path,
    newer: Path,
    *,
    out: Path,
    older_period: Period | None = None,
    newer_period: Period | None = None,
    model: Path | None = None,
    yardstick: Path | str | None = None,
    force: bool = False,
    progress: Callable[[str, int, int], None] | None = None,
) -> CompareResult:
    """Read both periods, compare them and write the outputs, whole or not at all.

    Parameters
    ----------
    older, newer : report files or output folders of former runs, in this order of time.
    model : folder of the model that reads the words of report files; None leaves them to the cue rules.
    yardstick : file or preset by which results of report files are held against targets; None takes the guide's.

    Raises
    ------
    DuchaError : nothing was written.
    """
    started = time.perf_counter()
    check_target(out, force=force)
    stick = load_yardstick(yardstick)
    loaded = _load_model(model) if any(path.is_file() and path.suffix != ".jsonl" for path in (older, newer)) else None
    before = read_quarter(older, option="--older-period", period=older_period, model=loaded, yardstick=stick, progress=progress)
    after = read_quarter(newer, option="--newer-period", period=newer_period, model=loaded, yardstick=stick, progress=progress)
    warnings = check_order(before, after)
    comparison = compare(before, after)
    _write(comparison, warnings, out=out, started=started)
    return CompareResult(comparison, warnings, out, time.perf_counter() - started)


def _load_model(folder: Path | None) -> Model | None:
    if folder is None:
        return None
    from nlp.annotate.encoder import load_model  # noqa: PLC0415

    return load_model(folder)


def _write(comparison: Comparison, warnings: tuple[str, ...], *, out: Path, started: float) -> None:
    from nlp.outputs import comparison as outputs  # noqa: PLC0415
    from nlp.outputs.table import write_jsonl  # noqa: PLC0415

    with whole_folder(out) as folder:
        write_jsonl(folder / outputs.CHANGES_FILE, map(outputs.change_row, comparison.changes))
        outputs.write_comparison(folder / outputs.WORKBOOK_FILE, comparison)
        record = {
            "program": f"ducha {nlp.__version__}",
            "seconds": round(time.perf_counter() - started, 3),
            "older": _quarter_record(comparison.older),
            "newer": _quarter_record(comparison.newer),
            "warnings": list(warnings),
            "pairs": len(comparison.changes),
            "counts": outputs.count_changes(comparison),
            "transitions": transitions(comparison.changes),
            NEW: [outputs.unmatched_row(row, kind=NEW) for row in comparison.new],
            DROPPED: [outputs.unmatched_row(row, kind=DROPPED) for row in comparison.dropped],
            "thresholds": {section: dict(settings(section)) for section in ("match", "change")},
            "versions": {"python": platform.python_version(), **{name: importlib.metadata.version(name) for name in _PACKAGES}},
        }
        (folder / RUN_FILE).write_text(json.dumps(record, ensure_ascii=False, indent=2) + "\n", encoding="utf-8", newline="\n")


def _quarter_record(quarter: Quarter) -> dict[str, Any]:
    return {"file": quarter.file, "place": quarter.place, "period": quarter.period.code, "items": len(quarter.rows)}
