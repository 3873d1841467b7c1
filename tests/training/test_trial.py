"""A trial before the promotion: what it says, and that it counts only for the files that were measured."""

from __future__ import annotations

from pathlib import Path

import pytest

from nlp.errors import GateError, ModelError
from nlp.in_use import model_in_use
from nlp.labels import AT_RISK
from nlp.training.floors import load_floors
from nlp.training.gate import load_gate
from nlp.training.held_out import HeldOut
from nlp.training.registry import history, promote
from nlp.training.trial import Trial, judge_by, try_candidate
from tests.training.test_gate import GOLD, Labels, items_of, readings_of, spoiled

ROWS = HeldOut(tuple(items_of(GOLD)), {"mochuan/fy.jsonl": "hash"})


def run(models: Path, *, candidate: Labels = GOLD) -> Trial:
    read = {"new": candidate, "status": GOLD}
    return try_candidate(models, name="new", rows=ROWS, floors=load_floors(), settings=load_gate(), read=lambda folder, _: readings_of(read[folder.name]))


@pytest.fixture
def models(make_model) -> Path:
    make_model("status", dev=["mochuan"])
    return make_model("new").parent


def test_what_passed_is_put_to_use_without_being_measured_again(models: Path) -> None:
    trial = run(models)
    assert (trial.candidate, trial.current, trial.refusals) == ("new", "status", ())
    assert trial.notes == ("在用的模型在 mochuan 上选过轮次、定过校准，数字略偏高",)
    promote(models, name="new", judge=judge_by(trial), by="王芳")
    assert model_in_use(models) == models / "new"
    assert history(models)[0]["figures"]["statement"]["macro"]["f1"] == pytest.approx(1.0)


def test_what_failed_is_refused_with_its_reasons(models: Path) -> None:
    trial = run(models, candidate=spoiled(0.2, only=AT_RISK))
    assert "语句有风险查全 0.800，低于下限 0.900" in trial.refusals
    assert trial.judgement and trial.judgement.flips
    with pytest.raises(GateError, match="低于下限"):
        promote(models, name="new", judge=judge_by(trial), by="王芳")
    assert model_in_use(models) == models / "status"


@pytest.mark.parametrize("changed", ["new", "status"])
def test_a_trial_of_other_files_does_not_count(models: Path, make_model, changed: str) -> None:
    trial = run(models)
    make_model(changed, dev=["other"])
    with pytest.raises(GateError, match="请重新检验"):
        promote(models, name="new", judge=judge_by(trial), by="王芳")


def test_rows_that_were_learned_say_nothing(models: Path, make_model) -> None:
    make_model("new", train=["mochuan"], corpora={"mochuan/fy.jsonl": "hash"})
    trial = run(models)
    assert trial.judgement is None
    assert "学过留出的语料 mochuan/fy.jsonl" in trial.refusals[0]


def test_a_damaged_candidate_is_not_measured(models: Path) -> None:
    (models / "new" / "labels.json").unlink()
    with pytest.raises(ModelError, match=r"缺少文件 labels\.json"):
        run(models)


def test_a_damaged_model_in_use_is_not_compared_with(models: Path) -> None:
    (models / "status" / "labels.json").unlink()
    trial = run(models)
    assert (trial.current, trial.judgement.comparisons if trial.judgement else None) == ("", ())
    with pytest.raises(GateError, match="在用的 status 已损坏"):
        promote(models, name="new", judge=judge_by(trial), by="王芳")
