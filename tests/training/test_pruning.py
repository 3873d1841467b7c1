"""What goes first costs least, what stays makes up for it, and the error that is foretold is the one that comes."""

from __future__ import annotations

from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="torch is not installed: python scripts/test.py --with-training")


def random(*shape: int, seed: int = 3) -> Any:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def seen(rows: Any, table: Any, *, bias: Any = None, importance: Any = None, size: int = 1) -> Any:
    from nlp.training.pruning import Product, with_one  # noqa: PLC0415

    inputs, outputs = with_one(rows).double(), table.shape[1]
    return Product(
        table,
        torch.zeros(outputs) if bias is None else bias,
        inputs.T @ inputs / len(rows),
        torch.ones(outputs) if importance is None else importance,
        size,
    )


def test_of_two_inputs_that_always_agree_one_goes_first_and_the_other_does_its_work() -> None:
    from nlp.training.pruning import refit, removal_order  # noqa: PLC0415

    rows, bias = random(400, 6), random(6, seed=5)
    rows[:, 4] = rows[:, 1]
    product = seen(rows, torch.eye(6), bias=bias)
    order = removal_order(product, least=5)
    assert order.groups[0] in {1, 4}
    assert order.errors[0] < 1e-3
    kept = order.kept(5)
    near, near_bias = refit(product, kept=kept)
    assert torch.allclose(rows[:, kept] @ near + near_bias, rows + bias, atol=0.02)


@pytest.mark.parametrize("size", [1, 2])
def test_the_foretold_error_is_that_of_the_fitted_product(size: int) -> None:
    from nlp.training.pruning import members_of, refit, removal_order  # noqa: PLC0415

    rows, table, bias, importance = random(400, 8) @ random(8, 8, seed=4) + 1, random(8, 3, seed=6), random(3, seed=7), torch.tensor([0.2, 3.0, 1.0])
    product = seen(rows, table, bias=bias, importance=importance, size=size)
    order = removal_order(product, least=1)
    assert order.total == 8 // size == len(order.groups) + 1
    assert list(order.errors) == sorted(order.errors)
    for count in range(1, order.total):
        kept = order.kept(count)
        near, near_bias = refit(product, kept=kept)
        error = ((rows[:, members_of(kept, size=size)] @ near + near_bias - rows @ table - bias).square().mean(0) * importance).sum()
        assert float(error) == pytest.approx(order.error(count), rel=0.02)
    assert order.error(order.total) == 0


def test_a_group_goes_whole_and_its_constant_part_stays_in_the_bias() -> None:
    from nlp.training.pruning import members_of, refit, removal_order  # noqa: PLC0415

    rows, table = random(400, 6), random(6, 3, seed=4)
    rows[:, 2:4] = torch.tensor([5.0, -2.0])
    product = seen(rows, table, size=2)
    order = removal_order(product, least=1)
    assert order.groups[0] == 1
    kept = order.kept(2)
    near, bias = refit(product, kept=kept)
    assert near.shape == (4, 3)
    assert torch.allclose(rows[:, members_of(kept, size=2)] @ near + bias, rows @ table, atol=0.02)


def test_what_counts_for_nothing_may_go() -> None:
    from nlp.training.pruning import removal_order  # noqa: PLC0415

    rows, table = random(400, 2), torch.tensor([[3.0, 0.0], [0.0, 1.0]])
    assert removal_order(seen(rows, table), least=1).groups == (1,)
    assert removal_order(seen(rows, table, importance=torch.tensor([0.001, 1.0])), least=1).groups == (0,)
