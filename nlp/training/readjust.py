"""A network that was cut, product by product nearer to what it was: from the lowest layer up, each is fitted anew to what now reaches it.

Least squares on rows that the network reads, nothing is trained. By itself each product was fitted to what reached it before; errors of those below it
would add up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

import torch
from torch import nn

from nlp.training.network import StatusNetwork
from nlp.training.pruning import with_one
from nlp.training.shape import Part, parts_of

# Ids, mask, pool and cues of a batch, as `samples.inputs_of` gives them, as tensors on the CPU.
Batch = tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]
# How strongly a product is held to what it is, as a share of the mean square of its inputs.
_HELD: Final = 1e-4


class _ReachedError(Exception):
    """A pass has come to where it was wanted."""


@torch.no_grad()
def readjust(network: StatusNetwork, batches: Sequence[Batch], *, exact: StatusNetwork, on_part: Callable[[Part], None] | None = None) -> None:
    """Fit each product that reads the inside of a layer, in place and on the CPU, so that the norm behind it is given what `exact` gives its own.

    Parameters
    ----------
    batches : rows as the networks will read them.
    exact : the network before it was cut; its layers may be wider.
    on_part : told each part that has been fitted.
    """
    for part in parts_of(network):
        product = part.product(network)
        weights = torch.cat([product.weight.T, product.bias[None]]).double()
        moments, cross = torch.zeros(len(weights), len(weights), dtype=torch.float64), torch.zeros_like(weights)
        for ids, mask, _, _ in batches:
            inside = mask > 0
            with _ending_at(part.norm(exact)) as wanted:
                _pass(exact, ids, mask)
            with _given(product) as inputs, _ending_at(part.norm(network)) as found:
                _pass(network, ids, mask)
            rows = inputs[0][inside]
            # What the product adds to is not its to change: what it should give is what is wanted, less that.
            should = wanted[0][inside] - (found[0][inside] - product(rows))
            moments += (with_one(rows).T @ with_one(rows)).double()
            cross += (with_one(rows).T @ should).double()
        held = torch.full((len(weights),), _HELD * float(moments.diagonal()[:-1].mean()), dtype=torch.float64)
        held[-1] = 0.0
        fitted = torch.linalg.solve(moments + held.diag(), cross + held[:, None] * weights).float()
        product.weight.copy_(fitted[:-1].T)
        product.bias.copy_(fitted[-1])
        if on_part:
            on_part(part)


@contextmanager
def _given(module: nn.Module) -> Iterator[list[torch.Tensor]]:
    """What the module is given in the passes of the block."""
    kept: list[torch.Tensor] = []
    handle = module.register_forward_pre_hook(lambda _, given: kept.append(given[0]))
    try:
        yield kept
    finally:
        handle.remove()


@contextmanager
def _ending_at(module: nn.Module) -> Iterator[list[torch.Tensor]]:
    """As `_given`; a pass ends there."""
    kept: list[torch.Tensor] = []

    def hook(_: nn.Module, given: Any) -> None:
        kept.append(given[0])
        raise _ReachedError

    handle = module.register_forward_pre_hook(hook)
    try:
        yield kept
    finally:
        handle.remove()


def _pass(network: StatusNetwork, ids: torch.Tensor, mask: torch.Tensor) -> None:
    try:
        network.states(ids, mask)
    except _ReachedError:
        return
