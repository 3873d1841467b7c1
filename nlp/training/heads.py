"""Quick training: the encoder of a model stays as it is, its states are computed once, and only the heads learn. Minutes, not an hour."""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import onnx
import torch
from safetensors.torch import load_file
from tokenizers import Tokenizer

from nlp.annotate.encoder import WEIGHTS, session_of
from nlp.annotate.predict import Network, batches_by_length
from nlp.errors import CorpusError
from nlp.training.checkpoint import Epoch
from nlp.training.corpus import LabelledItem
from nlp.training.float_weights import HEADS
from nlp.training.graph import STATES, encoder_graph, encoder_of, to_int8
from nlp.training.loss import loss_of
from nlp.training.network import Heads, build_network
from nlp.training.samples import Sample, answers_of, build_samples, inputs_of
from nlp.training.settings import TrainingSettings
from nlp.training.train import Step, figures_of, is_done, rate_at

Array = np.ndarray[Any, np.dtype[Any]]
_READ_SIZE: Final = 8


def encoder_in(folder: Path) -> tuple[onnx.ModelProto, Heads]:
    """The rounded encoder of a model folder, and its heads to go on from."""
    weights = {name: tensor.float() for name, tensor in load_file(str(folder / HEADS)).items()}
    heads = Heads(hidden=weights["attention.weight"].shape[1] - Heads.extra)
    heads.load_state_dict(weights)
    return encoder_of(onnx.load(str(folder / WEIGHTS))), heads


def encoder_from(base: Path, *, layers: int, samples: Sequence[Sample]) -> tuple[onnx.ModelProto, Heads]:
    """The base encoder as it is, rounded, with new heads: what a model is worth whose encoder learned nothing."""
    network = build_network(base, layers=layers).eval()
    batches = batches_by_length([sample.window for sample in samples], size=_READ_SIZE)
    feeds = [inputs_of([samples[i] for i in batch])[:2] for batch in batches[:: max(1, len(batches) // 40)]]
    return to_int8(encoder_graph(network), feeds=feeds), network.heads


def count_fresh(items: Sequence[LabelledItem], *, known: Collection[str], times: int) -> list[LabelledItem]:
    """The items, those of governments that are not `known` to the encoder `times` times: a few hundred rows of one's own must weigh against thousands.

    Where no government is known, every row counts once.
    """
    if not any(item.government in known for item in items):
        return list(items)
    return [item for item in items for _ in range(1 if item.government in known else times)]


def train_heads(
    items: Sequence[LabelledItem],
    dev: Sequence[LabelledItem],
    *,
    places: Mapping[str, str],
    encoder: onnx.ModelProto,
    heads: Heads,
    tokenizer: Tokenizer,
    settings: TrainingSettings,
    on_read: Callable[[int, int], None] | None = None,
    on_step: Callable[[Step], None] | None = None,
    on_epoch: Callable[[Epoch], None] | None = None,
) -> list[Epoch]:
    """Train the heads in place; they end as they were after the best epoch on dev.

    Parameters
    ----------
    on_read : called with the number of samples whose states are computed, and of all.

    Raises
    ------
    CorpusError : there is nothing to train on. `KeyboardInterrupt` ends the training with the best epoch so far, if there is one.
    """
    if not items or not dev:
        raise CorpusError(f"训练 {len(items)} 项，开发 {len(dev)} 项，两者都不能为空")
    torch.manual_seed(settings.seed)
    samples = build_samples(items, places=places, tokenizer=tokenizer, settings=settings, epoch=0)
    session = session_of(encoder.SerializeToString())
    states = _read_states(samples, session, on_read=on_read)
    network = run_heads(session, heads)
    optimizer = torch.optim.AdamW(heads.parameters(), lr=settings.head_learning_rate, weight_decay=settings.weight_decay)
    steps = math.ceil(len(samples) / settings.batch_size)
    epochs: list[Epoch] = []
    best = {name: tensor.clone() for name, tensor in heads.state_dict().items()}
    try:
        while len(epochs) < settings.epochs and not is_done(epochs, settings):
            number, started = len(epochs) + 1, time.perf_counter()
            chance = random.Random(settings.seed * 1000 + number)
            batches = batches_by_length([sample.window for sample in samples], size=settings.batch_size)
            chance.shuffle(batches)
            heads.train()
            loss_sum = 0.0
            for n, batch in enumerate(batches, start=1):
                for group in optimizer.param_groups:
                    group["lr"] = settings.head_learning_rate * rate_at((number - 1) * steps + n, steps * settings.epochs, settings.warmup)
                loss = _loss(heads, [samples[i] for i in batch], [states[i] for i in batch], settings)
                optimizer.zero_grad(set_to_none=True)
                loss.backward()  # type: ignore[no-untyped-call]
                optimizer.step()
                loss_sum += float(loss.detach())
                if on_step:
                    spent = time.perf_counter() - started
                    on_step(Step(number, n, len(batches), loss_sum / n, spent / n * (len(batches) * (settings.epochs - number + 1) - n)))
            figures = figures_of(dev, network=network, tokenizer=tokenizer, cues=bool(settings.rules))
            epochs.append(Epoch(number, loss_sum / len(batches), *figures, time.perf_counter() - started))
            if epochs[-1].score >= max(epoch.score for epoch in epochs):
                best = {name: tensor.clone() for name, tensor in heads.state_dict().items()}
            if on_epoch:
                on_epoch(epochs[-1])
    except KeyboardInterrupt:
        if not epochs:
            raise
    heads.load_state_dict(best)
    heads.eval()
    return epochs


def run_heads(session: Any, heads: Heads) -> Network:
    """Encoder session and heads as one network, as `predict.predict` calls it; the states of a batch are computed once, however often it is asked."""
    known: dict[bytes, Array] = {}

    def run(ids: Array, mask: Array, pool: Array, cues: Array) -> tuple[Array, Array, Array]:
        heads.eval()
        key = ids.tobytes() + mask.tobytes()
        if key not in known:
            (known[key],) = session.run([STATES], {"input_ids": ids, "attention_mask": mask})
        states = known[key]
        with torch.inference_mode():
            first, second, third = heads(*(torch.from_numpy(array) for array in (states, mask, pool, cues)))
        return first.numpy(), second.numpy(), third.numpy()

    return run


def _read_states(samples: Sequence[Sample], session: Any, *, on_read: Callable[[int, int], None] | None) -> list[Array]:
    """The states `(T, H)` of each sample in half precision: a few hundred bytes a token, so that thousands of rows fit into memory.

    A window that stands among the samples several times is read once.
    """
    windows = {sample.window.ids: sample for sample in samples}
    once = list(windows.values())
    states: dict[tuple[int, ...], Array] = {}
    for batch in batches_by_length([sample.window for sample in once], size=_READ_SIZE):
        ids, mask, _, _ = inputs_of([once[i] for i in batch])
        (found,) = session.run([STATES], {"input_ids": ids, "attention_mask": mask})
        for b, i in enumerate(batch):
            states[once[i].window.ids] = found[b, : len(once[i].window.ids)].astype(np.float16)
        if on_read:
            on_read(len(states), len(once))
    return [states[sample.window.ids] for sample in samples]


def _loss(heads: Heads, samples: Sequence[Sample], states: Sequence[Array], settings: TrainingSettings) -> torch.Tensor:
    _, mask, pool, cues = inputs_of(samples)
    padded = np.zeros((*mask.shape, states[0].shape[1]), dtype=np.float32)
    for b, found in enumerate(states):
        padded[b, : len(found)] = found
    logits = heads(*(torch.from_numpy(array) for array in (padded, mask, pool, cues)))
    return loss_of(logits, [torch.from_numpy(array) for array in answers_of(samples, pool=pool)], settings=settings)
