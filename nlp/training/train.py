"""Fine-tuning: labelled items in, a folder of weights out. Interrupted runs keep the best epoch and go on where they stopped."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from tokenizers import Tokenizer
from torch.nn import functional

from nlp.annotate.predict import Calibration, Question, batches_by_length, collate, predict
from nlp.annotate.tags import N_TAGS, tag_tokens
from nlp.annotate.windows import Window, build_windows
from nlp.errors import CorpusError
from nlp.labels import AT_RISK, NOT_STARTED, STATUSES
from nlp.training.augment import Example, plain_example, vary
from nlp.training.checkpoint import Epoch, resume, save
from nlp.training.corpus import PERIODS, LabelledItem
from nlp.training.metrics import class_figures, confusion, macro_f1, span_figures
from nlp.training.network import StatusNetwork, build_network
from nlp.training.noise import add_noise
from nlp.training.settings import TrainingSettings

_IGNORED: Final = -100


@dataclass(frozen=True)
class Step:
    """Progress within a run: epoch and step from 1, mean loss of the epoch so far, seconds left if every epoch is run."""

    epoch: int
    step: int
    steps: int
    loss: float
    seconds_left: float


@dataclass(frozen=True)
class Sample:
    """A window with what it should answer: a label a statement, a tag a token, the item's label or `_IGNORED`."""

    window: Window
    statements: tuple[int, ...]
    tags: tuple[int, ...]
    item: int


def train(
    items: Sequence[LabelledItem],
    dev: Sequence[LabelledItem],
    *,
    places: dict[str, str],
    base: Path,
    out: Path,
    settings: TrainingSettings,
    on_step: Callable[[Step], None] | None = None,
    on_epoch: Callable[[Epoch], None] | None = None,
) -> list[Epoch]:
    """Train into the folder `out`; where an earlier run with the same settings stopped there, go on after its last whole epoch.

    Parameters
    ----------
    places : government -> its name, for the swapping of names.
    base : folder of the base encoder with its `tokenizer.json`.

    Raises
    ------
    CorpusError : there is nothing to train on. `KeyboardInterrupt` passes through; what the last whole epoch left stands in `out`.
    """
    if not items or not dev:
        raise CorpusError(f"训练 {len(items)} 项，开发 {len(dev)} 项，两者都不能为空")
    out.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(settings.seed)
    tokenizer = load_tokenizer(base)
    network = build_network(base, layers=settings.layers)
    if settings.rounding:
        add_noise(network)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    network.to(device)
    _freeze(network, settings.frozen)
    optimizer = _optimizer(network, settings)
    epochs = resume(out, network, optimizer, settings)
    steps_per_epoch = len(batches_by_length([s.window for s in _samples(items, places, tokenizer, settings, epoch=0)], size=settings.batch_size))
    total = steps_per_epoch * settings.epochs
    while len(epochs) < settings.epochs and not _is_done(epochs, settings):
        number = len(epochs) + 1
        started = time.perf_counter()
        chance = random.Random(settings.seed * 1000 + number)
        torch.manual_seed(settings.seed * 1000 + number)
        samples = _samples(items, places, tokenizer, settings, epoch=number)
        batches = batches_by_length([s.window for s in samples], size=settings.batch_size)
        chance.shuffle(batches)
        network.train()
        loss_sum = 0.0
        for n, batch in enumerate(batches, start=1):
            rate = _rate((number - 1) * steps_per_epoch + n, total, settings.warmup)
            for group in optimizer.param_groups:
                group["lr"] = group["peak"] * rate
            loss = _loss(network, [samples[i] for i in batch], settings, device)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimizer.step()
            loss_sum += float(loss.detach())
            if on_step:
                spent = time.perf_counter() - started
                left = spent / n * (len(batches) - n + len(batches) * (settings.epochs - number))
                on_step(Step(number, n, len(batches), loss_sum / n, left))
        figures = dev_figures(network, dev, tokenizer=tokenizer)
        epochs.append(Epoch(number, loss_sum / len(batches), *figures, time.perf_counter() - started))
        save(out, network, optimizer, settings, epochs)
        if on_epoch:
            on_epoch(epochs[-1])
    return epochs


def load_tokenizer(base: Path) -> Tokenizer:
    """The tokenizer of the base encoder, without truncation or padding of its own."""
    tokenizer = Tokenizer.from_file(str(base / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    # A literal </s> in a report is text.
    tokenizer.encode_special_tokens = True
    return tokenizer


def _samples(items: Sequence[LabelledItem], places: dict[str, str], tokenizer: Tokenizer, settings: TrainingSettings, *, epoch: int) -> list[Sample]:
    """Every item varied afresh for this epoch (epoch 0: as it stands) and cut into windows."""
    chance = random.Random(settings.seed * 7919 + epoch)
    samples = []
    for item in items:
        example = plain_example(item, elapsed=PERIODS[item.period[4:].lower()])
        if epoch:
            example = vary(example, place=places[item.government], settings=settings, chance=chance)
        samples += make_samples(example, tokenizer=tokenizer)
    return samples


def make_samples(example: Example, *, tokenizer: Tokenizer) -> list[Sample]:
    """The windows of an example with their answers."""
    spans = [span for span, _ in example.statements]
    labels = [STATUSES.index(status) for _, status in example.statements]
    item = _IGNORED if example.status is None else STATUSES.index(example.status)
    windows = build_windows(example.task, example.text, elapsed=example.elapsed, tokenizer=tokenizer, statements=spans)
    samples = []
    for window in windows:
        tags = tag_tokens(window.offsets, example.problems)
        inside = [False] * len(tags)
        for _, first, last in window.statements:
            inside[first:last] = [True] * (last - first)
        asked = tuple(tag if is_asked else _IGNORED for tag, is_asked in zip(tags, inside, strict=True))
        samples.append(Sample(window, tuple(labels[index] for index, _, _ in window.statements), asked, item))
    return samples


def _loss(network: StatusNetwork, samples: Sequence[Sample], settings: TrainingSettings, device: torch.device) -> torch.Tensor:
    ids, mask, pool = (torch.from_numpy(array).to(device) for array in collate([s.window for s in samples]))
    statements = torch.full(pool.shape[:2], _IGNORED, dtype=torch.long)
    tags = torch.full(ids.shape, _IGNORED, dtype=torch.long)
    for b, sample in enumerate(samples):
        statements[b, : len(sample.statements)] = torch.tensor(sample.statements, dtype=torch.long)
        tags[b, : len(sample.tags)] = torch.tensor(sample.tags, dtype=torch.long)
    items = torch.tensor([sample.item for sample in samples])
    weight = torch.ones(len(STATUSES))
    weight[[STATUSES.index(NOT_STARTED), STATUSES.index(AT_RISK)]] = settings.rare_weight
    tag_weight = torch.full((N_TAGS,), settings.rare_weight)
    tag_weight[0] = 1.0
    with torch.autocast(device.type, dtype=torch.bfloat16, enabled=_has_bfloat16(device)):
        statement_logits, tag_logits, item_logits = network(ids, mask, pool)
    loss = torch.zeros((), device=device)
    for logits, target, part, weights in (
        (statement_logits, statements, settings.statement_weight, weight),
        (tag_logits, tags, settings.tag_weight, tag_weight),
        (item_logits, items, settings.item_weight, None),
    ):
        if part and bool((target != _IGNORED).any()):
            flat = logits.float().reshape(-1, logits.shape[-1])
            smoothing = settings.smoothing if logits is not tag_logits else 0.0
            given = None if weights is None else weights.to(device)
            loss = loss + part * functional.cross_entropy(flat, target.reshape(-1).to(device), weight=given, ignore_index=_IGNORED, label_smoothing=smoothing)
    return loss


def _has_bfloat16(device: torch.device) -> bool:
    """Whether bfloat16 is done by the hardware; elsewhere it is slower than float32."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported())
    flags = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
    return any(bool(getattr(torch.cpu, flag, lambda: False)()) for flag in flags)


def run_network(network: StatusNetwork) -> Callable[[np.ndarray[Any, Any], np.ndarray[Any, Any], np.ndarray[Any, Any]], tuple[Any, Any, Any]]:
    """The network as `predict.predict` calls it, in float32."""
    device = next(network.parameters()).device

    def run(ids: Any, mask: Any, pool: Any) -> tuple[Any, Any, Any]:
        with torch.inference_mode():
            answers = network(*(torch.from_numpy(array).to(device) for array in (ids, mask, pool)))
        first, second, third = (answer.float().cpu().numpy() for answer in answers)
        return first, second, third

    return run


def dev_figures(network: StatusNetwork, dev: Sequence[LabelledItem], *, tokenizer: Tokenizer) -> tuple[float, float, float]:
    """Statement macro-F1, problem span F1 (overlap) and recall of statements at risk, in [0, 1]."""
    network.eval()
    questions = [Question(item.task, item.text, PERIODS[item.period[4:].lower()]) for item in dev]
    predictions = predict(questions, network=run_network(network), tokenizer=tokenizer, calibration=Calibration(), batch_size=16)
    true = [status for item in dev for _, status in item.statements]
    said = [STATUSES[int(np.argmax(shares))] for prediction in predictions for _, shares in prediction.statements]
    counts = confusion(true, said)
    spans = span_figures([[span for span, _ in item.problems] for item in dev], [[p.span for p in prediction.problems] for prediction in predictions])
    return macro_f1(counts), spans["f1"], class_figures(counts)[AT_RISK]["recall"]


def _freeze(network: StatusNetwork, frozen: int) -> None:
    if not frozen:
        return
    parts: list[Any] = [network.encoder.embeddings, *network.encoder.encoder.layer[:frozen]]  # type: ignore[union-attr, index]
    for part in parts:
        for parameter in part.parameters():
            parameter.requires_grad = False


def _optimizer(network: StatusNetwork, settings: TrainingSettings) -> torch.optim.AdamW:
    groups: dict[tuple[bool, bool], list[torch.nn.Parameter]] = {}
    for name, parameter in network.named_parameters():
        if parameter.requires_grad:
            groups.setdefault((name.startswith("encoder."), parameter.ndim > 1), []).append(parameter)
    return torch.optim.AdamW(
        [
            {
                "params": parameters,
                "lr": 0.0,
                "peak": settings.learning_rate if is_encoder else settings.head_learning_rate,
                "weight_decay": settings.weight_decay if is_matrix else 0.0,
            }
            for (is_encoder, is_matrix), parameters in groups.items()
        ]
    )


def _rate(step: int, total: int, warmup: float) -> float:
    """Share of the peak rate: up linearly over the warm-up, then down linearly to a twentieth."""
    rise = max(1, int(total * warmup))
    return step / rise if step <= rise else max(0.05, 1 - (step - rise) / max(1, total - rise))


def _is_done(epochs: Sequence[Epoch], settings: TrainingSettings) -> bool:
    best = max(range(len(epochs)), key=lambda i: epochs[i].score) if epochs else 0
    return bool(settings.patience) and len(epochs) - 1 - best >= settings.patience
