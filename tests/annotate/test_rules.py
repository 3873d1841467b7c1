"""Statements, problems and item status by rules, each case one marked-up line (see `nlp/training/markup.py`)."""

from __future__ import annotations

import pytest

from nlp.annotate.pipeline import find_text_cues
from nlp.annotate.rules import find_problems, judge_item, label_statements, load_confidence
from nlp.labels import STATUSES
from nlp.training.markup import label_statements as read_labels
from nlp.training.markup import read_marks

LINES = [
    "{P}正在浇筑三号墩承台；{N}拟于九月启动铺装招标。",
    "{C}管理办法已印发。{C}新馆竣工并投入使用。",
    "{R}[delay|二标段进度严重滞后]；{P}一标段加快推进。",
    "{P}累计排查隐患340处，正在整改。",
    "{C}全年未发生较大事故，历史遗留问题已全部解决。",
    "{R}规上产值[shortfall|同比下降3.6%]。",
    "{P}持续压降，重复投诉同比下降21%。",
    "{N}[external|待省级方案下达]后组织实施。",
    "{N}下一步，加快土地报批，推进招标。",
    "{R}主体完工，[resources|区级配套资金有缺口]。",
]


@pytest.mark.parametrize("line", LINES)
def test_statements_and_problems(line: str) -> None:
    marked = read_marks(line)
    (cues,) = find_text_cues(iter([marked.text]))
    statements = label_statements(marked.text, cues=cues)
    assert [(s.span, s.status) for s in statements] == list(read_labels(marked))
    problems = find_problems(marked.text, statements=statements)
    assert [(p.kind, p.span) for p in problems if p.kind != "external"] == [(kind, span) for span, kind in marked.problems if kind != "external"]
    assert bool(marked.problems) == bool(problems)


ITEMS = [
    ("建成东门大桥。", "东门大桥6月通车。", ("completed", None)),
    ("持续优化营商环境。", "行动方案已印发。", ("in_progress", None)),
    ("举办龙舟赛。", "拟定于五月举办。", ("not_started", None)),
    ("建成东门大桥。", "桥墩完工。引桥征地受阻，业主对补偿有分歧。", ("at_risk", "stated")),
    ("工业产值增长8%。", "产值同比下降2.1%。", ("at_risk", "decline")),
    ("建成东门大桥。", "", ("not_started", None)),
]


@pytest.mark.parametrize(("task", "text", "expected"), ITEMS)
def test_item_status(task: str, text: str, expected: tuple[str, str | None]) -> None:
    (cues,) = find_text_cues(iter([text]))
    statements = label_statements(text, cues=cues)
    assert judge_item(task, statements=statements, problems=find_problems(text, statements=statements)) == expected


def test_confidence_is_measured_for_every_decision() -> None:
    for what in ("statement", "item"):
        for status in STATUSES:
            shares = load_confidence()[what][status]
            assert list(shares) == list(STATUSES)
            assert sum(shares.values()) == pytest.approx(1, abs=0.001)
