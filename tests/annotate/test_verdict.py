"""Words and figures together: status, basis and what is found where the two do not agree."""

from __future__ import annotations

import pytest

from nlp.annotate.pace import find_indicators
from nlp.annotate.pipeline import annotate
from nlp.annotate.verdict import settle, shares_of
from nlp.labels import STATUS_MARKS, STATUSES
from nlp.records import Item, Period, Problem, Source, Statement
from nlp.training.markup import label_statements, read_marks

Q1, H1, FY = 0.25, 0.5, 1.0
# Elapsed, task, labelled text, what the words alone say, then status, basis and whether words and figures disagree.
LINES = [
    (H1, "新建公园30个。", "{P}新建公园8个，进展顺利。", "in_progress", None, ("at_risk", "pace", True)),
    (H1, "新建公园30个。", "{P}新建公园16个。", "in_progress", None, ("in_progress", None, False)),
    (H1, "新建公园30个。", "{C}新建公园31个，全年任务提前完成。", "in_progress", None, ("completed", None, False)),
    (H1, "新建公园30个，推进绿化。", "{P}新建公园31个，绿化正在推进。", "in_progress", None, ("in_progress", None, False)),
    (H1, "新建公园30个，产值增长5%。", "{P}产值增长4%；{P}新建公园9个。", "in_progress", None, ("at_risk", "growth", True)),
    (H1, "新建公园30个，产值增长5%。", "{P}产值下降4%；{P}新建公园9个。", "in_progress", None, ("at_risk", "decline", True)),
    (H1, "新建公园30个。", "{R}[resources|资金有缺口]，新建公园8个。", "at_risk", "stated", ("at_risk", "stated", False)),
    (H1, "新建公园30个。", "{R}新建公园20个，[delay|进度滞后]。", "at_risk", "stated", ("at_risk", "stated", True)),
    (FY, "新建公园30个。", "{C}全年新建公园28个。", "completed", None, ("at_risk", "pace", True)),
    (H1, "普及率达到90%。", "{C}普及率91%。", "completed", None, ("in_progress", None, False)),
    (Q1, "举办龙舟赛。", "{N}拟于五月举办。", "not_started", None, ("not_started", None, False)),
]


@pytest.mark.parametrize(("elapsed", "task", "line", "status", "basis", "expected"), LINES)
def test_status_from_words_and_figures(elapsed: float, task: str, line: str, status: str, basis: str | None, expected: tuple[str, str | None, bool]) -> None:
    marked = read_marks(line)
    statements = [Statement(span, said, (0.25,) * 4) for span, said in label_statements(marked)]
    problems = [Problem(span, kind, 1.0) for span, kind in marked.problems]
    indicators = find_indicators(task, marked.text, elapsed=elapsed)
    settled = settle(task, status=status, basis=basis, statements=statements, problems=problems, indicators=indicators, elapsed=elapsed)
    assert (settled.status, settled.basis, settled.words_against_figures) == expected
    shares = shares_of(settled, tuple(0.7 if name == status else 0.1 for name in STATUSES))
    assert STATUSES[shares.index(max(shares))] == settled.status
    assert sum(shares) == pytest.approx(1)


def test_the_marks_cover_every_status() -> None:
    assert set(STATUS_MARKS.values()) == set(STATUSES)


def test_an_annotated_item_carries_figures_and_reason() -> None:
    item = Item("7", "新建公园30个。", ("市园林局",), "新建公园8个，各项工作有序推进。", Source("a.txt", 1))
    (found,) = annotate([item], period=Period("2024H1", H1))
    assert (found.status, found.basis, found.severity, found.words_against_figures) == ("at_risk", "pace", 2, True)
    assert found.reason == "进度滞后：新建公园 8 / 30个 = 26.7%，应达 50%（文字未见问题）"
    (indicator,) = found.indicators
    assert (indicator.target, indicator.result, indicator.verdict, indicator.light) == (30, 8, "behind", "red")
