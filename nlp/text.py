"""Characters and offsets: folding that keeps every offset, and the cut of a status text into statements.

An offset counts characters of the original text; lower bounds are inclusive, upper bounds exclusive.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from typing import Final, NamedTuple

END_MARKS: Final = frozenset("。；！？;!?\n")
_OPENING: Final = {"“": "”", "‘": "’", "（": "）", "(": ")", "《": "》", "〈": "〉", "【": "】", "「": "」", "『": "』", "[": "]", "〔": "〕"}
_CLOSING: Final = frozenset(_OPENING.values())
_QUOTE: Final = re.compile(f"[{re.escape(''.join((*_OPENING, *_CLOSING)))}]")
# Where a statement may end, or what holds its end back.
_STOP: Final = re.compile(f"[{re.escape(''.join((*sorted(END_MARKS), *_OPENING)))}]|\\d")
# A list number stands at the head of a statement: 1. 2、 3． （4） (5) ⑥
_LIST_NUMBER: Final = re.compile(r"(?:(\d{1,2})[.．、](?!\d)|[（(](\d{1,2}|[一二三四五六七八九十]{1,3})[）)]|([①-⑳]))[ \t\u3000]*")
_WITHIN_NUMBER: Final = frozenset(".．、，,-—–～~第/#＃")
_HEADS: Final = frozenset("：: \n。；;")
# A head shorter than this says nothing.
_LEAST_HEAD: Final = 5
_TRIMMED: Final = " \t\u3000\xa0\n\r，,、。；！？;!?"


class Span(NamedTuple):
    """A stretch of a text: `start` inclusive, `end` exclusive, in characters of the original."""

    start: int
    end: int

    def of(self, text: str) -> str:
        """The characters that the span covers in `text`."""
        return text[self.start : self.end]


class _Folding(dict[int, str]):
    """Code point -> folded character, filled as characters are met."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        folded = unicodedata.normalize("NFKC", character).lower()
        # Chinese punctuation marks the ends of statements and clauses and stays; so do circled numbers, which would run into
        # the figure behind them, and what would change its length.
        is_kept = character in "，。；：！？（）、“”‘’" or unicodedata.category(character) == "No" or len(folded) != 1
        self[code] = character if is_kept else folded
        return self[code]


_FOLDING: Final = _Folding()


def fold(text: str) -> str:
    """Half-width, lower-case form of `text` with the same length, so that its offsets are those of the original.

    A character whose compatibility form is longer than one character stays as it is.
    """
    return text.translate(_FOLDING)


def squeeze(text: str) -> tuple[str, list[int]]:
    """`text` without white space, and for each kept character its offset in the original (same length)."""
    if not has_space(text):
        return text, list(range(len(text)))
    offsets = [i for i, c in enumerate(text) if not c.isspace()]
    return "".join(text[i] for i in offsets), offsets


def has_space(text: str) -> bool:
    """Whether white space stands anywhere in `text`; most statements have none, and finding that out is quick."""
    return text.split(maxsplit=1) != [text] and bool(text)


def count_characters(text: str) -> int:
    """Number of characters that are neither white space nor control or format characters."""
    return sum(1 for c in text if not c.isspace() and unicodedata.category(c) not in {"Cc", "Cf"})


def number(value: float) -> str:
    """A figure as people write it: 213, 1.2万, 3.45亿."""
    for name, factor in (("亿", 1e8), ("万", 1e4)):
        if abs(value) >= factor:
            return f"{value / factor:.6g}{name}"
    return f"{value:.6g}"


def shorten(text: str, *, longest: int) -> str:
    """The head of a text, at most `longest` characters: up to its last mark outside quotes and brackets, else up to where no figure and no bracket is cut."""
    if len(text) <= longest:
        return text
    covers = sorted(partners(text).items())
    ends = [i for i in range(_LEAST_HEAD, longest + 1) if text[i] in "，；、。" and not any(start < i < end for start, end in covers)]
    if ends:
        return text[: ends[-1]]
    end = next((start for start, stop in covers if start < longest < stop and start >= _LEAST_HEAD), longest)
    head = text[:end]
    return head if not text[end : end + 1].isdigit() and text[end] not in ".," else re.sub(r"\d[\d.,]*$|[.,]$", "", head) or head


def cut_statements(text: str) -> list[Span]:
    """The statements of a status text, in order, without list numbers and without the marks that end them.

    A statement ends at 。；！？ and at a line break, outside quotes and brackets, and before a list number that stands at the
    head of a statement or continues the list (1. 2、 3．).
    """
    return list(_statements(text))


# Several steps ask it of the same text, those of some chunks at a time.
@functools.lru_cache(maxsize=512)
def _statements(text: str) -> tuple[Span, ...]:
    spans: list[Span] = []
    start = 0
    for end in [*_ends(text), len(text)]:
        span = _trim(text, start, end)
        if span is not None:
            spans.append(span)
        start = end
    return tuple(spans)


def _ends(text: str) -> list[int]:
    """Offsets at which one statement ends and the next may begin, ascending; linear in the length of `text`."""
    closed_at = partners(text)
    ends: list[int] = []
    covered_until = -1
    expected = 1
    for stop in _STOP.finditer(text):
        i, character = stop.start(), stop.group()
        if i < covered_until:
            continue
        if i in closed_at:
            covered_until = closed_at[i]
            continue
        if character in END_MARKS:
            ends.append(i + 1)
        elif character.isdigit() and text[i - 1 : i] not in _WITHIN_NUMBER and not text[i - 1 : i].isdigit():
            number = _LIST_NUMBER.match(text, i)
            # A list begins at the head of a statement; once begun, the next number goes on with it wherever it stands.
            is_head = expected > 1 or i == 0 or text[i - 1] in _HEADS
            if number and number.group(1) and int(number.group(1)) == expected and is_head:
                ends.append(i)
                expected += 1
    return ends


def partners(text: str) -> dict[int, int]:
    """Offset of each outermost opening quote or bracket -> offset after its partner; one that is never closed is left out."""
    partners: dict[int, int] = {}
    stack: list[tuple[str, int]] = []
    for quote in _QUOTE.finditer(text):
        i, character = quote.start(), quote.group()
        if character in _OPENING:
            stack.append((_OPENING[character], i))
        elif character in _CLOSING:
            depth = next((d for d in range(len(stack) - 1, max(len(stack) - 9, -1), -1) if stack[d][0] == character), None)
            if depth is not None:
                partners[stack[depth][1]] = i + 1
                del stack[depth:]
    return partners


def _trim(text: str, start: int, end: int) -> Span | None:
    while start < end and text[start] in _TRIMMED:
        start += 1
    number = _LIST_NUMBER.match(text, start, end)
    if number and number.end() < end:
        start = number.end()
    while end > start and text[end - 1] in _TRIMMED:
        end -= 1
    # What ends in a colon is the heading of the list that follows it.
    is_empty = not any(c.isalnum() for c in text[start:end])
    return None if is_empty or text[end - 1] in "：:" else Span(start, end)
