"""Labelled items as other files might have them: other numbers, other places, no last mark. Spans move with their text."""

from __future__ import annotations

import dataclasses
import random
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from nlp.records import Cue
from nlp.text import Span
from nlp.training.corpus import LabelledItem
from nlp.training.settings import TrainingSettings

_NUMBER: Final = re.compile(r"\d+(?:\.\d+)?")
# What follows a number that is a name, a date or a list number and stays: 5G, 2024年, 3月, “8·2”, 1.
_FIXED: Final = re.compile(r"年|月|日|号|[A-Za-z]|·|时|#|季度|[.．、](?!\d)")
_UNIT: Final = re.compile(r"(?<![一-龥])[市县区旗](?=[一-龥]{1,8}(?:局|委|办|中心|集团|公司))")
_SURNAMES: Final = "临青平安永新东南西北长清丰泰宁嘉德河海江石云龙凤金玉"
_SECONDS: Final = "川阳州原山口水泽陵城湖溪岭港浦沙坪塘沟林"


@dataclass(frozen=True)
class Example:
    """What the model is shown of an item: labels with offsets in `text`, the period's share or None."""

    task: str
    text: str
    elapsed: float | None
    statements: tuple[tuple[Span, str], ...]
    problems: tuple[tuple[Span, str], ...]
    # None where the item's label rests on arithmetic, which the model is not asked to do.
    status: str | None
    # What the cue rules find in `text`; filled in after the text was varied.
    cues: tuple[Cue, ...] = ()


def plain_example(item: LabelledItem, *, elapsed: float) -> Example:
    """The item as it stands."""
    status = None if item.basis in {"growth", "pace"} else item.status
    return Example(item.task, item.text, elapsed, item.statements, item.problems, status)


def vary(example: Example, *, place: str, settings: TrainingSettings, chance: random.Random) -> Example:
    """The example changed at random, as often as the settings say; `place` is the name that may be swapped."""
    if chance.random() < settings.crop:
        example = _crop(example, chance)
    task, text = example.task, example.text
    moves: list[tuple[int, int, str]] = []
    if chance.random() < settings.change_numbers:
        moves += [(m.start(), m.end(), _other_number(m.group(), chance)) for m in _NUMBER.finditer(text) if not _is_fixed(text, m.span())]
    if chance.random() < settings.change_places:
        name, short = _invent(chance), place[:-1]
        moves += [(m.start(), m.end(), name) for m in re.finditer(re.escape(short), text)]
        task = task.replace(short, name)
        level = chance.choice("市县区旗")
        moves += [(m.start(), m.end(), level) for m in _UNIT.finditer(text)]
    if chance.random() < settings.change_marks:
        inner = [end for end in (span.end for span, _ in example.statements[:-1]) if text[end : end + 1] in "。；"]
        moves += [(end, end + 1, chance.choice("。；")) for end in inner]
    if chance.random() < settings.drop_stop and text.endswith(("。", "；")):
        moves.append((len(text) - 1, len(text), ""))
    text, place_of = _replace(text, moves)
    return Example(
        task="" if chance.random() < settings.drop_task else task,
        text=text,
        elapsed=None if chance.random() < settings.drop_period else example.elapsed,
        statements=tuple((Span(place_of(span.start), place_of(span.end)), status) for span, status in example.statements),
        problems=tuple((Span(place_of(span.start), place_of(span.end)), kind) for span, kind in example.problems),
        status=example.status,
    )


def _crop(example: Example, chance: random.Random) -> Example:
    """A run of the example's statements; the label of the whole says nothing of a part and is left out."""
    count = len(example.statements)
    if count < 2:
        return example
    length = chance.randint(1, count - 1)
    first = chance.randint(0, count - length)
    kept = example.statements[first : first + length]
    start = kept[0][0].start
    end = example.statements[first + length][0].start if first + length < count else len(example.text)
    # A list number that stands before the next statement goes with it.
    end = kept[-1][0].end + len(example.text[kept[-1][0].end : end].rstrip(" \t0123456789.．、（）()①②③④⑤⑥⑦⑧⑨⑩"))

    def moved(spans: tuple[tuple[Span, str], ...]) -> tuple[tuple[Span, str], ...]:
        return tuple((Span(span.start - start, span.end - start), label) for span, label in spans if start <= span.start and span.end <= end)

    return dataclasses.replace(example, text=example.text[start:end], statements=moved(kept), problems=moved(example.problems), status=None)


def _is_fixed(text: str, span: tuple[int, int]) -> bool:
    start, end = span
    return bool(re.search(r"[A-Za-z#“·第]$", text[max(0, start - 1) : start])) or bool(_FIXED.match(text[end : end + 2]))


def _other_number(number: str, chance: random.Random) -> str:
    """A number of the same form: as many digits, the first one not zero where it was not."""
    digits = [c if not c.isdigit() else str(chance.randint(1 if i == 0 and c != "0" else 0, 9)) for i, c in enumerate(number)]
    return "".join(digits)


def _invent(chance: random.Random) -> str:
    return chance.choice(_SURNAMES) + chance.choice(_SECONDS)


def _replace(text: str, moves: list[tuple[int, int, str]]) -> tuple[str, Callable[[int], int]]:
    """The text with every stretch replaced (of overlapping ones the first), and a function from old offsets to new ones."""
    out: list[str] = []
    # (old offset, new offset) at the start and end of every stretch that stayed.
    anchors: list[tuple[int, int]] = [(0, 0)]
    position = length = 0
    for start, end, new in sorted(moves):
        if start < position:
            continue
        out += [text[position:start], new]
        anchors.append((start, length + start - position))
        length += start - position + len(new)
        position = end
        anchors.append((end, length))
    out.append(text[position:])

    def place_of(offset: int) -> int:
        before, after = max(anchor for anchor in anchors if anchor[0] <= offset)
        return min(after + offset - before, next((new for old, new in anchors if old > offset), after + offset - before))

    return "".join(out), place_of
