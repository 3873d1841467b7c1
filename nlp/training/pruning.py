"""Which inputs of a product can go, and what the others must do in their place: least squares on the inputs that were seen, no gradients.

The structured form of the optimal brain surgeon (Hassibi and Stork 1993; Kurtic, Frantar and Alistarh 2023).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import torch

# Share of the mean square of an input that is added to each: without it two inputs that always agree make the matrix singular.
_DAMPING: Final = 1e-4


@dataclass(frozen=True)
class Product:
    """A product `x @ table + bias` and what was seen at it; the inputs come in `G` groups of `size`.

    Parameters
    ----------
    table, bias : `(D, O)` and `(O,)`; `D` = `G` times `size`.
    moments : `(D + 1, D + 1)` in double precision, the mean of `x1' x1` over what was seen, where `x1` is an input as `with_one` gives it.
    importance : `(O,)`, how much a squared error of each output counts.
    size : inputs that only go together.
    """

    table: torch.Tensor
    bias: torch.Tensor
    moments: torch.Tensor
    importance: torch.Tensor
    size: int = 1

    @property
    def groups(self) -> int:
        """How many groups of inputs there are."""
        return len(self.table) // self.size


@dataclass(frozen=True)
class Order:
    """In which order the groups of a product go.

    Parameters
    ----------
    total : `G`, how many groups the product has.
    groups : `(R,)`, the first to go first.
    errors : `(R,)`, the squared error of the output once each has gone, weighted by importance and summed over outputs.
    """

    total: int
    groups: tuple[int, ...]
    errors: tuple[float, ...]

    def kept(self, count: int) -> list[int]:
        """The groups that stay when `count` do, in the order of the product."""
        gone = set(self.groups[: self.total - count])
        return [group for group in range(self.total) if group not in gone]

    def error(self, count: int) -> float:
        """The error when `count` groups stay."""
        return self.errors[self.total - count - 1] if count < self.total else 0.0


def removal_order(product: Product, *, least: int) -> Order:
    """Take the group away that costs least once the others make up for it, then the next, until `least` groups are left."""
    size, inputs = product.size, len(product.table)
    inverse = torch.linalg.inv(_damped(product.moments))
    weights = torch.cat([product.table, product.bias[None]]).double() * product.importance.double().sqrt()
    gone = torch.zeros(product.groups, dtype=torch.bool)
    order: list[int] = []
    errors: list[float] = []
    while product.groups - len(order) > least:
        costs = torch.where(gone, torch.inf, _costs(weights[:inputs], inverse[:inputs, :inputs], size))
        group = int(costs.argmin())
        members = slice(group * size, (group + 1) * size)
        columns = inverse[:, members].clone()
        share = torch.linalg.solve(inverse[members, members], torch.cat([weights[members], columns.T], dim=1))
        weights -= columns @ share[:, : weights.shape[1]]
        inverse -= columns @ share[:, weights.shape[1] :]
        # What has gone stays out of the way of every later step.
        inverse[members], inverse[:, members] = 0.0, 0.0
        inverse[members, members] = torch.eye(size, dtype=torch.float64)
        gone[group] = True
        order.append(group)
        errors.append((errors[-1] if errors else 0.0) + float(costs[group]))
    return Order(product.groups, tuple(order), tuple(errors))


def refit(product: Product, *, kept: list[int]) -> tuple[torch.Tensor, torch.Tensor]:
    """Table `(K * size, O)` and bias of the product on the kept groups alone that come nearest to the whole product's output."""
    moments = _damped(product.moments)
    rows = torch.cat([members_of(kept, size=product.size), torch.tensor([len(product.table)])])
    whole = torch.cat([product.table, product.bias[None]]).double()
    near = torch.linalg.solve(moments[rows][:, rows], moments[rows] @ whole).to(product.table.dtype)
    return near[:-1], near[-1]


def with_one(rows: torch.Tensor) -> torch.Tensor:
    """Inputs `(N, D)` with a 1 behind each, `(N, D + 1)`: what a bias is multiplied with."""
    return torch.cat([rows, torch.ones(len(rows), 1)], dim=1)


def members_of(groups: list[int], *, size: int) -> torch.Tensor:
    """The inputs `(K * size,)` that belong to `K` groups."""
    return (torch.tensor(groups)[:, None] * size + torch.arange(size)).flatten()


def _damped(moments: torch.Tensor) -> torch.Tensor:
    diagonal = moments.diagonal()[:-1]
    more = torch.zeros(len(moments), dtype=moments.dtype)
    more[:-1] = max(_DAMPING * float(diagonal.mean()), 1e-12)
    return moments + more.diag()


def _costs(weights: torch.Tensor, inverse: torch.Tensor, size: int) -> torch.Tensor:
    """What the output loses by each group, `(G,)`."""
    if size == 1:
        return weights.square().sum(1) / inverse.diagonal()
    groups = len(weights) // size
    own = weights.reshape(groups, size, -1)
    blocks = torch.stack([inverse[g * size : (g + 1) * size, g * size : (g + 1) * size] for g in range(groups)])
    costs: torch.Tensor = (own * torch.linalg.solve(blocks, own)).sum((1, 2))
    return costs
