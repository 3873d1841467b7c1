"""Several trained models as one: the mean of their weights, which may read better than each of them and costs no more to run.

Networks that began alike (same base, same seed: the heads begin at random) and were trained on different rows lie close enough for that (model soups,
Wortsman et al. 2022). Between two seeds the mean is worse than either.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import torch

from nlp.annotate.encoder import MANIFEST, WEIGHTS, load_model
from nlp.errors import ModelError
from nlp.training.float_weights import float_weights

# What must be the same in all of them: how large the network is, where its heads began, whether it is shown what the rules say.
_SAME: Final = ("layers", "seed", "rules")
_KEPT: Final = ("date", "train", "dev", "n_train", "best_epoch", "seconds", "settings")


def mean_weights(folders: Sequence[Path]) -> dict[str, torch.Tensor]:
    """The mean of the weights of the models in `folders`, under the names of `network.StatusNetwork`, each as exact as int8 left it.

    Parameters
    ----------
    folders : at least one; a folder named twice counts twice.

    Raises
    ------
    ModelError : a model is not whole, or is of another base, size or seed than the first.
    """
    first, times = manifest_of(folders[0]), Counter(folders)
    for folder in times:
        load_model(folder)
        other = manifest_of(folder)
        for name, ours, theirs in [
            ("base", first["base"], other["base"]),
            *((key, first["settings"][key], other["settings"][key]) for key in _SAME),
        ]:
            if ours != theirs:
                raise ModelError(f"{name} 是 {theirs}，{folders[0]} 的是 {ours}", where=str(folder), remedy="底座、层数、种子和 rules 相同的模型才能平均")
    weights = {folder: float_weights(folder) for folder in times}
    for folder, found in weights.items():
        if {name: table.shape for name, table in found.items()} != {name: table.shape for name, table in weights[folders[0]].items()}:
            raise ModelError(f"网络的宽度与 {folders[0]} 的不同", where=str(folder), remedy="剪过枝的模型不能与别的平均")
    return {name: torch.stack([weights[folder][name] for folder in folders]).mean(dim=0) for name in weights[folders[0]]}


def manifest_of(folder: Path) -> dict[str, Any]:
    """The manifest of a model.

    Raises
    ------
    ModelError : it cannot be read.
    """
    try:
        found: dict[str, Any] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelError(f"{MANIFEST} 读不出来（{type(error).__name__}）", where=str(folder), remedy="请指定 ducha train 写出的模型文件夹") from error
    return found


def notes_of(folders: Sequence[Path]) -> dict[str, Any]:
    """What the manifest of the mean keeps of its members: all that any of them learned from or was stopped on, and each by itself under `mean_of`."""
    times = Counter(folders)
    manifests = {folder: manifest_of(folder) for folder in times}
    parts = [part for manifest in manifests.values() for part in (manifest.get("inherited", {}), manifest)]
    return {
        "base_name": manifests[folders[0]]["base_name"],
        "train": sorted({name for part in parts for name in part.get("train", [])}),
        "dev": sorted({name for manifest in manifests.values() for name in manifest["dev"]}),
        "n_train": max(manifest["n_train"] for manifest in manifests.values()),
        "n_dev": max(manifest["n_dev"] for manifest in manifests.values()),
        "epochs": [],
        "best_epoch": 0,
        "seconds": sum(manifest["seconds"] for manifest in manifests.values()),
        "corpora": {key: contents for part in parts for key, contents in part.get("corpora", {}).items()},
        "mean_of": [
            {
                "model": f"{folder.name}-{manifest['files'][WEIGHTS][:8]}",
                "times": times[folder],
                **{key: manifest[key] for key in _KEPT if key in manifest},
            }
            for folder, manifest in manifests.items()
        ],
    }
