"""Item rows -> the state of affairs by unit: counts, shares steadied against small numbers, a light and a rank."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from nlp.config import load_toml
from nlp.labels import AT_RISK, COMPLETED, STATUSES
from nlp.unit_names import Aliases

_Row = TypeVar("_Row", bound=Mapping[str, Any])

NO_UNIT: Final = "（未填单位）"
RED, YELLOW, GREEN = "red", "yellow", "green"


@dataclass(frozen=True)
class UnitRow:
    """A unit with what it leads and joins; shares in [0, 1] of what it leads, 0 where it leads nothing.

    `counts` follows `labels.STATUSES`. `at_risk_shrunk` and `completed_shrunk` are the shares steadied by `shrink`. `light` is `red`, `yellow`,
    `green`, or empty where the unit leads nothing; so is `rank` None there. Rank 1 = most at risk by the steadied share, units with nothing at
    risk last; equal units share a rank.
    `rank_before` is the rank in an older list, None where there is none.
    """

    unit: str
    # All wordings of the report that were put together, the commonest first.
    wordings: tuple[str, ...]
    led: int
    joined: int
    counts: tuple[int, ...]
    at_risk_share: float
    at_risk_shrunk: float
    completed_share: float
    completed_shrunk: float
    top_score: float
    light: str
    rank: int | None
    rank_before: int | None = None

    @property
    def rank_change(self) -> int | None:
        """Places gone down the list since the older one: above zero is better, below is worse; None without an older rank."""
        return None if self.rank is None or self.rank_before is None else self.rank - self.rank_before

    def count(self, status: str) -> int:
        """Items led with that status."""
        return self.counts[STATUSES.index(status)]


@dataclass
class UnitTally:
    """What is counted of a unit, of one report or of several: `key` of `Aliases.key`, wordings with how often they stand, items joined, items led by status
    (as `labels.STATUSES`), the worst severity (0 to 3) and the highest risk score of what it leads.
    """

    key: str
    wordings: Counter[str] = field(default_factory=Counter)
    joined: int = 0
    counts: list[int] = field(default_factory=lambda: [0] * len(STATUSES))
    severity: int = 0
    top_score: float = 0.0

    @property
    def led(self) -> int:
        """Items that the unit leads."""
        return sum(self.counts)

    def add(self, other: UnitTally) -> None:
        """Count what `other` counted of the same unit too."""
        self.wordings.update(other.wordings)
        self.joined += other.joined
        self.counts = [own + more for own, more in zip(self.counts, other.counts, strict=True)]
        self.severity = max(self.severity, other.severity)
        self.top_score = max(self.top_score, other.top_score)


def prior_strength(counts: Sequence[tuple[int, int]], *, settings: Mapping[str, float]) -> float:
    """How many items the report's mean is worth, M > 0, from (hits, items) of all units.

    Beta-binomial by moments (Kleinman 1973, JASA 68: 46-54): with p = sum x / sum n, N = sum n and k units,
    S = sum n_i (x_i/n_i - p)^2 has the mean p(1-p) [(k-1) + rho (N - sum n_i^2 / N - (k-1))]; rho solved from it gives M = 1/rho - 1.
    """
    filled = [(hits, total) for hits, total in counts if total]
    items = sum(total for _, total in filled)
    mean = sum(hits for hits, _ in filled) / items if items else 0.0
    spare = len(filled) - 1
    room = items - sum(total**2 for _, total in filled) / items - spare if items else 0.0
    if len(filled) < settings["fewest_units"] or not 0.0 < mean < 1.0 or room <= 0.0:
        return settings["default"]
    spread = sum(total * (hits / total - mean) ** 2 for hits, total in filled)
    rho = (spread / (mean * (1.0 - mean)) - spare) / room
    strength = 1.0 / rho - 1.0 if rho > 0.0 else settings["strongest"]
    return min(max(strength, settings["weakest"]), settings["strongest"])


def shrink(hits: int, total: int, *, mean: float, strength: float) -> float:
    """The share steadied: (x + M p) / (n + M), the mean of a beta-binomial posterior; in [0, 1]. With many items it is the share itself."""
    return (hits + strength * mean) / (total + strength)


def tally(rows: Iterable[Mapping[str, Any]], *, aliases: Aliases) -> tuple[UnitTally, ...]:
    """What the item rows (keys as in `items.jsonl`) say of each unit, in the order in which the units first stand in them."""
    found: dict[str, UnitTally] = {}
    for row in rows:
        lead, *others = row["units"] or [NO_UNIT]
        keys = [aliases.key(unit) for unit in (lead, *others)]
        for key, unit in zip(keys, (lead, *others), strict=True):
            found.setdefault(key, UnitTally(key)).wordings[unit] += 1
        own = found[keys[0]]
        own.counts[STATUSES.index(row["status"])] += 1
        own.severity = max(own.severity, row["severity"])
        own.top_score = max(own.top_score, row["risk"]["score"])
        for key in set(keys[1:]) - {keys[0]}:
            found[key].joined += 1
    return tuple(found.values())


def add_up(parts: Iterable[UnitTally]) -> tuple[UnitTally, ...]:
    """The tallies of several reports as one of each unit; they are taken one after the other."""
    found: dict[str, UnitTally] = {}
    for part in parts:
        found.setdefault(part.key, UnitTally(part.key)).add(part)
    return tuple(found.values())


def by_unit(rows: Iterable[Mapping[str, Any]], *, aliases: Aliases | None = None, older: Iterable[UnitRow] = ()) -> tuple[UnitRow, ...]:
    """One row a unit of the item rows (keys as in `items.jsonl`), worst rank first, then the units that only join.

    The first unit of an item leads it, the others join. `older` is the list of an earlier report, for the change of rank.
    """
    aliases = aliases or Aliases()
    return table_of(tally(rows, aliases=aliases), aliases=aliases, older=older)


def table_of(tallies: Iterable[UnitTally], *, aliases: Aliases, older: Iterable[UnitRow] = ()) -> tuple[UnitRow, ...]:
    """The rows of `by_unit` from what was counted."""
    settings = load_toml("by_unit.toml")
    found = {part.key: part for part in tallies}
    counts = {key: tuple(part.counts) for key, part in found.items()}
    steadied = {status: _steady(counts, status, settings=settings["shrinkage"]) for status in (AT_RISK, COMPLETED)}
    before = {aliases.key(row.unit): row.rank for row in older}

    def place(key: str) -> tuple[bool, float, int, float]:
        at_risk = counts[key][STATUSES.index(AT_RISK)]
        # Without anything at risk the steadied share only says how little is known of the unit: it stands behind, by what it has completed.
        return not at_risk, -round(steadied[AT_RISK][key], 6) if at_risk else 0.0, -at_risk, round(steadied[COMPLETED][key], 6)

    leading = sorted((key for key, part in found.items() if part.led), key=lambda key: (place(key), key))
    first: dict[tuple[bool, float, int, float], int] = {}
    for n, key in enumerate(leading, start=1):
        first.setdefault(place(key), n)
    ranks = {key: first[place(key)] for key in leading}
    order = [*leading, *sorted((key for key, part in found.items() if not part.led), key=lambda key: (-found[key].joined, key))]
    table = []
    for key in order:
        part = found[key]
        names = tuple(wording for wording, _ in part.wordings.most_common())
        at_risk, completed = (counts[key][STATUSES.index(status)] for status in (AT_RISK, COMPLETED))
        table.append(
            UnitRow(
                unit=aliases.own_name(names[0]) or names[0],
                wordings=names,
                led=part.led,
                joined=part.joined,
                counts=counts[key],
                at_risk_share=at_risk / part.led if part.led else 0.0,
                at_risk_shrunk=steadied[AT_RISK][key] if part.led else 0.0,
                completed_share=completed / part.led if part.led else 0.0,
                completed_shrunk=steadied[COMPLETED][key] if part.led else 0.0,
                top_score=part.top_score,
                light=_light(part, at_risk=at_risk, shrunk=steadied[AT_RISK][key], thresholds=settings["lights"]),
                rank=ranks.get(key),
                rank_before=before.get(key),
            )
        )
    return tuple(table)


def _steady(counts: Mapping[str, tuple[int, ...]], status: str, *, settings: Mapping[str, float]) -> dict[str, float]:
    pairs = {key: (count[STATUSES.index(status)], sum(count)) for key, count in counts.items()}
    total = sum(items for _, items in pairs.values())
    mean = sum(hits for hits, _ in pairs.values()) / total if total else 0.0
    strength = prior_strength(list(pairs.values()), settings=settings)
    return {key: shrink(hits, items, mean=mean, strength=strength) for key, (hits, items) in pairs.items()}


def _light(part: UnitTally, *, at_risk: int, shrunk: float, thresholds: Mapping[str, float]) -> str:
    if not part.led:
        return ""
    if at_risk and shrunk >= thresholds["red"]:
        return RED
    is_severe = part.severity >= thresholds["yellow_severity"]
    return YELLOW if is_severe or (at_risk and shrunk >= thresholds["yellow"]) else GREEN


def select(rows: Iterable[_Row], *, units: Iterable[str], aliases: Aliases) -> list[_Row]:
    """The rows that one of the units leads or joins, in their order; the names may be any wording of a unit."""
    keys = {aliases.key(unit) for unit in units}
    return [row for row in rows if keys & {aliases.key(unit) for unit in row["units"]}]
