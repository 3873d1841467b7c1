"""The weights of a shipped model as floats again: what a training goes on from where only the rounded graph was kept."""

from __future__ import annotations

import re
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
# The end of the name of an input whose outliers were moved into the weights.
_MOVED: Final = "_even"
_PRODUCTS: Final = ("QAttention", "Attention", "MatMulInteger", "MatMul")
_LAYER: Final = re.compile(r"/layer\.(\d+)/")


def float_weights(folder: Path) -> dict[str, torch.Tensor]:
    """The weights of the model in `folder` under the names of `network.StatusNetwork`: each rounded table times its step, as exact as int8 left it.

    Raises
    ------
    ModelError : the graph has none of the products that `graph.to_int8` makes.
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
    for node in graph.node:
        if node.op_type not in _PRODUCTS or node.input[1] not in tables or not node.input[0].removesuffix(_ROUNDED).endswith(_MOVED):
            continue
        table = tables[node.input[1]]
        if table.dtype != np.float32:
            table = table.astype(np.float32) * tables[f"{node.input[1].removesuffix(_ROUNDED)}_scale"]
        table = table * moved[node.input[0].removesuffix(_ROUNDED)][:, None]
        if node.op_type.endswith("Attention"):
            # What is fused keeps the name of the last of its outputs.
            stem = f"encoder.encoder.layer.{_LAYER.search(node.output[0])[1]}.attention.self"  # type: ignore[index]
            for part, own, bias in zip(_ATTENTION, np.split(table, 3, axis=1), np.split(tables[node.input[2]], 3), strict=True):
                weights |= {f"{stem}.{part}.weight": own.T, f"{stem}.{part}.bias": bias}
        else:
            place = node.name.removeprefix(_ENCODER).split("/")[:-1]
            weights[f"{'.'.join(['encoder', *place])}.weight"] = table.T
    if not any(name.endswith("query.weight") for name in weights):
        raise ModelError("图不是本程序写出的：没有找到注意力层", where=str(folder / WEIGHTS), remedy="请用 ducha train 写出的模型")
    heads = {f"heads.{name}": tensor.float() for name, tensor in load_file(str(folder / HEADS)).items()}
    return {name: torch.from_numpy(np.array(table)) for name, table in weights.items()} | heads
