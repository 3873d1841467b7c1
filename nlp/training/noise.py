"""Training under the rounding of int8, so that the exported weights say what the float ones say.

Dynamic int8 rounds the input of every linear layer to 8 bits over its whole range and the weights to 7 bits a channel (reduced range). A network that has not
met that noise loses to the outliers behind its activation functions; one trained under it does not. Gradients pass straight through.
"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

_ACTIVATION_STEPS = 255
_WEIGHT_STEPS = 63


class NoisyLinear(nn.Linear):
    """A linear layer that rounds as int8 does while it is being trained, and is exact otherwise."""

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        """As `nn.Linear`."""
        if not self.training:
            return super().forward(values)
        return functional.linear(_round_values(values), _round_weights(self.weight), self.bias)


def add_noise(network: nn.Module) -> None:
    """Turn every linear layer of the network into a `NoisyLinear`, weights and names unchanged."""
    for module in network.modules():
        if type(module) is nn.Linear:
            module.__class__ = NoisyLinear


def _round_values(values: torch.Tensor) -> torch.Tensor:
    """Rounded to 8 bits between the least and the greatest value of the batch, zero kept exact."""
    with torch.no_grad():
        low = torch.clamp(values.min(), max=0.0)
        step = torch.clamp((torch.clamp(values.max(), min=0.0) - low) / _ACTIVATION_STEPS, min=1e-8)
        rounded = torch.round(values / step) * step
    return values + (rounded - values).detach()


def _round_weights(weight: torch.Tensor) -> torch.Tensor:
    """Rounded to 7 bits, a step for each output channel."""
    with torch.no_grad():
        step = torch.clamp(weight.abs().amax(dim=1, keepdim=True) / _WEIGHT_STEPS, min=1e-8)
        rounded = torch.round(weight / step) * step
    return weight + (rounded - weight).detach()
