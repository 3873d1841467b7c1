"""A training run watched from outside: by what it writes, whether it lives, and how it is stopped."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from nlp.errors import CorpusError, OutputError
from nlp.training import job
from nlp.training.job import CUT_OFF, FAILED, RUNNING, STOPPED, WRITTEN, Order, ask_to_stop, journal, latest, read_progress, write_order

LIVE = """
import sys, time
from pathlib import Path
from nlp.training.job import journal
with journal(Path(sys.argv[1])):
    print("up", flush=True)
    time.sleep(600)
"""


@dataclass(frozen=True)
class FakeStep:
    epoch: int
    step: int
    steps: int
    loss: float
    seconds_left: float


@dataclass(frozen=True)
class FakeEpoch:
    number: int
    loss: float
    statement_f1: float
    span_f1: float
    risk_recall: float
    seconds: float

    @property
    def score(self) -> float:
        return self.statement_f1


def order(name: str = "mine", *, quick: bool = True, since: str = "2024-04-01T08:00:00+08:00") -> Order:
    return Order(name, ("corpora",), quick, "models/status", ("h/q1.jsonl",), "基础语料", "王芳", since)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder of a run in full that has not begun."""
    found = tmp_path / job.FOLDER / "mine"
    found.mkdir(parents=True)
    write_order(found, order(quick=False))
    return found


def epoch(number: int) -> FakeEpoch:
    return FakeEpoch(number, 1.0 / number, 0.8, 0.7, 0.9, 3.0)


def test_what_happens_is_seen_while_it_happens(folder: Path) -> None:
    assert read_progress(folder).state == CUT_OFF
    with journal(folder) as kept:
        assert read_progress(folder).state == RUNNING
        kept.begin(epochs=9)
        kept.read(40, 40)
        assert (read_progress(folder).phase, read_progress(folder).done) == (job.READING, 40)
        kept.step(FakeStep(1, 5, 5, 0.7, 90.0))
        now = read_progress(folder)
        assert (now.phase, now.epochs, now.epoch, now.done, now.total, now.loss, now.seconds_left) == (job.TRAINING, 9, 1, 5, 5, 0.7, 90.0)
        kept.epoch(epoch(1))
        kept.write()
        assert read_progress(folder).phase == job.WRITING
    ended = read_progress(folder)
    assert (ended.state, ended.text, [e["number"] for e in ended.finished]) == (WRITTEN, "练完，模型已写出", [1])
    assert ended.finished[0]["score"] == 0.8


def test_steps_are_written_seldom(folder: Path) -> None:
    with journal(folder) as kept:
        for n in range(1, 1001):
            kept.step(FakeStep(1, n, 1000, 0.7, 9.0))
        assert read_progress(folder).done == 1000
    assert len((folder / job.EVENTS).read_text(encoding="utf-8").splitlines()) < 20


def test_the_wish_to_stop_comes_once_as_ctrl_c(folder: Path) -> None:
    with journal(folder) as kept:
        kept.epoch(epoch(1))
        ask_to_stop(folder)
        with pytest.raises(KeyboardInterrupt):
            kept.step(FakeStep(2, 1, 5, 0.7, 9.0))
        assert read_progress(folder).is_stopping
        kept.read(1, 2)
        kept.write()
    assert read_progress(folder).text == "已取消，用 1 轮里最好的一轮写出模型"


def test_a_run_stopped_before_its_first_epoch_wrote_nothing(folder: Path) -> None:
    ask_to_stop(folder)
    with pytest.raises(KeyboardInterrupt), journal(folder) as kept:
        kept.read(1, 2)
    assert (read_progress(folder).state, read_progress(folder).text) == (STOPPED, "已取消，还没有练完一轮，没有写出模型")


def test_a_failure_is_told_in_its_own_words(folder: Path) -> None:
    with pytest.raises(CorpusError), journal(folder):
        raise CorpusError("训练 0 项")
    assert (read_progress(folder).state, read_progress(folder).text) == (FAILED, "训练 0 项")
    with pytest.raises(ZeroDivisionError), journal(folder):
        raise ZeroDivisionError
    assert "ZeroDivisionError" in read_progress(folder).text


def test_a_killed_run_is_cut_off_and_goes_on(folder: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", LIVE, str(folder)], stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout and running.stdout.readline() == "up\n"
        assert read_progress(folder).state == RUNNING
        other = folder.with_name("other")
        other.mkdir()
        write_order(other, order("other"))
        assert read_progress(other).state == CUT_OFF
        with pytest.raises(OutputError, match="另一次训练正在进行（mine，20"), journal(other):
            pass
        running.kill()
        running.wait()
    with (folder / job.EVENTS).open("a", encoding="utf-8") as file:
        file.write('{"what": "epoch", "numb')
    assert read_progress(folder).state == CUT_OFF
    with journal(folder) as kept:
        kept.epoch(epoch(1))
    with journal(folder) as kept:
        kept.begin(epochs=9)
        # A full training goes on where it was, so its first epoch still counts.
        assert [e["number"] for e in read_progress(folder).finished] == [1]
        kept.epoch(epoch(2))
    assert [e["number"] for e in read_progress(folder).finished] == [1, 2]


def test_a_quick_run_that_begins_anew_shows_its_own_epochs(folder: Path) -> None:
    write_order(folder, order())
    with journal(folder) as kept:
        kept.epoch(epoch(1))
    with journal(folder):
        assert read_progress(folder).finished == ()


def test_the_latest_is_the_one_that_was_asked_for_last(tmp_path: Path) -> None:
    assert latest(tmp_path / "none") is None
    for name, since in (("b", "2024-04-02T08:00:00+08:00"), ("a", "2024-04-03T08:00:00+08:00")):
        (tmp_path / name).mkdir()
        write_order(tmp_path / name, order(name, since=since))
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / job.ORDER).write_text("{", encoding="utf-8")
    assert latest(tmp_path) == tmp_path / "a"


def test_a_folder_of_no_run_is_refused(tmp_path: Path) -> None:
    assert read_progress(tmp_path) is None
    with pytest.raises(OutputError, match=r"没有 order\.json"), journal(tmp_path):
        pass
