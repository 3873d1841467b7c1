"""The yardstick: what share of a target is expected by when, how far a result may lag, which indicators are let off. TOML, unknown keys refused."""

from __future__ import annotations

import hashlib
import itertools
import json
import tomllib
from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from nlp.config import load_toml
from nlp.errors import ResourceError

DEFAULT: Final = "guide"
GREEN: Final = "green"
YELLOW: Final = "yellow"
RED: Final = "red"
# Least and most of each number.
_NUMBERS: Final = {"tolerance": (0.0, 0.5), "ahead": (0.0, 1.0), "green": (0.0, 2.0), "yellow": (0.0, 2.0)}


@dataclass(frozen=True)
class Curve:
    """Another course over the year for indicators with one of the words: (share of the year, share of the target), both in [0, 1], rising."""

    words: tuple[str, ...]
    points: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Exemption:
    """Indicators with one of the words are not held against the calendar up to the share `until` of the year, in (0, 1]."""

    words: tuple[str, ...]
    until: float
    reason: str


@dataclass(frozen=True)
class Yardstick:
    """`tolerance` and `ahead` in shares of the year; `green` and `yellow` are shares of what was expected; `id` names the settings exactly."""

    id: str
    name: str
    tolerance: float
    ahead: float
    green: float
    yellow: float
    curves: tuple[Curve, ...] = ()
    exemptions: tuple[Exemption, ...] = ()

    def expected(self, words: str, *, elapsed: float) -> float:
        """The share of a quantity, in [0, 1], that is expected once the share `elapsed` of the year is over."""
        curve = next((c for c in self.curves if any(word in words for word in c.words)), None)
        return elapsed if curve is None else _on_curve(curve.points, elapsed)

    def exemption(self, words: str, *, elapsed: float) -> Exemption | None:
        """The exemption that holds for an indicator at this time of the year."""
        return next((e for e in self.exemptions if elapsed <= e.until and any(word in words for word in e.words)), None)

    def light(self, share: float) -> str:
        """Traffic light for the share reached of what was expected."""
        return GREEN if share >= self.green - 1e-9 else YELLOW if share >= self.yellow - 1e-9 else RED


def _on_curve(points: tuple[tuple[float, float], ...], elapsed: float) -> float:
    """Straight lines through (0, 0), the points, and (1, 1)."""
    line = [(0.0, 0.0), *(p for p in points if 0 < p[0] < 1), next((p for p in points if p[0] == 1), (1.0, 1.0))]
    n = min(bisect_left([x for x, _ in line], elapsed), len(line) - 1)
    (x1, y1), (x2, y2) = line[max(0, n - 1)], line[n]
    return y2 if x2 == x1 else y1 + (y2 - y1) * (elapsed - x1) / (x2 - x1)


def load_yardstick(given: str | Path | None = None) -> Yardstick:
    """A yardstick by the name of a preset or from a file; the guide's where none is given.

    Raises
    ------
    ResourceError : no such file or preset, no TOML, an unknown key, or a value out of its range; the message names the key.
    """
    presets = load_toml("yardstick.toml")
    if given is None or str(given) in presets:
        name = DEFAULT if given is None else str(given)
        return read_yardstick(presets[name], where=f"yardstick.toml [{name}]", label=name)
    path = Path(given)
    try:
        settings = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ResourceError(f"不能作为标尺文件读入（{error}）", where=str(path), remedy=f"请指定 TOML 文件，或用自带的标尺：{'、'.join(presets)}") from error
    base = settings.pop("base", DEFAULT)
    if base not in presets:
        raise ResourceError(f"base = {base!r}，应为 {'、'.join(presets)} 之一", where=str(path))
    return read_yardstick({**presets[base], **settings}, where=str(path), label=path.stem)


def read_yardstick(settings: Mapping[str, Any], *, where: str, label: str) -> Yardstick:
    """Settings as a yardstick, checked; raises `ResourceError` as `load_yardstick` does."""
    known = {"name", "curve", "exempt", *_NUMBERS}
    if unknown := settings.keys() - known:
        raise ResourceError(f"未知的键 {sorted(unknown)}，可用 {sorted(known | {'base'})}", where=where)
    if missing := known - settings.keys():
        raise ResourceError(f"缺少键 {sorted(missing)}", where=where)
    numbers = {key: _number(settings[key], key, *ends, where=where) for key, ends in _NUMBERS.items()}
    if numbers["yellow"] > numbers["green"]:
        raise ResourceError(f"yellow = {numbers['yellow']:g} 大于 green = {numbers['green']:g}", where=where)
    if not isinstance(settings["name"], str) or not settings["name"]:
        raise ResourceError("name 应为文字", where=where)
    curves = tuple(_curve(entry, where=where) for entry in _entries(settings["curve"], "curve", where))
    exemptions = tuple(_exemption(entry, where=where) for entry in _entries(settings["exempt"], "exempt", where))
    digest = hashlib.sha256(json.dumps(dict(settings), ensure_ascii=False, sort_keys=True).encode()).hexdigest()[:12]
    return Yardstick(f"{label}-{digest}", settings["name"], numbers["tolerance"], numbers["ahead"], numbers["green"], numbers["yellow"], curves, exemptions)


def _entries(value: object, key: str, where: str) -> list[dict[str, Any]]:
    if not isinstance(value, list) or not all(isinstance(entry, dict) for entry in value):
        raise ResourceError(f"{key} 应为表的列表", where=where)
    return value


def _number(value: object, key: str, least: float, most: float, *, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
        raise ResourceError(f"{key} = {value!r}，应为 {least:g} 到 {most:g} 的数", where=where)
    return float(value)


def _words(entry: Mapping[str, Any], keys: set[str], what: str, where: str) -> tuple[str, ...]:
    if entry.keys() != keys:
        raise ResourceError(f"{what} 的键应为 {sorted(keys)}，实为 {sorted(entry)}", where=where)
    words = entry["words"]
    if not isinstance(words, list) or not words or not all(isinstance(word, str) and word for word in words):
        raise ResourceError(f"{what} 的 words 应为非空的文字列表", where=where)
    return tuple(words)


def _curve(entry: Mapping[str, Any], *, where: str) -> Curve:
    words = _words(entry, {"words", "points"}, "curve", where)
    given = entry["points"]
    if not isinstance(given, list) or not given or not all(isinstance(p, list) and len(p) == 2 for p in given):
        raise ResourceError("curve 的 points 应为 [年度进程, 应完成比例] 的列表", where=where)
    points = tuple((_number(x, "points", 0, 1, where=where), _number(y, "points", 0, 1, where=where)) for x, y in given)
    if any(x1 >= x2 or y1 > y2 for (x1, y1), (x2, y2) in itertools.pairwise(points)):
        raise ResourceError("curve 的 points 应按时间递增，比例不回落", where=where)
    return Curve(words, points)


def _exemption(entry: Mapping[str, Any], *, where: str) -> Exemption:
    words = _words(entry, {"words", "until", "reason"}, "exempt", where)
    if not isinstance(entry["reason"], str) or not entry["reason"].strip():
        raise ResourceError("exempt 须写明 reason", where=where)
    return Exemption(words, _number(entry["until"], "until", 0, 1, where=where), entry["reason"])
