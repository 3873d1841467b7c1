"""What a training run leaves after every epoch, so that it can be stopped at any moment and go on. safetensors and JSON only."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import torch
from safetensors.torch import load_file, save_file

from nlp.training.network import StatusNetwork
from nlp.training.settings import TrainingSettings

BEST: Final = "best.safetensors"
LAST: Final = "last.safetensors"
AVERAGE: Final = "average.safetensors"
OPTIMIZER: Final = "optimizer.safetensors"
STATE: Final = "state.json"


@dataclass(frozen=True)
class Epoch:
    """How an epoch ended: mean loss, dev figures in [0, 1], seconds. Number 0 is a network that was cut and has not been trained yet; its loss is 0."""

    number: int
    loss: float
    statement_f1: float
    span_f1: float
    risk_recall: float
    seconds: float

    @property
    def score(self) -> float:
        """What the best epoch is chosen by, in [0, 1]: statements first, then spans, then the recall of statements at risk."""
        return 0.5 * self.statement_f1 + 0.3 * self.span_f1 + 0.2 * self.risk_recall


def save(
    out: Path,
    network: StatusNetwork,
    average: StatusNetwork,
    optimizer: torch.optim.AdamW,
    settings: TrainingSettings,
    epochs: Sequence[Epoch],
    *,
    teacher: str | None = None,
) -> None:
    """Write the state after a whole epoch, and the averaged weights once more where it is the best so far; each file whole or not at all.

    Parameters
    ----------
    teacher : the id of the model that is learned from, where there is one: a run with another is another run.
    """
    _write(out / LAST, _weights(network))
    _write(out / AVERAGE, _weights(average))
    if epochs[-1].score >= max(epoch.score for epoch in epochs):
        _write(out / BEST, _weights(average))
    moments = {
        f"{g}.{p}.{name}": value.detach().cpu().contiguous()
        for g, group in enumerate(optimizer.param_groups)
        for p, parameter in enumerate(group["params"])
        for name, value in optimizer.state[parameter].items()
    }
    _write(out / OPTIMIZER, moments)
    state = {"settings": dataclasses.asdict(settings), "teacher": teacher, "epochs": [dataclasses.asdict(epoch) for epoch in epochs]}
    temporary = out / f".{STATE}"
    temporary.write_text(json.dumps(state, indent=1), encoding="utf-8")
    temporary.replace(out / STATE)


def _weights(network: StatusNetwork) -> dict[str, torch.Tensor]:
    return {name: tensor.detach().cpu().contiguous() for name, tensor in network.state_dict().items()}


def _write(path: Path, tensors: dict[str, torch.Tensor]) -> None:
    temporary = path.with_name(f".{path.name}")
    save_file(tensors, str(temporary))
    temporary.replace(path)


def finished(out: Path, settings: TrainingSettings, *, teacher: str | None = None) -> list[Epoch]:
    """The whole epochs that a run with these settings and this teacher left in its folder; none where there is none."""
    if not is_begun(out, settings, teacher=teacher):
        return []
    return [Epoch(**epoch) for epoch in json.loads((out / STATE).read_text(encoding="utf-8"))["epochs"]]


def is_begun(out: Path, settings: TrainingSettings, *, teacher: str | None = None) -> bool:
    """Whether an earlier run with the same settings and teacher finished an epoch here."""
    if not (out / STATE).is_file():
        return False
    state = json.loads((out / STATE).read_text(encoding="utf-8"))
    return bool(state["settings"] == dataclasses.asdict(settings) and state.get("teacher") == teacher)


def resume(
    out: Path, network: StatusNetwork, average: StatusNetwork, optimizer: torch.optim.AdamW, settings: TrainingSettings, *, teacher: str | None = None
) -> list[Epoch]:
    """The epochs that an earlier run, with the same settings and teacher, finished here, its weights and moments loaded; none where there is none."""
    if not is_begun(out, settings, teacher=teacher):
        return []
    network.load_state_dict(load_file(str(out / LAST)))
    average.load_state_dict(load_file(str(out / AVERAGE)))
    moments = load_file(str(out / OPTIMIZER))
    for g, group in enumerate(optimizer.param_groups):
        for p, parameter in enumerate(group["params"]):
            prefix = f"{g}.{p}."
            own = {name.removeprefix(prefix): value for name, value in moments.items() if name.startswith(prefix)}
            # The count of steps stays on the CPU, where the optimizer wants it.
            optimizer.state[parameter] = {name: value if name == "step" else value.to(parameter.device) for name, value in own.items()}
    return finished(out, settings, teacher=teacher)
