"""Units of a cell: names that stand side by side are split, names that wrapping cut are rejoined."""

from __future__ import annotations

import functools
import re
from collections.abc import Collection, Sequence
from typing import Any, Final

from nlp.config import load_toml

# Not inside brackets: 各县（市、区）政府 is one unit.
_EXPLICIT: Final = re.compile(r"[、，,;；。/／|]+(?![^（(）)]{0,30}[）)])")
_ROLE: Final = re.compile(
    r"(?:牵头|责任|主办|配合|协办|参与)(?:单位|部门)?\s*[:：]|[（(](?:牵头|主办|主责|配合|协办)(?:单位)?[）)]|(?:牵头|负责|配合|协办)(?=[\s、，,;；。]|$)"
)
# 云岫分局 is the end of a name (市生态环境局云岫分局), 公安分局 is a name.
_BRANCH: Final = re.compile(r"(?!公安|交警|交通|税务|环保|生态|国土|资源|规划|城管)[^局市县区旗]{2,3}分局")
_LONGEST_RUN: Final = 8


@functools.cache
def load_unit_rules() -> dict[str, Any]:
    """The word lists of `resources/units.toml`."""
    return load_toml("units.toml")


def split_units(cell: str, *, known: Collection[str] = ()) -> tuple[str, ...]:
    """The units named in a cell, in order, each once.

    Parameters
    ----------
    cell : text of the cell; 、，； and the like always part two names, white space and line breaks may do so.
    known : names seen alone in other cells of the report; they win over a reading that was never seen.
    """
    units: list[str] = []
    for part in _EXPLICIT.split(_ROLE.sub(" ", cell)):
        units += _rejoin(part.split(), known)
    return tuple(dict.fromkeys(units))


def seen_alone(cells: Collection[str]) -> frozenset[str]:
    """Names that fill a cell on their own, or a stretch between two 、 of it: the report's own list of units."""
    parts = (part.strip() for cell in cells for part in _EXPLICIT.split(_ROLE.sub("、", cell)))
    return frozenset(part for part in parts if part and not re.search(r"\s", part))


def _rejoin(fragments: list[str], known: Collection[str]) -> list[str]:
    """The reading of the fragments with the highest sum of scores; on a tie the one with more units."""
    best: list[tuple[float, list[str]]] = [(0.0, [])]
    for end in range(1, len(fragments) + 1):
        candidates = []
        for start in range(max(0, end - _LONGEST_RUN), end):
            name = "".join(fragments[start:end])
            score, units = best[start]
            candidates.append((score + _score(name, fragments[start:end], known), [*units, name]))
        best.append(max(candidates, key=lambda candidate: (candidate[0], len(candidate[1]))))
    return best[-1][1]


def _score(name: str, fragments: Sequence[str], known: Collection[str]) -> float:
    """How much `name` looks like one whole unit, in [-1, 2]; higher is more."""
    rules = load_unit_rules()
    # A name that wrapping cut within its brackets is no name yet.
    is_open = sum(name.count(mark) for mark in "（(") != sum(name.count(mark) for mark in "）)")
    if is_open or name[0] in "（(" or fragments[0] in rules["tails"]:
        return -1.0
    if name in known:
        return 2.0 if len(fragments) > 1 else 1.5
    if _BRANCH.fullmatch(name):
        return -1.0
    stem = re.sub(r"[（(].*?[）)]$", "", name)
    if not stem.endswith(tuple(rules["suffixes"])):
        return -1.0
    has_prefix = stem.startswith(tuple(rules["prefixes"])) and len(stem) > 2
    # A joined name that holds a whole unit and the beginning of the next is two units.
    if len(fragments) > 1 and re.search(r"[局委办院厅会][市县区旗省][^局委办院厅会]{1,12}[局委办院厅会]$", stem):
        return -1.0
    return 1.0 if has_prefix else 0.5
