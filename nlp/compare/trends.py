"""Counts over a comparison: statuses then against now, lead units then against now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from nlp.compare.changes import Change, Comparison
from nlp.labels import AT_RISK, STATUSES

NO_UNIT: Final = "（未填单位）"


@dataclass(frozen=True)
class UnitTrend:
    """A lead unit with its counts per status in both periods; `former` is the name it had before, where it was renamed."""

    unit: str
    former: str
    older: Mapping[str, int]
    newer: Mapping[str, int]

    @property
    def at_risk_change(self) -> int:
        """Items at risk now less those then."""
        return self.newer[AT_RISK] - self.older[AT_RISK]


def transitions(changes: tuple[Change, ...]) -> dict[str, dict[str, int]]:
    """Older status -> newer status -> number of tasks, all sixteen, in the order of `labels.STATUSES`."""
    counts = Counter((change.pair.older.status, change.pair.newer.status) for change in changes)
    return {before: {after: counts[before, after] for after in STATUSES} for before in STATUSES}


def unit_trends(comparison: Comparison) -> tuple[UnitTrend, ...]:
    """One record a lead unit, new and dropped tasks included; those whose items at risk grew most first, then those with most at risk."""
    renamed = _renamed(comparison)
    older = Counter((renamed.get(lead, lead), row.status) for row in comparison.older.rows for lead in [_lead(row.units)])
    newer = Counter((_lead(row.units), row.status) for row in comparison.newer.rows)
    former = {after: before for before, after in renamed.items()}
    trends = [
        UnitTrend(unit, former.get(unit, ""), {s: older[unit, s] for s in STATUSES}, {s: newer[unit, s] for s in STATUSES})
        for unit in dict.fromkeys(unit for unit, _ in [*newer, *older])
    ]
    return tuple(sorted(trends, key=lambda trend: (-trend.at_risk_change, -trend.newer[AT_RISK], trend.unit)))


def _lead(units: tuple[str, ...]) -> str:
    return units[0] if units else NO_UNIT


def _renamed(comparison: Comparison) -> dict[str, str]:
    """Older name -> newer name of the lead units that stand in one report alone and share all their tasks."""
    names = [{_lead(row.units) for row in quarter.rows} for quarter in (comparison.older, comparison.newer)]
    gone, come = names[0] - names[1], names[1] - names[0]
    heirs: dict[str, set[str]] = {}
    elders: dict[str, set[str]] = {}
    for change in comparison.changes:
        before, after = _lead(change.pair.older.units), _lead(change.pair.newer.units)
        heirs.setdefault(before, set()).add(after)
        elders.setdefault(after, set()).add(before)
    return {before: after for before in gone for after in heirs.get(before, ()) if after in come and len(heirs[before]) == 1 and len(elders[after]) == 1}
