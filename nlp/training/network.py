"""The network: one encoder pass, three heads. The only module besides training and export that needs torch."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import nn
from transformers import AutoModel

from nlp.annotate.tags import N_TAGS
from nlp.errors import ResourceError
from nlp.labels import STATUSES


class StatusNetwork(nn.Module):
    """Encoder with heads for statements (`K` statuses), tokens (`N_TAGS` tags) and the item (`K` statuses)."""

    def __init__(self, encoder: nn.Module, *, hidden: int, dropout: float = 0.1) -> None:
        super().__init__()
        self.encoder = encoder
        self.dropout = nn.Dropout(dropout)
        self.statement_head = nn.Sequential(nn.Linear(2 * hidden, hidden), nn.GELU(), nn.Dropout(dropout), nn.Linear(hidden, len(STATUSES)))
        self.tag_head = nn.Linear(hidden, N_TAGS)
        self.item_head = nn.Sequential(nn.Linear(2 * hidden, hidden), nn.GELU(), nn.Dropout(dropout), nn.Linear(hidden, len(STATUSES)))

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor, pool: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Logits of statements `(B, S, K)`, tokens `(B, T, N_TAGS)` and items `(B, K)`.

        Parameters
        ----------
        input_ids, attention_mask : `(B, T)`.
        pool : `(B, S, T)`, the weight of each token in each statement; a row sums to 1, or to 0 for padding.
        """
        states = self.encoder(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        first = states[:, 0]
        statements = torch.matmul(pool, states)
        pair = torch.cat([statements, first.unsqueeze(1).expand_as(statements)], dim=-1)
        mask = attention_mask.unsqueeze(-1).to(states.dtype)
        mean = (states * mask).sum(1) / mask.sum(1)
        item = torch.cat([first, mean], dim=-1)
        return self.statement_head(self.dropout(pair)), self.tag_head(self.dropout(states)), self.item_head(self.dropout(item))


def build_network(base: Path, *, layers: int) -> StatusNetwork:
    """A network on the encoder in the folder `base`, its lower `layers` layers kept, the heads new.

    Raises
    ------
    ResourceError : the folder holds no encoder that transformers can load, or one with fewer layers.
    """
    try:
        encoder = AutoModel.from_pretrained(str(base), local_files_only=True, add_pooling_layer=False).float()
    except (OSError, ValueError, TypeError) as error:
        raise ResourceError(
            f"不能作为编码器载入（{type(error).__name__}）", where=str(base), remedy="应是 transformers 能用 AutoModel.from_pretrained 载入的文件夹"
        ) from error
    stack = encoder.encoder.layer
    if len(stack) < layers:
        raise ResourceError(f"编码器有 {len(stack)} 层，设置要求 {layers} 层", where=str(base))
    encoder.encoder.layer = stack[:layers]
    encoder.config.num_hidden_layers = layers
    return StatusNetwork(encoder, hidden=encoder.config.hidden_size)
