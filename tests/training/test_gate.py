"""The gate on made-up readings: what is worse is refused with both figures, what is as good passes, what differs is shown."""

from __future__ import annotations

import csv
import math
import random
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from nlp.annotate.pipeline import Reading
from nlp.errors import OutputError
from nlp.labels import AT_RISK, COMPLETED, IN_PROGRESS, NOT_STARTED, STATUSES
from nlp.records import Problem, Statement
from nlp.text import Span
from nlp.training.corpus import LabelledItem
from nlp.training.floors import Floor, load_floors
from nlp.training.gate import CANDIDATE, CURRENT, ITEM, NEITHER, STATEMENT, FloorResult, Judgement, _macro, figures_of, find_flips, hold, load_gate, write_flips
from nlp.training.metrics import confusion, macro_f1

TEXT = "甲段；乙段。"
SPANS = (Span(0, 3), Span(3, 6))
Labels = Sequence[tuple[str, str]]


def items_of(labels: Labels, *, basis: str | None = None) -> list[LabelledItem]:
    """An item of two statements each; its own label is that of the second, a statement at risk is a problem."""
    return [
        LabelledItem(
            government="mochuan",
            period="2024FY",
            id=f"r{n}",
            number=str(n),
            task="建桥。",
            units=("市交通局",),
            text=TEXT,
            status=second,
            basis=basis or ("stated" if second == AT_RISK else None),
            severity=0,
            statements=tuple(zip(SPANS, (first, second), strict=True)),
            problems=tuple((span, "delay") for span, label in zip(SPANS, (first, second), strict=True) if label == AT_RISK),
            pairs=(),
            gist="",
        )
        for n, (first, second) in enumerate(labels)
    ]


def readings_of(labels: Labels) -> list[Reading]:
    even = (0.25,) * len(STATUSES)
    return [
        Reading(
            second,
            None,
            even,
            tuple(Statement(span, label, even) for span, label in zip(SPANS, (first, second), strict=True)),
            tuple(Problem(span, "delay", 1.0) for span, label in zip(SPANS, (first, second), strict=True) if label == AT_RISK),
            False,
            "model",
        )
        for first, second in labels
    ]


GOLD = [(COMPLETED, IN_PROGRESS), (IN_PROGRESS, AT_RISK), (NOT_STARTED, NOT_STARTED), (IN_PROGRESS, COMPLETED)] * 50


def spoiled(share: float, *, only: str | None = None, into: str = IN_PROGRESS) -> list[tuple[str, str]]:
    """The gold labels with a share of the items' second labels (those of one label, if it is named) read wrongly."""
    places = [n for n, (_, second) in enumerate(GOLD) if second == (only or second) and second != into]
    wrong = set(random.Random(1).sample(places, round(share * len(places))))
    return [(first, into if n in wrong else second) for n, (first, second) in enumerate(GOLD)]


def judge(candidate: Labels, current: Labels | None, *, floors: Sequence[Floor] | None = None) -> Judgement:
    read = {"new": candidate, "old": current or []}
    return hold(
        items_of(GOLD),
        candidate=Path("new"),
        current=Path("old") if current else None,
        floors=load_floors() if floors is None else floors,
        settings=load_gate(),
        read=lambda folder, _: readings_of(read[folder.name]),
    )


def test_what_reads_everything_passes_beside_its_equal() -> None:
    judgement = judge(GOLD, GOLD)
    assert judgement.refusals == ()
    assert judgement.flips == ()
    assert [(c.difference, c.low, c.high) for c in judgement.comparisons] == [(0, 0, 0)] * 2
    assert all(result.found == pytest.approx(1.0) for result in judgement.floors)


def test_the_floor_of_the_recall_of_risks_refuses_with_both_figures() -> None:
    refusals = judge(spoiled(0.2, only=AT_RISK), None).refusals
    assert refusals[0] == "语句有风险查全 0.800，低于下限 0.900"
    assert "事项有风险查全 0.800，低于下限 0.880" in refusals


def test_without_a_model_in_use_only_the_floors_count() -> None:
    judgement = judge(spoiled(0.02), None)
    assert judgement.refusals == judgement.comparisons == judgement.flips == ()


@pytest.mark.parametrize("lost", [1, 2])
def test_a_statement_or_two_lost_among_many_show_nothing(lost: int) -> None:
    judgement = judge(spoiled(lost / 50, only=AT_RISK), GOLD, floors=[])
    risks = judgement.comparisons[-1]
    assert (risks.difference, risks.cases, risks.verdict) == (pytest.approx(-lost / 50), 50, "通过")
    # A draw holds none of those lost with a chance of e^-lost.
    assert risks.not_worse == pytest.approx(math.exp(-lost), abs=0.05)
    assert judgement.refusals == judgement.remarks == ()


def test_one_that_loses_risks_to_the_model_in_use_is_refused_with_both_figures() -> None:
    (refusal,) = judge(spoiled(0.2, only=AT_RISK), GOLD, floors=[]).refusals[-1:]
    assert refusal == "语句有风险查全：候选 0.800，在用 1.000，相差 -0.2000（区间 -0.271 到 -0.130），抽样中候选不差的只占 0.0%，不到 10%"


def test_what_it_loses_may_be_made_up_by_what_it_gains() -> None:
    # Three risks lost and three found that the model in use does not see.
    def with_wrong(places: list[int]) -> list[tuple[str, str]]:
        return [(first, IN_PROGRESS if n in places else second) for n, (first, second) in enumerate(GOLD)]

    judgement = judge(with_wrong([1, 5, 9]), with_wrong([13, 17, 21]), floors=[])
    assert judgement.refusals == ()
    assert 0.3 < judgement.comparisons[-1].not_worse < 0.8


def test_one_that_is_surely_worse_is_refused_however_little() -> None:
    # 5 of 400 statements, in nearly every draw.
    judgement = judge(spoiled(0.1, only=COMPLETED, into=NOT_STARTED), GOLD, floors=[])
    (macro, risks) = judgement.comparisons
    assert -0.02 < macro.difference < 0
    assert macro.high < 0
    assert (macro.verdict, risks.verdict) == ("未通过", "通过")


def test_too_few_statements_show_nothing_and_that_is_said() -> None:
    gold = GOLD[:16]
    one_lost = [(first, IN_PROGRESS if n == 1 else second) for n, (first, second) in enumerate(gold)]
    judgement = hold(
        items_of(gold),
        candidate=Path("new"),
        current=Path("old"),
        floors=[],
        settings=load_gate(),
        read=lambda folder, _: readings_of(one_lost if folder.name == "new" else gold),
    )
    assert judgement.refusals == ()
    assert {found.verdict for found in judgement.comparisons} == {"样本太少"}
    assert judgement.remarks[1] == (
        "语句有风险查全：样本太少，标为有风险的语句只有 4 句（至少要 30 句），比不出是否变差，只看下限；请用 --held-out 指定更多的语料"
    )
    # The floors guard what the comparison cannot.
    assert FloorResult(load_floors()[0], 0.75).passed is False


def test_the_least_loss_that_is_shown_is_as_the_settings_say() -> None:
    settings = load_gate()
    assert [math.exp(-lost) >= settings.level for lost in (1, 2, 3)] == [True, True, False]
    assert 3 / settings.fewest == pytest.approx(0.1)


def test_one_that_is_better_passes_and_its_flips_say_so() -> None:
    judgement = judge(GOLD, spoiled(0.3), floors=[])
    assert judgement.refusals == ()
    assert all(c.low > 0 for c in judgement.comparisons[:1])
    assert {flip.right for flip in judgement.flips} == {CANDIDATE}


def test_the_same_items_give_the_same_verdict() -> None:
    first, second = (judge(spoiled(0.1), spoiled(0.2)).comparisons for _ in range(2))
    assert first == second


def test_what_the_items_do_not_hold_is_not_passed() -> None:
    items = items_of([(COMPLETED, IN_PROGRESS)] * 20)
    judgement = hold(
        items,
        candidate=Path("a"),
        current=Path("b"),
        floors=load_floors(),
        settings=load_gate(),
        read=lambda _, found: readings_of([(COMPLETED, IN_PROGRESS)] * len(found)),
    )
    assert judgement.refusals[0] == "语句有风险查全量不出来：留出的语料里没有这一类"
    assert [c.name for c in judgement.comparisons] == ["语句宏平均F1"]


def test_flips_come_lost_risks_first_and_leave_out_items_that_rest_on_arithmetic(tmp_path: Path) -> None:
    gold = [(COMPLETED, COMPLETED), (AT_RISK, IN_PROGRESS), (NOT_STARTED, NOT_STARTED)]
    items = [*items_of(gold), *items_of([(IN_PROGRESS, AT_RISK)], basis="pace")]
    old = readings_of([(COMPLETED, IN_PROGRESS), (AT_RISK, IN_PROGRESS), (NOT_STARTED, COMPLETED), (IN_PROGRESS, IN_PROGRESS)])
    new = readings_of([(COMPLETED, COMPLETED), (IN_PROGRESS, IN_PROGRESS), (NOT_STARTED, AT_RISK), (IN_PROGRESS, AT_RISK)])
    flips = find_flips(items, current=old, candidate=new)
    assert [(flip.level, flip.id, flip.right) for flip in flips] == [
        (STATEMENT, "mochuan/2024FY/r1#1", CURRENT),
        (ITEM, "mochuan/2024FY/r2", NEITHER),
        (STATEMENT, "mochuan/2024FY/r2#2", NEITHER),
        (ITEM, "mochuan/2024FY/r0", CANDIDATE),
        (STATEMENT, "mochuan/2024FY/r0#2", CANDIDATE),
        (STATEMENT, "mochuan/2024FY/r0#2", CANDIDATE),
    ]
    assert flips[0].text == "甲段；"
    write_flips(tmp_path / "flips.csv", flips)
    with (tmp_path / "flips.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))
    assert rows[0] == ["层次", "编号", "文字", "标注", "在用", "候选", "谁对"]
    assert rows[1] == ["语句", "mochuan/2024FY/r1#1", "甲段；", "有风险", "有风险", "推进中", "在用"]
    with pytest.raises(OutputError, match="写入失败"):
        write_flips(tmp_path / "none" / "flips.csv", flips)


def test_the_figures_are_those_of_the_evaluation() -> None:
    items, readings = items_of(GOLD), readings_of(spoiled(0.2))
    figures = figures_of(items, readings)
    true = [status for item in items for _, status in item.statements]
    counts = confusion(true, [s.status for reading in readings for s in reading.statements])
    assert figures["statement"]["macro"] == {"f1": macro_f1(counts), "n": 400}
    assert float(_macro(counts)) == pytest.approx(macro_f1(counts))
    sparse = np.zeros((4, 4), dtype=int)
    sparse[1, 1], sparse[1, 2] = 3, 1
    assert float(_macro(sparse)) == pytest.approx(macro_f1(sparse))
