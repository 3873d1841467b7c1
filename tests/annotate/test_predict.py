"""Prediction with a network made by hand: order kept, windows averaged, spans read from tags."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from nlp.annotate.decide import decide
from nlp.annotate.predict import Calibration, Prediction, Question, batches_by_length, predict
from nlp.annotate.tags import N_TAGS, OUTSIDE, read_tags, tag_tokens
from nlp.labels import PROBLEM_KINDS, STATUSES
from nlp.text import Span
from tests.annotate.test_windows import TOKENIZER


def network(ids: Any, _mask: Any, pool: Any, _cues: Any) -> tuple[Any, Any, Any]:
    """Says at risk of a statement that holds 缺, completed of others, and tags 缺 and what follows in the statement as `blocked`."""
    is_lack = (ids == ord("缺")).astype(np.float32)
    statements = np.zeros((*pool.shape[:2], len(STATUSES)), dtype=np.float32)
    holds = np.einsum("bst,bt->bs", pool, is_lack) > 0
    statements[..., STATUSES.index("at_risk")] = holds * 9.0
    statements[..., STATUSES.index("completed")] = (~holds) * 9.0
    tags = np.zeros((*ids.shape, N_TAGS), dtype=np.float32)
    tags[..., OUTSIDE] = 9.0
    kind = 1 + 2 * PROBLEM_KINDS.index("blocked")
    for b, t in zip(*np.nonzero(is_lack), strict=True):
        tags[b, t : t + 4] = 0.0
        tags[b, t, kind] = 9.0
        tags[b, t + 1 : t + 4, kind + 1] = 9.0
    items = np.zeros((len(ids), len(STATUSES)), dtype=np.float32)
    items[:, STATUSES.index("in_progress")] = 1.0
    return statements, tags, items


def ask(*texts: str, batch_size: int = 2) -> list[Prediction]:
    return predict([Question("建桥", text, 0.5) for text in texts], network=network, tokenizer=TOKENIZER, calibration=Calibration(), batch_size=batch_size)


def test_answers_come_in_the_order_of_the_questions() -> None:
    texts = ["已通车。缺少图纸。", "缺少钱粮", "已通车", "", "一" * 40 + "。缺少用地"]
    for size in (1, 2, 8):
        predictions = ask(*texts, batch_size=size)
        said = [[STATUSES[int(np.argmax(shares))] for _, shares in p.statements] for p in predictions]
        assert said == [["completed", "at_risk"], ["at_risk"], ["completed"], [], ["completed", "at_risk"]]
        assert [[problem.span.of(text) for problem in p.problems] for p, text in zip(predictions, texts, strict=True)] == [
            ["缺少图纸"],
            ["缺少钱粮"],
            [],
            [],
            ["缺少用地"],
        ]
        assert {problem.kind for p in predictions for problem in p.problems} == {"blocked"}


def test_probabilities_add_up_over_several_windows() -> None:
    (prediction,) = ask("桥" * 1000 + "。缺图纸")
    assert all(sum(shares) == pytest.approx(1) for _, shares in prediction.statements)
    assert sum(prediction.item) == pytest.approx(1)


def test_windows_of_like_length_go_together() -> None:
    class Fake:
        def __init__(self, n: int) -> None:
            self.ids = (0,) * n

    windows: Any = [Fake(n) for n in (9, 1, 5, 2)]
    assert batches_by_length(windows, size=2) == [[1, 3], [2, 0]]
    assert batches_by_length(windows, size=4, tokens=9) == [[1, 3], [2], [0]]
    assert batches_by_length(windows, size=4, tokens=1) == [[1], [3], [2], [0]]


def test_tags_and_spans_are_inverse() -> None:
    text = "资金缺口大，征地受阻"
    offsets = [Span(i, i + 1) for i in range(len(text))]
    problems = [(Span(0, 5), "resources"), (Span(6, 10), "blocked")]
    tags = tag_tokens(offsets, problems)
    shares = np.eye(N_TAGS, dtype=np.float32)[tags]
    found = read_tags(shares, offsets=offsets, text=text, within=Span(0, len(text)), risk=1.0, threshold=0.5)
    assert [(problem.span, problem.kind) for problem in found] == problems


def test_a_span_is_trimmed_and_stays_in_its_statement() -> None:
    for text, end, found in (("，征地受阻；好", 5, "征地受阻"), ("%，征地受阻；好", 6, "征地受阻"), ("产值下降3%；好", 6, "产值下降3%")):
        shares = np.zeros((len(text), N_TAGS), dtype=np.float32)
        shares[:, 2] = 1.0
        (problem,) = read_tags(shares, offsets=[Span(i, i + 1) for i in range(len(text))], text=text, within=Span(0, end), risk=1.0, threshold=0.5)
        assert problem.span.of(text) == found


def tag_shares(text: str, *spans: tuple[str, str, float]) -> Any:
    """One token a character: (words, kind, probability of being inside) for each span, else outside."""
    shares = np.zeros((len(text), N_TAGS), dtype=np.float32)
    shares[:, OUTSIDE] = 1.0
    for words, kind, inside in spans:
        start = text.index(words)
        shares[start : start + len(words), OUTSIDE] = 1 - inside
        shares[start : start + len(words), 2 + 2 * PROBLEM_KINDS.index(kind)] = inside
    return shares


@pytest.mark.parametrize(
    ("text", "spans", "risk", "found"),
    [
        # A problem that is none of waiting counts as much as its statement is at risk; a wait counts anywhere.
        ("图纸没有批下来", [("没有批下来", "blocked", 0.9)], 0.1, []),
        ("图纸没有批下来", [("没有批下来", "blocked", 0.9)], 0.9, ["没有批下来"]),
        ("待省里批复后开工", [("待省里批复", "external", 0.9)], 0.0, ["待省里批复"]),
        # A hole within a clause is filled, a mark between two clauses parts them.
        ("资金至今没有到位", [("资金", "resources", 0.9), ("没有到位", "resources", 0.9)], 1.0, ["资金至今没有到位"]),
        ("缺少资金，缺少用地", [("缺少资金", "resources", 0.9), ("缺少用地", "blocked", 0.9)], 1.0, ["缺少资金", "缺少用地"]),
        # A space before a figure does not.
        ("产值同比下降 3%", [("下降", "shortfall", 0.9), ("3%", "shortfall", 0.9)], 1.0, ["下降 3%"]),
        # A span counts as its surest token does: unsure ones beside it do not make it weak.
        (
            "缺少部分用地指标，图纸没有批下来",
            [("缺少", "blocked", 0.9), ("部分用地指标", "blocked", 0.55), ("没有批下来", "blocked", 0.9)],
            1.0,
            ["缺少部分用地指标", "没有批下来"],
        ),
        # A scrap beside a problem is left out; alone in a statement at risk it stands.
        ("受影响，图纸没有批下来", [("影响", "other", 0.9), ("没有批下来", "blocked", 0.9)], 1.0, ["没有批下来"]),
        ("至今停工", [("停工", "delay", 0.9)], 1.0, ["停工"]),
        # What is far weaker than the best of the statement is left out.
        ("设计改了四版，图纸没有批下来", [("设计改了四版", "blocked", 0.6), ("没有批下来", "blocked", 0.9)], 1.0, ["没有批下来"]),
        # A statement at risk has a problem, even where no token reaches the threshold.
        ("路没有修通", [("没有修通", "delay", 0.4)], 0.9, ["没有修通"]),
        ("路没有修通", [("没有修通", "delay", 0.4)], 0.3, []),
    ],
)
def test_spans_and_the_risk_of_their_statement(text: str, spans: list[tuple[str, str, float]], risk: float, found: list[str]) -> None:
    offsets = [Span(i, i + 1) for i in range(len(text))]
    problems = read_tags(tag_shares(text, *spans), offsets=offsets, text=text, within=Span(0, len(text)), risk=risk, threshold=0.5)
    assert [problem.span.of(text) for problem in problems] == found


def test_one_statement_at_risk_makes_the_item_at_risk() -> None:
    calm, risky = (0.8, 0.1, 0.05, 0.05), (0.0, 0.05, 0.0, 0.95)
    decision = decide(Prediction(((Span(0, 1), calm), (Span(1, 2), risky)), (), (0.1, 0.3, 0.0, 0.6)))
    assert decision.status == "at_risk"
    assert sum(decision.probabilities) == pytest.approx(1)
    assert decide(Prediction(((Span(0, 1), calm),), (), (0.7, 0.2, 0.0, 0.1))).status == "completed"
