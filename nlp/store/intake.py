"""A report, or what a run made of it, brought into the store without the screen."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from nlp import batch
from nlp.errors import UsageError
from nlp.progress import Progress
from nlp.readers.find import find_reports
from nlp.records import Period
from nlp.run_record import Failure
from nlp.store.engine import Store
from nlp.store.folders import ITEMS_FILE, is_outputs, take_folder
from nlp.store.runs import Taken


@dataclass(frozen=True)
class Intake:
    """What became of a source: its runs in the store, and the report files that gave none."""

    taken: tuple[Taken, ...]
    failures: tuple[Failure, ...] = ()


def bring(
    store: Store,
    source: Path,
    *,
    period: Period | None = None,
    model: Path | None = None,
    yardstick: str | None = None,
    unit_aliases: Path | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> Intake:
    """Bring an output folder of `ducha run` (or its `items.jsonl`) into the store as it is, a report or a folder of reports as judged now.

    Parameters
    ----------
    period, model, yardstick, unit_aliases, progress : as in `batch.run`, for reports.

    Raises
    ------
    DuchaError : nothing of this source was taken.
    """
    if not source.exists():
        raise UsageError("没有这个文件或文件夹", where=str(source), remedy="请指定报告，或 ducha run 的输出文件夹")
    folder = source.parent if source.name == ITEMS_FILE else source
    if folder.is_dir() and is_outputs(folder):
        if period or unit_aliases:
            raise UsageError("已判读过，报告期和单位别名随判读而定", where=str(source), remedy="请去掉 --period、--unit-aliases，或改为指定报告文件")
        return Intake(tuple(take_folder(store, folder)))
    files = [path for path in find_reports([source]) if path.is_file()]
    names = Counter(path.name for path in files)
    # A name that two folders share says of neither which file it was.
    hashes = {path.name: sha256(path.read_bytes()).hexdigest() for path in files if names[path.name] == 1}
    with tempfile.TemporaryDirectory(prefix="ducha-add-") as name:
        out = Path(name) / "out"
        done = batch.run([source], out=out, period=period, model=model, yardstick=yardstick, formats=("jsonl",), unit_aliases=unit_aliases, progress=progress)
        taken = take_folder(store, out, hashes=hashes) if out.is_dir() and is_outputs(out) else []
    return Intake(tuple(taken), done.failures)
