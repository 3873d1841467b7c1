"""Uploaded reports, read and annotated one after the other in a thread of their own."""

from __future__ import annotations

import logging
import secrets
import shutil
import tempfile
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from nlp import batch
from nlp.errors import DuchaError, UsageError
from nlp.progress import Progress
from nlp.readers.container import SUFFIXES
from nlp.records import Period

log = logging.getLogger(__name__)
# Uploads that wait or are being read; more are refused.
MOST_WAITING: Final = 5
_MOST_KNOWN: Final = 50
_LONGEST_NAME: Final = 120
# What a file name must not hold on any system.
_FORBIDDEN: Final = frozenset('<>:"/\\|?*')


@dataclass(frozen=True)
class Job:
    """An upload: file name, items done of those in it (0 of 0 while it is being read), then the runs that it became or the line that says why not."""

    id: str
    file: str
    done: int = 0
    total: int = 0
    runs: tuple[str, ...] = ()
    error: str = ""

    @property
    def is_over(self) -> bool:
        """Whether nothing more will happen."""
        return bool(self.runs or self.error)


class Jobs:
    """The uploads of this start of the program.

    Parameters
    ----------
    open_folder : puts the outputs of a run into the store and gives the ids of its runs.
    model : gives the folder of the model to read with, None for the rules; asked at each upload, since another may have been put to use.
    unit_aliases : file of names that mean one unit.
    """

    def __init__(
        self, *, open_folder: Callable[[Path], list[str]], model: Callable[[], Path | None], yardstick: str | None = None, unit_aliases: Path | None = None
    ) -> None:
        self._open_folder, self._model, self._yardstick, self._unit_aliases = open_folder, model, yardstick, unit_aliases
        self._jobs: dict[str, Job] = {}
        self._lock = threading.Lock()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="upload")

    def find(self, id: str) -> Job | None:
        """The job as it stands now."""
        with self._lock:
            return self._jobs.get(id)

    def check_room(self) -> None:
        """Raise `UsageError` where too many uploads wait."""
        with self._lock:
            if sum(not job.is_over for job in self._jobs.values()) >= MOST_WAITING:
                raise UsageError("正在判读的报告太多", remedy="请等前面的判读完再上传")

    def start(self, path: Path, *, period: Period | None) -> Job:
        """Queue a file, which stands in a temporary folder of its own that is removed at the end."""
        job = Job(secrets.token_urlsafe(8), path.name)
        with self._lock:
            for old in [known.id for known in self._jobs.values() if known.is_over][: max(0, len(self._jobs) - _MOST_KNOWN)]:
                del self._jobs[old]
            self._jobs[job.id] = job
        self._thread.submit(self._work, job.id, path, period)
        return job

    def close(self) -> None:
        """Let the thread end; what waits is dropped."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _work(self, id: str, path: Path, period: Period | None) -> None:
        def show(state: Progress) -> None:
            self._change(id, done=state.done, total=state.total)

        try:
            out = path.parent / "out"
            result = batch.run(
                [path],
                out=out,
                period=period,
                model=self._model(),
                yardstick=self._yardstick,
                formats=("jsonl",),
                unit_aliases=self._unit_aliases,
                progress=show,
            )
            if result.failures:
                self._change(id, error=result.failures[0].reason)
            else:
                self._change(id, runs=tuple(self._open_folder(out)))
        except DuchaError as error:
            self._change(id, error=str(error))
        except Exception:
            log.exception("upload")
            self._change(id, error=f"{path.name}：判读时出错，程序记录里有详情")
        finally:
            shutil.rmtree(path.parent, ignore_errors=True)

    def _change(self, id: str, *, done: int | None = None, total: int | None = None, runs: tuple[str, ...] | None = None, error: str | None = None) -> None:
        given = {"done": done, "total": total, "runs": runs, "error": error}
        with self._lock:
            self._jobs[id] = replace(self._jobs[id], **{key: value for key, value in given.items() if value is not None})  # type: ignore[arg-type]


def upload_path(name: str) -> Path:
    """A path for an uploaded file in a fresh temporary folder; of the name given only the last part is used.

    Raises
    ------
    UsageError : the name is empty or its ending is of no report.
    """
    last = "".join(c for c in name.replace("\\", "/").rsplit("/", 1)[-1] if c.isprintable() and c not in _FORBIDDEN).strip(" .")
    path = Path(last)
    if not path.stem or path.suffix.lower() not in SUFFIXES:
        raise UsageError("不是能判读的报告文件", where=last or name[:40], remedy=f"可用 {' '.join(sorted(SUFFIXES))}")
    return Path(tempfile.mkdtemp(prefix="ducha-upload-")) / f"{path.stem[:_LONGEST_NAME]}{path.suffix}"
