"""Items -> annotated items: the steps in order. With a model the words are read by it, without one by the cue rules."""

from __future__ import annotations

import itertools
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from nlp.annotate.pace import find_indicators
from nlp.annotate.rules import find_problems, judge_item, label_statements, load_confidence, names_basis, probabilities, statement_cues
from nlp.annotate.severity import judge_severity
from nlp.annotate.summary import summarise
from nlp.annotate.tokenizer import build_language
from nlp.annotate.verdict import reason_of, settle, severity_by_figures, shares_of
from nlp.annotate.yardstick import load_yardstick
from nlp.labels import AT_RISK, BASIS_NAMES, STATUS_NAMES, STATUSES
from nlp.records import AnnotatedItem, Cue, Indicator, Item, Period, Problem, Statement
from nlp.text import Span, fold, squeeze

if TYPE_CHECKING:
    from nlp.annotate.encoder import Model
    from nlp.annotate.predict import Prediction
    from nlp.annotate.yardstick import Yardstick

_NO_TEXT: Final = "未填报落实情况"
# Items a step: enough to sort them by length, few enough for the progress bar to move.
_CHUNK: Final = 96
# Chunks at the model while the caller works on another: where one ends, the cores go on with the next.
_AHEAD: Final = 2
# A vocabulary has one memory zone at a time, whichever thread opens it.
_ONE_ZONE: Final = threading.Lock()
RULES: Final = "rules"
_Asked = Sequence[tuple[Item, Period]]
_Indicators = tuple[Indicator, ...]


@dataclass(frozen=True)
class Reading:
    """What was read from the words of one item, by the model or by the rules, before anything is made of it."""

    status: str
    basis: str | None
    probabilities: tuple[float, ...]
    statements: tuple[Statement, ...]
    problems: tuple[Problem, ...]
    needs_review: bool
    decided_by: str
    # What the rules say where the model decided otherwise.
    rules_status: str | None = None


def annotate(
    items: Sequence[Item], *, period: Period, model: Model | None = None, yardstick: Yardstick | None = None, progress: Callable[[int], None] | None = None
) -> tuple[AnnotatedItem, ...]:
    """Every item with status, statements, problems, indicators, severity, summary and evidence, in the order given.

    Parameters
    ----------
    model : reads the words; None leaves it to the cue rules.
    yardstick : what results are held against; None takes the guide's.
    progress : called with the number of items done, after each chunk.
    """
    return annotate_together([(item, period) for item in items], model=model, yardstick=yardstick, progress=progress)


def annotate_together(
    asked: Sequence[tuple[Item, Period]], *, model: Model | None = None, yardstick: Yardstick | None = None, progress: Callable[[int], None] | None = None
) -> tuple[AnnotatedItem, ...]:
    """As `annotate`, for the items of one or more reports, each with the period of its report; the model reads items of like length together.

    What is said of an item may depend on the others in the last decimals (weights in whole numbers are scaled batch by batch), so that the same `asked`
    gives the same answers, on any number of cores.
    """
    annotated: list[AnnotatedItem] = []
    stick = yardstick or load_yardstick()
    chunks = [asked[start : start + _CHUNK] for start in range(0, len(asked), _CHUNK)]
    for chunk, readings, figures in _read(chunks, model=model, yardstick=stick):
        together = zip(chunk, readings, figures, strict=True)
        annotated += [finish(item, reading, period=period, yardstick=stick, indicators=found) for (item, period), reading, found in together]
        if progress:
            progress(len(annotated))
    return tuple(annotated)


def _read(chunks: Sequence[_Asked], *, model: Model | None, yardstick: Yardstick) -> Iterator[tuple[_Asked, list[Reading], list[_Indicators]]]:
    """Each chunk with what is read from its words, and its figures.

    The model reads one chunk while the next is cut into tokens and the caller works on the one before. Figures do not wait for the model: behind its last
    chunk as little as can be is left to one core alone.
    """
    with ThreadPoolExecutor(_AHEAD) as reader:
        ahead: deque[tuple[_Asked, list[tuple[Cue, ...]], Future[list[Prediction]] | None, list[_Indicators]]] = deque()
        for chunk in chunks:
            cues = list(find_text_cues(item.text for item, _ in chunk))
            answer = reader.submit(_ask, model, chunk, cues) if model else None
            ahead.append((chunk, cues, answer, [_figures(item, period=period, yardstick=yardstick) for item, period in chunk]))
            if len(ahead) > _AHEAD:
                yield _readings(*ahead.popleft(), model=model)
        while ahead:
            yield _readings(*ahead.popleft(), model=model)


def _ask(model: Model, asked: _Asked, cues: Sequence[tuple[Cue, ...]]) -> list[Prediction]:
    from nlp.annotate.predict import Question  # noqa: PLC0415

    return model.predict([Question(item.task, item.text, period.elapsed, found) for (item, period), found in zip(asked, cues, strict=True)])


def _readings(
    asked: _Asked, cues: Sequence[tuple[Cue, ...]], answer: Future[list[Prediction]] | None, figures: list[_Indicators], *, model: Model | None
) -> tuple[_Asked, list[Reading], list[_Indicators]]:
    if model is None or answer is None:
        return asked, [read_by_rules(item, cues=found) for (item, _), found in zip(asked, cues, strict=True)], figures
    below, said = model.review_below, answer.result()
    together = zip(asked, said, cues, strict=True)
    return asked, [read_by_model(item, prediction=p, cues=found, review_below=below) for (item, _), p, found in together], figures


def _figures(item: Item, *, period: Period, yardstick: Yardstick | None) -> _Indicators:
    return find_indicators(item.task, item.text, elapsed=period.elapsed, yardstick=yardstick, year=_year(period))


def find_text_cues(texts: Iterator[str]) -> Iterator[tuple[Cue, ...]]:
    """The cues of each text, offsets in the text as given: white space and letter width do not matter to a rule."""
    language, texts = build_language(), iter(texts)
    while part := [squeeze(fold(text)) for text in itertools.islice(texts, _CHUNK)]:
        # The vocabulary would keep every stretch of text that it ever met.
        with _ONE_ZONE, language.memory_zone():
            found = [language(squeezed).user_data["cues"] for squeezed, _ in part]
        for (_, offsets), cues in zip(part, found, strict=True):
            yield tuple(Cue(cue.rule, cue.label, Span(offsets[cue.span.start], offsets[cue.span.end - 1] + 1)) for cue in cues)


def read_by_rules(item: Item, *, cues: Sequence[Cue]) -> Reading:
    """What the cue rules make of an item."""
    statements = label_statements(item.text, cues=cues)
    problems = find_problems(item.text, statements=statements)
    status, basis = judge_item(item.task, statements=statements, problems=problems)
    shares = probabilities("item", status)
    needs_review = not item.text or max(shares) < load_confidence()["review"]["threshold"]
    return Reading(status, basis, shares, statements, problems, needs_review, RULES)


def read_by_model(item: Item, *, prediction: Prediction, cues: Sequence[Cue], review_below: float) -> Reading:
    """What the model makes of an item. The rules decide nothing here, but where they say otherwise the reading says so.

    The network has read the cues too (`predict.Question.cues`), so that what a rule is worth was learned, not set; see docs/measurements.md.
    """
    from nlp.annotate.decide import decide  # noqa: PLC0415

    rules = read_by_rules(item, cues=cues)
    if not item.text:
        return rules
    spans = [span for span, _ in prediction.statements]
    statements = tuple(
        Statement(span, STATUSES[max(range(len(shares)), key=shares.__getitem__)], shares, inside)
        for (span, shares), inside in zip(prediction.statements, statement_cues(spans, cues), strict=True)
    )
    decision = decide(prediction)
    basis = names_basis(item.text, prediction.problems) if decision.status == AT_RISK else None
    return Reading(
        status=decision.status,
        basis=basis,
        probabilities=decision.probabilities,
        statements=statements,
        problems=prediction.problems,
        needs_review=decision.confidence < review_below,
        decided_by="model",
        rules_status=None if rules.status == decision.status else rules.status,
    )


def finish(item: Item, reading: Reading, *, period: Period, yardstick: Yardstick | None, indicators: tuple[Indicator, ...] | None = None) -> AnnotatedItem:
    """The words as read, held together with the figures: `indicators` where they were found before, else they are looked for here."""
    if indicators is None:
        indicators = _figures(item, period=period, yardstick=yardstick)
    settled = settle(
        item.task,
        status=reading.status,
        basis=reading.basis,
        statements=reading.statements,
        problems=reading.problems,
        indicators=indicators,
        elapsed=period.elapsed,
    )
    by_words = judge_severity(item.text, task=item.task, status=settled.status, problems=reading.problems)
    return AnnotatedItem(
        item=item,
        period=period,
        status=settled.status,
        basis=settled.basis,
        probabilities=shares_of(settled, reading.probabilities),
        statements=reading.statements,
        problems=reading.problems,
        severity=severity_by_figures(settled, by_words=by_words, indicators=indicators),
        needs_review=reading.needs_review,
        summary=summarise(item.task, item.text, statements=reading.statements, problems=reading.problems, indicators=indicators),
        reason=reason_of(settled) or _reason(item, reading),
        decided_by=reading.decided_by,
        rules_status=reading.rules_status,
        words_against_figures=settled.words_against_figures,
        indicators=indicators,
    )


def _year(period: Period) -> int | None:
    return int(period.code[:4]) if period.code[:4].isdigit() else None


def _reason(item: Item, reading: Reading) -> str:
    """One line in Chinese: what decided the status, and that the rules see a risk where the model sees none."""
    if not item.text:
        return _NO_TEXT
    if reading.status == AT_RISK and reading.problems:
        # The problem that makes the item at risk stands first, not one that merely waits.
        worst = next((problem for problem in reading.problems if problem.kind != "external"), reading.problems[0])
        reason = f"{BASIS_NAMES[reading.basis or 'stated']}：{worst.span.of(item.text)}"
    elif reading.problems:
        reason = f"等待外部：{reading.problems[0].span.of(item.text)}"
    else:
        reason = f"按句判为{STATUS_NAMES[reading.status]}：" + "、".join(STATUS_NAMES[statement.status] for statement in reading.statements[:6])
    return f"{reason}（规则判为有风险）" if reading.rules_status == AT_RISK else reason
