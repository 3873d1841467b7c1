"""A training run as another process sees it: what was asked, what has happened so far, the wish that it stop. Files alone, no torch.

Each run has a folder `.training/NAME` in the models folder; the process that trains holds the lock of `.training`, so that there is one at a time.
"""

from __future__ import annotations

import dataclasses
import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from nlp.errors import DuchaError, OutputError
from nlp.lock import holder, locked

if TYPE_CHECKING:
    from nlp.training.checkpoint import Epoch
    from nlp.training.train import Step

FOLDER: Final = ".training"
ORDER: Final = "order.json"
EVENTS: Final = "events.jsonl"
STOP: Final = "stop"
LOG: Final = "log.txt"
# How a run stands: it lives; it wrote its model; it was stopped before there was one; it failed; its process is gone without a word.
RUNNING: Final = "running"
WRITTEN: Final = "written"
STOPPED: Final = "stopped"
FAILED: Final = "failed"
CUT_OFF: Final = "cut off"
# What it is at.
LOADING: Final = "loading"
READING: Final = "reading"
TRAINING: Final = "training"
WRITING: Final = "writing"
# Seconds between two lines on steps.
_INTERVAL: Final = 0.5
# Seconds that a probe of the lock may bar a run that begins.
_PATIENCE: Final = 3.0


@dataclass(frozen=True)
class Order:
    """What a run was asked for.

    Parameters
    ----------
    name : of the new model, a folder of the models folder.
    corpora : folders to learn from.
    base : folder of the model or encoder that it goes on from; empty for the base encoder.
    held_out : quarters (.jsonl) that it must not learn from, on which it may be measured.
    rows : what it learns from in words, for people.
    by, since : who asked, and when (ISO 8601).
    """

    name: str
    corpora: tuple[str, ...]
    quick: bool
    base: str
    held_out: tuple[str, ...]
    rows: str
    by: str
    since: str


@dataclass(frozen=True)
class Progress:
    """How far a run is.

    Parameters
    ----------
    state, phase : one of those above.
    done, total : rows read, or steps of the epoch; 0 of 0 where neither is known.
    epochs : of the most it may run (0 where unknown), whole ones in `finished`, each as `checkpoint.Epoch` with its score.
    epoch, loss : of the epoch under way (from 1; 0 before the first), mean loss so far.
    seconds_left : of the phase, None where unknown.
    is_stopping : whether it has been asked to stop.
    text : how it ended; empty while it runs.
    """

    order: Order
    state: str
    phase: str = LOADING
    done: int = 0
    total: int = 0
    epochs: int = 0
    finished: tuple[Mapping[str, Any], ...] = ()
    epoch: int = 0
    loss: float = 0.0
    seconds_left: float | None = None
    is_stopping: bool = False
    text: str = ""


def write_order(folder: Path, order: Order) -> None:
    """Write what is asked for into the folder of a run, whole or not at all."""
    temporary = folder / f".{ORDER}"
    temporary.write_text(json.dumps(dataclasses.asdict(order), ensure_ascii=False, indent=1) + "\n", encoding="utf-8", newline="\n")
    temporary.replace(folder / ORDER)


def read_order(folder: Path) -> Order | None:
    """What a run was asked for; None where the folder is of no run."""
    try:
        given = json.loads((folder / ORDER).read_text(encoding="utf-8"))
        lists = {key: tuple(map(str, given[key])) for key in ("corpora", "held_out")}
        return Order(**{**given, **lists})
    except (OSError, ValueError, KeyError, TypeError):
        return None


def latest(jobs: Path) -> Path | None:
    """The folder of the run that was asked for last, None where there is none."""
    orders = {path: order for path in (jobs.iterdir() if jobs.is_dir() else ()) if (order := read_order(path))}
    return max(orders, key=lambda path: orders[path].since, default=None)


def ask_to_stop(folder: Path) -> None:
    """Have the run end as with Ctrl-C: with its best epoch, where it has a whole one."""
    (folder / STOP).touch()


def read_progress(folder: Path) -> Progress | None:
    """How the run of the folder stands; None where the folder is of no run. What cannot be read of its events is passed over."""
    order = read_order(folder)
    if order is None:
        return None
    is_alive = holder(folder.parent) == order.name
    found = Progress(order, RUNNING if is_alive else CUT_OFF, is_stopping=(folder / STOP).exists())
    for event in _events(folder / EVENTS):
        found = _after(found, event, is_alive=is_alive)
    return found


def _after(found: Progress, event: Mapping[str, Any], *, is_alive: bool) -> Progress:
    """The progress after one more event; an end counts only for a process that is gone."""
    what = event.get("what")
    if what == "start":
        # A full training goes on after its last whole epoch, a quick one begins anew.
        whole = () if found.order.quick else found.finished
        return Progress(found.order, RUNNING if is_alive else CUT_OFF, finished=whole, is_stopping=found.is_stopping)
    if what == "begin":
        return dataclasses.replace(found, epochs=event["epochs"])
    if what == "read":
        return dataclasses.replace(found, phase=READING, done=event["done"], total=event["total"], seconds_left=event["seconds_left"])
    if what == "step":
        known = {key: event[key] for key in ("epoch", "loss", "seconds_left")}
        return dataclasses.replace(found, phase=TRAINING, done=event["step"], total=event["steps"], **known)
    if what == "epoch":
        whole = (*(epoch for epoch in found.finished if epoch["number"] < event["number"]), event)
        return dataclasses.replace(found, finished=whole)
    if what == "write":
        return dataclasses.replace(found, phase=WRITING, seconds_left=None)
    if what == "end" and not is_alive:
        return dataclasses.replace(found, state=event["state"], text=event["text"])
    return found


def _events(path: Path) -> Iterator[dict[str, Any]]:
    """The events in their order; a line that a killed process left half written is none."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return
    for line in lines:
        try:
            event = json.loads(line)
        except ValueError:
            continue
        if isinstance(event, dict):
            yield event


class Journal:
    """The events of this process, written as they happen; the wish that it stop comes back as `KeyboardInterrupt`."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._written, self._began = folder, 0.0, time.monotonic()
        self._whole = 0
        self.was_stopped = False

    def start(self) -> None:
        """The process is there."""
        self._write("start")

    def begin(self, *, epochs: int) -> None:
        """The corpora are read and the training begins; `epochs` is the most it may run."""
        self._began = time.monotonic()
        self._write("begin", epochs=epochs)

    def read(self, done: int, total: int) -> None:
        """How many rows the encoder has read."""
        left = (time.monotonic() - self._began) / max(1, done) * (total - done)
        self._seldom("read", is_last=done == total, done=done, total=total, seconds_left=left)
        self._check()

    def step(self, step: Step) -> None:
        """A step of an epoch."""
        self._seldom("step", is_last=step.step == step.steps, **dataclasses.asdict(step))
        self._check()

    def epoch(self, epoch: Epoch) -> None:
        """An epoch is whole."""
        self._whole = epoch.number
        self._write("epoch", **dataclasses.asdict(epoch), score=epoch.score)

    def write(self) -> None:
        """The model is being written; from here on it is not stopped."""
        self._write("write")

    def end(self, state: str, text: str) -> None:
        """How the run ended."""
        self._write("end", state=state, text=text)

    @property
    def whole(self) -> int:
        """How many epochs are whole."""
        return self._whole

    def _check(self) -> None:
        if not self.was_stopped and (self._folder / STOP).exists():
            self.was_stopped = True
            raise KeyboardInterrupt

    def _seldom(self, what: str, *, is_last: bool, **more: Any) -> None:
        if is_last or time.monotonic() - self._written >= _INTERVAL:
            self._written = time.monotonic()
            self._write(what, **more)

    def _write(self, what: str, **more: Any) -> None:
        event = {"what": what, "at": datetime.now().astimezone().isoformat(timespec="milliseconds"), **more}
        with (self._folder / EVENTS).open("a", encoding="utf-8", newline="\n") as file:
            # A line that a killed process left half written must not swallow this one.
            file.write(("\n" if what == "start" else "") + json.dumps(event, ensure_ascii=False) + "\n")


@contextmanager
def journal(folder: Path) -> Iterator[Journal]:
    """Keep a journal of the training that the block does, and hold the lock meanwhile.

    Raises
    ------
    OutputError : the folder is of no run, or another training is under way. What the block raises passes through, once it is written down.
    """
    order = read_order(folder)
    if order is None:
        raise OutputError(f"没有 {ORDER}", where=str(folder), remedy="训练的文件夹由核对界面建立；在命令行训练时不用 --job")
    with locked(folder.parent, by=order.name, what="另一次训练正在进行", wait=_PATIENCE):
        kept = Journal(folder)
        kept.start()
        try:
            yield kept
        except KeyboardInterrupt:
            kept.end(STOPPED, "已取消，还没有练完一轮，没有写出模型")
            raise
        except DuchaError as error:
            kept.end(FAILED, str(error))
            raise
        except BaseException as error:
            kept.end(FAILED, f"程序出错（{type(error).__name__}），详情见 {folder / LOG}")
            raise
        kept.end(WRITTEN, f"已取消，用 {kept.whole} 轮里最好的一轮写出模型" if kept.was_stopped else "练完，模型已写出")
