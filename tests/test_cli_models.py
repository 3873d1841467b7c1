"""The command `models`: what it shows, what it refuses, what it leaves behind. No model runs: what is read is made up."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from nlp.annotate.pipeline import Reading
from nlp.batch import model_folder
from nlp.cli import app
from nlp.errors import GateError, OutputError, UsageError
from nlp.in_use import CURRENT
from nlp.labels import AT_RISK, IN_PROGRESS, STATUSES
from nlp.records import Problem, Statement
from nlp.training import gate
from nlp.training.corpus import LabelledItem

EVEN = (1 / len(STATUSES),) * len(STATUSES)
CORPUS = {"train": ["langang"], "dev": ["mochuan"], "corpora": {"langang/q1.jsonl": "x"}, "n_train": 50, "seconds": 12.0}
FIGURES = {"statement": {"macro_f1": 0.9145, "at_risk_recall": 0.948}, "problems": {"overlap": {"f1": 0.827}}}


@pytest.fixture
def models(make_model: Callable[..., Path]) -> Path:
    make_model("status", figures=FIGURES, **CORPUS)
    return make_model("mine", date="2024-04-02", figures=FIGURES, **CORPUS).parent


def _reading(item: LabelledItem, *, is_blind: bool) -> Reading:
    """What a reader makes of an item that either sees everything or takes every risk for something in progress."""
    statements = tuple(Statement(span, IN_PROGRESS if is_blind and status == AT_RISK else status, EVEN) for span, status in item.statements)
    return Reading(item.status, item.basis, EVEN, statements, tuple(Problem(span, kind, 1.0) for span, kind in item.problems), False, "model")


@pytest.fixture
def ducha(models: Path, root: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Run `ducha models` on the made-up models and one quarter; `mine` finds every second risk, `good` and the model in use find all."""

    def read(folder: Path, items: Sequence[LabelledItem]) -> list[Reading]:
        return [_reading(item, is_blind=folder.name == "mine" and n % 2 == 1) for n, item in enumerate(items)]

    monkeypatch.setattr(gate, "read_with_model", read)
    quarter = root / "corpora" / "mochuan"

    def run(*words: str | Path) -> Result:
        held_out = ("--held-out", str(quarter)) if words[0] == "promote" and "--held-out" not in words else ()
        return CliRunner().invoke(app, ["models", *map(str, words), *held_out, "--models", str(models)])

    return run


def test_the_list_names_every_model(ducha: Callable[..., Result], models: Path) -> None:
    (models / "mine" / "labels.json").write_text("{}", encoding="utf-8")
    done = ducha("list")
    assert done.exit_code == 0, done.output
    lines = [line.split() for line in done.output.splitlines()]
    assert ["status", "是", "50/1", "12", "0.914", "0.948", "0.827", "0"] in [line[:8] for line in lines]
    assert ["mine", "50/1", "12", "0.914", "0.948", "0.827", "0", "2024-04-02"] in lines
    assert "损坏 mine：文件 labels.json 与清单不符" in done.output
    assert ducha("list", "--log").output.strip() == "还没有换过模型"


def test_a_worse_one_is_refused_and_forced_only_with_a_reason(ducha: Callable[..., Result], models: Path, tmp_path: Path) -> None:
    done = ducha("promote", "mine", "--flips", tmp_path / "flips.csv")
    assert isinstance(done.exception, GateError)
    assert str(done.exception).startswith("mine：语句有风险查全 0.")
    assert "低于下限 0.900" in str(done.exception)
    assert "候选 0." in str(done.exception)
    assert "，在用 1.000，相差 -0." in str(done.exception)
    assert "标签变了的" in done.output
    assert "标注 有风险，在用 有风险，候选 推进中，在用对：" in done.output
    assert len((tmp_path / "flips.csv").read_text(encoding="utf-8-sig").splitlines()) > 5
    assert not (models / CURRENT).exists()
    assert isinstance(ducha("promote", "mine", "--flips", tmp_path / "flips.csv").exception, OutputError)
    assert isinstance(ducha("promote", "mine", "--force").exception, UsageError)
    forced = ducha("promote", "mine", "--force", "--why", "只为演示", "--by", "甲")
    assert "已换上 mine（强制，已记录）" in forced.output
    log = ducha("list", "--log").output
    assert "甲  换上（强制） status → mine" in log
    assert "理由：只为演示  未通过：语句有风险查全 0." in log
    assert "已从 mine 退回 status" in ducha("rollback").output


def test_a_good_one_is_used_from_then_on(ducha: Callable[..., Result], models: Path, make_model: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    make_model("good", **CORPUS)
    done = ducha("promote", models / "good")
    assert done.exit_code == 0, done.exception
    assert "候选在 mochuan 上选过轮次、定过校准" in done.output
    assert json.loads((models / CURRENT).read_text(encoding="utf-8"))["model"] == "good"
    monkeypatch.setattr("nlp.in_use.MODELS", models)
    assert model_folder(None) == models / "good"
    assert model_folder("rules") is None
    assert model_folder("mine") == Path("mine")


def test_figures_on_rows_that_were_learned_from_are_refused(ducha: Callable[..., Result], make_model: Callable[..., Path], models: Path) -> None:
    make_model("cheat", train=["mochuan"])
    done = ducha("promote", "cheat")
    assert isinstance(done.exception, GateError)
    assert str(done.exception).startswith("cheat：学过留出的语料 mochuan/fy.jsonl、mochuan/h1.jsonl、")
    assert "下限" not in done.output
    assert not (models / CURRENT).exists()


def test_training_never_writes_over_the_model_in_use(models: Path, root: Path) -> None:
    done = CliRunner().invoke(app, ["train", str(root / "corpora"), "--out", str(models / "status"), "--force"])
    assert isinstance(done.exception, OutputError)
    assert "这个模型在用，不能就地改动" in str(done.exception)
