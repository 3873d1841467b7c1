"""Labelled items as the network learns from them: varied, cut into windows, each with what it should answer."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from nlp.annotate.pipeline import find_text_cues
from nlp.annotate.predict import collate
from nlp.annotate.tags import tag_tokens
from nlp.annotate.windows import Tokenizer, Window, build_windows
from nlp.labels import STATUSES
from nlp.records import Cue
from nlp.training.augment import Example, plain_example, vary
from nlp.training.corpus import LabelledItem
from nlp.training.settings import TrainingSettings

Array = np.ndarray[Any, np.dtype[Any]]
# What is not asked and adds nothing to the loss.
IGNORED: Final = -100


@dataclass(frozen=True)
class Sample:
    """A window with what it should answer: a label a statement, a tag a token, the item's label or `IGNORED`."""

    window: Window
    cues: tuple[Cue, ...]
    statements: tuple[int, ...]
    tags: tuple[int, ...]
    item: int


def build_samples(items: Sequence[LabelledItem], *, places: Mapping[str, str], tokenizer: Tokenizer, settings: TrainingSettings, epoch: int) -> list[Sample]:
    """The samples of one epoch: every item varied afresh, or as it stands in epoch 0.

    Parameters
    ----------
    places : government -> its name, for the swapping of names.
    """
    chance = random.Random(settings.seed * 7919 + epoch)
    examples = [plain_example(item, elapsed=item.elapsed) for item in items]
    if epoch:
        examples = [vary(e, place=places[item.government], settings=settings, chance=chance) for e, item in zip(examples, items, strict=True)]
    if settings.rules:
        found = find_text_cues(example.text for example in examples)
        examples = [
            example if epoch and chance.random() < settings.drop_rules else dataclasses.replace(example, cues=cues)
            for example, cues in zip(examples, found, strict=True)
        ]
    return [sample for example in examples for sample in make_samples(example, tokenizer=tokenizer)]


def make_samples(example: Example, *, tokenizer: Tokenizer) -> list[Sample]:
    """The windows of an example with their answers."""
    spans = [span for span, _ in example.statements]
    labels = [STATUSES.index(status) for _, status in example.statements]
    item = IGNORED if example.status is None else STATUSES.index(example.status)
    windows = build_windows(example.task, example.text, elapsed=example.elapsed, tokenizer=tokenizer, statements=spans)
    samples = []
    for window in windows:
        tags = tag_tokens(window.offsets, example.problems)
        inside = [False] * len(tags)
        for _, first, last in window.statements:
            inside[first:last] = [True] * (last - first)
        asked = tuple(tag if is_asked else IGNORED for tag, is_asked in zip(tags, inside, strict=True))
        samples.append(Sample(window, example.cues, tuple(labels[index] for index, _, _ in window.statements), asked, item))
    return samples


def inputs_of(samples: Sequence[Sample]) -> tuple[Array, Array, Array, Array]:
    """Ids, mask, pool and cues of a batch, as `predict.collate` gives them."""
    return collate([sample.window for sample in samples], cues=[sample.cues for sample in samples])


def answers_of(samples: Sequence[Sample], *, pool: Array) -> tuple[Array, Array, Array]:
    """Labels of statements `(B, S)`, tokens `(B, T)` and items `(B,)` of a batch, `IGNORED` where there is none; `pool` is that of `inputs_of`."""
    statements = np.full(pool.shape[:2], IGNORED, dtype=np.int64)
    tags = np.full((pool.shape[0], pool.shape[2]), IGNORED, dtype=np.int64)
    for b, sample in enumerate(samples):
        statements[b, : len(sample.statements)] = sample.statements
        tags[b, : len(sample.tags)] = sample.tags
    return statements, tags, np.array([sample.item for sample in samples])
