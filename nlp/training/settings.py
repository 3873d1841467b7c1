"""Settings of a training run: one documented dataclass, from TOML, checked before anything is loaded."""

from __future__ import annotations

import dataclasses
import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from nlp.annotate.encoder import MANIFEST
from nlp.errors import ResourceError

_SHARES: Final = (
    *("drop_task", "drop_period", "change_numbers", "change_places", "drop_stop", "change_marks", "crop", "drop_rules"),
    *("warmup", "smoothing", "average", "taught", "dropout"),
)


@dataclass(frozen=True)
class TrainingSettings:
    """What a run does; every field may stand in a TOML file under the same name.

    seed : of weights, order and augmentation; the same seed on the same CPU gives the same numbers.
    epochs : most passes over the training items; 0 where a network is only cut (`width` below 1).
    patience : epochs without a better dev score before the run stops; 0 never stops early.
    batch_size : windows a step; windows of like length go together.
    learning_rate, head_learning_rate : peak rates of the encoder and of the heads, after a linear warm-up over `warmup` of all steps.
    weight_decay : of all weights but biases and norms.
    dropout : share of the states, in [0, 1), that are dropped while the network learns, whatever the base says of itself.
    layers : lower layers of the base that are kept (12 = all of `models/encoder`).
    width : share, in (0, 1], of the time of its layers that a pupil keeps: so many hidden neurons and heads of the teacher's go before it learns.
    frozen : lower layers that are not trained; the embeddings go with them where it is above 0.
    statement_weight, tag_weight, item_weight : parts of the loss.
    rare_weight : weight of not_started and at_risk statements and of tags inside a span, against 1 for the others.
    drop_task, drop_period : share of items shown without their task, without their period.
    change_numbers, change_places, drop_stop : share of items shown with other numbers, other names of places, without the last mark.
    change_marks : share of items shown with other marks (。；) between their statements.
    crop : share of items of which a run of statements is shown, without the item's label.
    rules : 1 shows the network what the cue rules say of each token, 0 does not.
    drop_rules : share of items shown without it, so that the network reads the words too.
    smoothing : label smoothing, in [0, 0.3].
    average : share, in [0, 1), that the mean of the weights keeps at each step; 0 takes the last weights as they are.
    taught : share of the loss, in [0, 1], that is the distance to the teacher where there is one; the rest is that to the labels.
    state_weight : part of the states in that distance.
    fresh : how many times a quick training counts a row of a government from which the model that it goes on from has not learned.
    """

    seed: int = 7
    epochs: int = 9
    patience: int = 3
    batch_size: int = 8
    learning_rate: float = 1.2e-4
    head_learning_rate: float = 1e-3
    warmup: float = 0.1
    weight_decay: float = 0.01
    dropout: float = 0.1
    layers: int = 6
    width: float = 1.0
    frozen: int = 0
    statement_weight: float = 1.0
    tag_weight: float = 3.0
    item_weight: float = 0.5
    rare_weight: float = 1.5
    drop_task: float = 0.15
    drop_period: float = 0.1
    change_numbers: float = 0.3
    change_places: float = 0.5
    drop_stop: float = 0.1
    change_marks: float = 0.2
    crop: float = 0.2
    rules: int = 1
    drop_rules: float = 0.3
    smoothing: float = 0.05
    average: float = 0.998
    taught: float = 0.5
    state_weight: float = 2.0
    fresh: int = 1

    def __post_init__(self) -> None:
        if self.frozen > self.layers:
            raise ResourceError(f"frozen = {self.frozen} 大于 layers = {self.layers}", where="训练设置")
        for name in _SHARES:
            if not 0 <= getattr(self, name) <= 1:
                raise ResourceError(f"{name} = {getattr(self, name)}，应在 0 与 1 之间", where="训练设置")
        if not 0 < self.width <= 1:
            raise ResourceError(f"width = {self.width}，应大于 0，至多为 1", where="训练设置")
        if self.dropout == 1:
            raise ResourceError("dropout = 1，应小于 1", where="训练设置")
        if self.epochs < 0 or (self.epochs == 0 and self.width == 1):
            raise ResourceError(f"epochs = {self.epochs}，应至少为 1；只有剪枝（width 小于 1）时可以为 0", where="训练设置")
        for name in ("batch_size", "layers", "fresh"):
            if getattr(self, name) < 1:
                raise ResourceError(f"{name} = {getattr(self, name)}，应至少为 1", where="训练设置")


# What `--quick` sets: the heads alone, in passes over states that are computed once. All of them are run: what an office's own rows teach shows on dev late or
# not at all, and a run that stopped where dev did would end before it had learned them.
QUICK: Final = {"epochs": 9, "patience": 0, "batch_size": 32, "head_learning_rate": 5e-4, "drop_rules": 0.0, "fresh": 5}

# What `--teacher` sets: a network that begins as the teacher's own, narrower, and is not trained: that made it no better on the corpora (docs/measurements.md).
# Where epochs are asked for, it is to say what its teacher says and nothing else: labels are not asked (a teacher that learned them says them), rates are low
# and nothing is dropped, since it begins near its end; rows are varied more, so that it is asked of rows which the teacher does not know by heart.
TAUGHT: Final = {
    **{"width": 0.6, "epochs": 0, "patience": 0, "dropout": 0.0, "taught": 1.0, "state_weight": 5.0, "learning_rate": 2e-5, "head_learning_rate": 2e-5},
    **{"drop_task": 0.25, "change_numbers": 0.5, "change_places": 0.6, "change_marks": 0.4, "crop": 0.4},
}


def taught_by(teacher: Path) -> dict[str, Any]:
    """What `--teacher` sets for the model in the folder `teacher`: as many layers as its manifest says; whether the folder is a model is not checked here."""
    try:
        layers = json.loads((teacher / MANIFEST).read_text(encoding="utf-8"))["settings"]["layers"]
    except (OSError, ValueError, KeyError, TypeError):
        return dict(TAUGHT)
    return {"layers": layers, **TAUGHT}


def load_settings(path: Path | None = None, *, defaults: Mapping[str, Any] | None = None, **overrides: Any) -> TrainingSettings:
    """Settings from a TOML file, with single fields overridden; what neither says is as in `defaults`. Raises `ResourceError` for an unknown key."""
    given: dict[str, Any] = {}
    if path is not None:
        try:
            given = tomllib.loads(path.read_text(encoding="utf-8"))
        except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise ResourceError(f"不能作为设置文件读入（{error}）", where=str(path)) from error
    fields = {field.name: field for field in dataclasses.fields(TrainingSettings)}
    values = {**(defaults or {}), **given, **{name: value for name, value in overrides.items() if value is not None}}
    if unknown := values.keys() - fields.keys():
        raise ResourceError(f"未知的键 {sorted(unknown)}，可用 {sorted(fields)}", where=str(path or "训练设置"))
    for name, value in values.items():
        kind = type(fields[name].default)
        if isinstance(value, bool) or not isinstance(value, (int, float) if kind is float else int):
            raise ResourceError(f"{name} = {value!r}，应为{'数' if kind is float else '整数'}", where=str(path or "训练设置"))
    return TrainingSettings(**values)
