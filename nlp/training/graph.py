"""The network as an ONNX graph: exported, fused for inference, and rounded to int8 with the outliers of its activations moved into the weights."""

from __future__ import annotations

import logging
import tempfile
import warnings
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import QuantType, quantize_dynamic
from onnxruntime.transformers import optimizer
from onnxruntime.transformers.fusion_options import FusionOptions
from torch import nn

from nlp.annotate.encoder import session_of
from nlp.errors import ModelError
from nlp.labels import CUE_LABELS
from nlp.training.network import Heads, StatusNetwork
from nlp.training.shape import attention_heads_of

Array = np.ndarray[Any, np.dtype[Any]]
# ids and mask, both `(B, T)`.
Feed = tuple[Array, Array]
STATES: Final = "states"
_READ: Final = ("input_ids", "attention_mask")
_OUTPUTS: Final = ("statements", "tags", "items")
_OPSET: Final = 17
# Operators of the encoder whose products are rounded; the heads, which are small, stay float.
_ROUNDED: Final = ("MatMul", "Attention")
# How much of an outlier moves from the activation to the weight: 0 none, 1 all of it (SmoothQuant, Xiao et al. 2023, formula 4).
_MOVED: Final = 0.7
_ROWS_A_FEED: Final = 12
_HEAD: Final = "head/"


class _States(nn.Module):
    """The encoder as a graph sees it: two inputs, one output."""

    def __init__(self, network: StatusNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        return self.network.states(input_ids, attention_mask)


def encoder_graph(network: StatusNetwork) -> onnx.ModelProto:
    """Ids and mask -> states in float32, batch and tokens of any size, the operators of each layer fused where onnxruntime knows them."""
    # Only the plain attention is recognised and fused.
    network.encoder.set_attn_implementation("eager")  # type: ignore[operator]
    config: Any = network.encoder.config
    ids = torch.ones(2, 12, dtype=torch.long)
    axes = {name: {0: "batch", 1: "tokens"} for name in (*_READ, STATES)}
    with tempfile.TemporaryDirectory(prefix="ducha-graph-") as name:
        path = Path(name) / "encoder.onnx"
        _write(_States(network).eval(), (ids, torch.ones_like(ids)), path, inputs=_READ, outputs=(STATES,), axes=axes)
        onnx.save(_with_head_counts(onnx.load(str(path)), attention_heads_of(network), usual=config.num_attention_heads), str(path))
        options = FusionOptions("bert")
        # The fused embedding would be rounded as a whole, norms and all; its table alone is rounded here.
        options.enable_embed_layer_norm = False
        # See `encoder._SLOWER`: the session is not to fuse them either.
        options.enable_skip_layer_norm = False
        options.enable_bias_skip_layer_norm = False
        # It warns of every layer that has fewer heads than the others.
        logging.getLogger("fusion_attention").setLevel(logging.ERROR)
        fused = optimizer.optimize_model(
            str(path), model_type="bert", num_heads=config.num_attention_heads, hidden_size=config.hidden_size, optimization_options=options, opt_level=0
        )
        # Saving it is what writes down the operators' own domain.
        fused.save_model_to_file(str(path))
        return onnx.load(str(path))


def _with_head_counts(model: onnx.ModelProto, heads: Sequence[int], *, usual: int) -> onnx.ModelProto:
    """The graph with the number of heads written where a layer that has not the `usual` one is split into them; the export leaves it to be worked out.

    Raises
    ------
    ModelError : such a place was not found, and the layer could not be fused.
    """
    fixed = {node.output[0]: numpy_helper.to_array(node.attribute[0].t).tolist() for node in model.graph.node if node.op_type == "Constant"}
    for layer, count in enumerate(heads):
        if count == usual:
            continue
        splits = [node for node in model.graph.node if node.op_type == "Concat" and len(node.input) == 4 and f"/layer.{layer}/" in node.name]
        splits = [node for node in splits if fixed.get(node.input[2]) == [-1]]
        if len(splits) != len(("query", "key", "value")):
            raise ModelError(f"第 {layer + 1} 层有 {count} 个注意力头，导出的图里应有 3 处分头，找到 {len(splits)} 处", where="导出", remedy="模型没有写出")
        name = f"layer.{layer}.heads"
        model.graph.initializer.append(numpy_helper.from_array(np.array([count]), name))
        for node in splits:
            node.input[2] = name
    return model


def with_heads(encoder: onnx.ModelProto, heads: Heads) -> onnx.ModelProto:
    """An encoder's graph with heads behind its states: the whole network in one graph."""
    heads.eval()
    pool = torch.zeros(2, 3, 12)
    pool[:, :, 1:4] = 1 / 3
    inputs = (STATES, "attention_mask", "pool", "cues")
    axes = {name: {0: "batch", 1: "tokens"} for name in (STATES, "attention_mask", "cues", "tags")}
    axes |= {"pool": {0: "batch", 1: "statements", 2: "tokens"}, "statements": {0: "batch", 1: "statements"}, "items": {0: "batch"}}
    example = (torch.zeros(2, 12, heads.hidden), torch.ones(2, 12, dtype=torch.long), pool, torch.zeros(2, 12, len(CUE_LABELS)))
    with tempfile.TemporaryDirectory(prefix="ducha-graph-") as name:
        path = Path(name) / "heads.onnx"
        _write(heads, example, path, inputs=inputs, outputs=_OUTPUTS, axes=axes)
        second = onnx.load(str(path))
    # Names inside the heads must not meet those of the encoder; the mask is one input of both.
    second = onnx.compose.add_prefix(second, _HEAD, rename_inputs=False, rename_outputs=False)
    whole = onnx.ModelProto()
    whole.CopyFrom(encoder)
    whole.graph.node.extend(second.graph.node)
    whole.graph.initializer.extend(second.graph.initializer)
    whole.graph.input.extend(value for value in second.graph.input if value.name in {"pool", "cues"})
    del whole.graph.output[:]
    whole.graph.output.extend(second.graph.output)
    return whole


def encoder_of(model: onnx.ModelProto) -> onnx.ModelProto:
    """The encoder's part of a whole graph, ids and mask -> states: what `with_heads` was given."""
    encoder = onnx.ModelProto()
    encoder.CopyFrom(model)
    for field in (encoder.graph.node, encoder.graph.initializer, encoder.graph.value_info):
        kept = [entry for entry in field if not entry.name.startswith(_HEAD)]
        del field[:]
        field.extend(kept)
    inputs = [value for value in encoder.graph.input if value.name in _READ]
    del encoder.graph.input[:], encoder.graph.output[:]
    encoder.graph.input.extend(inputs)
    encoder.graph.output.append(helper.make_empty_tensor_value_info(STATES))
    return encoder


def to_int8(encoder: onnx.ModelProto, *, feeds: Sequence[Feed], float_products: int = 0) -> onnx.ModelProto:
    """Dynamic int8 of an encoder's graph; reduced range and per channel, so that CPUs with and without VNNI agree.

    Parameters
    ----------
    feeds : some batches, on which the range of each channel is measured.
    float_products : how many of the products stay float, those that lose most by rounding.
    """
    model = onnx.ModelProto()
    model.CopyFrom(encoder)
    fixed = {tensor.name for tensor in model.graph.initializer}
    names = [node.name for node in model.graph.node if node.op_type in _ROUNDED and node.input[1] in fixed]
    lost = _move_outliers(model, names, seen=_inputs_seen(model, names, feeds))
    _round_tables(model)
    rounded = sorted(names, key=lambda name: lost[name])[: len(names) - float_products]
    with tempfile.TemporaryDirectory(prefix="ducha-graph-") as name:
        before, after = Path(name) / "before.onnx", Path(name) / "after.onnx"
        onnx.save(model, str(before))
        quantize_dynamic(
            str(before),
            str(after),
            op_types_to_quantize=list(_ROUNDED),
            nodes_to_quantize=rounded,
            per_channel=True,
            reduce_range=True,
            weight_type=QuantType.QInt8,
            # Behind a fused operator the types of tensors cannot be derived.
            extra_options={"DefaultTensorType": TensorProto.FLOAT},
        )
        return onnx.load(str(after))


def _write(module: nn.Module, example: tuple[torch.Tensor, ...], path: Path, *, inputs: Sequence[str], outputs: Sequence[str], axes: Any) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            module, example, str(path), input_names=list(inputs), output_names=list(outputs), dynamic_axes=axes, opset_version=_OPSET, dynamo=False
        )


@dataclass(frozen=True)
class _Inputs:
    """What reached one product on the feeds: the largest absolute value of each channel `(C,)`, and some rows `(N, C)`."""

    largest: Array
    rows: Array


def _inputs_seen(model: onnx.ModelProto, names: Iterable[str], feeds: Sequence[Feed]) -> dict[str, _Inputs]:
    """For each input of the named nodes, what reached it on all feeds."""
    wanted = sorted({node.input[0] for node in model.graph.node if node.name in set(names)})
    asked = onnx.ModelProto()
    asked.CopyFrom(model)
    asked.graph.output.extend(helper.make_empty_tensor_value_info(name) for name in wanted)
    session = session_of(asked.SerializeToString())
    largest: dict[str, Array] = {}
    rows: dict[str, list[Array]] = defaultdict(list)
    for feed in feeds:
        for name, values in zip(wanted, session.run(wanted, dict(zip(_READ, feed, strict=True))), strict=True):
            flat = values.reshape(-1, values.shape[-1])
            most = np.abs(flat).max(axis=0)
            largest[name] = np.maximum(largest.get(name, most), most)
            rows[name].append(flat[:: max(1, len(flat) // _ROWS_A_FEED)])
    return {name: _Inputs(largest[name], np.concatenate(rows[name])) for name in wanted}


def _move_outliers(model: onnx.ModelProto, names: Iterable[str], *, seen: dict[str, _Inputs]) -> dict[str, float]:
    """Divide each channel of an input by what its weights are multiplied with: the product is the same, its input has no outliers left.

    Returns what each named product will lose by rounding, as a share of the variance of its typical channel.
    """
    weights = {tensor.name: tensor for tensor in model.graph.initializer}
    users: dict[str, list[onnx.NodeProto]] = defaultdict(list)
    for node in model.graph.node:
        if node.name in set(names):
            users[node.input[0]].append(node)
    lost: dict[str, float] = {}
    for source, nodes in users.items():
        tables = [numpy_helper.to_array(weights[node.input[1]]) for node in nodes]
        strongest = np.max([np.abs(table).max(axis=1) for table in tables], axis=0)
        factor = np.maximum(seen[source].largest, 1e-5) ** _MOVED / np.maximum(strongest, 1e-5) ** (1 - _MOVED)
        factor = np.maximum(factor / np.exp(np.log(factor).mean()), 1e-3).astype(np.float32)
        scaled, scale = f"{source}_even", f"{source}_scale"
        model.graph.initializer.append(numpy_helper.from_array(1 / factor, scale))
        for node, table in zip(nodes, tables, strict=True):
            heavy = table * factor[:, None]
            lost[node.name] = _loss(seen[source].rows / factor, heavy)
            weights[node.input[1]].CopyFrom(numpy_helper.from_array(heavy, node.input[1]))
            node.input[0] = scaled
        first = next(i for i, node in enumerate(model.graph.node) if scaled in node.input)
        model.graph.node.insert(first, helper.make_node("Mul", [source, scale], [scaled], f"{scaled}_mul"))
    return lost


def _loss(rows: Array, table: Array) -> float:
    """Mean squared error of a product once its input (8 bits over its range) and its weights (7 bits a channel) are rounded, as a share of the variance.

    Taken channel by channel, the middle one counts: a few channels with outliers of their own would hide what all others lose.
    """
    step = (max(float(rows.max()), 0.0) - min(float(rows.min()), 0.0)) / 255
    unit = np.maximum(np.abs(table).max(axis=0, keepdims=True), 1e-9) / 64
    exact = rows @ table
    rounded = (np.round(rows / step) * step) @ (np.round(table / unit) * unit)
    return float(np.median(np.square(rounded - exact).mean(axis=0) / np.maximum(exact.var(axis=0), 1e-12)))


def _round_tables(model: onnx.ModelProto, *, least: int = 1000) -> None:
    """Embedding tables of at least `least` rows as int8 with a factor a row, multiplied out where a row is looked up."""
    tables = {tensor.name: tensor for tensor in model.graph.initializer if len(tensor.dims) == 2 and tensor.dims[0] >= least}
    for node in [node for node in model.graph.node if node.op_type == "Gather" and node.input[0] in tables]:
        tensor = tables[node.input[0]]
        values = numpy_helper.to_array(tensor)
        factor = np.maximum(np.abs(values).max(axis=1, keepdims=True), 1e-8).astype(np.float32) / 127
        name, out = tensor.name, node.output[0]
        rounded = numpy_helper.from_array(np.round(values / factor).astype(np.int8), name)
        model.graph.initializer.remove(tensor)
        model.graph.initializer.extend([rounded, numpy_helper.from_array(factor, f"{name}_factor")])
        node.output[0] = f"{out}_int8"
        at = next(i for i, other in enumerate(model.graph.node) if other.name == node.name) + 1
        for more in (
            helper.make_node("Mul", [f"{out}_float", f"{out}_factor"], [out], f"{node.name}_mul"),
            helper.make_node("Gather", [f"{name}_factor", node.input[1]], [f"{out}_factor"], f"{node.name}_factor", axis=0),
            helper.make_node("Cast", [f"{out}_int8"], [f"{out}_float"], f"{node.name}_cast", to=TensorProto.FLOAT),
        ):
            model.graph.node.insert(at, more)
