"""What the network is punished for: wrong statements, wrong tags, wrong items, the rare labels more than the common ones."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch.nn import functional

from nlp.annotate.tags import N_TAGS
from nlp.labels import AT_RISK, NOT_STARTED, STATUSES
from nlp.training.network import Logits
from nlp.training.samples import IGNORED
from nlp.training.settings import TrainingSettings


def loss_of(logits: Logits, answers: Sequence[torch.Tensor], *, settings: TrainingSettings) -> torch.Tensor:
    """Cross entropy over statements, tags and items, summed with the weights of the settings; what is `IGNORED` counts for nothing.

    Parameters
    ----------
    answers : labels of statements `(B, S)`, tokens `(B, T)` and items `(B,)`.
    """
    device = logits[0].device
    rare = torch.ones(len(STATUSES), device=device)
    rare[[STATUSES.index(NOT_STARTED), STATUSES.index(AT_RISK)]] = settings.rare_weight
    inside = torch.full((N_TAGS,), settings.rare_weight, device=device)
    inside[0] = 1.0
    parts = (
        (settings.statement_weight, rare, settings.smoothing),
        (settings.tag_weight, inside, 0.0),
        (settings.item_weight, None, settings.smoothing),
    )
    loss = torch.zeros((), device=device)
    for found, true, (part, weight, smoothing) in zip(logits, answers, parts, strict=True):
        if part and bool((true != IGNORED).any()):
            flat = found.float().reshape(-1, found.shape[-1])
            loss = loss + part * functional.cross_entropy(flat, true.reshape(-1), weight=weight, ignore_index=IGNORED, label_smoothing=smoothing)
    return loss
