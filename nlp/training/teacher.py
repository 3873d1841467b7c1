"""A trained model as the teacher of another: it answers the very batches that the pupil sees, and the pupil begins as its lower layers, or all of them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import onnx
import torch
from onnx import helper

from nlp.annotate.encoder import WEIGHTS, load_model, session_of
from nlp.errors import ModelError
from nlp.training.float_weights import float_weights
from nlp.training.graph import STATES
from nlp.training.network import Logits, StatusNetwork
from nlp.training.shape import load_with_shape

Array = np.ndarray[Any, np.dtype[Any]]
_OUTPUTS: Final = ("statements", "tags", "items", STATES)
_LAYER: Final = re.compile(r"\.layer\.(\d+)\.")
# What is as wide as the inside of a layer, which may be narrower in one model than in another.
_INSIDE: Final = re.compile(r"\.layer\.\d+\.(attention\.(self\.\w+|output\.dense)|intermediate\.dense|output\.dense)\.")


@dataclass(frozen=True)
class Taught:
    """What the teacher says of a batch: logits as `network.Heads` gives them, and the states `(B, T, H)` from which it read them."""

    logits: Logits
    states: torch.Tensor


@dataclass(frozen=True)
class Teacher:
    """A model folder whose answers are learned from; `id` as `encoder.Model` has it."""

    id: str
    folder: Path
    session: Any

    def answer(self, inputs: tuple[Array, Array, Array, Array], *, device: torch.device) -> Taught:
        """Logits and states of a batch as `samples.inputs_of` gives it."""
        found = self.session.run(list(_OUTPUTS), dict(zip(("input_ids", "attention_mask", "pool", "cues"), inputs, strict=True)))
        statements, tags, items, states = (torch.from_numpy(array).to(device) for array in found)
        return Taught((statements, tags, items), states)


def load_teacher(folder: Path) -> Teacher:
    """The model in `folder`, checked as `encoder.load_model` checks it; raises `ModelError` as it does."""
    model = load_model(folder)
    graph = onnx.load(str(folder / WEIGHTS))
    graph.graph.output.append(helper.make_empty_tensor_value_info(STATES))
    return Teacher(model.id, folder, session_of(graph.SerializeToString()))


def begin_as(network: StatusNetwork, teacher: Teacher) -> None:
    """Give the network the teacher's embeddings, heads and as many of its lower layers as the network has, each as wide as the teacher's.

    Raises
    ------
    ModelError : the teacher has other shapes, or fewer layers.
    """
    weights, own = float_weights(teacher.folder), network.state_dict()
    if (has := _layer_count(weights)) < (asked := _layer_count(own)):
        raise ModelError(f"教师模型有 {has} 层，设置要求 {asked} 层", where=str(teacher.folder), remedy="请在设置文件里把 layers 写成不多于教师的层数")
    if unlike := [name for name, tensor in own.items() if name not in weights or (weights[name].shape != tensor.shape and not _INSIDE.search(name))]:
        raise ModelError(f"教师模型与要训练的模型结构不同（{unlike[0]} 等 {len(unlike)} 处）", where=str(teacher.folder), remedy="请用同一编码器训练的模型")
    load_with_shape(network, {name: weights[name] for name in own})


def _layer_count(weights: Mapping[str, torch.Tensor]) -> int:
    return len({found[1] for name in weights if (found := _LAYER.search(name))})
