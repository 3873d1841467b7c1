"""A smaller network begins as its teacher and learns to agree with it."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path
from typing import Any

import pytest

from nlp.errors import ModelError
from nlp.training.corpus import LabelledItem
from tests.training.test_train import SETTINGS, base, items, model, run, trained  # noqa: F401

torch = pytest.importorskip("torch", reason="torch is not installed: python scripts/test.py --with-training")
pytest.importorskip("transformers", reason="transformers is not installed: python scripts/test.py --with-training")


def test_the_weights_of_a_rounded_graph_are_those_of_its_network(model: Path, trained: tuple[Path, Any]) -> None:  # noqa: F811
    from safetensors.torch import load_file  # noqa: PLC0415

    from nlp.training.checkpoint import BEST  # noqa: PLC0415
    from nlp.training.float_weights import float_weights  # noqa: PLC0415

    exact, found = load_file(str(trained[0] / BEST)), float_weights(model)
    assert found.keys() == exact.keys()
    for name, tensor in exact.items():
        # 7 bits a channel, and half precision for the heads.
        assert float((found[name] - tensor).norm()) <= 0.03 * float(tensor.norm()) + 1e-6, name


def test_the_pupil_begins_where_the_teacher_stands(base: Path, model: Path, items: list[LabelledItem]) -> None:  # noqa: F811
    from nlp.training.loss import loss_to_teacher  # noqa: PLC0415
    from nlp.training.network import build_network  # noqa: PLC0415
    from nlp.training.samples import answers_of, build_samples, inputs_of  # noqa: PLC0415
    from nlp.training.teacher import begin_as, load_teacher  # noqa: PLC0415
    from nlp.training.train import load_tokenizer  # noqa: PLC0415

    samples = build_samples(items, places={items[0].government: "甲市"}, tokenizer=load_tokenizer(base), settings=SETTINGS, epoch=0)[:4]
    inputs = inputs_of(samples)
    ids, mask, pool, cues = (torch.from_numpy(array) for array in inputs)
    teacher = load_teacher(model)
    taught = teacher.answer(inputs, device=torch.device("cpu"))
    answers = [torch.from_numpy(array) for array in answers_of(samples, pool=inputs[2])]
    torch.manual_seed(5)
    stranger, pupil = (build_network(base, layers=1).eval() for _ in range(2))
    begin_as(pupil, teacher)

    def distance(network: Any) -> float:
        with torch.inference_mode():
            states = network.states(ids, mask)
            logits = network.heads(states, mask, pool, cues)
        return float(loss_to_teacher(logits, states, taught, answers=answers, pool=pool, mask=mask, settings=SETTINGS))

    assert distance(pupil) < 0.02 < distance(stranger)


def test_a_run_with_a_teacher_is_another_run(base: Path, model: Path, items: list[LabelledItem], tmp_path: Path) -> None:  # noqa: F811
    from nlp.training.teacher import load_teacher  # noqa: PLC0415

    teacher = load_teacher(model)
    alone = run(items, base, tmp_path)
    taught = run(items, base, tmp_path, teacher=teacher)
    assert taught[0].loss != alone[0].loss
    assert run(items, base, tmp_path, teacher=teacher) == taught


def test_a_teacher_with_fewer_layers_or_of_another_shape_is_refused(base: Path, model: Path, items: list[LabelledItem], tmp_path: Path) -> None:  # noqa: F811
    from transformers import AutoConfig, AutoModel  # noqa: PLC0415

    from nlp.training.teacher import load_teacher  # noqa: PLC0415

    teacher = load_teacher(model)
    with pytest.raises(ModelError, match="教师模型有 1 层，设置要求 2 层"):
        run(items, base, tmp_path / "run", dataclasses.replace(SETTINGS, layers=2), teacher=teacher)
    wide = tmp_path / "wide"
    shutil.copytree(base, wide)
    config = AutoConfig.from_pretrained(str(base))
    config.hidden_size = 48
    AutoModel.from_config(config, add_pooling_layer=False).save_pretrained(str(wide))
    with pytest.raises(ModelError, match="教师模型与要训练的模型结构不同"):
        run(items, wide, tmp_path / "run", teacher=teacher)
