"""Reports in chunks: the unit of work of a run over many files, done whole or not at all, on this machine or another.

What int8 weights say of an item depends in the last decimals on the items read with it. So a chunk's outputs depend on its files, on the settings and on
nothing else, and a chunk that was cut off is done again as a whole.
"""

from __future__ import annotations

import os
import shutil
import traceback
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from heapq import nsmallest
from pathlib import Path
from typing import Any, Final

from nlp.errors import DuchaError, InputError, OutputError, UsageError
from nlp.heaps import give_back
from nlp.judging import check_units, result_of
from nlp.overall import MOST_RISKS, worst_first
from nlp.plan import Chunk, Input
from nlp.readers import read_report
from nlp.records import AnnotatedItem, Report
from nlp.run_record import Failure, FileDone, ReportResult, file_record
from nlp.settings import Settings, Tools, file_hash, tools_of

# In the working folder: outputs, a folder each report, the risks of each chunk, and what workers elsewhere have not yet finished.
REPORTS: Final = "reports"
PARTS: Final = "parts"
ATTEMPTS: Final = "attempts"
_READERS: Final = 4


class StoppedError(Exception):
    """The chunk was given up because the run is to end; nothing is wrong with it."""


@dataclass(frozen=True)
class Read:
    """A chunk as read: for each of its files the report, or why there is none."""

    chunk: Chunk
    reports: tuple[Report | Failure, ...]


@dataclass(frozen=True)
class Judged:
    """A chunk as judged: for each of its files the result, or why there is none."""

    chunk: Chunk
    results: tuple[ReportResult | Failure, ...]


def process_chunk(chunk: Chunk, settings: Settings, workdir: Path) -> tuple[FileDone, ...]:
    """Read, judge and write the files of a chunk; one record a file, in their order.

    Outputs stand in `workdir/reports/FOLDER`, each folder whole or not there; what stood there of the same chunk is replaced.

    Raises
    ------
    DuchaError : the settings name what cannot be loaded, or nothing can be written. A file that gives no items is no exception but a `Failure`.
    """
    return write_chunk(judge_chunk(read_chunk(chunk, settings), settings), settings, workdir)


def read_chunk(chunk: Chunk, settings: Settings) -> Read:
    """The reports of a chunk, read in threads."""
    tools = tools_of(settings)
    with ThreadPoolExecutor(_READERS) as pool:
        return Read(chunk, tuple(pool.map(lambda file: _read_file(file, settings, tools), chunk.files)))


def _read_file(file: Input, settings: Settings, tools: Tools) -> Report | Failure:
    try:
        if file.sha256 and file_hash(file.path) != file.sha256:
            raise InputError("文件在本次判读开始之后被改动", where=file.name, remedy="请等文件不再变动后重新判读")
        report = read_report(Path(file.path), period=settings.period, columns=dict(settings.columns))
        check_units(report, only=settings.units, aliases=tools.aliases)
        return report
    except Exception as error:
        return _failure(file.name, error)


def judge_chunk(read: Read, settings: Settings, *, progress: Callable[[int], None] | None = None) -> Judged:
    """The results of a chunk; the items of all its reports are annotated together. `progress` is called with the number of items done so far."""
    tools = tools_of(settings)
    reports = [report for report in read.reports if isinstance(report, Report)]
    annotated = iter(_annotate(reports, tools, progress))
    results: list[ReportResult | Failure] = []
    for report in read.reports:
        found = report if isinstance(report, Failure) else next(annotated)
        results.append(found if isinstance(found, Failure) else _judge(report, found, settings, tools))  # type: ignore[arg-type]
    return Judged(read.chunk, tuple(results))


def _annotate(reports: Sequence[Report], tools: Tools, progress: Callable[[int], None] | None) -> list[Sequence[AnnotatedItem] | Failure]:
    """The items of each report. Where the reports together stop the program, each is tried by itself, so that only the one at fault is lost."""
    from nlp.annotate.pipeline import annotate_together  # noqa: PLC0415

    asked = [(item, report.period) for report in reports for item in report.items]
    try:
        annotated = annotate_together(asked, model=tools.model, yardstick=tools.yardstick, progress=progress)
    except StoppedError:
        raise
    except Exception as error:
        if len(reports) == 1:
            return [_failure(reports[0].file, error)]
        return [_annotate([report], tools, None)[0] for report in reports]
    ends = [sum(len(report.items) for report in reports[: n + 1]) for n in range(len(reports))]
    return [annotated[end - len(report.items) : end] for report, end in zip(reports, ends, strict=True)]


def _judge(report: Report, annotated: Sequence[AnnotatedItem], settings: Settings, tools: Tools) -> ReportResult | Failure:
    try:
        return result_of(report, annotated, tools=tools, only=settings.units)
    except Exception as error:
        return _failure(report.file, error)


def write_chunk(judged: Judged, settings: Settings, workdir: Path) -> tuple[FileDone, ...]:
    """Write the outputs of a chunk and the worst of its risks for the list over all reports; raises `OutputError` where nothing can be written."""
    tools = tools_of(settings)
    done = []
    risks: list[dict[str, Any]] = []
    try:
        (workdir / REPORTS).mkdir(parents=True, exist_ok=True)
        (workdir / PARTS).mkdir(parents=True, exist_ok=True)
        for file, result in zip(judged.chunk.files, judged.results, strict=True):
            target = workdir / REPORTS / file.folder
            for left in (target, _staging(target)):
                if left.exists():
                    shutil.rmtree(left)
            failure = result if isinstance(result, Failure) else _write(result, target, settings, tools)
            if failure or isinstance(result, Failure):
                done.append(FileDone(file.name, file.folder, file.sha256, failure=failure))
                continue
            done.append(FileDone(file.name, file.folder, file.sha256, {**file_record(result), "folder": file.folder}, result.tallies))
            risks += [{**risk, "place": result.report.place, "folder": file.folder} for risk in result.risks[:MOST_RISKS]]
        _write_part(workdir / PARTS / part_name(judged.chunk.number), risks)
    except OSError as error:
        raise OutputError(f"写入失败（{error.strerror}）", where=str(workdir), remedy="请检查磁盘空间和权限") from error
    # What wrote the files leaves rings of objects behind, which nothing else would look for while the memory grows.
    give_back()
    return tuple(done)


def part_name(number: int) -> str:
    """The file of a chunk's risks."""
    return f"{number:06d}.jsonl"


def _write(result: ReportResult, target: Path, settings: Settings, tools: Tools) -> Failure | None:
    """The outputs of a report under a temporary name, then in their place."""
    from nlp.outputs.files import write_result  # noqa: PLC0415

    staging = _staging(target)
    staging.mkdir()
    try:
        write_result(staging, result, formats=settings.formats, top=settings.top, wording=tools.wording)
    except (OSError, DuchaError):
        raise
    except Exception as error:
        shutil.rmtree(staging)
        return _failure(result.report.file, error)
    sync(staging.iterdir())
    staging.replace(target)
    return None


def _write_part(path: Path, risks: Iterable[dict[str, Any]]) -> None:
    from nlp.outputs.table import write_jsonl  # noqa: PLC0415

    staging = _staging(path)
    write_jsonl(staging, nsmallest(MOST_RISKS, risks, key=worst_first))
    sync([staging])
    staging.replace(path)


def _staging(target: Path) -> Path:
    return target.with_name(f".{target.name}.tmp")


def sync(files: Iterable[Path]) -> None:
    """Have the system write the files to the disk, so that they outlive a cut of the power."""
    for path in files:
        with path.open("rb+") as file:
            os.fsync(file.fileno())


def _failure(name: str, error: Exception) -> Failure:
    if isinstance(error, DuchaError):
        return Failure(name, str(error), isinstance(error, UsageError))
    last = traceback.extract_tb(error.__traceback__)[-1]
    said = InputError(
        f"程序出错（{type(error).__name__}：{error}；{Path(last.filename).name} 第 {last.lineno} 行）",
        where=name,
        remedy="其余报告不受影响；请把这一行连同这份报告交给维护人员",
    )
    return Failure(name, str(said), False)
