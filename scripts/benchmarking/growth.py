"""How the main job grows: cold starts, 1x, 10x and 100x the items, several worker processes. Each run is a process of its own; needs psutil (`[scale]`)."""

from __future__ import annotations

import math
import os
import random
import re
import subprocess
import sys
import tempfile
import threading
import time
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import psutil

from nlp.readers import read_report

ROOT: Final = Path(__file__).resolve().parent.parent.parent
# Numbers of two digits and more that are no part of a date: they are what differs between the copies of a report.
_NUMBER: Final = re.compile(r"(?<![\d.])\d{2,}(?![\d.]|\s*[年月日号])")
_TEXT: Final = re.compile(r"(<w:t(?: [^>]*)?>)([^<]*)(</w:t>)")
_LOOK: Final = 0.02
_TINY: Final = "序号,主要任务,牵头单位,落实情况\n1,建成东门大桥。,市交通局,引桥征地受阻。\n"


@dataclass(frozen=True)
class Run:
    """What a run took: seconds from start to end, the most memory (MB) of the process and its children at one moment, exit code."""

    seconds: float
    peak_mb: float
    exit: int


def run_command(arguments: Sequence[str]) -> Run:
    """`ducha run` as a process of its own, watched by a thread; the last lines of its errors are shown where it fails."""
    with tempfile.TemporaryDirectory(prefix="ducha-benchmark-") as folder:
        command = [sys.executable, "-m", "nlp.cli", "run", *arguments, "--out", f"{folder}/out", "--top", "0"]
        with Path(folder, "errors").open("w+", encoding="utf-8") as errors:
            started = time.perf_counter()
            process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=errors, env={**os.environ, "PYTHONIOENCODING": "utf-8"})
            watch = Watch(process.pid)
            code = process.wait()
            seconds = time.perf_counter() - started
            peak = watch.end()
            if code:
                errors.seek(0)
                print("".join(errors.readlines()[-5:]), file=sys.stderr)
    return Run(round(seconds, 3), round(peak / 1e6, 1), code)


class Watch:
    """The most memory in bytes that a process and its children held together at one moment, looked at every 20 ms until `end`."""

    def __init__(self, pid: int) -> None:
        self.process, self.peak, self.over = psutil.Process(pid), 0, threading.Event()
        self.thread = threading.Thread(target=self._look, daemon=True)
        self.thread.start()

    def _look(self) -> None:
        while not self.over.wait(_LOOK):
            self.peak = max(self.peak, self._now())

    def _now(self) -> int:
        total = 0
        try:
            family = [self.process, *self.process.children(recursive=True)]
        except psutil.Error:
            return 0
        for member in family:
            try:
                total += member.memory_info().rss
            except psutil.Error:
                continue
        return total

    def end(self) -> int:
        """The peak; nothing is looked at any more."""
        self.over.set()
        self.thread.join()
        return self.peak


def write_copies(report: Path, folder: Path, *, count: int) -> list[Path]:
    """The docx report `count` times: the first as it is, in the others every number of two digits and more in its rows is another one of like length."""
    paths = []
    for n in range(count):
        path = folder / f"{report.stem}-{n:03d}.docx"
        with zipfile.ZipFile(report) as source, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target:
            for entry in source.infolist():
                data = source.read(entry)
                if n and entry.filename == "word/document.xml":
                    data = _varied(data.decode("utf-8"), random.Random(n)).encode("utf-8")
                target.writestr(entry, data)
        paths.append(path)
    return paths


def _varied(xml: str, chance: random.Random) -> str:
    head, mark, rows = xml.partition("<w:tbl>")

    def other(match: re.Match[str]) -> str:
        return "".join(str(chance.randint(1, 9)) for _ in match[0])

    return head + mark + _TEXT.sub(lambda text: text[1] + _NUMBER.sub(other, text[2]) + text[3], rows)


def cold(report: Path, *, options: Sequence[str], repeat: int) -> dict[str, Any]:
    """Runs on the one report, each from the start of Python to the written outputs; `start` is a run on one row."""
    with tempfile.TemporaryDirectory(prefix="ducha-benchmark-") as name:
        tiny = Path(name) / "2024年一季度.csv"
        tiny.write_text(_TINY, encoding="utf-8")
        starts = [run_command([str(tiny), *options]) for _ in range(repeat)]
        runs = [run_command([str(report), *options]) for _ in range(repeat)]
    return {
        "best": min(run.seconds for run in runs),
        "median": sorted(run.seconds for run in runs)[len(runs) // 2],
        "peak_mb": max(run.peak_mb for run in runs),
        "start": min(run.seconds for run in starts),
        "exit": max(run.exit for run in [*runs, *starts]),
    }


def growth(report: Path, *, options: Sequence[str], sizes: Sequence[int], start: float) -> dict[str, Any]:
    """The report once, ten times, a hundred times as so many files: seconds, memory, and with what power of the items both grow.

    `exponent` counts whole runs, `exponent_without_start` leaves out the `start` seconds that a run on one row takes.
    """
    items = len(read_report(report).items)
    rows = []
    for size in sizes:
        with tempfile.TemporaryDirectory(prefix="ducha-benchmark-") as name:
            write_copies(report, Path(name), count=size)
            run = run_command([name, *options])
        rows.append({"files": size, "items": size * items, "seconds": run.seconds, "peak_mb": run.peak_mb, "exit": run.exit})
    counts = [row["items"] for row in rows]
    return {
        "runs": rows,
        "exponent": exponent(counts, [row["seconds"] for row in rows]),
        "exponent_without_start": exponent(counts, [row["seconds"] - start for row in rows]),
        "memory_growth": rows[-1]["peak_mb"] / rows[0]["peak_mb"] - 1 if rows[0]["peak_mb"] else None,
    }


def workers(report: Path, *, options: Sequence[str], files: int, counts: Sequence[int]) -> list[dict[str, Any]]:
    """The report as so many files by one process and by several (`--workers`)."""
    items = len(read_report(report).items)
    rows = []
    with tempfile.TemporaryDirectory(prefix="ducha-benchmark-") as name:
        write_copies(report, Path(name), count=files)
        for count in counts:
            run = run_command([name, *options, *(["--workers", str(count)] if count > 1 else [])])
            rows.append({"workers": count, "files": files, "items": files * items, "seconds": run.seconds, "peak_mb": run.peak_mb, "exit": run.exit})
    return rows


def exponent(items: Sequence[float], values: Sequence[float]) -> float | None:
    """The power of the items with which the values grow: the slope of the straight line through their logarithms; None where there is none."""
    if len(set(items)) < 2 or min(values) <= 0:
        return None
    x, y = [math.log(n) for n in items], [math.log(v) for v in values]
    middle, level = sum(x) / len(x), sum(y) / len(y)
    return sum((a - middle) * (b - level) for a, b in zip(x, y, strict=True)) / sum((a - middle) ** 2 for a in x)
