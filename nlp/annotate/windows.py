"""Items cut into windows that the encoder can read: token ids, and which tokens belong to which statement. No torch, no model.

    <s> period: task </s> statements </s>

White space is left out and letter width folded first, so that what wrapping and keyboards do to a file does not reach the model.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from nlp.errors import ModelError
from nlp.text import Span, cut_statements, fold, squeeze

# Hardly a task that the shipped model has learned from has more tokens; what stands behind them costs time and tells it nothing.
LONGEST_TASK: Final = 36
LONGEST_WINDOW: Final = 320
# What the report's elapsed share says to the model: a final figure is read otherwise than a figure to date.
PERIOD_NAMES: Final = ((0.26, "一季度"), (0.51, "上半年"), (0.99, "前三季度"), (1.0, "全年"))


class Tokenizer(Protocol):
    """The part of `tokenizers.Tokenizer` that is used here."""

    def encode(self, sequence: str, /, *, add_special_tokens: bool) -> Any:
        """Ids and offsets of a text."""


@dataclass(frozen=True)
class Window:
    """A stretch of one item: token ids, and for each statement in it the tokens that it covers.

    `statements` holds (index of the statement in the item, first token, token after the last); a statement longer than a window stands in
    several. `offsets` gives each token's characters in the item's text, (0, 0) for the `head` tokens of the task and for the last mark.
    """

    ids: tuple[int, ...]
    statements: tuple[tuple[int, int, int], ...]
    offsets: tuple[Span, ...]
    head: int


def marks_of(tokenizer: Tokenizer) -> tuple[int, int]:
    """The ids of the marks that the tokenizer's own encoder puts before and behind a text (`<s>` and `</s>`, `[CLS]` and `[SEP]`).

    Raises
    ------
    ModelError : it puts none.
    """
    ids = tokenizer.encode("", add_special_tokens=True).ids
    if len(ids) < 2:
        raise ModelError(f"分词器在空文本前后应各加一个标记，实有 {len(ids)} 个", remedy="请换用带句首、句尾标记的编码器（BERT、RoBERTa、XLM-R 一类）")
    return ids[0], ids[-1]


def period_name(elapsed: float) -> str:
    """The name of the period that ends after the share `elapsed` of the year, in (0, 1]."""
    return next(name for most, name in PERIOD_NAMES if elapsed <= most)


def build_windows(task: str, text: str, *, elapsed: float | None, tokenizer: Tokenizer, statements: Sequence[Span] | None = None) -> tuple[Window, ...]:
    """The windows of an item, cut at the ends of statements; one without statements where the text has none.

    Parameters
    ----------
    elapsed : share of the year gone by; None leaves the period out.
    statements : spans in `text`; those of `cut_statements` where they are not given.
    """
    spans = cut_statements(text) if statements is None else statements
    lead = (f"{period_name(elapsed)}：" if elapsed is not None else "") + squeeze(fold(task))[0]
    first_mark, last_mark = marks_of(tokenizer)
    head = (first_mark, *tokenizer.encode(lead, add_special_tokens=False).ids[:LONGEST_TASK], last_mark)
    room = LONGEST_WINDOW - len(head) - 1
    windows: list[Window] = []
    ids: list[int] = []
    offsets: list[Span] = []
    inside: list[tuple[int, int, int]] = []

    def close() -> None:
        if inside or not windows:
            empty = Span(0, 0)
            windows.append(Window((*head, *ids, last_mark), tuple(inside), (*[empty] * len(head), *offsets, empty), len(head)))
        ids.clear()
        offsets.clear()
        inside.clear()

    for index, span in enumerate(spans):
        end = spans[index + 1].start if index + 1 < len(spans) else len(text)
        # The marks up to the next statement go with this one: they say where it ends.
        pieces, places = _encode(text, Span(span.start, end), tokenizer)
        if ids and len(ids) + len(pieces) > room:
            close()
        for start in range(0, len(pieces), room):
            if ids and len(ids) + len(pieces[start : start + room]) > room:
                close()
            first = len(head) + len(ids)
            ids += pieces[start : start + room]
            offsets += places[start : start + room]
            covered = sum(1 for place in places[start : start + room] if place.start < span.end)
            if covered:
                inside.append((index, first, first + covered))
    if ids or not windows:
        close()
    return tuple(windows)


def _encode(text: str, span: Span, tokenizer: Tokenizer) -> tuple[list[int], list[Span]]:
    """Token ids of a stretch of the text, and the characters of the text that each token covers."""
    squeezed, kept = squeeze(fold(span.of(text)))
    encoding = tokenizer.encode(squeezed, add_special_tokens=False)
    places = []
    for start, end in encoding.offsets:
        first = span.start + kept[min(start, len(kept) - 1)] if kept else span.start
        places.append(Span(first, span.start + kept[end - 1] + 1 if end > start else first))
    return list(encoding.ids), places
