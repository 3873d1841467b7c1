"""One run over one or more report files: a bad file is reported with its reason, the others are written."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from nlp.annotate.yardstick import Yardstick, load_yardstick
from nlp.by_unit import by_unit, select
from nlp.config import load_weights
from nlp.errors import DuchaError, UsageError
from nlp.in_use import MODELS, SHIPPED, model_in_use
from nlp.outputs.columnar import FORMAT, require_pyarrow
from nlp.outputs.folder import RUN_FILE, check_target, whole_folder
from nlp.readers import read_report
from nlp.readers.find import find_reports
from nlp.records import Period, Risk
from nlp.run_record import Failure, ReportResult, run_record
from nlp.unit_names import Aliases, check_names, load_aliases, propose
from nlp.wording import names

if TYPE_CHECKING:
    from nlp.annotate.encoder import Model
    from nlp.compare.rows import Quarter

# Written where no others are named; those that can be named.
FORMATS: Final = ("xlsx", "docx", "html", "csv", "jsonl")
ALL_FORMATS: Final = (*FORMATS, FORMAT)
# Risks listed on the terminal and in the brief.
TOP: Final = 15
RULES: Final = "rules"
NATIONAL: Final = Aliases()
# Which model is in use says `nlp.in_use`; this one is where no other was promoted.
SHIPPED_MODEL: Final = MODELS / SHIPPED


@dataclass(frozen=True)
class RunResult:
    """What a run did: results file by file, failures, where the outputs stand, seconds taken."""

    results: tuple[ReportResult, ...]
    failures: tuple[Failure, ...]
    out: Path
    seconds: float
    model_id: str = RULES
    # What must be said of the comparison with an older report.
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Progress:
    """How far a run is: the file at hand, and items done of those in it (0 of 0 while it is being read)."""

    file: str
    done: int
    total: int


def run(
    paths: Sequence[Path],
    *,
    out: Path,
    period: Period | None = None,
    columns: Mapping[str, str] | None = None,
    model: Path | None = None,
    yardstick: Path | str | None = None,
    formats: Iterable[str] = FORMATS,
    top: int = TOP,
    force: bool = False,
    older: Path | None = None,
    older_period: Period | None = None,
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
    older : report file or output folder of the period before; every item row then says what became of its task (`change`).
    top : so many risks, and at most so many sheets by item, go into the brief.
    units : limits risks and outputs to items that one of these units leads or joins; empty for all.
    unit_aliases : TOML file of names that mean one unit, beside the short names known everywhere.
    lang : language of headers and labels in workbook and csv, `zh` or `en`.

    Raises
    ------
    UsageError, OutputError, ModelError, ResourceError : nothing was written. A file that cannot be read is no exception but a `Failure`.
    """
    started = time.perf_counter()
    formats = frozenset(formats)
    files = find_reports(paths)
    check_target(out, force=force)
    if FORMAT in formats:
        require_pyarrow()
    weights = load_weights()
    stick = load_yardstick(yardstick)
    if older is not None and len(files) > 1:
        raise UsageError(f"--older 只能用于一份报告，这里有 {len(files)} 份", remedy="请逐份判读，或用 ducha compare")
    aliases = load_aliases(unit_aliases)
    wording = names(lang)
    loaded = _load_model(model)
    former = _read_older(older, period=older_period, model=loaded, yardstick=stick, progress=progress) if older is not None else None
    results: list[ReportResult] = []
    failures: list[Failure] = []
    for path in files:
        try:
            done = _process(
                path,
                period=period,
                columns=columns,
                model=loaded,
                yardstick=stick,
                weights=weights,
                progress=progress,
                older=former,
                aliases=aliases,
                only=units,
            )
            results.append(done)
        except DuchaError as error:
            failures.append(Failure(path.name, str(error), isinstance(error, UsageError)))
    model_id = loaded.id if loaded else RULES
    if results:
        from nlp.outputs.files import write_files  # noqa: PLC0415

        with whole_folder(out) as folder:
            for result, name in zip(results, _folder_names(results), strict=True):
                target = folder / name if len(files) > 1 else folder
                target.mkdir(exist_ok=True)
                write_files(
                    target,
                    report=result.report,
                    items=result.items,
                    risks=result.risks,
                    formats=formats,
                    top=top,
                    units=result.units,
                    proposals=result.proposals,
                    only=result.only,
                    wording=wording,
                )
            seconds = time.perf_counter() - started
            record = run_record(results, failures, model_id=model_id, yardstick_id=stick.id, aliases_id=aliases.id, seconds=seconds)
            (folder / RUN_FILE).write_text(json.dumps(record, ensure_ascii=False, indent=2) + "\n", encoding="utf-8", newline="\n")
    warnings = tuple(warning for result in results for warning in result.warnings)
    return RunResult(tuple(results), tuple(failures), out, time.perf_counter() - started, model_id, warnings)


def model_folder(given: str | None) -> Path | None:
    """The folder of the model that a user named, that of the model in use where none was, None for the rules alone."""
    if given == RULES:
        return None
    return Path(given) if given else model_in_use()


def _read_older(path: Path, *, period: Period | None, model: Model | None, yardstick: Yardstick, progress: Callable[[Progress], None] | None) -> Quarter:
    from nlp.quarters import read_quarter  # noqa: PLC0415

    show = (lambda file, done, total: progress(Progress(file, done, total))) if progress else None
    return read_quarter(path, option="--older-period", period=period, model=model, yardstick=yardstick, progress=show)


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
    older: Quarter | None = None,
    aliases: Aliases = NATIONAL,
    only: Sequence[str] = (),
) -> ReportResult:
    # spaCy takes most of the start; a file that cannot be read is told of before it is loaded.
    report = read_report(path, period=period, columns=columns)
    wordings = [unit for item in report.items for unit in item.units]
    check_names(only, wordings=wordings, aliases=aliases, where=report.file)
    from nlp.annotate.pipeline import annotate  # noqa: PLC0415
    from nlp.outputs.rows import item_row, risk_row  # noqa: PLC0415
    from nlp.quarters import hold_against, units_of  # noqa: PLC0415
    from nlp.ranking import rank  # noqa: PLC0415

    def report_progress(done: int) -> None:
        if progress:
            progress(Progress(path.name, done, len(report.items)))

    report_progress(0)
    annotated = annotate(report.items, period=report.period, model=model, yardstick=yardstick, progress=report_progress)
    since = hold_against(older, report=report, annotated=annotated) if older else None
    risks = rank(annotated, weights=weights, repeated=since.repeated if since else ())
    by_item: dict[int, Risk] = {id(risk.annotated): risk for risk in risks}
    items = tuple(item_row(item, report=report, risk=by_item.get(id(item))) for item in annotated)
    if since:
        items = tuple({**row, "change": change} for row, change in zip(items, since.changes, strict=True))
    result = ReportResult(
        report,
        items,
        tuple(risk_row(risk, report=report) for risk in risks),
        warnings=since.warnings if since else (),
        units=by_unit(items, aliases=aliases, older=units_of(older, aliases=aliases) if older else ()),
        proposals=propose(wordings, aliases=aliases),
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
