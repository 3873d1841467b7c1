"""The gate before a model is used: floors, a comparison with the model in use, and the rows on which the two differ.

`N` items, `K` = 4 labels in the order of `labels.STATUSES`; every figure is in [0, 1], every difference is candidate minus model in use.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from nlp.config import load_toml
from nlp.errors import OutputError
from nlp.labels import AT_RISK, STATUS_NAMES, STATUSES
from nlp.training.corpus import LabelledItem
from nlp.training.floors import ALL, MACRO, Floor
from nlp.training.metrics import class_figures, confusion, macro_f1, span_figures

if TYPE_CHECKING:
    from nlp.annotate.pipeline import Reading

Array = np.ndarray[Any, np.dtype[Any]]
Figures = dict[str, dict[str, dict[str, float]]]
# Model folder and items -> what it reads in each.
Reader = Callable[[Path, Sequence[LabelledItem]], "Sequence[Reading]"]

STATEMENT: Final = "语句"
ITEM: Final = "事项"
CANDIDATE: Final = "候选"
CURRENT: Final = "在用"
NEITHER: Final = "都不对"
FLIP_HEADERS: Final = ("层次", "编号", "文字", "标注", CURRENT, CANDIDATE, "谁对")
FIELD_NAMES: Final = {"statement": STATEMENT, "item": ITEM, "span": "问题语句"}
LABEL_NAMES: Final = {**STATUS_NAMES, MACRO: "宏平均", ALL: ""}
METRIC_NAMES: Final = {"precision": "查准", "recall": "查全", "f1": "F1"}
_RISK: Final = STATUSES.index(AT_RISK)
# Differences are of counts divided: what is equal on paper may differ in the last digit.
_ROUNDING: Final = 1e-9
_FORMULA_START: Final = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True)
class GateSettings:
    """Draws and seed of the bootstrap, the least share of them, in (0, 1), in which the candidate must not be worse, and the fewest cases that show a loss."""

    draws: int
    seed: int
    level: float
    fewest: int


@dataclass(frozen=True)
class FloorResult:
    """A floor with what the candidate reached; None where the items hold no case of it."""

    floor: Floor
    found: float | None

    @property
    def passed(self) -> bool:
        """Whether it was measured and reached."""
        return self.found is not None and self.found >= self.floor.least

    @property
    def name(self) -> str:
        """The figure in Chinese."""
        floor = self.floor
        return f"{FIELD_NAMES[floor.field]}{LABEL_NAMES[floor.label]}{METRIC_NAMES[floor.metric]}"


@dataclass(frozen=True)
class Comparison:
    """A figure of both models, with what the draws say of its difference.

    Parameters
    ----------
    low, high : ends of the interval that leaves out a share `level` of the draws on either side.
    not_worse : share of the draws, in [0, 1], in which the candidate is at least as good; below `level` it is worse.
    label, cases : the label on which the figure hangs (of a macro figure the rarest), and how many statements are labelled so.
    fewest : so many cases are needed to show a loss.
    """

    name: str
    current: float
    candidate: float
    low: float
    high: float
    not_worse: float
    level: float
    label: str
    cases: int
    fewest: int

    @property
    def difference(self) -> float:
        """Candidate minus model in use."""
        return self.candidate - self.current

    @property
    def passed(self) -> bool:
        """Whether the draws do not show the candidate to be worse."""
        return self.not_worse >= self.level

    @property
    def remark(self) -> str:
        """Where too few cases show nothing either way, a line in Chinese that says so; else empty."""
        if not self.passed or self.cases >= self.fewest:
            return ""
        label = STATUS_NAMES[self.label]
        return (
            f"{self.name}：样本太少，标为{label}的语句只有 {self.cases} 句（至少要 {self.fewest} 句），比不出是否变差，只看下限；请用 --held-out 指定更多的语料"
        )

    @property
    def verdict(self) -> str:
        """未通过, 样本太少 or 通过."""
        return ("样本太少" if self.remark else "通过") if self.passed else "未通过"


@dataclass(frozen=True)
class Flip:
    """A statement or item to which the two models give different labels."""

    level: str
    id: str
    text: str
    gold: str
    current: str
    candidate: str

    @property
    def right(self) -> str:
        """Which of the two is right: `CANDIDATE`, `CURRENT` or `NEITHER`."""
        return CANDIDATE if self.candidate == self.gold else CURRENT if self.current == self.gold else NEITHER


@dataclass(frozen=True)
class Judgement:
    """What the gate found; `comparisons` and `flips` are empty where there was no model to compare with."""

    figures: Figures
    floors: tuple[FloorResult, ...]
    comparisons: tuple[Comparison, ...]
    flips: tuple[Flip, ...]

    @property
    def refusals(self) -> tuple[str, ...]:
        """Each floor and comparison that failed, with both figures."""
        return (*(_floor_refusal(result) for result in self.floors if not result.passed), *(_loss(c) for c in self.comparisons if not c.passed))

    @property
    def remarks(self) -> tuple[str, ...]:
        """What the comparisons could not show."""
        return tuple(found.remark for found in self.comparisons if found.remark)


def load_gate() -> GateSettings:
    """The settings of `resources/gate.toml`."""
    return GateSettings(**load_toml("gate.toml"))


def hold(items: Sequence[LabelledItem], *, candidate: Path, current: Path | None, floors: Sequence[Floor], settings: GateSettings, read: Reader) -> Judgement:
    """Measure a candidate on held-out items, beside the model in use where there is one."""
    new = read(candidate, items)
    figures = figures_of(items, new)
    results = tuple(FloorResult(floor, _figure(figures, floor)) for floor in floors)
    if current is None:
        return Judgement(figures, results, (), ())
    old = read(current, items)
    return Judgement(figures, results, compare(items, current=old, candidate=new, settings=settings), find_flips(items, current=old, candidate=new))


def read_with_model(folder: Path, items: Sequence[LabelledItem]) -> Sequence[Reading]:
    """What the model of a folder reads in each item; raises `ModelError`."""
    from nlp.annotate.encoder import load_model  # noqa: PLC0415
    from nlp.training.evaluate import read_items  # noqa: PLC0415
    from nlp.training.questions import questions_of  # noqa: PLC0415

    model = load_model(folder)
    return read_items(items, predictions=model.predict(questions_of(items)), review_below=model.review_below)


def figures_of(items: Sequence[LabelledItem], readings: Sequence[Reading]) -> Figures:
    """Field -> label -> precision, recall, F1 and `n`, the labelled cases, as `floors.FIELDS` names them."""
    by_words = [(item, reading) for item, reading in zip(items, readings, strict=True) if _is_by_words(item)]
    counts = {
        "statement": _counts(items, readings).sum(axis=0),
        "item": confusion([item.status for item, _ in by_words], [reading.status for _, reading in by_words]),
    }
    figures = {field: class_figures(found) | {MACRO: {"f1": macro_f1(found), "n": int(found.sum())}} for field, found in counts.items()}
    spans = span_figures([[span for span, _ in item.problems] for item in items], [[p.span for p in reading.problems] for reading in readings])
    return figures | {"span": {ALL: spans}}


def compare(items: Sequence[LabelledItem], *, current: Sequence[Reading], candidate: Sequence[Reading], settings: GateSettings) -> tuple[Comparison, ...]:
    """Macro-F1 of the statements and recall of those at risk, of both models, by a bootstrap over items that draws the same items for both.

    The recall is left out where no statement is at risk; its floor fails then.
    """
    old, new = _counts(items, current), _counts(items, candidate)
    chance = np.random.default_rng(settings.seed)
    weights = chance.multinomial(len(items), np.full(len(items), 1 / len(items)), size=settings.draws)
    drawn_old, drawn_new = (np.tensordot(weights, counts, axes=1) for counts in (old, new))
    labelled = {status: int(n) for status, n in zip(STATUSES, old.sum(axis=(0, 2)), strict=True) if n}
    rarest = min(labelled, key=lambda status: labelled[status])
    ends = [100 * settings.level, 100 * (1 - settings.level)]
    found = []
    for name, figure, label in (("语句宏平均F1", _macro, rarest), ("语句有风险查全", _risk_recall, AT_RISK)):
        before, after = float(figure(old.sum(axis=0))), float(figure(new.sum(axis=0)))
        if math.isnan(before):
            continue
        differences = figure(drawn_new) - figure(drawn_old)
        # A draw may hold no statement at risk.
        differences = differences[~np.isnan(differences)]
        low, high = np.percentile(differences, ends)
        not_worse = float((differences >= -_ROUNDING).mean())
        found.append(Comparison(name, before, after, float(low), float(high), not_worse, settings.level, label, labelled[label], settings.fewest))
    return tuple(found)


def find_flips(items: Sequence[LabelledItem], *, current: Sequence[Reading], candidate: Sequence[Reading]) -> tuple[Flip, ...]:
    """Items and statements with different labels: risks that the candidate loses first, then its other losses, then where neither is right, then its gains.

    Items whose label rests on arithmetic are left out: no reading of words decides them. Their statements are not.
    """
    flips = []
    for item, old, new in zip(items, current, candidate, strict=True):
        if old.status != new.status and _is_by_words(item):
            flips.append(Flip(ITEM, item.key, item.text, item.status, old.status, new.status))
        for n, ((span, gold), before, after) in enumerate(zip(item.statements, old.statements, new.statements, strict=True), start=1):
            if before.status != after.status:
                flips.append(Flip(STATEMENT, f"{item.key}#{n}", span.of(item.text), gold, before.status, after.status))
    order = {CURRENT: 1, NEITHER: 2, CANDIDATE: 3}
    return tuple(sorted(flips, key=lambda flip: 0 if flip.gold == AT_RISK and flip.right == CURRENT else order[flip.right]))


def write_flips(path: Path, flips: Sequence[Flip]) -> None:
    """All flips as csv, UTF-8 with BOM for Excel, whole or not at all; raises `OutputError`."""
    temporary = path.with_name(f".{path.name}.tmp")
    try:
        with temporary.open("w", encoding="utf-8-sig", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(FLIP_HEADERS)
            for flip in flips:
                labels = (STATUS_NAMES[label] for label in (flip.gold, flip.current, flip.candidate))
                # Excel would run a text that begins like a formula.
                text = f"'{flip.text}" if flip.text.lstrip().startswith(_FORMULA_START) else flip.text
                writer.writerow((flip.level, flip.id, text, *labels, flip.right))
        temporary.replace(path)
    except OSError as error:
        raise OutputError(f"写入失败（{error.strerror}）", where=str(path), remedy="请检查文件夹和权限") from error


def _is_by_words(item: LabelledItem) -> bool:
    return item.basis not in {"growth", "pace"}


def _counts(items: Sequence[LabelledItem], readings: Sequence[Reading]) -> Array:
    """Counts `(N, K, K)` of the statements of each item: labelled (rows) and said (columns)."""
    return np.stack(
        [confusion([status for _, status in item.statements], [s.status for s in reading.statements]) for item, reading in zip(items, readings, strict=True)]
    )


def _macro(counts: Array) -> Array:
    """Macro-F1 `(...)` of counts `(..., K, K)`, over the labels that occur or were said, as `metrics.macro_f1` has it."""
    both = counts.sum(axis=-1) + counts.sum(axis=-2)
    f1 = 2 * np.diagonal(counts, axis1=-2, axis2=-1) / np.maximum(1, both)
    return np.asarray(f1.sum(axis=-1) / np.maximum(1, (both > 0).sum(axis=-1)))


def _risk_recall(counts: Array) -> Array:
    """Recall `(...)` of at_risk of counts `(..., K, K)`; not a number where there is none."""
    true = counts[..., _RISK, :].sum(axis=-1)
    return np.where(true > 0, counts[..., _RISK, _RISK] / np.maximum(1, true), np.nan)


def _figure(figures: Figures, floor: Floor) -> float | None:
    found = figures[floor.field][floor.label]
    return found[floor.metric] if found["n"] else None


def _floor_refusal(result: FloorResult) -> str:
    if result.found is None:
        return f"{result.name}量不出来：留出的语料里没有这一类"
    return f"{result.name} {result.found:.3f}，低于下限 {result.floor.least:.3f}"


def _loss(found: Comparison) -> str:
    figures = f"候选 {found.candidate:.3f}，在用 {found.current:.3f}，相差 {found.difference:+.4f}（区间 {found.low:+.3f} 到 {found.high:+.3f}）"
    return f"{found.name}：{figures}，抽样中候选不差的只占 {found.not_worse:.1%}，不到 {found.level:.0%}"
