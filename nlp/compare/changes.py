"""What became of each task between two periods: names of `labels.CHANGES`, each with the figures and words that show it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from rapidfuzz import fuzz

from nlp.compare.match import Matching, Pair, Unmatched, match, plain, settings
from nlp.compare.rows import Figure, Quarter, Row
from nlp.labels import (
    AT_RISK,
    CHANGES,
    COMPLETED,
    FELL_BACK,
    IN_PROGRESS,
    MOVED,
    NEWLY_COMPLETED,
    NOT_STARTED,
    RECOVERED,
    REPEATED,
    SEVERITY_NAMES,
    STALLED,
    STATUS_NAMES,
    UNCHANGED,
    WORSE,
)
from nlp.text import fold, number, squeeze

# What a change of status says by itself; a pair left out says nothing.
_BY_STATUS: Final = {
    (COMPLETED, IN_PROGRESS): (WORSE,),
    (COMPLETED, NOT_STARTED): (WORSE,),
    (COMPLETED, AT_RISK): (WORSE,),
    (IN_PROGRESS, COMPLETED): (NEWLY_COMPLETED,),
    (IN_PROGRESS, NOT_STARTED): (WORSE,),
    (IN_PROGRESS, AT_RISK): (WORSE,),
    (NOT_STARTED, COMPLETED): (NEWLY_COMPLETED,),
    (NOT_STARTED, IN_PROGRESS): (MOVED,),
    (NOT_STARTED, AT_RISK): (WORSE,),
    (AT_RISK, COMPLETED): (RECOVERED, NEWLY_COMPLETED),
    (AT_RISK, IN_PROGRESS): (RECOVERED,),
}
_FIGURE: Final = re.compile(r"\d+(?:\.\d+)?")
# A later date alone is nothing new: 截至3月底 becomes 截至6月底.
_DATE: Final = re.compile(r"(?<!\d)(?:20\d{2}年|\d{1,2}月份?(?:\d{1,2}[日号])?|\d{1,2}[日号])")
_CUMULATIVE: Final = "quantity"
_LONGEST_QUOTE: Final = 30


@dataclass(frozen=True)
class FigurePair:
    """The result of one indicator in both periods."""

    older: Figure
    newer: Figure

    def __str__(self) -> str:
        return f"{self.newer.name} {number(self.older.result)}{self.older.unit}→{number(self.newer.result)}{self.newer.unit}"


@dataclass(frozen=True)
class Change:
    """A task in both periods with what became of it: one name at least, worst first, and one line in Chinese that says why."""

    pair: Pair
    names: tuple[str, ...]
    evidence: str


@dataclass(frozen=True)
class Comparison:
    """Two periods held against each other: changes and new tasks in the order of the newer report, dropped ones in that of the older."""

    older: Quarter
    newer: Quarter
    changes: tuple[Change, ...]
    new: tuple[Unmatched, ...]
    dropped: tuple[Unmatched, ...]


def compare(older: Quarter, newer: Quarter) -> Comparison:
    """Match the rows of two reports and name what became of each task."""
    matching: Matching = match(older.rows, newer.rows)
    changes = tuple(find_change(pair, is_same_year=older.year == newer.year) for pair in matching.pairs)
    return Comparison(older, newer, changes, matching.new, matching.dropped)


def repeated(changes: Iterable[Change]) -> frozenset[str]:
    """Keys (`rows.item_key`) of the newer rows that copy the older text and are not completed: what is done may be told twice."""
    return frozenset(change.pair.newer.key for change in changes if REPEATED in change.names and change.pair.newer.status != COMPLETED)


def find_change(pair: Pair, *, is_same_year: bool) -> Change:
    """What became of one task; figures that count from January are held against each other only within one year."""
    older, newer = pair.older, pair.newer
    names = set(_BY_STATUS.get((older.status, newer.status), ()))
    reasons = [f"{STATUS_NAMES[older.status]}→{STATUS_NAMES[newer.status]}"] if older.status != newer.status else []
    if older.severity != newer.severity:
        if older.status == newer.status != COMPLETED:
            names.add(WORSE if newer.severity > older.severity else RECOVERED)
        reasons.append(f"严重程度 {SEVERITY_NAMES[older.severity]}→{SEVERITY_NAMES[newer.severity]}")
    figures = [both for both in pair_figures(older.figures, newer.figures) if both.newer.kind == _CUMULATIVE] if is_same_year else []
    fallen = [both for both in figures if _step(both) < 0]
    risen = [both for both in figures if _step(both) > 0]
    if fallen:
        names.add(FELL_BACK)
        reasons.append(f"累计数回落：{'、'.join(map(str, fallen))}")
    likeness = likeness_of_texts(older.text, newer.text)
    if likeness >= settings("change")["repeated"]:
        names.add(REPEATED)
        reasons.append("落实情况与上期一字不差" if plain(older.text) == plain(newer.text) else f"落实情况与上期相同 {likeness:.0%}")
    names |= _pace(older, newer, figures=figures, risen=risen, names=names)
    if MOVED in names:
        reasons.append("、".join(map(str, risen)) or _quote(_new_completions(older, newer)))
    if STALLED in names and REPEATED not in names:
        reasons.append("没有新内容" if says_nothing_new(older, newer) else f"结果未变：{'、'.join(map(str, figures))}")
    if not newer.text.strip():
        reasons.append("本期未填报落实情况")
    if not any(reasons):
        reasons.append(f"仍为{STATUS_NAMES[newer.status]}，文字有更新，没有可比的数字")
    return Change(pair, tuple(name for name in CHANGES if name in names) or (UNCHANGED,), "；".join([*(filter(None, reasons)), *_doubts(pair)]))


def _pace(older: Row, newer: Row, *, figures: Sequence[FigurePair], risen: Sequence[FigurePair], names: set[str]) -> set[str]:
    """Moved or stalled, of a task that was not completed and is not yet: by its figures, else by what its text says anew."""
    if COMPLETED in {older.status, newer.status}:
        return set()
    if risen:
        return {MOVED}
    if REPEATED in names or says_nothing_new(older, newer) or (figures and FELL_BACK not in names):
        return set() if MOVED in names else {STALLED}
    return {MOVED} if _new_completions(older, newer) else set()


def likeness_of_texts(older: str, newer: str) -> float:
    """How alike two status texts are, in [0, 1]; 0 where the newer is empty or gives a figure, other than a date, that the older has not."""
    if not newer.strip() or not older.strip() or _figures(newer) - _figures(older):
        return 0.0
    return fuzz.ratio(plain(_undated(older)), plain(_undated(newer))) / 100


def _undated(text: str) -> str:
    return _DATE.sub("某时", squeeze(fold(text))[0])


def _figures(text: str) -> set[str]:
    return set(_FIGURE.findall(_undated(text)))


def says_nothing_new(older: Row, newer: Row) -> bool:
    """Whether every statement of the newer row stands in the older one, or nothing is said at all."""
    if not newer.text.strip():
        return True
    before = [text for text, _ in older.statements]
    return bool(newer.statements) and all(_stands_in(text, before) for text, _ in newer.statements)


def _new_completions(older: Row, newer: Row) -> list[str]:
    """The statements of the newer row that state as completed what the older row did not state so."""
    before = [text for text, status in older.statements if status == COMPLETED]
    return [text for text, status in newer.statements if status == COMPLETED and not _stands_in(text, before)]


def _quote(statements: Sequence[str]) -> str:
    """The first statement in short, empty where there is none."""
    text = "".join(statements[0].split()) if statements else ""
    return f"新写明完成：{text[:_LONGEST_QUOTE]}{'…' if len(text) > _LONGEST_QUOTE else ''}" if text else ""


def _stands_in(text: str, before: Sequence[str]) -> bool:
    least = settings("change")["same_statement"]
    return any(likeness_of_texts(other, text) >= least for other in before)


def pair_figures(older: Sequence[Figure], newer: Sequence[Figure]) -> list[FigurePair]:
    """The indicators that both rows give a result of, in the newer order: the likest name of the same kind and units; each at most once."""
    least = settings("change")["same_indicator"]
    free = list(older)
    found = []
    for figure in newer:
        same = [other for other in free if (other.kind, other.target_unit, other.unit) == (figure.kind, figure.target_unit, figure.unit)]
        scored = [(fuzz.ratio(other.name, figure.name) / 100, other.target == figure.target, -n) for n, other in enumerate(same)]
        best = max(scored, default=(0.0, False, 0))
        if best[0] >= least:
            found.append(FigurePair(same[-best[2]], figure))
            free.remove(same[-best[2]])
    return found


def _step(both: FigurePair) -> int:
    """1 where the result rose, -1 where it fell, 0 where it is equal but for rounding."""
    difference = both.newer.result - both.older.result
    if abs(difference) <= settings("change")["rounding"] * abs(both.older.result):
        return 0
    return 1 if difference > 0 else -1


def _doubts(pair: Pair) -> list[str]:
    """What a reader must know of the match itself: other candidates, targets that changed."""
    doubts = []
    older, newer = (_FIGURE.findall(squeeze(fold(row.task))[0]) for row in (pair.older, pair.newer))
    if sorted(older) != sorted(newer):
        doubts.append(f"任务中的数字有变（{'、'.join(older) or '无'}→{'、'.join(newer) or '无'}），请核对是否同一任务")
    rivals = [f"上期第 {row.number} 项" for row in pair.older_rivals] + [f"本期第 {row.number} 项" for row in pair.newer_rivals]
    if rivals:
        doubts.append(f"对应存疑：{'、'.join(rivals)}与之相近")
    return doubts


def is_worse(change: Change) -> bool:
    """Whether the change is one to chase."""
    return bool({WORSE, FELL_BACK, STALLED, REPEATED} & set(change.names)) and change.pair.newer.status != COMPLETED


def worst_first(changes: Iterable[Change]) -> list[Change]:
    """The changes to chase, worst first: got worse, then fallen figures, stalled, copied; the more severe first, then the order of the report."""
    listed = [change for change in changes if is_worse(change)]
    return sorted(listed, key=lambda change: (CHANGES.index(change.names[0]), change.pair.newer.status != AT_RISK, -change.pair.newer.severity))
