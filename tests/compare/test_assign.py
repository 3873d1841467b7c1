"""The assignment is the best there is, and large groups still end."""

from __future__ import annotations

import itertools
import time

import numpy as np
import pytest

from nlp.compare.assign import assign, best_assignment


@pytest.mark.parametrize("seed", range(30))
def test_no_permutation_gains_more(seed: int) -> None:
    random = np.random.default_rng(seed)
    n, m = random.integers(1, 6, 2)
    gains = random.random((n, m)) * (random.random((n, m)) > 0.4)
    wide = gains if n <= m else gains.T
    best = max(sum(wide[i, j] for i, j in enumerate(p)) for p in itertools.permutations(range(wide.shape[1]), wide.shape[0]))
    assert sum(gains[i, j] for i, j in best_assignment(gains)) == pytest.approx(best)


def test_the_total_counts_not_who_comes_first() -> None:
    gains = {(0, 0): 0.10, (0, 1): 0.09, (1, 0): 0.09}
    assert assign(gains, largest_exact=9) == {0: 1, 1: 0}
    assert assign(gains, largest_exact=1) == {0: 0}
    assert assign({(0, 0): 0.10, (0, 1): 0.04, (1, 0): 0.04}, largest_exact=9) == {0: 0}


def test_pairs_that_may_not_be_made_are_not() -> None:
    assert assign({(4, 7): 0.1, (5, 7): 0.2}, largest_exact=9) == {5: 7}
    assert assign({}, largest_exact=9) == {}


def test_a_large_group_ends_soon() -> None:
    started = time.perf_counter()
    gains = np.random.default_rng(1).random((300, 300))
    assert len(best_assignment(gains)) == 300
    assert time.perf_counter() - started < 10
