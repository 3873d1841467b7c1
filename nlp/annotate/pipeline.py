"""Items -> annotated items: the steps in order."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from nlp.annotate.rules import find_problems, judge_item, label_statements, load_confidence, probabilities
from nlp.annotate.severity import judge_severity
from nlp.annotate.summary import summarise
from nlp.annotate.tokenizer import build_language
from nlp.labels import BASIS_NAMES, STATUS_NAMES
from nlp.records import AnnotatedItem, Cue, Item, Period
from nlp.text import Span, fold, squeeze

_NO_TEXT = "未填报落实情况"


def annotate(items: Sequence[Item], *, period: Period, progress: Callable[[int], None] | None = None) -> tuple[AnnotatedItem, ...]:
    """Every item with status, statements, problems, severity, summary and evidence, in the order given.

    Parameters
    ----------
    progress : called with the number of items done, after each.
    """
    annotated = []
    for n, (item, cues) in enumerate(zip(items, find_text_cues(item.text for item in items), strict=True), start=1):
        annotated.append(_annotate_item(item, cues=cues, period=period))
        if progress:
            progress(n)
    return tuple(annotated)


def find_text_cues(texts: Iterator[str]) -> Iterator[tuple[Cue, ...]]:
    """The cues of each text, offsets in the text as given: white space and letter width do not matter to a rule."""
    language = build_language()
    for text in texts:
        squeezed, offsets = squeeze(fold(text))
        doc = language(squeezed)
        yield tuple(Cue(cue.rule, cue.label, Span(offsets[cue.span.start], offsets[cue.span.end - 1] + 1)) for cue in doc.user_data["cues"])


def _annotate_item(item: Item, *, cues: tuple[Cue, ...], period: Period) -> AnnotatedItem:
    statements = label_statements(item.text, cues=cues)
    problems = find_problems(item.text, statements=statements)
    status, basis = judge_item(item.task, statements=statements, problems=problems)
    shares = probabilities("item", status)
    if not item.text:
        reason = _NO_TEXT
    elif problems:
        reason = f"{BASIS_NAMES[basis]}：{problems[0].span.of(item.text)}" if basis else f"等待外部：{problems[0].span.of(item.text)}"
    else:
        reason = f"按句判为{STATUS_NAMES[status]}：" + "、".join(STATUS_NAMES[statement.status] for statement in statements[:6])
    return AnnotatedItem(
        item=item,
        period=period,
        status=status,
        basis=basis,
        probabilities=shares,
        statements=statements,
        problems=problems,
        severity=judge_severity(item.text, status=status, basis=basis, problems=problems),
        needs_review=not item.text or max(shares) < load_confidence()["review"]["threshold"],
        summary=summarise(item.text, statements=statements, problems=problems),
        reason=reason,
    )
