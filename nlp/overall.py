"""All reports of a run together: the worst risks, the reports in order of what is at risk, the units; a short row a report is all that is held."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from heapq import nsmallest
from typing import Any, Final

from nlp.by_unit import UnitRow, UnitTally, add_up, table_of
from nlp.labels import STATUSES
from nlp.run_record import Failure, FileDone
from nlp.unit_names import Aliases

# So many risks over all reports are kept, so no more of a chunk are needed.
MOST_RISKS: Final = 1_000
# Of what `run.json` says of a report.
_KEPT: Final = ("file", "folder", "title", "place", "period", "items", "needs_review")


@dataclass(frozen=True)
class Place:
    """A report in the list of reports, or a file that gave none (`failure` says why, the rest is empty).

    `counts` follows `labels.STATUSES`; shares in [0, 1], `at_risk_shrunk` steadied against small numbers as in `by_unit`. Rank 1 = most at risk.
    """

    file: str
    folder: str
    title: str = ""
    place: str = ""
    period: str = ""
    items: int = 0
    counts: tuple[int, ...] = (0,) * len(STATUSES)
    needs_review: int = 0
    at_risk_share: float = 0.0
    at_risk_shrunk: float = 0.0
    top_score: float = 0.0
    light: str = ""
    rank: int | None = None
    failure: str = ""


@dataclass(frozen=True)
class UnitOverall:
    """A unit over all reports, and how many of them name it."""

    row: UnitRow
    reports: int


@dataclass(frozen=True)
class Overall:
    """The reports of a run together: rows of the worst risks (at most `MOST_RISKS`), places worst first and failed files last, units worst first."""

    risks: tuple[Mapping[str, Any], ...]
    places: tuple[Place, ...]
    units: tuple[UnitOverall, ...]

    @property
    def reports(self) -> int:
        """Reports that were judged."""
        return sum(not place.failure for place in self.places)

    @property
    def items(self) -> int:
        """Items of all reports."""
        return sum(place.items for place in self.places)

    @property
    def needs_review(self) -> int:
        """Items that are to be looked at."""
        return sum(place.needs_review for place in self.places)

    @property
    def failed(self) -> tuple[Place, ...]:
        """Files that gave no report."""
        return tuple(place for place in self.places if place.failure)

    def count(self, status: str) -> int:
        """Items with that status."""
        return sum(place.counts[STATUSES.index(status)] for place in self.places)


def worst_first(risk: Mapping[str, Any]) -> tuple[float, int]:
    """By what risks of several reports are ordered: score, then severity; equal ones stay in the order of their reports."""
    return -risk["score"], -risk["severity"]


def gather(entries: Iterable[FileDone], *, risks: Iterable[Mapping[str, Any]], aliases: Aliases) -> Overall:
    """Everything together, from what is kept of each file and the risks of the reports, both in the order of the files."""
    named: Counter[str] = Counter()
    reports: list[tuple[Mapping[str, Any], UnitTally]] = []
    failed: list[Place] = []

    def units_of() -> Iterator[UnitTally]:
        for entry in entries:
            if entry.record is None:
                failed.append(Place(entry.file, entry.folder, failure=entry.failure.reason if entry.failure else ""))
                continue
            reports.append(({key: entry.record[key] for key in _KEPT}, _as_unit(entry)))
            named.update(unit.key for unit in entry.units)
            yield from entry.units

    units = add_up(units_of())
    worst = nsmallest(MOST_RISKS, risks, key=worst_first)
    return Overall(
        tuple(_risk(n, risk) for n, risk in enumerate(worst, start=1)),
        (*_places(reports), *failed),
        tuple(UnitOverall(row, named[aliases.key(row.wordings[0])]) for row in table_of(units, aliases=aliases)),
    )


def failures_of(entries: Iterable[FileDone]) -> tuple[Failure, ...]:
    """The failures among the files."""
    return tuple(entry.failure for entry in entries if entry.failure)


def _as_unit(entry: FileDone) -> UnitTally:
    """A report counted as `by_unit` counts a unit, so that reports are ranked by the same rule."""
    record = entry.record or {}
    return UnitTally(
        entry.folder,
        Counter([entry.folder]),
        counts=[record["statuses"][status] for status in STATUSES],
        severity=max((unit.severity for unit in entry.units), default=0),
        top_score=max((unit.top_score for unit in entry.units), default=0.0),
    )


def _places(reports: Iterable[tuple[Mapping[str, Any], UnitTally]]) -> list[Place]:
    records = {tally.key: (record, tally) for record, tally in reports}
    places = []
    for row in table_of([tally for _, tally in records.values()], aliases=Aliases()):
        record, tally = records[row.wordings[0]]
        places.append(
            Place(
                **record,
                counts=tuple(tally.counts),
                at_risk_share=row.at_risk_share,
                at_risk_shrunk=row.at_risk_shrunk,
                top_score=row.top_score,
                light=row.light,
                rank=row.rank,
            )
        )
    return places


def _risk(rank: int, risk: Mapping[str, Any]) -> dict[str, Any]:
    """A row of the list over all reports: its rank there, its rank in its own report, and where it comes from."""
    first = {"rank": rank, "report_rank": risk["rank"], **{key: risk[key] for key in ("score", "place", "report", "folder")}}
    return {**first, **{key: value for key, value in risk.items() if key not in first}}
