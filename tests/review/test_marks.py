"""Pieces are the text, nothing more and nothing less."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nlp.review.marks import pieces, visible
from nlp.text import Span

texts = st.text(max_size=40)


@st.composite
def marked(draw: st.DrawFn) -> tuple[str, list[Span], list[Span]]:
    text = draw(texts)

    def spans() -> list[Span]:
        found = draw(st.lists(st.tuples(st.integers(0, len(text)), st.integers(0, len(text))), max_size=5))
        return [Span(min(pair), max(pair)) for pair in found if pair[0] != pair[1]]

    return text, spans(), spans()


# What else the machine does is no fault of the texts.
@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(marked())
def test_pieces_are_the_whole_text_and_say_what_covers_each_character(given: tuple[str, list[Span], list[Span]]) -> None:
    text, statements, problems = given
    found = pieces(text, statements=statements, problems=problems)
    assert "".join(piece.text for piece in found) == visible(text)
    for piece in found:
        for number, spans in ((piece.statement, statements), (piece.problem, problems)):
            over = [span for span in spans if span.start <= piece.start < span.end]
            assert (number is None) == (over == [])
            assert number is None or spans[number].start <= piece.start < spans[number].end


def test_of_two_problems_the_shorter_is_shown() -> None:
    found = pieces("甲乙丙丁戊", problems=[Span(0, 5), Span(1, 3)])
    assert [(piece.text, piece.problem, piece.opens_problem) for piece in found] == [("甲", 0, True), ("乙丙", 1, True), ("丁戊", 0, True)]


def test_what_would_act_on_the_page_is_seen_and_keeps_its_place() -> None:
    assert visible("甲\u202e乙\r\n丙\x00\ud800") == "甲�乙�\n丙��"
