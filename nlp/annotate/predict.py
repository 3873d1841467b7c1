"""From windows to what the model says of an item, whatever runs the network: batches by length, statements pooled, spans read."""

from __future__ import annotations

import functools
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from nlp.annotate.tags import read_tags
from nlp.annotate.windows import Tokenizer, Window, build_windows
from nlp.labels import AT_RISK, CUE_LABELS, STATUSES
from nlp.records import Cue, Problem
from nlp.text import Span, cut_statements

Array = np.ndarray[Any, np.dtype[Any]]
# ids, mask `(B, T)`, pool `(B, S, T)` and cues `(B, T, C)` -> logits `(B, S, K)`, `(B, T, N_TAGS)`, `(B, K)`.
Network = Callable[[Array, Array, Array, Array], tuple[Array, Array, Array]]


# Tokens of a batch: more leave the core's own cache and are read from memory again.
_TOKENS: Final = 448
_RISK: Final = STATUSES.index(AT_RISK)


@dataclass(frozen=True)
class Calibration:
    """Temperatures that the logits are divided by (above 0; more = less sure), and the threshold of `tags.read_tags`."""

    statement_temperature: float = 1.0
    item_temperature: float = 1.0
    tag_threshold: float = 0.5
    # Whether the network was shown what the cue rules say; one that was not is not to be shown it.
    cues: bool = True


@dataclass(frozen=True)
class Prediction:
    """What the model says of one item: statements with their `(K,)` probabilities, problem spans, the item's `(K,)` probabilities."""

    statements: tuple[tuple[Span, tuple[float, ...]], ...]
    problems: tuple[Problem, ...]
    item: tuple[float, ...]


@dataclass(frozen=True)
class Question:
    """One item as it is asked: `elapsed` in (0, 1], or None for an unknown period; what the cue rules found in `text`."""

    task: str
    text: str
    elapsed: float | None
    cues: tuple[Cue, ...] = ()


def softmax(logits: Array) -> Array:
    """Probabilities over the last axis."""
    shifted = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=-1, keepdims=True))


def collate(windows: Sequence[Window], *, cues: Sequence[Sequence[Cue]]) -> tuple[Array, Array, Array, Array]:
    """Ids and mask `(B, T)`, pool `(B, S, T)` and cues `(B, T, C)` of a batch, padded to its longest window; `cues` are those of each window's item."""
    longest = max(len(window.ids) for window in windows)
    most = max(1, *(len(window.statements) for window in windows))
    # What pads is masked out; the last mark is an id that every vocabulary has.
    ids = np.full((len(windows), longest), windows[0].ids[-1], dtype=np.int64)
    mask = np.zeros((len(windows), longest), dtype=np.int64)
    pool = np.zeros((len(windows), most, longest), dtype=np.float32)
    said = np.zeros((len(windows), longest, len(CUE_LABELS)), dtype=np.float32)
    for b, window in enumerate(windows):
        ids[b, : len(window.ids)] = window.ids
        mask[b, : len(window.ids)] = 1
        for s, (_, first, last) in enumerate(window.statements):
            pool[b, s, first:last] = 1.0 / (last - first)
        ends = [place.end for place in window.offsets[window.head : len(window.ids) - 1]]
        for cue in cues[b]:
            first = window.head + bisect_right(ends, cue.span.start)
            last = window.head + bisect_left(ends, cue.span.end) + 1
            said[b, first : min(last, len(window.ids) - 1), CUE_LABELS.index(cue.label)] = 1.0
    return ids, mask, pool, said


def batches_by_length(windows: Sequence[Window], *, size: int, tokens: int | None = None) -> list[list[int]]:
    """Indices into `windows`, batch by batch, windows of like length together: little padding.

    Parameters
    ----------
    size : most windows of a batch.
    tokens : most tokens of a batch, padding counted; a single window may have more.
    """
    batches: list[list[int]] = []
    for i in sorted(range(len(windows)), key=lambda i: (len(windows[i].ids), i)):
        # In this order the window at hand is the longest so far: all others are padded to it.
        fits = batches and len(batches[-1]) < size and (tokens is None or (len(batches[-1]) + 1) * len(windows[i].ids) <= tokens)
        if fits:
            batches[-1].append(i)
        else:
            batches.append([i])
    return batches


def _in_threads(
    ask: Callable[[Sequence[int]], tuple[Array, Array, Array]], batches: Sequence[Sequence[int]], *, workers: int
) -> list[tuple[Array, Array, Array]]:
    """The answers to all batches, in their order; the long ones are begun first, so that no thread ends late."""
    if workers == 1:
        return [ask(batch) for batch in batches]
    return list(_threads(workers).map(ask, batches[::-1]))[::-1]


@functools.cache
def _threads(workers: int) -> ThreadPoolExecutor:
    """The threads that batches run in: kept, and shared by all that ask at a time, so that never more batches run than there are cores."""
    return ThreadPoolExecutor(workers, thread_name_prefix="ducha-batch")


def predict(
    questions: Sequence[Question], *, network: Network, tokenizer: Tokenizer, calibration: Calibration, batch_size: int = 8, workers: int = 1
) -> list[Prediction]:
    """What the network says of each question, in the order given; a question of several windows gets the mean of their answers by length.

    Parameters
    ----------
    workers : batches that are run at a time, each in a thread of its own; the answers do not depend on it.
    """
    spans = [cut_statements(question.text) for question in questions]
    windows: list[Window] = []
    owners: list[int] = []
    for n, (question, cut) in enumerate(zip(questions, spans, strict=True)):
        built = build_windows(question.task, question.text, elapsed=question.elapsed, tokenizer=tokenizer, statements=cut)
        windows += built
        owners += [n] * len(built)
    statements = [np.zeros((len(cut), len(STATUSES))) for cut in spans]
    weights = [np.zeros(len(cut)) for cut in spans]
    items = np.zeros((len(questions), len(STATUSES)))
    problems: list[list[Problem]] = [[] for _ in questions]

    def ask(batch: Sequence[int]) -> tuple[Array, Array, Array]:
        cues = [questions[owners[i]].cues if calibration.cues else () for i in batch]
        return network(*collate([windows[i] for i in batch], cues=cues))

    batches = batches_by_length(windows, size=batch_size, tokens=_TOKENS)
    for batch, (logits, tag_logits, item_logits) in zip(batches, _in_threads(ask, batches, workers=workers), strict=True):
        tags = softmax(tag_logits)
        shares = softmax(item_logits / calibration.item_temperature)
        probabilities = softmax(logits / calibration.statement_temperature)
        for b, i in enumerate(batch):
            window, owner = windows[i], owners[i]
            items[owner] += shares[b] * len(window.ids)
            for s, (index, first, last) in enumerate(window.statements):
                statements[owner][index] += probabilities[b, s] * (last - first)
                weights[owner][index] += last - first
                within = spans[owner][index]
                problems[owner] += read_tags(
                    tags[b, first:last],
                    offsets=window.offsets[first:last],
                    text=questions[owner].text,
                    within=within,
                    risk=float(probabilities[b, s, _RISK]),
                    threshold=calibration.tag_threshold,
                )
    return [
        Prediction(
            tuple((span, tuple(map(float, statements[n][i] / weights[n][i]))) for i, span in enumerate(spans[n])),
            tuple(sorted(problems[n], key=lambda problem: problem.span)),
            tuple(map(float, items[n] / items[n].sum())),
        )
        for n in range(len(questions))
    ]
