"""One run over one or more report files: a bad file is reported with its reason, the others are written."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from nlp.errors import DuchaError, UsageError
from nlp.heaps import share_heaps
from nlp.in_use import MODELS, SHIPPED, model_in_use
from nlp.judging import check_units, result_of
from nlp.many import Runner, run_here, run_many
from nlp.outputs.columnar import FORMAT, require_pyarrow
from nlp.outputs.folder import RUN_FILE, check_target, whole_folder
from nlp.overall import Overall
from nlp.progress import Progress
from nlp.readers import read_report
from nlp.readers.find import find_reports
from nlp.records import Period
from nlp.run_record import Failure, ReportResult, run_record
from nlp.settings import FORMATS, RULES, TOP, Settings, Tools, tools_of

# Which model is in use says `nlp.in_use`; this one is where no other was promoted.
SHIPPED_MODEL: Final = MODELS / SHIPPED


@dataclass(frozen=True)
class RunResult:
    """What a run did: reports and items judged, failures, where the outputs stand, seconds taken.

    `single` is the result of a run over one file, `overall` that of a run over several; both are None where nothing was written.
    """

    out: Path
    reports: int
    items: int
    failures: tuple[Failure, ...]
    seconds: float
    model_id: str = RULES
    single: ReportResult | None = None
    overall: Overall | None = None
    # What must be said of the comparison with an older report.
    warnings: tuple[str, ...] = ()


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
    restart: bool = False,
    older: Path | None = None,
    older_period: Period | None = None,
    units: Sequence[str] = (),
    unit_aliases: Path | None = None,
    lang: str = "zh",
    workers: int = 1,
    dask: str = "",
    progress: Callable[[Progress], None] | None = None,
) -> RunResult:
    """Read, annotate, rank and write all reports; one report goes straight into `out`, several into a folder each with a summary beside them.

    A run over several files that was cut off goes on where it stopped when it is called again (`nlp.ledger`); `seconds` counts all its starts.

    Parameters
    ----------
    model, yardstick, period, columns, formats, top, units, unit_aliases, lang : see `nlp.settings.Settings`.
    force : replace former outputs at `out`.
    restart : begin anew where a run over several files was cut off.
    workers, dask : several reports on so many processes of this machine, or on the Dask cluster whose scheduler has this address.
    older : report file or output folder of the period before; every item row then says what became of its task (`change`).

    Raises
    ------
    UsageError, OutputError, ModelError, ResourceError, ScaleError : nothing was written. A file that cannot be read is no exception but a `Failure`.
    """
    started = time.perf_counter()
    share_heaps()
    files = find_reports(paths)
    if older is not None and len(files) > 1:
        raise UsageError(f"--older 只能用于一份报告，这里有 {len(files)} 份", remedy="请逐份判读，或用 ducha compare")
    check_target(out, force=force)
    formats = tuple(formats)
    if FORMAT in formats:
        require_pyarrow()
    if dask or workers > 1:
        from nlp.scale.cluster import check_scale  # noqa: PLC0415

        check_scale(workers=workers, address=dask)
    settings = Settings(
        model=_path(model),
        yardstick=_path(yardstick),
        period=period,
        columns=tuple((columns or {}).items()),
        formats=formats,
        top=top,
        units=tuple(units),
        unit_aliases=_path(unit_aliases),
        lang=lang,
    )
    tools = tools_of(settings)
    if len(files) > 1:
        warnings: list[str] = []
        runner: Runner = run_here
        if dask or workers > 1:
            from nlp.scale.runner import runner_on  # noqa: PLC0415

            runner = runner_on(workers=workers, address=dask, warn=warnings.append)
        done = run_many(files, out=out, settings=settings, force=force, restart=restart, progress=progress, runner=runner)
        overall = done.overall if done.overall.reports else None
        told = (done.overall.reports, done.overall.items, done.failures, done.seconds, tools.model_id)
        return RunResult(out, *told, overall=overall, warnings=tuple(warnings))
    try:
        result = _judge(files[0], settings=settings, tools=tools, progress=progress, older=older, older_period=older_period)
    except DuchaError as error:
        failure = Failure(files[0].name, str(error), isinstance(error, UsageError))
        return RunResult(out, 0, 0, (failure,), time.perf_counter() - started, tools.model_id)
    _write(result, out=out, settings=settings, tools=tools, started=started)
    return RunResult(out, 1, len(result.items), (), time.perf_counter() - started, tools.model_id, single=result, warnings=result.warnings)


def model_folder(given: str | None) -> Path | None:
    """The folder of the model that a user named, that of the model in use where none was, None for the rules alone."""
    if given == RULES:
        return None
    return Path(given) if given else model_in_use()


def read_rows(path: Path, *, period: Period | None = None, model: Path | None = None) -> tuple[dict[str, Any], ...]:
    """The item rows of one report file, as `items.jsonl` holds them; raises as `read_report` does."""
    settings = Settings(model=_path(model), period=period)
    return _judge(path, settings=settings, tools=tools_of(settings)).items


def _path(given: Path | str | None) -> str | None:
    """A file or folder by its whole path, as it is known to whoever does a part of the work elsewhere; the name of a preset stays as it is."""
    return None if given is None else str(Path(given).absolute()) if Path(given).exists() else str(given)


def _judge(
    path: Path,
    *,
    settings: Settings,
    tools: Tools,
    progress: Callable[[Progress], None] | None = None,
    older: Path | None = None,
    older_period: Period | None = None,
) -> ReportResult:
    former = None
    if older is not None:
        from nlp.quarters import read_quarter  # noqa: PLC0415

        show = (lambda file, done, total: progress(Progress(file, done, total))) if progress else None
        former = read_quarter(older, option="--older-period", period=older_period, model=tools.model, yardstick=tools.yardstick, progress=show)
    # spaCy takes most of the start; a file that cannot be read is told of before it is loaded.
    report = read_report(path, period=settings.period, columns=dict(settings.columns))
    check_units(report, only=settings.units, aliases=tools.aliases)
    from nlp.annotate.pipeline import annotate  # noqa: PLC0415

    def count(done: int) -> None:
        if progress:
            progress(Progress(path.name, done, len(report.items)))

    count(0)
    annotated = annotate(report.items, period=report.period, model=tools.model, yardstick=tools.yardstick, progress=count)
    return result_of(report, annotated, tools=tools, only=settings.units, older=former)


def _write(result: ReportResult, *, out: Path, settings: Settings, tools: Tools, started: float) -> None:
    from nlp.outputs.files import write_result  # noqa: PLC0415

    with whole_folder(out) as folder:
        write_result(folder, result, formats=settings.formats, top=settings.top, wording=tools.wording)
        seconds = time.perf_counter() - started
        record = run_record([result], [], model_id=tools.model_id, yardstick_id=tools.yardstick.id, aliases=tools.aliases, seconds=seconds)
        (folder / RUN_FILE).write_text(json.dumps(record, ensure_ascii=False, indent=2) + "\n", encoding="utf-8", newline="\n")
