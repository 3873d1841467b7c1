"""Numbers as Chinese reports write them, read at one place of a folded text: 1,200 · 3.5万 · 两千三百 · 七八百 · 三分之二 · 六成五 · 1亿5000万."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

_DIGITS: Final = {c: i for i, c in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_POWERS: Final = {"十": 10, "百": 100, "千": 1000}
MULTIPLIERS: Final = {"万亿": 1e12, "千亿": 1e11, "百亿": 1e10, "十亿": 1e9, "亿": 1e8, "千万": 1e7, "百万": 1e6, "十万": 1e5, "万": 1e4, "千": 1e3, "百": 1e2}
# Longer runs of digits are numbers of accounts and documents; a float holds no more.
_ARABIC: Final = re.compile(r"(?:[0-9]{1,3}(?:,[0-9]{3}){1,5}|[0-9]{1,16})(?:\.[0-9]{1,10})?(?![0-9])")
_CHINESE: Final = re.compile(r"[零〇一二两三四五六七八九十百千万亿]{1,20}")
_MULTIPLIER: Final = re.compile("|".join(MULTIPLIERS))
_SECOND: Final = re.compile(r"[0-9]{1,4}(?:\.[0-9]{1,4})?万")
_FRACTION: Final = re.compile(
    r"([零一二两三四五六七八九十百千]{1,6}|[0-9]{1,4})分之([零一二两三四五六七八九十百千]{1,8}|[0-9]{1,6})(?:点([零一二三四五六七八九]{1,4}))?"
)
_TENTHS: Final = re.compile(r"([一二两三四五六七八九]{1,2})成(?:([一二三四五六七八九半])(?![个家户名处项座条件人批场套次所]))?")
_MORE: Final = frozenset("余多来")


class Number(NamedTuple):
    """A number in a text: `start` inclusive, `end` exclusive; `low` <= `high`, equal but for ranges like 七八百; `is_more` for 300余, 几成多."""

    start: int
    end: int
    low: float
    high: float
    is_more: bool = False
    is_percent: bool = False
    # Without an Arabic digit: 一批, 三农 and the like are to be told from numbers.
    is_chinese: bool = False
    # Ends in 万, 亿 and the like, so that the number before 至 in 3至5万 can take it too.
    multiplier: float = 1.0


def read_number(text: str, start: int) -> Number | None:
    """The number that begins at `start`, as long as it can be; None where there is none."""
    return _read_fraction(text, start) or _read_arabic(text, start) or _read_chinese(text, start)


def _read_fraction(text: str, start: int) -> Number | None:
    match = _FRACTION.match(text, start)
    if match:
        below, above = _whole(match.group(1)), _whole(match.group(2))
        if not below or above is None:
            return None
        value = (above + _decimals(match.group(3) or "")) / below * 100
        return Number(start, match.end(), value, value, is_percent=True, is_chinese=True)
    tenths = _TENTHS.match(text, start)
    if not tenths:
        return None
    ends = read_chinese(tenths.group(1))
    if ends is None or ends[1] > 10:
        return None
    more = _decimals(tenths.group(2) or "") if tenths.group(2) != "半" else 0.5
    end = tenths.end()
    is_more = text[end : end + 1] in _MORE
    low, high = (end_of_range * 10 + more * 10 for end_of_range in ends)
    return Number(start, end + is_more, low, high, is_more=is_more, is_percent=True, is_chinese=True)


def _whole(written: str) -> float | None:
    if written.isdigit() and written.isascii():
        return float(written)
    if written in _POWERS:
        # 百分之二十 writes the hundred without a digit.
        return float(_POWERS[written])
    ends = read_chinese(written)
    return ends[0] if ends and ends[0] == ends[1] else None


def _decimals(written: str) -> float:
    return float(sum(_DIGITS[c] / 10 ** (n + 1) for n, c in enumerate(written)))


def _read_arabic(text: str, start: int) -> Number | None:
    match = _ARABIC.match(text, start)
    if not match:
        return None
    value = float(match.group().replace(",", ""))
    end, is_more, factor = _read_multiplier(text, match.end())
    value *= factor
    if factor == 1e8:
        # 1亿5000万 is one number.
        second = _SECOND.match(text, end)
        if second:
            value += float(second.group()[:-1]) * 1e4
            end = second.end()
    value = _clean(value)
    return Number(start, end, value, value, is_more=is_more, multiplier=factor)


def _read_multiplier(text: str, end: int) -> tuple[int, bool, float]:
    """End, whether 余 or 多 stands there, and the factor of 万, 亿 and the like behind a number that ends at `end`."""
    is_more = end < len(text) and text[end] in _MORE
    multiplier = _MULTIPLIER.match(text, end + is_more)
    if not multiplier:
        return end + is_more, is_more, 1.0
    # 千 and 百 belong to the unit behind them: 110千伏, 3百分点.
    if multiplier.group() in {"千", "百"} and text[multiplier.end() : multiplier.end() + 1] not in {"元", "人", "户", "家", "亩", "吨", "个"}:
        return end + is_more, is_more, 1.0
    end = multiplier.end()
    if not is_more and end < len(text) and text[end] in _MORE:
        return end + 1, True, MULTIPLIERS[multiplier.group()]
    return end, is_more, MULTIPLIERS[multiplier.group()]


def _clean(value: float) -> float:
    """A product of a decimal and a power of ten without the last bits of the multiplication."""
    return float(f"{value:.15g}")


def _read_chinese(text: str, start: int) -> Number | None:
    match = _CHINESE.match(text, start)
    if not match:
        return None
    end = match.end()
    # 二十余万: the approximation stands within the number.
    is_more = end < len(text) and text[end] in _MORE
    ends = read_chinese(match.group())
    if ends is None:
        return None
    factor = 1.0
    if is_more:
        multiplier = _MULTIPLIER.match(text, end + 1)
        if multiplier and multiplier.group() in {"万", "亿", "千万", "百万"}:
            factor = MULTIPLIERS[multiplier.group()]
            end = multiplier.end() - 1
    low, high = ends
    written = match.group()
    own = next((value for name, value in MULTIPLIERS.items() if written.endswith(name)), 1.0)
    return Number(start, end + is_more, low * factor, high * factor, is_more=is_more, is_chinese=True, multiplier=factor * own)


def read_chinese(written: str) -> tuple[float, float] | None:
    """Both ends of what a Chinese numeral says: (23, 23) for 二十三, (700, 800) for 七八百; None for what is no numeral (万 alone, 三四六)."""
    if not any(c in _DIGITS or c == "十" for c in written):
        return None
    for i in range(len(written) - 1):
        one, other = _DIGITS.get(written[i]), _DIGITS.get(written[i + 1])
        if one and other:
            if other != one + 1:
                return None
            low, high = _value(written[: i + 1] + written[i + 2 :]), _value(written[:i] + written[i + 1 :])
            return (low, high) if low is not None and high is not None and low < high else None
    value = _value(written)
    return None if value is None else (value, value)


def _value(written: str) -> float | None:
    """What a numeral without two digits side by side says; None where its powers do not descend."""
    total = section = 0.0
    digit: float | None = None
    last = 1e13
    shorthand = 1.0
    for c in written:
        if c in _DIGITS:
            if digit not in (None, 0.0):
                return None
            digit = float(_DIGITS[c])
            if c in "零〇":
                shorthand = 1.0
        elif c in _POWERS:
            power = _POWERS[c]
            if power >= last:
                return None
            if digit is None:
                # 十二 begins with its power; 百 and 千 do not.
                if power != 10:
                    return None
                digit = 1.0
            section += digit * power
            digit, last, shorthand = None, float(power), power / 10
        else:
            power = 10**4 if c == "万" else 10**8
            part = section + (digit or 0.0)
            if not part and not total:
                return None
            total = (total + part) * power if c == "亿" else total + part * power
            section, digit, last, shorthand = 0.0, None, 1e13, power / 10
    # 三百五 is 350, 两万五 is 25000; 三百零五 is 305.
    return total + section + (digit or 0.0) * shorthand
