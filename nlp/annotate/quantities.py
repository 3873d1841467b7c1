"""Numbers with units in running Chinese text: amounts, percentages, points, ranks, and the dates, ordinals and names that are none of these.

Units, bounding words and names are data (`resources/quantities.toml`). White space and letter width do not matter; the time grows with the text.
"""

from __future__ import annotations

import functools
import math
import re
from bisect import bisect_right
from dataclasses import dataclass, replace
from typing import Any, Final

from nlp.annotate.numerals import Number, read_number
from nlp.config import load_toml
from nlp.errors import ResourceError
from nlp.text import Span, fold, has_space

AMOUNT: Final = "amount"
PERCENT: Final = "percent"
POINTS: Final = "points"
RANK: Final = "rank"
SPEC: Final = "spec"
BARE: Final = "bare"
# Kinds that a target or a result can have.
MEASURED: Final = frozenset({AMOUNT, PERCENT, POINTS, RANK, BARE})
SCALE: Final = "scale"
NAME_KINDS: Final = ("date", "period", "ordinal", "rank", SCALE, "name")
_KIND_OF: Final = {"percent": PERCENT, "points": POINTS, "rank": RANK, "spec": SPEC}
_START: Final = re.compile("[0-9零一二两三四五六七八九十百千半过翻]")
_RANGE: Final = frozenset("-—–~至到")
_SCALES: Final = {"十": 1e1, "百": 1e2, "千": 1e3, "万": 1e4, "亿": 1e8}
_SPECIAL: Final = re.compile(r"翻(?:一番|了一番|番)|翻(?:了)?两番|过半(?!年|数以上)|(?:近|达)?半数|一半(?!以)|大半|过一半|近一半")
_SPECIAL_VALUES: Final = {"翻一番": 100.0, "翻了一番": 100.0, "翻番": 100.0, "翻两番": 300.0, "翻了两番": 300.0}
_PER: Final = re.compile(r"/(?:千人|万人|百人|平方公里|平方米|立方米|[人年月日天亩户吨家])")
_BOUNDS: Final = ("about", "least", "most")
_UNBOUNDED: Final = re.compile(r"(?<!\\)[*+](?!\])|\{\d+,\}")


@dataclass(frozen=True)
class Quantity:
    """A number with its unit; `span` covers both, sign and 约 left out.

    `low` and `high` are in `unit` with 万 and 亿 multiplied out, equal but for ranges; `factor` turns them into `base`. A percentage is in percent.
    `kind` is one of amount, percent, points, rank, spec (岁, 千伏: no amount of the task), bare (no unit), scale (千亿级), date, period, ordinal, name.
    `bound` is `about`, `least` (以上), `most` (以内) or empty; words in front of the number count too.
    """

    span: Span
    low: float
    high: float
    unit: str
    base: str
    factor: float
    kind: str
    bound: str = ""
    is_more: bool = False

    @property
    def value(self) -> float:
        """The number said; for a range its lower end, which is what a target of 2-3 asks for at least."""
        return self.low

    @property
    def normalised(self) -> float:
        """`value` in the base unit."""
        return self.low * self.factor


@dataclass(frozen=True)
class _Unit:
    written: str
    base: str
    factor: float
    kind: str


@dataclass(frozen=True)
class NameRule:
    """What looks like a quantity and is none; `hit` and `miss` are its test sentences."""

    kind: str
    pattern: re.Pattern[str]
    hit: tuple[str, ...]
    miss: tuple[str, ...]


@functools.cache
def _units() -> dict[str, tuple[_Unit, ...]]:
    """Units by their first character, longest first."""
    table: dict[str, list[_Unit]] = {}
    for name, dimension in load_toml("quantities.toml")["dimension"].items():
        for written, factor in dimension["units"].items():
            unit = _Unit(written, dimension["base"], float(factor), _KIND_OF.get(name, AMOUNT))
            table.setdefault(written[0], []).append(unit)
    return {first: tuple(sorted(units, key=lambda unit: -len(unit.written))) for first, units in table.items()}


@functools.cache
def _chinese() -> tuple[frozenset[str], frozenset[str]]:
    words = load_toml("quantities.toml")["chinese"]
    return frozenset(words["not_units"]), frozenset(words["not_counts"])


@functools.cache
def load_names() -> tuple[NameRule, ...]:
    """The patterns of what is no quantity, in file order.

    Raises
    ------
    ResourceError : an entry has an unknown kind, a pattern with an unbounded repeat, or no test sentence.
    """
    return tuple(read_name(entry) for entry in load_toml("quantities.toml")["name"])


def read_name(entry: dict[str, Any]) -> NameRule:
    """One entry of the file as a rule; raises `ResourceError` as `load_names` does."""
    where = f"quantities.toml {entry.get('pattern', '')[:20]}"
    if entry.keys() != {"kind", "pattern", "hit", "miss"} or entry["kind"] not in NAME_KINDS:
        raise ResourceError(f"键应为 hit kind miss pattern，kind 应为 {'、'.join(NAME_KINDS)} 之一", where=where)
    if _UNBOUNDED.search(entry["pattern"]):
        raise ResourceError("pattern 含有不设上限的重复（* + {n,}），请写明上限", where=where)
    if not entry["hit"] or not entry["miss"]:
        raise ResourceError("hit 和 miss 至少各要一句", where=where)
    return NameRule(entry["kind"], re.compile(entry["pattern"]), tuple(entry["hit"]), tuple(entry["miss"]))


@functools.cache
def _bounds() -> tuple[tuple[str, str, tuple[str, ...]], ...]:
    words = load_toml("quantities.toml")["bounds"]
    return tuple((bound, side, tuple(sorted(words[f"{bound}_{side}"], key=lambda w: -len(w)))) for bound in _BOUNDS for side in ("after", "before"))


def compact(text: str) -> tuple[str, list[int]]:
    """`text` folded and without white space, and the offset in `text` of each character kept; a space between two digits stays."""
    folded = fold(text)
    if not has_space(folded):
        return folded, list(range(len(folded)))
    kept: list[int] = []
    characters: list[str] = []
    for i, c in enumerate(folded):
        if not c.isspace():
            if kept and i - kept[-1] > 1 and c.isdigit() and characters[-1].isdigit() and "\n" not in folded[kept[-1] : i]:
                kept.append(i - 1)
                characters.append(" ")
            kept.append(i)
            characters.append(c)
    return "".join(characters), kept


def find_quantities(text: str) -> tuple[Quantity, ...]:
    """Every quantity and every name that holds a number, in text order, without overlap; offsets count characters of `text`."""
    squeezed, offsets = compact(text)
    return tuple(replace(found, span=Span(offsets[found.span.start], offsets[found.span.end - 1] + 1)) for found in scan(squeezed))


def scan(text: str) -> tuple[Quantity, ...]:
    """As `find_quantities`, for a text that `compact` made; offsets count its characters."""
    found = _find_names(text)
    ends = [name.span.end for name in found]
    starts = [name.span.start for name in found]
    quantities: list[Quantity] = []
    position = 0
    while match := _START.search(text, position):
        start = match.start()
        n = bisect_right(starts, start) - 1
        if n >= 0 and start < ends[n]:
            position = ends[n]
            continue
        read = _read_quantities(text, start)
        # A name that begins within the reading was meant: 3月, not 3.
        if not read or (n + 1 < len(found) and found[n + 1].span.start < read[-1].span.end):
            position = _after_digits(text, start)
            continue
        quantities += read
        position = read[-1].span.end
    return tuple(sorted([*found, *quantities], key=lambda quantity: quantity.span))


def _after_digits(text: str, start: int) -> int:
    end = start + 1
    if text[start].isdigit():
        while end < len(text) and (text[end].isdigit() or text[end] == "."):
            end += 1
    return end


def _find_names(text: str) -> list[Quantity]:
    """Names by start; of two that overlap, the one whose rule stands first in the file."""
    covered = bytearray(len(text))
    found: list[Quantity] = []
    for rule in load_names():
        for match in rule.pattern.finditer(text):
            start, end = match.span()
            if end > start and not any(covered[start:end]):
                covered[start:end] = b"\1" * (end - start)
                found.append(_name(text, Span(start, end), rule.kind))
    return sorted(found, key=lambda name: name.span)


def _name(text: str, span: Span, kind: str) -> Quantity:
    if kind == RANK:
        digits = next((i for i in range(span.start, span.end) if read_number(text, i)), span.start)
        number = read_number(text, digits)
        if number:
            bound = "most" if text[span.start] == "前" else ""
            return Quantity(span, number.low, number.low, "名", "名", 1.0, RANK, bound)
    if kind == SCALE:
        powers = [_SCALES[c] for c in span.of(text) if c in _SCALES]
        return Quantity(span, math.prod(powers), math.prod(powers), "元", "元", 1.0, SCALE, "least")
    return Quantity(span, 0.0, 0.0, span.of(text), "", 1.0, kind)


def _read_quantities(text: str, start: int) -> list[Quantity]:
    """The quantity that begins at `start`; empty where the number has no unit and is no list number's bare figure."""
    special = _SPECIAL.match(text, start)
    if special:
        value = _SPECIAL_VALUES.get(special.group(), 50.0)
        return [Quantity(Span(*special.span()), value, value, "%", "%", 1.0, PERCENT, "" if value > 50 else "about")]
    number = read_number(text, start)
    if number is None:
        return []
    high = _read_upper(text, number)
    end = high.end if high else number.end
    low, upper = number.low, (high.high if high else number.high)
    if number.is_percent:
        return [_bounded(text, Quantity(Span(start, end), low, upper, "%", "%", 1.0, PERCENT, is_more=number.is_more))]
    if high and number.multiplier == 1.0 and high.multiplier > 1.0 and low < upper / high.multiplier:
        low *= high.multiplier
    unit = _read_unit(text, end)
    if number.is_chinese and (text[start:end] in _chinese()[1] or (unit and unit.written in _chinese()[0] and number.low < 20)):
        return []
    if high and unit is None:
        return []
    if unit is None:
        # 5%-6% writes the unit twice; a Chinese numeral without a unit is a word.
        if number.is_chinese or text[end : end + 1] in {".", ":", "/"}:
            return []
        return [_bounded(text, Quantity(Span(start, end), low, upper, "", "", 1.0, BARE, is_more=number.is_more))]
    end += len(unit.written)
    per = _PER.match(text, end)
    if per:
        unit = _Unit(unit.written + per.group(), unit.base + per.group(), unit.factor, unit.kind)
        end = per.end()
    if text[end : end + 1] in {"余", "多"} and not text[end + 1 : end + 2].isdigit():
        number = number._replace(is_more=True)
    quantity = Quantity(Span(start, end), low, upper, unit.written, unit.base, unit.factor, unit.kind, is_more=number.is_more)
    if end < len(text) - 1 and text[end] in _RANGE and unit.kind == PERCENT and not high:
        other = read_number(text, end + 1)
        if other and text.startswith(unit.written, other.end) and other.low > low:
            quantity = replace(quantity, span=Span(start, other.end + len(unit.written)), high=other.high)
    return [_bounded(text, quantity)]


def _read_upper(text: str, number: Number) -> Number | None:
    """The upper end of a range that begins with `number`: 2—3家, 5至6个."""
    if text[number.end : number.end + 1] not in _RANGE or number.end + 1 >= len(text):
        return None
    other = read_number(text, number.end + 1)
    return other if other and not other.is_percent and (other.low > number.low or other.multiplier > number.multiplier) else None


def _read_unit(text: str, at: int) -> _Unit | None:
    for unit in _units().get(text[at : at + 1], ()):
        if text.startswith(unit.written, at):
            after = text[at + len(unit.written) : at + len(unit.written) + 1]
            # 12m is a length, 12mw is not 12m.
            if unit.written.isascii() and unit.written.isalpha() and after.isascii() and after.isalnum():
                continue
            return unit
    return None


def _bounded(text: str, quantity: Quantity) -> Quantity:
    """The quantity with what the words beside it say of its bound; what stands behind it wins."""
    start, end = quantity.span
    for side in ("after", "before"):
        for bound, words_side, words in _bounds():
            if words_side == side and (text.startswith(words, end) if side == "after" else text.endswith(words, 0, start)):
                return replace(quantity, bound=bound)
    return quantity
