"""Which row goes with which: the assignment of the greatest total gain, each row and each column at most once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Edges = Mapping[tuple[int, int], float]
_TINY: Final = 1e-12


def assign(gains: Edges, *, largest_exact: int) -> dict[int, int]:
    """Row -> column, so that the sum of the gains is greatest.

    Parameters
    ----------
    gains : (row, column) -> gain > 0 of each pair that may be made; a pair left out is never made.
    largest_exact : groups of connected rows and columns with more rows or columns are assigned greatest gain first instead.
    """
    assigned: dict[int, int] = {}
    for group in _groups(gains):
        rows = sorted({i for i, _ in group})
        columns = sorted({j for _, j in group})
        if max(len(rows), len(columns)) > largest_exact:
            assigned |= _greedy(group)
            continue
        matrix = np.zeros((len(rows), len(columns)))
        for (i, j), gain in group.items():
            matrix[rows.index(i), columns.index(j)] = gain
        assigned |= {rows[r]: columns[c] for r, c in best_assignment(matrix) if matrix[r, c] > _TINY}
    return assigned


def _groups(gains: Edges) -> list[dict[tuple[int, int], float]]:
    """The pairs, parted into groups that share no row and no column."""
    parent: dict[tuple[str, int], tuple[str, int]] = {}

    def root(node: tuple[str, int]) -> tuple[str, int]:
        while parent.setdefault(node, node) != node:
            parent[node] = parent[parent[node]]
            node = parent[node]
        return node

    for i, j in gains:
        parent[root(("row", i))] = root(("column", j))
    groups: dict[tuple[str, int], dict[tuple[int, int], float]] = {}
    for (i, j), gain in gains.items():
        groups.setdefault(root(("row", i)), {})[i, j] = gain
    return list(groups.values())


def _greedy(group: Edges) -> dict[int, int]:
    assigned: dict[int, int] = {}
    taken: set[int] = set()
    for (i, j), _ in sorted(group.items(), key=lambda edge: (-edge[1], edge[0])):
        if i not in assigned and j not in taken:
            assigned[i] = j
            taken.add(j)
    return assigned


def best_assignment(gains: NDArray[Any]) -> list[tuple[int, int]]:
    """The pairs (row, column) of greatest total gain that use every row, or every column, of a (R, C) matrix of gains >= 0 once.

    Shortest augmenting paths with potentials; cubic in the larger side.
    """
    if gains.shape[0] > gains.shape[1]:
        return sorted((r, c) for c, r in best_assignment(gains.T))
    cost = gains.max(initial=0.0) - gains
    n, m = cost.shape
    of_rows, of_columns = np.zeros(n + 1), np.zeros(m + 1)
    # Column m is where each path begins; `row_of` holds the row that a column is given to, n for none.
    row_of = np.full(m + 1, n)
    for row in range(n):
        row_of[m] = row
        column = m
        shortest = np.full(m, np.inf)
        came_from = np.full(m, m)
        visited = np.zeros(m + 1, dtype=bool)
        while row_of[column] != n:
            visited[column] = True
            here = row_of[column]
            reduced = cost[here] - of_rows[here] - of_columns[:m]
            open_columns = ~visited[:m]
            better = open_columns & (reduced < shortest)
            shortest[better] = reduced[better]
            came_from[better] = column
            column = int(np.argmin(np.where(open_columns, shortest, np.inf)))
            step = shortest[column]
            of_rows[row_of[visited]] += step
            of_columns[visited] -= step
            shortest[open_columns] -= step
        while column != m:
            row_of[column] = row_of[came_from[column]]
            column = int(came_from[column])
    return sorted((int(row_of[c]), c) for c in range(m) if row_of[c] != n)
