"""Windows of token ids: every statement covered, none cut in silence, offsets of the text as given."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from nlp.annotate.windows import LONGEST_TASK, LONGEST_WINDOW, build_windows, period_name
from nlp.text import Span, cut_statements

BOS, EOS = 0, 2


@dataclass(frozen=True)
class Encoding:
    ids: list[int]
    offsets: list[tuple[int, int]]


class CharacterTokenizer:
    """One token a character; the id is its code point."""

    def encode(self, sequence: str, /, *, add_special_tokens: bool) -> Encoding:
        if add_special_tokens:
            return Encoding([BOS, *map(ord, sequence), EOS], [(0, 0)] * (len(sequence) + 2))
        return Encoding([ord(c) for c in sequence], [(i, i + 1) for i in range(len(sequence))])


TOKENIZER = CharacterTokenizer()


def test_one_window_holds_period_task_and_text() -> None:
    (window,) = build_windows("建 桥", "已通车。拟 验收", elapsed=0.25, tokenizer=TOKENIZER)
    assert window.ids == (BOS, *map(ord, "一季度：建桥"), EOS, *map(ord, "已通车。拟验收"), EOS)
    assert [(index, "".join(chr(c) for c in window.ids[first:last])) for index, first, last in window.statements] == [(0, "已通车"), (1, "拟验收")]
    assert window.offsets[window.statements[1][1] + 1] == Span(6, 7)
    assert len(window.offsets) == len(window.ids)


def test_without_a_period_the_task_stands_alone() -> None:
    (window,) = build_windows("建桥", "", elapsed=None, tokenizer=TOKENIZER)
    assert (window.ids, window.statements) == ((BOS, *map(ord, "建桥"), EOS, EOS), ())


def test_long_items_are_cut_at_the_ends_of_statements() -> None:
    text = "".join(f"第{n}标段桩基施工全部收尾。" for n in range(80))
    windows = build_windows("建桥", text, elapsed=0.5, tokenizer=TOKENIZER)
    assert len(windows) > 1
    assert all(len(window.ids) <= LONGEST_WINDOW for window in windows)
    assert [index for window in windows for index, _, _ in window.statements] == list(range(80))


def test_a_statement_longer_than_a_window_stands_in_several_and_loses_no_character() -> None:
    text = "桥" * 1000
    windows = build_windows("建桥", text, elapsed=0.5, tokenizer=TOKENIZER)
    assert sum(last - first for window in windows for _, first, last in window.statements) == 1000
    covered = [place for window in windows for place in window.offsets if place.end]
    assert covered == [Span(i, i + 1) for i in range(1000)]


def test_a_long_task_leaves_room_for_the_text() -> None:
    (window,) = build_windows("任务" * 500, "已通车", elapsed=1.0, tokenizer=TOKENIZER)
    assert len(window.ids) == LONGEST_TASK + 3 + 3


@pytest.mark.parametrize(("elapsed", "name"), [(0.25, "一季度"), (1 / 12, "一季度"), (0.5, "上半年"), (0.75, "前三季度"), (11 / 12, "前三季度"), (1.0, "全年")])
def test_period_names(elapsed: float, name: str) -> None:
    assert period_name(elapsed) == name


def test_statements_given_are_those_used() -> None:
    text = "甲；乙"
    (window,) = build_windows("", text, elapsed=None, tokenizer=TOKENIZER, statements=cut_statements(text))
    assert len(window.statements) == 2
