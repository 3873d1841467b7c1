"""The shape of an encoder: the attention heads and hidden neurons of each layer, of which one network may have fewer than another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from nlp.errors import ResourceError
from nlp.training.network import StatusNetwork

_LAYER = "encoder.encoder.layer."


@dataclass(frozen=True)
class Part:
    """What can be narrower in one layer: its attention heads, or its hidden neurons."""

    layer: int
    is_attention: bool

    @property
    def into(self) -> tuple[str, ...]:
        """The products that make it, under their names in a network's weights."""
        names = ("attention.self.query", "attention.self.key", "attention.self.value") if self.is_attention else ("intermediate.dense",)
        return tuple(f"{_LAYER}{self.layer}.{name}" for name in names)

    @property
    def out(self) -> str:
        """The product that reads it, likewise."""
        return f"{_LAYER}{self.layer}.{self._behind}.dense"

    def product(self, network: StatusNetwork) -> nn.Linear:
        """The product that reads it."""
        found: nn.Linear = network.get_submodule(self.out)  # type: ignore[assignment]
        return found

    def norm(self, network: StatusNetwork) -> nn.LayerNorm:
        """The norm behind that product and the states that the product adds to."""
        found: nn.LayerNorm = network.get_submodule(f"{_LAYER}{self.layer}.{self._behind}.LayerNorm")  # type: ignore[assignment]
        return found

    @property
    def _behind(self) -> str:
        return "attention.output" if self.is_attention else "output"


def parts_of(network: StatusNetwork) -> list[Part]:
    """All parts of a network, in the order in which a pass comes through them.

    Raises
    ------
    ResourceError : the layers are not built like those of BERT (products with a bias, each with a norm behind it).
    """
    parts = [Part(layer, is_attention) for layer in range(len(_layers(network))) for is_attention in (True, False)]
    modules = dict(network.named_modules())
    for part in parts:
        products = [modules.get(name) for name in (*part.into, part.out)]
        norm = modules.get(f"{part.out.removesuffix('dense')}LayerNorm")
        if norm is None or not all(isinstance(product, nn.Linear) and product.bias is not None for product in products):
            raise ResourceError("编码器的层与 BERT 的不同，不能剪枝", where=f"{_LAYER}{part.layer}", remedy="请在设置文件里写 width = 1.0")
    return parts


def attention_heads_of(network: StatusNetwork) -> list[int]:
    """The attention heads of each layer; empty where the encoder does not say."""
    counts = [getattr(getattr(layer.attention, "self", None), "num_attention_heads", None) for layer in _layers(network)]
    return [int(count) for count in counts if count is not None]


def head_size_of(network: StatusNetwork, layer: int) -> int:
    """How many inputs of the product behind belong to one head of the layer."""
    return int(_layers(network)[layer].attention.self.attention_head_size)


def neurons_of(network: StatusNetwork) -> list[int]:
    """The hidden neurons of each layer; empty where the encoder does not say."""
    products = [getattr(getattr(layer, "intermediate", None), "dense", None) for layer in _layers(network)]
    return [product.out_features for product in products if isinstance(product, nn.Linear)]


def load_with_shape(network: StatusNetwork, weights: Mapping[str, torch.Tensor]) -> None:
    """Load weights into a network, which takes over how wide the inside of each layer is.

    Parameters
    ----------
    weights : as `state_dict` of a network names them.

    Raises
    ------
    RuntimeError : of torch, where something else than the inside of a layer has another shape, or a weight is missing.
    """
    for number, layer in enumerate(_layers(network)):
        for name, module in list(layer.named_modules()):
            table = weights.get(f"{_LAYER}{number}.{name}.weight")
            if isinstance(module, nn.Linear) and table is not None and table.shape != module.weight.shape:
                holder, _, last = name.rpartition(".")
                setattr(layer.get_submodule(holder), last, nn.Linear(table.shape[1], table.shape[0], device=module.weight.device))
                if last == "query":
                    attention = layer.get_submodule(holder)
                    attention.all_head_size = table.shape[0]
                    attention.num_attention_heads = table.shape[0] // attention.attention_head_size
    network.load_state_dict(dict(weights))


def _layers(network: StatusNetwork) -> list[Any]:
    return list(network.encoder.encoder.layer)  # type: ignore[union-attr, arg-type]
