"""A network made narrower: hidden neurons and attention heads go where the rest can do their work, until a share of the time is left.

What can go is found on rows that the network reads, and what each part of it costs by what the whole network then says; nothing is trained here.
"""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import torch

from nlp.errors import ResourceError
from nlp.training.loss import loss_to_teacher
from nlp.training.network import Logits, StatusNetwork
from nlp.training.pruning import Order, Product, members_of, refit, removal_order, with_one
from nlp.training.readjust import Batch, readjust
from nlp.training.samples import IGNORED
from nlp.training.settings import TrainingSettings
from nlp.training.shape import Part, head_size_of, load_with_shape, parts_of
from nlp.training.teacher import Taught

# A head of 32 takes the time of so many hidden neurons: in six layers of 384, with the products behind them, 72 heads took 1.21 s and 9,216 neurons 1.31 s.
_NEURONS_A_HEAD: Final = 118
_HEAD_SIZE: Final = 32
# Neurons go in steps, for kernels that take as many at once.
_STEP: Final = 32
# Where each part is tried by itself, so much of it is left.
_TRIED: Final = 0.5
_LEAST_LOSS: Final = 1e-6


@dataclass(frozen=True)
class Seen:
    """A part as the rows showed it.

    Parameters
    ----------
    product : the one that reads it; its groups are heads or neurons.
    order : in which they go.
    time : of one group, in hidden neurons.
    step : how many go at once; as many always stay.
    """

    product: Product
    order: Order
    time: float
    step: int


@torch.no_grad()
def narrow(
    network: StatusNetwork, batches: Sequence[Batch], *, tried: Sequence[Batch], settings: TrainingSettings, on_part: Callable[[int, int], None] | None = None
) -> None:
    """Cut the network, in place and on the CPU, until the `width` of the settings is left of the time of its layers; it is left as for inference.

    Parameters
    ----------
    batches : rows as the network will read them; a hundred thousand tokens are enough.
    tried : rows on which it shows what the network says without a part: not those that it learned from, which it knows by heart.
    on_part : told how many of all steps are done.

    Raises
    ------
    ResourceError : as `parts_of` and `widths`.
    """
    network.eval()
    parts, exact = parts_of(network), copy.deepcopy(network)
    steps = iter(range(1, 3 * len(parts) + 1))

    def tell() -> None:
        if on_part:
            on_part(next(steps), 3 * len(parts))

    products = _products(network, parts, batches)
    seen: dict[Part, Seen] = {}
    for part in parts:
        step = 1 if part.is_attention else min(_STEP, max(1, products[part].groups // 8))
        time = _NEURONS_A_HEAD * products[part].size / _HEAD_SIZE if part.is_attention else 1
        seen[part] = Seen(products[part], removal_order(products[part], least=step), time, step)
        tell()
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    true = _read(exact, tried)
    price: dict[Part, float] = {}
    for part in parts:
        count = max(seen[part].step, int(seen[part].product.groups * _TRIED))
        load_with_shape(network, cut(before, {part: seen[part]}, {part: count}))
        lost = _apart(true, _read(network, tried), tried, settings=settings)
        # A part that loses nothing where it is tried may lose all beyond: it is never free.
        price[part] = max(lost, _LEAST_LOSS) / max(seen[part].order.error(count), 1e-12)
        tell()
    load_with_shape(network, cut(before, seen, widths(seen, price, share=settings.width)))
    readjust(network, batches, exact=exact, on_part=lambda _: tell())


def widths(seen: Mapping[Part, Seen], price: Mapping[Part, float], *, share: float) -> dict[Part, int]:
    """How many groups of each part stay: what loses least for the time that it gives back goes first.

    Parameters
    ----------
    price : above 0, what a unit of a part's error costs in the answers of the whole network.
    share : in (0, 1], of the time of all parts, at most so much is left.

    Raises
    ------
    ResourceError : the least that must stay takes more.
    """
    counts = {part: found.product.groups for part, found in seen.items()}
    time = whole = sum(seen[part].time * count for part, count in counts.items())

    def loss(part: Part) -> float:
        found, count = seen[part], counts[part]
        return price[part] * (found.order.error(count - found.step) - found.order.error(count)) / (found.time * found.step)

    while time > whole * share:
        able = [part for part, found in seen.items() if counts[part] - found.step >= found.step]
        if not able:
            raise ResourceError(f"width = {share:g}，至少要留 {time / whole:.2f}", where="训练设置")
        part = min(able, key=loss)
        counts[part] -= seen[part].step
        time -= seen[part].time * seen[part].step
    return counts


def cut(weights: Mapping[str, torch.Tensor], seen: Mapping[Part, Seen], counts: Mapping[Part, int]) -> dict[str, torch.Tensor]:
    """The weights, under their names, with so many groups of each part, and the products that read them fitted anew."""
    found = dict(weights)
    for part, count in counts.items():
        product = seen[part].product
        if count == product.groups:
            continue
        kept = seen[part].order.kept(count)
        table, bias = refit(product, kept=kept)
        found[f"{part.out}.weight"], found[f"{part.out}.bias"] = table.T.contiguous(), bias
        rows = members_of(kept, size=product.size)
        found |= {f"{name}.{kind}": weights[f"{name}.{kind}"][rows] for name in part.into for kind in ("weight", "bias")}
    return found


def _products(network: StatusNetwork, parts: Sequence[Part], batches: Sequence[Batch]) -> dict[Part, Product]:
    """Each part's product with the moments of what reaches it, an error of an output counting as the norm behind lets it through."""
    given: dict[Part, torch.Tensor] = {}
    handles = [part.product(network).register_forward_pre_hook(lambda _, args, part=part: given.update({part: args[0]})) for part in parts]
    sums: dict[Part, torch.Tensor] = {}
    handles += [part.norm(network).register_forward_pre_hook(lambda _, args, part=part: sums.update({part: args[0]})) for part in parts]
    moments: dict[Part, Any] = dict.fromkeys(parts, 0.0)
    # Of what a norm is given: its sum and the sum of its squares, `(2, H)`.
    spread: dict[Part, Any] = dict.fromkeys(parts, 0.0)
    tokens = 0
    for ids, mask, _, _ in batches:
        network.states(ids, mask)
        inside = mask > 0
        tokens += int(inside.sum())
        for part in parts:
            rows, behind = with_one(given[part][inside]), sums[part][inside].double()
            moments[part] += (rows.T @ rows).double()
            spread[part] += torch.stack([behind.sum(0), behind.square().sum(0)])
    for handle in handles:
        handle.remove()
    found = {}
    for part in parts:
        out, gamma = part.product(network), part.norm(network).weight.double().square()
        mean, square = spread[part] / tokens
        size = head_size_of(network, part.layer) if part.is_attention else 1
        importance = gamma / (gamma * (square - mean.square())).sum()
        found[part] = Product(out.weight.T.clone(), out.bias.clone(), moments[part] / tokens, importance, size)
    return found


def _read(network: StatusNetwork, batches: Sequence[Batch]) -> list[Taught]:
    """What the network says of each batch."""
    found = []
    for ids, mask, pool, cues in batches:
        states = network.states(ids, mask)
        logits: Logits = network.heads(states, mask, pool, cues)
        found.append(Taught(logits, states))
    return found


def _apart(exact: Sequence[Taught], found: Sequence[Taught], batches: Sequence[Batch], *, settings: TrainingSettings) -> float:
    """How far two networks are from each other in what they say: the mean over the batches of the loss that a pupil would be taught by, without the states."""
    by_words = dataclasses.replace(settings, state_weight=0.0)
    total = 0.0
    for true, said, (_, mask, pool, _) in zip(exact, found, batches, strict=True):
        asked = torch.where(pool.sum(1) > 0, 0, IGNORED)
        answers = (torch.zeros(pool.shape[:2]), asked, torch.zeros(len(mask)))
        total += float(loss_to_teacher(said.logits, said.states, true, answers=answers, pool=pool, mask=mask, settings=by_words))
    return total / len(batches)
