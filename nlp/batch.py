"""One run over one or more report files: a bad file is reported with its reason, the others are written."""

from __future__ import annotations

import importlib.metadata
import json
import platform
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import nlp
from nlp.annotate.yardstick import Yardstick, load_yardstick
from nlp.by_unit import UnitRow, by_unit, select
from nlp.config import load_weights
from nlp.errors import DuchaError, UsageError
from nlp.labels import STATUSES
from nlp.outputs.folder import RUN_FILE, check_target, whole_folder
from nlp.readers import read_report
from nlp.readers.container import SUFFIXES
from nlp.records import Period, Report, Risk
from nlp.unit_names import Aliases, Proposal, check_names, load_aliases, propose
from nlp.wording import Wording, names

if TYPE_CHECKING:
    from nlp.annotate.encoder import Model

FORMATS: Final = ("xlsx", "csv", "jsonl")
RULES: Final = "rules"
NATIONAL: Final = Aliases()
# Where the trained model lies in a checkout; a wheel has none, there --model names it.
SHIPPED_MODEL: Final = Path(nlp.__file__).resolve().parent.parent / "models" / "status"
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
    units: tuple[UnitRow, ...] = ()
    proposals: tuple[Proposal, ...] = ()
    only: tuple[str, ...] = ()


@dataclass(frozen=True)
class RunResult:
    """What a run did: results file by file, failures, where the outputs stand, seconds taken."""

    results: tuple[ReportResult, ...]
    failures: tuple[Failure, ...]
    out: Path
    seconds: float
    model_id: str = RULES


@dataclass(frozen=True)
class Progress:
    """How far a run is: the file at hand, and items done of those in it (0 of 0 while it is being read)."""

    file: str
    done: int
    total: int


def find_reports(paths: Sequence[Path]) -> list[Path]:
    """The report files named, and those in folders named (not below them), sorted; hidden and temporary files are left out.

    Raises
    ------
    UsageError : a folder holds no report, or no path was given.
    """
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = sorted(p for p in path.iterdir() if p.is_file() and p.suffix.lower() in SUFFIXES and not p.name.startswith((".", "~$")))
            if not inside:
                raise UsageError(f"文件夹里没有报告文件（{' '.join(sorted(SUFFIXES))}）", where=str(path), remedy="请指定报告文件或含有报告的文件夹")
            found += inside
        else:
            found.append(path)
    if not found:
        raise UsageError("没有指定报告文件")
    return list(dict.fromkeys(found))


def run(
    paths: Sequence[Path],
    *,
    out: Path,
    period: Period | None = None,
    columns: Mapping[str, str] | None = None,
    model: Path | None = None,
    yardstick: Path | str | None = None,
    formats: Iterable[str] = FORMATS,
    force: bool = False,
    units: Sequence[str] = (),
    unit_aliases: Path | None = None,
    lang: str = "zh",
    progress: Callable[[Progress], None] | None = None,
) -> RunResult:
    """Read, annotate, rank and write all reports; one report goes straight into `out`, several into a folder each.

    Parameters
    ----------
    model : folder of the model that reads the words; None leaves them to the cue rules.
    yardstick : file or preset by which results are held against targets; None takes the guide's.
    units : limits risks and outputs to items that one of these units leads or joins; empty for all.
    unit_aliases : TOML file of names that mean one unit, beside the short names known everywhere.
    lang : language of headers and labels in workbook and csv, `zh` or `en`.

    Raises
    ------
    UsageError, OutputError, ModelError, ResourceError : nothing was written. A file that cannot be read is no exception but a `Failure`.
    """
    started = time.perf_counter()
    files = find_reports(paths)
    check_target(out, force=force)
    weights = load_weights()
    stick = load_yardstick(yardstick)
    aliases = load_aliases(unit_aliases)
    wording = names(lang)
    loaded = _load_model(model)
    results: list[ReportResult] = []
    failures: list[Failure] = []
    for path in files:
        try:
            result = _process(
                path, period=period, columns=columns, model=loaded, yardstick=stick, weights=weights, aliases=aliases, only=units, progress=progress
            )
            results.append(result)
        except DuchaError as error:
            failures.append(Failure(path.name, str(error), isinstance(error, UsageError)))
    model_id = loaded.id if loaded else RULES
    if results:
        with whole_folder(out) as folder:
            for result, name in zip(results, _folder_names(results), strict=True):
                target = folder / name if len(files) > 1 else folder
                target.mkdir(exist_ok=True)
                _write(target, result, formats=tuple(formats), wording=wording)
            seconds = time.perf_counter() - started
            record = _run_record(results, failures, model_id=model_id, yardstick_id=stick.id, aliases_id=aliases.id, seconds=seconds)
            (folder / RUN_FILE).write_text(json.dumps(record, ensure_ascii=False, indent=2) + "\n", encoding="utf-8", newline="\n")
    return RunResult(tuple(results), tuple(failures), out, time.perf_counter() - started, model_id)


def _load_model(folder: Path | None) -> Model | None:
    if folder is None:
        return None
    from nlp.annotate.encoder import load_model  # noqa: PLC0415

    return load_model(folder)


def _process(
    path: Path,
    *,
    period: Period | None,
    columns: Mapping[str, str] | None,
    model: Model | None,
    yardstick: Yardstick,
    weights: Mapping[str, float],
    progress: Callable[[Progress], None] | None,
    aliases: Aliases = NATIONAL,
    only: Sequence[str] = (),
) -> ReportResult:
    # spaCy takes most of the start; a file that cannot be read is told of before it is loaded.
    report = read_report(path, period=period, columns=columns)
    wordings = [unit for item in report.items for unit in item.units]
    check_names(only, wordings=wordings, aliases=aliases, where=report.file)
    from nlp.annotate.pipeline import annotate  # noqa: PLC0415
    from nlp.outputs.rows import item_row, risk_row  # noqa: PLC0415
    from nlp.ranking import rank  # noqa: PLC0415

    def report_progress(done: int) -> None:
        if progress:
            progress(Progress(path.name, done, len(report.items)))

    report_progress(0)
    annotated = annotate(report.items, period=report.period, model=model, yardstick=yardstick, progress=report_progress)
    risks = rank(annotated, weights=weights)
    by_item: dict[int, Risk] = {id(risk.annotated): risk for risk in risks}
    items = tuple(item_row(item, report=report, risk=by_item.get(id(item))) for item in annotated)
    result = ReportResult(
        report, items, tuple(risk_row(risk, report=report) for risk in risks), by_unit(items, aliases=aliases), propose(wordings, aliases=aliases)
    )
    return _limit(result, only=only, aliases=aliases) if only else result


def _limit(result: ReportResult, *, only: Sequence[str], aliases: Aliases) -> ReportResult:
    keys = {aliases.key(name) for name in only}
    return replace(
        result,
        items=tuple(select(result.items, units=only, aliases=aliases)),
        risks=tuple(select(result.risks, units=only, aliases=aliases)),
        units=tuple(unit for unit in result.units if aliases.key(unit.unit) in keys),
        only=tuple(only),
    )


def read_rows(path: Path, *, period: Period | None = None, model: Path | None = None) -> tuple[dict[str, Any], ...]:
    """The item rows of one report file, as `items.jsonl` holds them; raises as `read_report` does."""
    return _process(path, period=period, columns=None, model=_load_model(model), yardstick=load_yardstick(), weights=load_weights(), progress=None).items


def _folder_names(results: Sequence[ReportResult]) -> list[str]:
    """A folder name a report: its file name without the ending, with the ending where two would share it."""
    stems = Counter(Path(result.report.file).stem for result in results)
    return [Path(r.report.file).stem if stems[Path(r.report.file).stem] == 1 else r.report.file.replace(".", "_") for r in results]


def _write(folder: Path, result: ReportResult, *, formats: Sequence[str], wording: Wording) -> None:
    from nlp.outputs import table, workbook  # noqa: PLC0415

    if "jsonl" in formats:
        table.write_jsonl(folder / "items.jsonl", result.items)
        table.write_jsonl(folder / "risks.jsonl", result.risks)
    if "csv" in formats:
        table.write_csv(folder / "items.csv", result.items, wording=wording)
    if "xlsx" in formats:
        report = result.report
        contents = workbook.Contents(
            title=report.title,
            items=result.items,
            risks=result.risks,
            units=result.units,
            proposals=result.proposals,
            place=report.place,
            period=report.period.code,
            only=result.only,
            wording=wording,
        )
        workbook.write_workbook(folder / "ducha.xlsx", contents)


def _run_record(
    results: Sequence[ReportResult], failures: Sequence[Failure], *, model_id: str, yardstick_id: str, aliases_id: str, seconds: float
) -> dict[str, Any]:
    """The contents of `run.json`."""
    return {
        "program": f"ducha {nlp.__version__}",
        "model": model_id,
        "yardstick": yardstick_id,
        "unit_aliases": aliases_id,
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
                "skipped": [
                    {"row": s.source.row, **({"page": s.source.page} if s.source.page else {}), "reason": s.reason, "text": s.text[:200]}
                    for s in r.report.skipped
                ],
            }
            for r in results
        ],
        "failed": [{"file": f.file, "reason": f.reason} for f in failures],
        "versions": {"python": platform.python_version(), **{name: importlib.metadata.version(name) for name in _PACKAGES}},
    }
