"""The mean of the weights of several models: what it is, what it keeps of them, what cannot be averaged."""

from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from nlp.errors import ModelError
from nlp.training.card import write_card
from nlp.training.corpus import LabelledItem, read_corpora
from tests.test_cli import ducha
from tests.training.test_train import NOTES, SETTINGS, base, items, model, run, trained  # noqa: F401

torch = pytest.importorskip("torch", reason="torch is not installed: python scripts/test.py --with-training")
pytest.importorskip("transformers", reason="transformers is not installed: python scripts/test.py --with-training")


@pytest.fixture(scope="module")
def other(items: list[LabelledItem], base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:  # noqa: F811
    """A second training, from the same seed."""
    from nlp.training import export  # noqa: PLC0415

    settings = dataclasses.replace(SETTINGS, learning_rate=5e-4)
    done = tmp_path_factory.mktemp("run")
    run(items, base, done, settings)
    out = tmp_path_factory.mktemp("models") / "other"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(export, "LEAST_AGREEMENT", 0.0)
        notes = NOTES | {"train": ["a", "c"], "n_train": 30, "corpora": {"c/q1.jsonl": "x"}}
        export.export(done, base=base, out=out, settings=settings, dev=items[:8], check=items, notes=notes)
    return out


def test_every_weight_is_the_mean_of_its_members(model: Path, other: Path) -> None:  # noqa: F811
    from nlp.training.float_weights import float_weights  # noqa: PLC0415
    from nlp.training.mean import mean_weights  # noqa: PLC0415

    one, two, mean = float_weights(model), float_weights(other), mean_weights([model, other])
    assert mean.keys() == one.keys()
    assert all(torch.allclose(mean[name], (one[name] + two[name]) / 2, atol=1e-6) for name in one)
    assert any(not torch.equal(one[name], two[name]) for name in one)
    twice = mean_weights([model, other, other])
    assert all(torch.allclose(twice[name], (one[name] + 2 * two[name]) / 3, atol=1e-6) for name in one)


def test_the_mean_remembers_what_its_members_learned_from(model: Path, other: Path) -> None:  # noqa: F811
    from nlp.training.mean import notes_of  # noqa: PLC0415

    notes = notes_of([model, other, other])
    assert (notes["train"], notes["dev"], notes["n_train"], notes["corpora"]) == (["a", "c"], ["b"], 30, {"c/q1.jsonl": "x"})
    assert [member["settings"]["learning_rate"] for member in notes["mean_of"]] == [SETTINGS.learning_rate, 5e-4]
    assert [member["times"] for member in notes["mean_of"]] == [1, 2]
    metrics = json.loads((model / "metrics.json").read_text(encoding="utf-8"))
    calibration = json.loads((model / "calibration.json").read_text(encoding="utf-8"))
    manifest = json.loads((model / "manifest.json").read_text(encoding="utf-8")) | notes
    card = write_card("mean", manifest=manifest, figures={"dev": metrics["dev"]}, calibration=calibration, agreement={})
    assert "The mean of the weights of 2 trainings" in card
    assert f"`{notes['mean_of'][1]['model']}` (30 items, seed 7, best epoch 1, 1 s, counted 2 times)" in card


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda manifest: manifest["settings"].update(layers=2), "layers 是 2"),
        (lambda manifest: manifest["settings"].update(seed=8), "seed 是 8"),
        (lambda manifest: manifest.update(base={"model.safetensors": "x"}), "base 是"),
    ],
)
def test_what_is_of_another_kind_is_not_averaged(change: Any, message: str, model: Path, tmp_path: Path) -> None:  # noqa: F811
    from nlp.training.mean import mean_weights  # noqa: PLC0415

    strange = tmp_path / "strange"
    shutil.copytree(model, strange)
    manifest = json.loads((strange / "manifest.json").read_text(encoding="utf-8"))
    change(manifest)
    (strange / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    with pytest.raises(ModelError, match=message):
        mean_weights([model, strange])


def test_a_damaged_member_is_refused(model: Path, tmp_path: Path) -> None:  # noqa: F811
    from nlp.training.mean import mean_weights  # noqa: PLC0415

    damaged = tmp_path / "damaged"
    shutil.copytree(model, damaged)
    (damaged / "tokenizer.json").write_text("{}", encoding="utf-8")
    with pytest.raises(ModelError, match="与清单不符"):
        mean_weights([model, damaged])


def test_the_mean_is_written_as_a_model(root: Path, model: Path, other: Path, base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    from nlp.annotate.encoder import load_model  # noqa: PLC0415
    from nlp.terminal.training import run_mean  # noqa: PLC0415
    from nlp.training import export  # noqa: PLC0415

    monkeypatch.setattr(export, "LEAST_AGREEMENT", 0.0)
    corpora = [(government, found[:12]) for government, found in read_corpora(root / "corpora" / "mochuan")]
    run_mean(corpora, members=[model, other], out=tmp_path / "mean", base=base)
    manifest = json.loads((tmp_path / "mean" / "manifest.json").read_text(encoding="utf-8"))
    assert len(manifest["mean_of"]) == 2
    assert load_model(tmp_path / "mean").id.startswith("mean-")


def test_a_mean_of_one_or_with_settings_is_bad_usage(root: Path, tmp_path: Path) -> None:
    one = ducha("train", root / "corpora", "--out", tmp_path / "mean", "--mean", root / "models" / "status")
    assert (one.returncode, one.stderr.strip()) == (2, "错误：--mean 给了 1 个模型，平均至少要两个。请重复 --mean DIR")
    both = ducha("train", root / "corpora", "--out", tmp_path / "mean", "--mean", "a", "--mean", "b", "--quick")
    assert (both.returncode, both.stderr.strip()) == (2, "错误：--mean 与 --quick 不能同用：平均不训练")
