"""The records that the stages hand on: Report -> Item -> AnnotatedItem -> Risk. All are frozen; offsets count characters of `Item.text`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from nlp.text import Span

_PERIOD_NAMES: Final = {"Q1": "一季度", "H1": "上半年", "Q3": "前三季度", "FY": "度"}


@dataclass(frozen=True)
class Source:
    """Where a row stands: file name, sheet (or table) or page, and row as a person counts it (from 1)."""

    file: str
    row: int
    sheet: str | None = None
    page: int | None = None

    def __str__(self) -> str:
        place = f"第 {self.page} 页" if self.page is not None else self.sheet or ""
        return f"{self.file} {place}第 {self.row} 行" if place else f"{self.file} 第 {self.row} 行"


@dataclass(frozen=True)
class Item:
    """One row of a progress report: a task, its units (lead unit first) and its status text."""

    number: str
    task: str
    units: tuple[str, ...]
    text: str
    source: Source
    section: str = ""
    # Columns that the program does not use, as (header, value): kept, so that nothing of the row is lost.
    other: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Period:
    """A reporting period: code (`2023Q1`, `2023H1`, `2023Q3`, `2023FY`, `2023M11`) and the share of the year gone by, in (0, 1]."""

    code: str
    elapsed: float

    @property
    def name(self) -> str:
        """The period as officers write it: 2023年一季度, 2023年度, 2023年1—11月."""
        year, part = self.code[:4], self.code[4:]
        months = int(part[1:]) if part.startswith("M") else 0
        return f"{year}年" + (_PERIOD_NAMES.get(part) or ("1月" if months == 1 else f"1—{months}月"))


@dataclass(frozen=True)
class SkippedRow:
    """A row of a table that is no item, with the reason: 标题, 表头, 分节, 附注."""

    source: Source
    text: str
    reason: str


@dataclass(frozen=True)
class Report:
    """A report file as read: title, place (empty where none was found), period, items in report order."""

    file: str
    title: str
    place: str
    period: Period
    items: tuple[Item, ...]
    skipped: tuple[SkippedRow, ...] = ()


@dataclass(frozen=True)
class Cue:
    """A rule that hit: rule id, what it says (a status or problem kind), and where."""

    rule: str
    label: str
    span: Span


@dataclass(frozen=True)
class Problem:
    """A problem statement: exact span, kind, and how sure its finder is, in [0, 1] (1 = certain)."""

    span: Span
    kind: str
    score: float
    rule: str = ""


@dataclass(frozen=True)
class Statement:
    """A statement with its status, the `K` probabilities in the order of `labels.STATUSES`, and the cues behind it."""

    span: Span
    status: str
    probabilities: tuple[float, ...]
    cues: tuple[Cue, ...] = ()


@dataclass(frozen=True)
class Indicator:
    """A target of the task with its result: values in their units as written, a fall below zero; `task_span` in the task, `text_span` in the status text.

    A rate of completion that the text states for what the task names no number of has the target 100% and no `task_span`.
    `ratio` is the share of the target reached, `expected` the share that the yardstick asks for by now; None where nothing is to be compared.
    `arithmetic` is the comparison in one Chinese line; `score`, in (0, 1), says how sure it is that result and target belong together.
    """

    name: str
    kind: str
    target: float
    target_unit: str
    result: float
    result_unit: str
    ratio: float | None
    expected: float | None
    verdict: str
    task_span: Span | None
    text_span: Span
    arithmetic: str
    score: float = 1.0
    # Traffic light of the yardstick: `green`, `yellow`, `red`, or empty where nothing is to be compared.
    light: str = ""


@dataclass(frozen=True)
class AnnotatedItem:
    """An item with all that was found in it."""

    item: Item
    period: Period
    status: str
    basis: str | None
    probabilities: tuple[float, ...]
    statements: tuple[Statement, ...]
    problems: tuple[Problem, ...]
    severity: int
    needs_review: bool
    summary: str
    # One line in Chinese: what decided the status.
    reason: str
    # Who decided the status: `rules` or `model`.
    decided_by: str = "rules"
    # What the cue rules say, where the model decided and they do not agree with it; else None.
    rules_status: str | None = None
    words_against_figures: bool = False
    indicators: tuple[Indicator, ...] = ()

    @property
    def confidence(self) -> float:
        """Probability of the status given, in [0, 1]; 1 = certain."""
        return max(self.probabilities)


@dataclass(frozen=True)
class Term:
    """A named part of a risk score; `value` adds to the score."""

    name: str
    value: float


@dataclass(frozen=True)
class Risk:
    """An annotated item in the ranked list: rank from 1 (chase first), score = sum of its terms (higher is worse)."""

    annotated: AnnotatedItem
    rank: int
    score: float
    terms: tuple[Term, ...] = field(default=())
    # One sentence in Chinese: why the item stands where it does.
    why: str = ""
