"""Counts -> inline SVG: how a report and its units stand. Text goes in escaped; no style attribute, no script."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup

from nlp.by_unit import UnitRow
from nlp.labels import AT_RISK, COMPLETED, IN_PROGRESS, NOT_STARTED, STATUS_NAMES, STATUSES
from nlp.review.marks import visible
from nlp.text import shorten

COLOURS: Final = {COMPLETED: "#2e7d32", IN_PROGRESS: "#1f6fbf", NOT_STARTED: "#6b6b6b", AT_RISK: "#c0281c"}
_LINE: Final = 26
_LABEL: Final = 190
_BAR: Final = 420
_MOST_UNITS: Final = 20


@dataclass(frozen=True)
class Bar:
    """A line of a chart: name, its parts as (name, count, colour) from left to right."""

    name: str
    parts: tuple[tuple[str, int, str], ...]

    @property
    def total(self) -> int:
        """Sum of the parts."""
        return sum(count for _, count, _ in self.parts)


def bars(title: str, lines: Sequence[Bar]) -> Markup:
    """Horizontal bars on one scale, each part with its count where it is wide enough, the sum at the end; empty markup for no lines."""
    if not lines:
        return Markup()
    most = max(1, *(line.total for line in lines))
    height, width = _LINE * len(lines) + 4, _LABEL + _BAR + 60
    drawn = [
        Markup("<text x='{}' y='{}' text-anchor='end' class='name'>{}</text>{}").format(_LABEL - 8, n * _LINE + 18, *_line(line, n, most))
        for n, line in enumerate(lines)
    ]
    label = f"{title}：" + "；".join(f"{line.name} " + "、".join(f"{name} {count}" for name, count, _ in line.parts if count) for line in lines)
    return Markup("<svg class='bars' viewBox='0 0 {} {}' width='{}' height='{}' role='img' aria-label='{}'>{}</svg>").format(
        width, height, width, height, visible(label), Markup("").join(drawn)
    )


def _line(line: Bar, n: int, most: int) -> tuple[str, Markup]:
    x, y = float(_LABEL), n * _LINE + 4
    parts = []
    for name, count, colour in line.parts:
        wide = count / most * _BAR
        if not count:
            continue
        parts.append(
            Markup("<rect x='{:.1f}' y='{}' width='{:.1f}' height='20' fill='{}'><title>{} {}</title></rect>").format(
                x, y, max(wide - 1, 0.8), colour, name, count
            )
        )
        if len(line.parts) > 1 and wide > 10 * len(str(count)) + 4:
            parts.append(Markup("<text x='{:.1f}' y='{}' text-anchor='middle' class='within'>{}</text>").format(x + wide / 2, y + 15, count))
        x += wide
    parts.append(Markup("<text x='{:.1f}' y='{}' class='sum'>{}</text>").format(x + 6, y + 15, line.total))
    return shorten(visible(line.name), longest=14), Markup("").join(parts)


def doughnut(title: str, parts: Sequence[tuple[str, int, str]]) -> Markup:
    """A ring of (name, count, colour) with the sum in its middle."""
    total, around = sum(count for _, count, _ in parts), 2 * 3.14159265 * 40
    drawn, before = [], 0.0
    for name, count, colour in parts:
        long = count / max(total, 1) * around
        if count:
            drawn.append(
                Markup(
                    "<circle cx='60' cy='60' r='40' fill='none' stroke='{}' stroke-width='22' stroke-dasharray='{:.2f} {:.2f}' "
                    "stroke-dashoffset='{:.2f}' transform='rotate(-90 60 60)'><title>{} {}</title></circle>"
                ).format(colour, max(long - (1.5 if long < around else 0), 0.8), around - long, -before, name, count)
            )
        before += long
    label = f"{title}：" + "，".join(f"{name} {count}" for name, count, _ in parts)
    return Markup(
        "<svg class='ring' viewBox='0 0 120 120' width='150' height='150' role='img' aria-label='{}'>{}"
        "<text x='60' y='68' text-anchor='middle' class='total'>{}</text></svg>"
    ).format(label, Markup("").join(drawn), total)


def status_parts(counts: Mapping[str, int]) -> tuple[tuple[str, int, str], ...]:
    """Counts per status as parts of a chart, in the order of the labels."""
    return tuple((STATUS_NAMES[status], counts.get(status, 0), COLOURS[status]) for status in STATUSES)


def unit_bars(units: Sequence[UnitRow]) -> list[Bar]:
    """The lead units, those with most at risk first; the others together in the last line."""
    leading = sorted((unit for unit in units if unit.led), key=lambda unit: (-unit.count(AT_RISK), unit.rank or 0))
    shown, rest = leading[:_MOST_UNITS], leading[_MOST_UNITS:]
    lines = [Bar(unit.unit, status_parts({status: unit.count(status) for status in STATUSES})) for unit in shown]
    if rest:
        lines.append(Bar(f"其余 {len(rest)} 个单位", status_parts({status: sum(unit.count(status) for unit in rest) for status in STATUSES})))
    return lines
