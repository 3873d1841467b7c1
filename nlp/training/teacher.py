"""A trained model as the teacher of a smaller one: it answers the very batches that the pupil sees, and the pupil begins as its lower layers."""

from __future__ import annotations

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

Array = np.ndarray[Any, np.dtype[Any]]
_OUTPUTS: Final = ("statements", "tags", "items", STATES)


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
    """Give the network the teacher's embeddings, heads and as many of its lower layers as the network has.

    Raises
    ------
    ModelError : the teacher has other shapes, or fewer layers.
    """
    weights, own = float_weights(teacher.folder), network.state_dict()
    if unlike := [name for name, tensor in own.items() if name not in weights or weights[name].shape != tensor.shape]:
        raise ModelError(f"教师模型与要训练的模型结构不同（{unlike[0]} 等 {len(unlike)} 处）", where=str(teacher.folder), remedy="请用同一编码器训练的模型")
    network.load_state_dict({name: weights[name] for name in own})
