"""Annotated items: evidence has offsets of the original text, nothing grows faster than the text."""

from __future__ import annotations

import time

from nlp.annotate.pipeline import annotate
from nlp.annotate.summary import LONGEST
from nlp.annotate.tokenizer import JiebaTokenizer, build_language
from nlp.records import Item, Period, Source

Q1 = Period("2024Q1", 0.25)
TEXT = "1. 一号楼封顶。2. 二号楼 因资方 撤出停工，协调会开了两次；三号楼持续推进地下室施工，完成土方 3.2 万方，降水井二十口全部打完，塔吊基础验收一次合格。"


def item(text: str, number: str = "1", task: str = "推进安置房建设。") -> Item:
    return Item(number, task, ("市住建局",), text, Source("a.docx", 2, sheet="表1"))


def test_evidence_stands_in_the_text() -> None:
    (done,) = annotate([item(TEXT)], period=Q1)
    assert done.status == "at_risk"
    assert done.basis == "stated"
    assert [p.span.of(TEXT) for p in done.problems] == ["二号楼 因资方 撤出停工"]
    assert all(0 <= cue.span.start < cue.span.end <= len(TEXT) for s in done.statements for cue in s.cues)
    assert done.reason == "文字写明：二号楼 因资方 撤出停工"
    assert abs(sum(done.probabilities) - 1) < 0.001


def test_summary_is_short_holds_the_problem_and_takes_only_what_stands_there() -> None:
    (done,) = annotate([item(TEXT)], period=Q1)
    assert len(done.summary) <= LONGEST
    assert "二号楼 因资方 撤出停工" in done.summary
    assert all(piece in TEXT for piece in done.summary.replace("；", "，").split("，"))


def test_an_empty_status_is_kept_and_flagged() -> None:
    (done,) = annotate([item("")], period=Q1)
    assert (done.status, done.needs_review, done.reason, done.statements) == ("not_started", True, "未填报落实情况", ())


def test_progress_counts_items() -> None:
    seen: list[int] = []
    annotate([item("在建。", str(n)) for n in range(130)], period=Q1, progress=seen.append)
    assert seen == [96, 130]


def test_a_text_of_100_000_characters_takes_seconds() -> None:
    build_language()
    started = time.perf_counter()
    annotate([item("桥墩正在浇筑；资金不足，" * 8_400)], period=Q1)
    assert time.perf_counter() - started < 20


def test_the_dictionary_is_private() -> None:
    import jieba  # noqa: PLC0415

    words = JiebaTokenizer(build_language().vocab)
    assert [token.text for token in words("序时进度严重滞后")] == ["序时进度", "严重滞后"]
    assert jieba.get_FREQ("严重滞后") is None
