"""The network: one encoder pass, and heads that read its states. The only module besides training and export that needs torch."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import torch
from torch import nn
from transformers import AutoModel
from transformers.utils import logging

from nlp.annotate.tags import N_TAGS
from nlp.errors import ResourceError
from nlp.labels import CUE_LABELS, STATUSES

# Signals a token can give to its statement: the strongest of each is kept, wherever in the statement it stands.
_SIGNALS: Final = 64
_LOW: Final = -30.0

Logits = tuple[torch.Tensor, torch.Tensor, torch.Tensor]


class Heads(nn.Module):
    """From states to logits for statements (`K` statuses), tokens (`N_TAGS` tags) and the item (`K` statuses).

    A statement is read as the mean of its tokens, as their mean weighted by what matters, and as the strongest signals among them: one word (尚未)
    decides a long statement, and a mean alone would drown it.
    """

    # What a token is seen by besides its state.
    extra: Final = len(CUE_LABELS)

    def __init__(self, *, hidden: int, dropout: float = 0.1) -> None:
        super().__init__()
        self.hidden = hidden
        self.dropout = nn.Dropout(dropout)
        seen = hidden + self.extra
        self.tag = nn.Linear(seen, N_TAGS)
        self.signal = nn.Linear(seen, _SIGNALS)
        self.attention = nn.Linear(seen, 1)
        signals = _SIGNALS + self.extra
        self.statement = nn.Sequential(nn.Linear(3 * hidden + signals, hidden), nn.GELU(), nn.Dropout(dropout), nn.Linear(hidden, len(STATUSES)))
        self.item = nn.Sequential(nn.Linear(2 * hidden + signals, hidden), nn.GELU(), nn.Dropout(dropout), nn.Linear(hidden, len(STATUSES)))

    def forward(self, states: torch.Tensor, attention_mask: torch.Tensor, pool: torch.Tensor, cues: torch.Tensor) -> Logits:
        """Logits of statements `(B, S, K)`, tokens `(B, T, N_TAGS)` and items `(B, K)`.

        Parameters
        ----------
        states : `(B, T, H)`, what the encoder makes of each token.
        attention_mask : `(B, T)`.
        pool : `(B, S, T)`, the weight of each token in each statement; a row sums to 1, or to 0 for padding.
        cues : `(B, T, C)`, 1 where a cue of the `C` labels covers the token, else 0.
        """
        first = states[:, 0]
        seen = torch.cat([self.dropout(states), cues], dim=-1)
        signals = torch.cat([self.signal(seen), cues], dim=-1)
        is_inside = pool > 0
        strongest = torch.where(is_inside.unsqueeze(-1), signals.unsqueeze(1), _LOW).amax(dim=2)
        weight = torch.where(is_inside, self.attention(seen).squeeze(-1).unsqueeze(1), _LOW).softmax(dim=-1)
        mean, weighted = torch.matmul(pool, states), torch.matmul(weight, states)
        statement = torch.cat([mean, weighted, first.unsqueeze(1).expand_as(mean), strongest], dim=-1)
        mask = attention_mask.unsqueeze(-1).to(states.dtype)
        item = torch.cat([first, (states * mask).sum(1) / mask.sum(1), strongest.amax(dim=1)], dim=-1)
        return self.statement(self.dropout(statement)), self.tag(seen), self.item(self.dropout(item))


class StatusNetwork(nn.Module):
    """Encoder and heads together."""

    def __init__(self, encoder: nn.Module, *, hidden: int) -> None:
        super().__init__()
        self.encoder = encoder
        self.heads = Heads(hidden=hidden)

    def states(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        """The encoder's states `(B, T, H)` of ids and mask `(B, T)`."""
        states: torch.Tensor = self.encoder(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        return states.float()

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor, pool: torch.Tensor, cues: torch.Tensor) -> Logits:
        """As `Heads`, from token ids `(B, T)`."""
        logits: Logits = self.heads(self.states(input_ids, attention_mask), attention_mask, pool, cues)
        return logits


def _load(base: Path) -> Any:
    try:
        # A pooler stands behind the states that are read here and would only be carried along.
        return AutoModel.from_pretrained(str(base), local_files_only=True, add_pooling_layer=False)
    except TypeError:
        # Some kinds of encoder have none to leave out.
        return AutoModel.from_pretrained(str(base), local_files_only=True)


def build_network(base: Path, *, layers: int) -> StatusNetwork:
    """A network on the encoder in the folder `base`, its lower `layers` layers kept, the heads new.

    Raises
    ------
    ResourceError : the folder holds no encoder that transformers can load, or one with fewer layers.
    """
    # The library's own bar on stderr would stand amid that of the training.
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        encoder = _load(base).float()
        stack = encoder.encoder.layer
    except (OSError, ValueError, AttributeError) as error:
        raise ResourceError(
            f"不能作为编码器载入（{type(error).__name__}）", where=str(base), remedy="应是 transformers 能用 AutoModel.from_pretrained 载入的文件夹"
        ) from error
    if len(stack) < layers:
        raise ResourceError(f"编码器有 {len(stack)} 层，设置要求 {layers} 层", where=str(base))
    encoder.encoder.layer = stack[:layers]
    encoder.config.num_hidden_layers = layers
    return StatusNetwork(encoder, hidden=encoder.config.hidden_size)
