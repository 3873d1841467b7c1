"""Fine-tuning: labelled items in, a folder of weights out. Interrupted runs keep the best epoch and go on where they stopped."""

from __future__ import annotations

import copy
import math
import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from safetensors.torch import load_file
from tokenizers import Tokenizer
from transformers import AutoTokenizer

from nlp.annotate.encoder import TOKENIZER, bare
from nlp.annotate.predict import Calibration, Network, batches_by_length, predict
from nlp.errors import CorpusError, ResourceError
from nlp.labels import AT_RISK, STATUSES
from nlp.training.checkpoint import LAST, STATE, Epoch, is_begun, resume, save
from nlp.training.corpus import LabelledItem
from nlp.training.loss import loss_of, loss_to_teacher
from nlp.training.metrics import class_figures, confusion, macro_f1, span_figures
from nlp.training.narrow import narrow
from nlp.training.network import StatusNetwork, build_network
from nlp.training.questions import questions_of
from nlp.training.readjust import Batch
from nlp.training.samples import Sample, answers_of, build_samples, inputs_of
from nlp.training.settings import TrainingSettings
from nlp.training.shape import load_with_shape
from nlp.training.teacher import Teacher, begin_as

# Items on which it is found what a network can do without; windows and tokens read at once.
_ITEMS_READ: Final = 1500
_AT_ONCE: Final = 16
_TOKENS_AT_ONCE: Final = 1500


@dataclass(frozen=True)
class Step:
    """Progress within a run: epoch and step from 1, mean loss of the epoch so far, seconds left if every epoch is run."""

    epoch: int
    step: int
    steps: int
    loss: float
    seconds_left: float


def train(
    items: Sequence[LabelledItem],
    dev: Sequence[LabelledItem],
    *,
    places: dict[str, str],
    base: Path,
    out: Path,
    settings: TrainingSettings,
    teacher: Teacher | None = None,
    on_part: Callable[[int, int], None] | None = None,
    on_step: Callable[[Step], None] | None = None,
    on_epoch: Callable[[Epoch], None] | None = None,
) -> list[Epoch]:
    """Train into the folder `out`; where an earlier run with the same settings stopped there, go on after its last whole epoch.

    Parameters
    ----------
    places : government -> its name, for the swapping of names.
    base : folder of the base encoder with its `tokenizer.json`.
    teacher : a model on the same base that the network begins as, cut to the width of the settings, and, where epochs are asked for, learns to agree with.
    on_part : told, while the network is made narrower, how many steps of all are done.

    Raises
    ------
    ModelError : the teacher has another shape, or fewer layers.
    CorpusError : there is nothing to train on. `KeyboardInterrupt` passes through; what the last whole epoch left stands in `out`.
    """
    if not items or not dev:
        raise CorpusError(f"训练 {len(items)} 项，开发 {len(dev)} 项，两者都不能为空")
    began = time.perf_counter()
    out.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(settings.seed)
    tokenizer = load_tokenizer(base)
    known = teacher.id if teacher else None
    network = build_network(base, layers=settings.layers)
    if is_begun(out, settings, teacher=known):
        # As wide as that run left it.
        load_with_shape(network, load_file(str(out / LAST)))
    else:
        # What another run left must not be taken for what this one writes.
        (out / STATE).unlink(missing_ok=True)
        if teacher:
            begin_as(network, teacher)
        if teacher and settings.width < 1:
            read, tried = (_batches_of(part, places=places, tokenizer=tokenizer, settings=settings) for part in (items, dev))
            narrow(network, read, tried=tried, settings=settings, on_part=on_part)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    network.to(device)
    _drop_out(network, settings.dropout)
    _freeze(network, settings.frozen)
    optimizer = _optimizer(network, settings)
    average = copy.deepcopy(network).eval()
    epochs = resume(out, network, average, optimizer, settings, teacher=known)
    steps = math.ceil(len(build_samples(items, places=places, tokenizer=tokenizer, settings=settings, epoch=0)) / settings.batch_size)

    def keep(epoch: Epoch) -> None:
        epochs.append(epoch)
        save(out, network, average, optimizer, settings, epochs, teacher=known)
        if on_epoch:
            on_epoch(epoch)

    if settings.width < 1 and not epochs:
        # As it was cut: what training does not better stays so.
        keep(Epoch(0, 0.0, *figures_of(dev, network=run_network(average), tokenizer=tokenizer, cues=bool(settings.rules)), time.perf_counter() - began))
    while (number := epochs[-1].number + 1 if epochs else 1) <= settings.epochs and not is_done(epochs, settings):
        started = time.perf_counter()
        samples = build_samples(items, places=places, tokenizer=tokenizer, settings=settings, epoch=number)
        loss = _pass(network, average, optimizer, samples, number=number, steps=steps, settings=settings, teacher=teacher, on_step=on_step)
        figures = figures_of(dev, network=run_network(average), tokenizer=tokenizer, cues=bool(settings.rules))
        keep(Epoch(number, loss, *figures, time.perf_counter() - started))
    return epochs


def _pass(
    network: StatusNetwork,
    average: StatusNetwork,
    optimizer: torch.optim.AdamW,
    samples: Sequence[Sample],
    *,
    number: int,
    steps: int,
    settings: TrainingSettings,
    teacher: Teacher | None,
    on_step: Callable[[Step], None] | None,
) -> float:
    """One epoch, the `number`th of those of the settings, each of about so many `steps`; its mean loss."""
    device = next(network.parameters()).device
    started, chance = time.perf_counter(), random.Random(settings.seed * 1000 + number)
    torch.manual_seed(settings.seed * 1000 + number)
    batches = batches_by_length([sample.window for sample in samples], size=settings.batch_size)
    chance.shuffle(batches)
    network.train()
    loss_sum = 0.0
    for n, batch in enumerate(batches, start=1):
        done = (number - 1) * steps + n
        for group in optimizer.param_groups:
            group["lr"] = group["peak"] * rate_at(done, steps * settings.epochs, settings.warmup)
        loss = _loss(network, [samples[i] for i in batch], settings, device, teacher)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        _follow(average, network, steps=done, most=settings.average)
        loss_sum += float(loss.detach())
        if on_step:
            left = (time.perf_counter() - started) / n * (len(batches) - n + len(batches) * (settings.epochs - number))
            on_step(Step(number, n, len(batches), loss_sum / n, left))
    return loss_sum / len(batches)


def _batches_of(items: Sequence[LabelledItem], *, places: Mapping[str, str], tokenizer: Tokenizer, settings: TrainingSettings) -> list[Batch]:
    """At most `_ITEMS_READ` of the items as the network will read them, drawn by the seed of the settings."""
    some = random.Random(settings.seed).sample(list(items), min(len(items), _ITEMS_READ))
    samples = build_samples(some, places=places, tokenizer=tokenizer, settings=settings, epoch=0)
    found: list[Batch] = []
    for batch in batches_by_length([sample.window for sample in samples], size=_AT_ONCE, tokens=_TOKENS_AT_ONCE):
        ids, mask, pool, cues = (torch.from_numpy(array) for array in inputs_of([samples[i] for i in batch]))
        found.append((ids, mask, pool, cues))
    return found


def _drop_out(network: StatusNetwork, share: float) -> None:
    for module in network.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = share


@torch.no_grad()
def _follow(average: StatusNetwork, network: StatusNetwork, *, steps: int, most: float) -> None:
    """Move the average towards the network: a mean of the last weights, the newest counting most, over a span that grows with the steps taken.

    The single epoch swings by a point or more on dev; its mean does not (Polyak and Juditsky 1992).
    """
    keep = min(most, (1 + steps) / (10 + steps))
    for mean, current in zip(average.parameters(), network.parameters(), strict=True):
        mean.lerp_(current, 1 - keep)


def load_tokenizer(base: Path) -> Tokenizer:
    """The tokenizer of the base encoder, without truncation or padding of its own.

    Raises
    ------
    ResourceError : the folder holds none that can be loaded.
    """
    try:
        if (base / TOKENIZER).is_file():
            tokenizer = Tokenizer.from_file(str(base / TOKENIZER))
        else:
            tokenizer = AutoTokenizer.from_pretrained(str(base), local_files_only=True).backend_tokenizer
    except Exception as error:
        raise ResourceError(f"分词器不能载入（{type(error).__name__}）", where=str(base), remedy="文件夹里应有 tokenizer.json 或 vocab.txt") from error
    return bare(tokenizer)


def _loss(network: StatusNetwork, samples: Sequence[Sample], settings: TrainingSettings, device: torch.device, teacher: Teacher | None) -> torch.Tensor:
    inputs = inputs_of(samples)
    answers = [torch.from_numpy(array).to(device) for array in answers_of(samples, pool=inputs[2])]
    ids, mask, pool, cues = (torch.from_numpy(array).to(device) for array in inputs)
    with torch.autocast(device.type, dtype=torch.bfloat16, enabled=has_bfloat16(device)):
        states = network.states(ids, mask)
        logits = network.heads(states, mask, pool, cues)
    if not teacher:
        return loss_of(logits, answers, settings=settings)
    taught = teacher.answer(inputs, device=device)
    by_teacher = loss_to_teacher(logits, states, taught, answers=answers, pool=pool, mask=mask, settings=settings)
    if settings.taught == 1:
        return by_teacher
    return (1 - settings.taught) * loss_of(logits, answers, settings=settings) + settings.taught * by_teacher


def has_bfloat16(device: torch.device) -> bool:
    """Whether bfloat16 is done by the hardware; elsewhere it is slower than float32."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported())
    flags = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
    return any(bool(getattr(torch.cpu, flag, lambda: False)()) for flag in flags)


def run_network(network: StatusNetwork) -> Network:
    """The network as `predict.predict` calls it, in float32."""
    device = next(network.parameters()).device

    def run(ids: Any, mask: Any, pool: Any, cues: Any) -> tuple[Any, Any, Any]:
        with torch.inference_mode():
            answers = network(*(torch.from_numpy(array).to(device) for array in (ids, mask, pool, cues)))
        first, second, third = (answer.float().cpu().numpy() for answer in answers)
        return first, second, third

    return run


def figures_of(dev: Sequence[LabelledItem], *, network: Network, tokenizer: Tokenizer, cues: bool) -> tuple[float, float, float]:
    """Statement macro-F1, problem span F1 (overlap) and recall of statements at risk, in [0, 1]."""
    predictions = predict(questions_of(dev), network=network, tokenizer=tokenizer, calibration=Calibration(cues=cues), batch_size=16)
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


def rate_at(step: int, total: int, warmup: float) -> float:
    """Share of the peak rate: up linearly over the warm-up, then down linearly to a twentieth."""
    rise = max(1, int(total * warmup))
    return step / rise if step <= rise else max(0.05, 1 - (step - rise) / max(1, total - rise))


def is_done(epochs: Sequence[Epoch], settings: TrainingSettings) -> bool:
    best = max(range(len(epochs)), key=lambda i: epochs[i].score) if epochs else 0
    return bool(settings.patience) and len(epochs) - 1 - best >= settings.patience
