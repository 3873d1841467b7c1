"""What the network is punished for: wrong statements, wrong tags, wrong items, the rare labels more than the common ones; and saying other than its teacher."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch.nn import functional

from nlp.annotate.tags import N_TAGS
from nlp.labels import AT_RISK, NOT_STARTED, STATUSES
from nlp.training.network import Logits
from nlp.training.samples import IGNORED
from nlp.training.settings import TrainingSettings
from nlp.training.teacher import Taught


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


def loss_to_teacher(
    logits: Logits, states: torch.Tensor, taught: Taught, *, answers: Sequence[torch.Tensor], pool: torch.Tensor, mask: torch.Tensor, settings: TrainingSettings
) -> torch.Tensor:
    """How far a batch is from what the teacher says of it: the divergence of the probabilities, and the distance of the states as a share of their size.

    A trained network's probabilities tell more than a label (Hinton, Vinyals and Dean 2015), its states more than both (Jiao et al. 2020, formula 8).

    Parameters
    ----------
    states : `(B, T, H)`, from which the logits were read.
    answers : as `loss_of` takes them; of tokens those count that have a label. Of statements those count that `pool` `(B, S, T)` knows.
    mask : `(B, T)`, 1 for what is no padding.
    """
    counted = ((pool.sum(-1) > 0).float(), (answers[1] != IGNORED).float(), torch.ones_like(answers[2], dtype=torch.float))
    weights = (settings.statement_weight, settings.tag_weight, settings.item_weight)
    loss = torch.zeros((), device=states.device)
    for found, true, weight, part in zip(logits, taught.logits, weights, counted, strict=True):
        apart = functional.kl_div(found.float().log_softmax(-1), true.softmax(-1), reduction="none").sum(-1)
        loss = loss + weight * (apart * part).sum() / part.sum().clamp(min=1)
    inside = mask.unsqueeze(-1).float()
    distance = ((states - taught.states).square() * inside).sum() / (taught.states.square() * inside).sum()
    return loss + settings.state_weight * distance
