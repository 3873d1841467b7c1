"""Labelled items as the model is asked them."""

from __future__ import annotations

from collections.abc import Sequence

from nlp.annotate.pipeline import find_text_cues
from nlp.annotate.predict import Question
from nlp.training.corpus import LabelledItem


def questions_of(items: Sequence[LabelledItem]) -> list[Question]:
    """Task, text, period and cues of each item, without its labels."""
    return [Question(item.task, item.text, item.elapsed, cues) for item, cues in zip(items, find_text_cues(item.text for item in items), strict=True)]
