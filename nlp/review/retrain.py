"""Retraining beside the screen: a process of its own is started, watched and stopped; its model is tried in a thread, then put to use or not."""

from __future__ import annotations

import dataclasses
import logging
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import nlp
from nlp.annotate.encoder import WEIGHTS
from nlp.errors import CorpusError, DuchaError, UsageError
from nlp.in_use import model_in_use
from nlp.review.base_corpora import BaseCorpora, read_base
from nlp.store.engine import Store
from nlp.store.own_quarters import OwnQuarter, export_quarters
from nlp.training import job
from nlp.training.floors import load_floors
from nlp.training.gate import load_gate
from nlp.training.held_out import read_held_out
from nlp.training.registry import find_models, promote, rollback
from nlp.training.trial import Trial, judge_by, try_candidate

log = logging.getLogger(__name__)
TRAIN: Final = "train"
# On which rows a candidate is tried: one's own that were held out, the dev governments of the base corpora, or both.
OWN: Final = "own"
BASE: Final = "base"
BOTH: Final = "both"
LONGEST_NAME: Final = 40
_NAME: Final = re.compile(r"\w(?:[\w.-]*\w)?")
_NEEDED: Final = ("torch", "transformers", "onnx", "onnxscript", "safetensors")
PROGRAM: Final = (sys.executable, "-m", "nlp.cli")
_RUN: Final = ".{}-run"


@dataclass(frozen=True)
class Wish:
    """What a person wants trained: name, quick or in full, on the base corpora or not, on which of the own quarters, which are held out, who."""

    name: str
    quick: bool
    with_base: bool
    learned: tuple[OwnQuarter, ...]
    held_out: tuple[OwnQuarter, ...]
    by: str


@dataclass(frozen=True)
class Tried:
    """A trial: under way while there is neither a result nor an error."""

    name: str
    where: str
    trial: Trial | None = None
    error: str = ""

    @property
    def is_over(self) -> bool:
        """Whether nothing more will happen."""
        return bool(self.trial or self.error)


def missing_packages() -> tuple[str, ...]:
    """Packages of the extra `train` that are not installed."""
    return tuple(name for name in _NEEDED if not find_spec(name))


class Retraining:
    """Training and trial of new models in one models folder.

    Parameters
    ----------
    models : the models folder.
    corpora : folder of the base corpora, None where there is none.
    floors : a csv as `nlp/resources/floors.csv`, None for that one.
    program : the command `ducha`, by its words.
    """

    def __init__(self, *, models: Path, corpora: Path | None, floors: Path | None = None, program: Sequence[str] = PROGRAM) -> None:
        self.models, self.corpora, self._floors, self._program = models, corpora, floors, program
        self._lock = threading.Lock()
        self._started: tuple[str, subprocess.Popen[bytes]] | None = None
        self._tried: Tried | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="trial")

    @property
    def jobs(self) -> Path:
        """The folder of all runs."""
        return self.models / job.FOLDER

    def close(self) -> str:
        """Let the thread end. A training goes on, the next start of the screen finds it: its name, empty where there is none."""
        self._thread.shutdown(wait=False, cancel_futures=True)
        found = self.progress()
        return found.order.name if found and found.state == job.RUNNING else ""

    # ---- training

    def progress(self) -> job.Progress | None:
        """The run that was asked for last, as it stands; None where there is none."""
        folder = job.latest(self.jobs)
        found = job.read_progress(folder) if folder else None
        if folder is None or found is None:
            return None
        if self._started is None or self._started[0] != found.order.name:
            return found
        if self._started[1].poll() is None:
            # It takes the lock only once Python is up.
            return dataclasses.replace(found, state=job.RUNNING, text="")
        if found.state == job.CUT_OFF and (last := _last_line(folder / job.LOG)):
            return dataclasses.replace(found, state=job.FAILED, text=last)
        return found

    def start(self, wish: Wish, *, store: Store) -> None:
        """Write the own quarters as a corpus and begin to train.

        Raises
        ------
        UsageError : the name is taken or none, there is nothing to learn from, packages are missing, or a training is under way.
        CorpusError : the base corpora are missing, or a quarter cannot be learned from.
        """
        with self._lock:
            self._check_idle()
            self._check_name(wish.name)
            base = read_base(self.corpora)
            if base is None or not base.dev:
                raise CorpusError(
                    "没有基础语料：每一轮练得如何，要在其中 dev 政府的行上衡量",
                    where=str(self.corpora or ""),
                    remedy="请用 ducha review --corpora 指定语料文件夹",
                )
            if not wish.with_base and not wish.learned:
                raise UsageError("没有选学习的内容", remedy="请选基础语料，或至少一份核对过的报告")
            self.jobs.mkdir(parents=True, exist_ok=True)
            folder = self.jobs / wish.name
            new = Path(tempfile.mkdtemp(prefix=".new-", dir=self.jobs))
            try:
                export_quarters(store, wish.learned, out=new / TRAIN)
                held_out = export_quarters(store, wish.held_out, out=new / "held-out")
                both = {quarter.key for quarter in wish.learned} & {quarter.key for quarter in wish.held_out}
                if both:
                    raise UsageError(f"{'、'.join(sorted(both))} 又学又留出", remedy="同一个政府的同一期只能选其一")
                job.write_order(new, self._order(wish, base, folder=folder, held_out=[path.relative_to(new) for path in held_out]))
                shutil.rmtree(folder, ignore_errors=True)
                new.rename(folder)
            except BaseException:
                shutil.rmtree(new, ignore_errors=True)
                raise
            self._spawn(folder)

    def go_on(self) -> None:
        """Take up the last run where it was cut off; raises `UsageError` where there is none to take up."""
        with self._lock:
            self._check_idle()
            found = self.progress()
            if found is None or found.state == job.WRITTEN or (self.models / found.order.name).exists():
                raise UsageError("没有中断的训练可以继续")
            folder = self.jobs / found.order.name
            (folder / job.STOP).unlink(missing_ok=True)
            self._spawn(folder)

    def cancel(self) -> None:
        """Have the training end with its best epoch; raises `UsageError` where none is under way."""
        found = self.progress()
        if found is None or found.state != job.RUNNING:
            raise UsageError("没有正在进行的训练")
        job.ask_to_stop(self.jobs / found.order.name)

    def _check_idle(self) -> None:
        if missing := missing_packages():
            raise UsageError(f"训练需要 {'、'.join(missing)}，现在没有安装", remedy="请先运行 pip install 'ducha[train]'（torch 用 CPU 版即可）")
        found = self.progress()
        if found and found.state == job.RUNNING:
            raise UsageError(f"正在训练 {found.order.name}", remedy="请等它练完，或先取消")

    def _check_name(self, name: str) -> None:
        if not _NAME.fullmatch(name) or len(name) > LONGEST_NAME:
            raise UsageError(f"名称 {name!r} 不合适", remedy=f"请用至多 {LONGEST_NAME} 个汉字、字母、数字、点、横线，首尾不用点和横线")
        if (self.models / name).exists():
            raise UsageError(f"已有名为 {name} 的模型", remedy="请另取名字")
        if (self.models / _RUN.format(name) / "state.json").exists():
            raise UsageError(f"{name} 有一次没有练完的训练", where=str(self.models / _RUN.format(name)), remedy="请继续它，或另取名字")

    def _order(self, wish: Wish, base: BaseCorpora, *, folder: Path, held_out: Sequence[Path]) -> job.Order:
        corpora = [base.folder] if wish.with_base else [*base.dev]
        own = [f"{quarter.place or quarter.title} {quarter.period}（{quarter.reviewed} 行）" for quarter in wish.learned]
        said = [f"基础语料（{base.rows[TRAIN]} 行）"] if wish.with_base else []
        current = model_in_use(self.models) if wish.quick else None
        return job.Order(
            name=wish.name,
            corpora=tuple(str(path.resolve()) for path in (*corpora, *([folder / TRAIN] if wish.learned else []))),
            quick=wish.quick,
            base=str((current or self.models / "encoder").resolve()),
            held_out=tuple(str(folder.resolve() / path) for path in held_out),
            rows="，".join((*said, *own)),
            by=wish.by,
            since=datetime.now().astimezone().isoformat(timespec="milliseconds"),
        )

    def _spawn(self, folder: Path) -> None:
        """Begin a process that outlives this one, and that a Ctrl-C in this terminal does not reach."""
        order = job.read_order(folder)
        assert order
        words = [*order.corpora, "--out", str(self.models.resolve() / order.name), "--base", order.base, "--job", str(folder.resolve())]
        command = [*self._program, "train", *words, *(["--quick"] if order.quick else [])]
        # The package is found from any folder.
        paths = [str(Path(nlp.__file__).resolve().parent.parent), *filter(None, [os.environ.get("PYTHONPATH")])]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "PYTHONUTF8": "1"}
        with (folder / job.LOG).open("ab") as out:
            if sys.platform == "win32":
                flags = subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW | subprocess.BELOW_NORMAL_PRIORITY_CLASS
                process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, env=environment, creationflags=flags)
            else:
                process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, env=environment, start_new_session=True)
        self._started = order.name, process

    # ---- trial, promotion, rollback

    @property
    def tried(self) -> Tried | None:
        """The last trial, under way or over; None where there was none."""
        return self._tried

    def candidates(self) -> list[str]:
        """Names of the models that are not in use, the newest first; none where there is no models folder."""
        if not self.models.is_dir():
            return []
        current = model_in_use(self.models)
        folders = [folder for folder in find_models(self.models) if folder != current and (folder / WEIGHTS).exists()]
        return [folder.name for folder in sorted(folders, key=lambda folder: folder.stat().st_mtime, reverse=True)]

    def held_out(self, name: str) -> tuple[str, ...]:
        """The own quarters that were held out while a model was trained; empty for one that was not trained here."""
        order = job.read_order(self.jobs / name)
        return order.held_out if order else ()

    def try_out(self, name: str, *, where: str) -> None:
        """Begin to try a candidate; raises `UsageError` where there is none of that name, or another trial is under way."""
        if name not in self.candidates():
            raise UsageError("没有这个候选模型", where=name)
        own = [Path(path) for path in self.held_out(name)] if where in {OWN, BOTH} else []
        base = [self.corpora] if self.corpora and where in {BASE, BOTH} else []
        if not own and not base:
            raise UsageError("没有留出的行可供检验", where=name, remedy="请选基础语料的 dev 政府，或在训练时留出一份核对过的报告")
        with self._lock:
            if self._tried and not self._tried.is_over:
                raise UsageError(f"正在检验 {self._tried.name}", remedy="请等它结束")
            self._tried = Tried(name, where)
        self._thread.submit(self._try, self._tried, [*own, *base])

    def _try(self, tried: Tried, paths: Sequence[Path]) -> None:
        try:
            rows = read_held_out(paths)
            trial = try_candidate(self.models, name=tried.name, rows=rows, floors=load_floors(self._floors), settings=load_gate())
            self._tried = dataclasses.replace(tried, trial=trial)
        except DuchaError as error:
            self._tried = dataclasses.replace(tried, error=str(error))
        except Exception:
            log.exception("trial")
            self._tried = dataclasses.replace(tried, error=f"{tried.name}：检验时出错，终端里有详情")

    def promote(self, name: str, *, by: str, why: str = "") -> None:
        """Put the candidate that was tried last to use; raises as `registry.promote`, and `UsageError` where it was not tried."""
        trial = self._tried.trial if self._tried else None
        if trial is None or trial.candidate != name:
            raise UsageError(f"{name} 还没有检验", remedy="请先检验")
        promote(self.models, name=name, judge=judge_by(trial), by=by, why=why)
        self._tried = None

    def rollback(self, *, by: str, why: str = "") -> None:
        """Go back to the model in use before; raises as `registry.rollback`."""
        rollback(self.models, by=by, why=why)
        self._tried = None


def _last_line(path: Path) -> str:
    """The last line of a log that says something."""
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    return next((line.strip() for line in reversed(lines) if line.strip()), "")
