"""The weights of a shipped model as floats again: what a training goes on from where only the rounded graph was kept."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from safetensors.torch import load_file

from nlp.annotate.encoder import WEIGHTS
from nlp.errors import ModelError

HEADS: Final = "heads.safetensors"
Array = np.ndarray[Any, np.dtype[Any]]
_NETWORK: Final = "network."
_ENCODER: Final = "/encoder/"
_ATTENTION: Final = ("query", "key", "value")
_ROUNDED: Final = "_quantized"


def float_weights(folder: Path) -> dict[str, torch.Tensor]:
    """The weights of the model in `folder` under the names of `network.StatusNetwork`: each rounded table times its step, as exact as int8 left it.

    Raises
    ------
    ModelError : a product of the graph is not among those that `graph.to_int8` makes.
    """
    graph = onnx.load(str(folder / WEIGHTS)).graph
    tables = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    weights: dict[str, Array] = {}
    for name, table in tables.items():
        if not name.startswith(_NETWORK) or name.endswith("_factor"):
            continue
        # An embedding table has a factor a row where it was rounded.
        weights[name.removeprefix(_NETWORK)] = table if table.dtype == np.float32 else table.astype(np.float32) * tables[f"{name}_factor"]
    # What was moved from the activations into the weights goes back: the multiplier of the input is the divisor of the table.
    moved = {node.output[0]: tables[node.input[1]] for node in graph.node if node.op_type == "Mul" and node.input[1] in tables}
    layer = -1
    for node in graph.node:
        if node.op_type not in {"QAttention", "MatMulInteger"}:
            continue
        stem = node.input[1].removesuffix(_ROUNDED)
        source = node.input[0].removesuffix(_ROUNDED)
        if source not in moved or f"{stem}_scale" not in tables:
            raise ModelError(f"图中的 {node.name} 不是本程序写出的", where=str(folder / WEIGHTS), remedy="请用 ducha train 写出的模型")
        table = tables[node.input[1]].astype(np.float32) * tables[f"{stem}_scale"] * moved[source][:, None]
        if node.op_type == "MatMulInteger":
            place = node.name.removeprefix(_ENCODER).split("/")[:-1]
            weights[f"{'.'.join(['encoder', *place])}.weight"] = table.T
            continue
        layer += 1
        for part, own, bias in zip(_ATTENTION, np.split(table, 3, axis=1), np.split(tables[node.input[2]], 3), strict=True):
            weights[f"encoder.encoder.layer.{layer}.attention.self.{part}.weight"] = own.T
            weights[f"encoder.encoder.layer.{layer}.attention.self.{part}.bias"] = bias
    heads = {f"heads.{name}": tensor.float() for name, tensor in load_file(str(folder / HEADS)).items()}
    return {name: torch.from_numpy(np.array(table)) for name, table in weights.items()} | heads
