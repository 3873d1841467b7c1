"""Weights of a training run -> a model folder that the main job can run: ONNX, int8, verified against the float network."""

from __future__ import annotations

import dataclasses
import importlib.metadata
import json
import platform
import shutil
import sys
import tempfile
import warnings
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import numpy as np
import onnx
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from safetensors.torch import load_file

from nlp.annotate.encoder import CALIBRATION, CHECKED, LABELS, MANIFEST, TOKENIZER, WEIGHTS, load_model
from nlp.annotate.predict import Prediction, Question, predict
from nlp.errors import ModelError
from nlp.labels import PROBLEM_KINDS, STATUSES
from nlp.training.calibrate import fit
from nlp.training.checkpoint import BEST
from nlp.training.corpus import PERIODS, LabelledItem
from nlp.training.network import StatusNetwork, build_network
from nlp.training.settings import TrainingSettings
from nlp.training.train import load_tokenizer, run_network

LEAST_AGREEMENT: Final = 0.995
# What stays float, tried in order until int8 says what float says: the heads and the products behind activation functions,
# whose outliers cost the most; those behind the attention too; and all but a few of the first projections.
_KEPT_FLOAT: Final = (("cat", "gelu"), ("cat", "gelu", "view"), ("cat", "gelu", "view", "layer_norm_2", "layer_norm_1"))
_PACKAGES: Final = ("torch", "transformers", "onnx", "onnxruntime", "tokenizers", "numpy", "spacy", "jieba")


def export(
    run: Path, *, base: Path, out: Path, settings: TrainingSettings, dev: Sequence[LabelledItem], check: Sequence[LabelledItem], notes: dict[str, Any]
) -> dict[str, float]:
    """Write the model folder `out` from the best epoch of `run`; the figures of the check.

    Parameters
    ----------
    dev : items on which temperatures and thresholds are fitted.
    check : items on which the int8 model must say what the float network says.
    notes : what the manifest keeps besides hashes and versions (epochs, corpora, command).

    Raises
    ------
    ModelError : int8 and float agree on less than `LEAST_AGREEMENT` of the statements; nothing is written.
    """
    network = build_network(base, layers=settings.layers)
    network.load_state_dict(load_file(str(run / BEST)))
    network.eval()
    tokenizer = load_tokenizer(base)
    calibration = fit(_questions(dev), dev, network=run_network(network), tokenizer=tokenizer)
    with tempfile.TemporaryDirectory(prefix="ducha-export-") as name:
        folder = Path(name) / out.name
        folder.mkdir()
        full = Path(name) / "float.onnx"
        _write_float(network, full)
        shutil.copyfile(base / TOKENIZER, folder / TOKENIZER)
        _write_json(folder / LABELS, {"statuses": list(STATUSES), "problem_kinds": list(PROBLEM_KINDS)})
        _write_json(folder / CALIBRATION, dataclasses.asdict(calibration))
        expected = predict(_questions(check), network=run_network(network), tokenizer=tokenizer, calibration=calibration.plain())
        for kept in _KEPT_FLOAT:
            _quantize(full, folder / WEIGHTS, kept=kept)
            _write_manifest(folder, base=base, settings=settings, notes=notes | {"float_inputs": list(kept)})
            figures = _agreement(expected, load_model(folder).predict(_questions(check)))
            if figures["statement_agreement"] >= LEAST_AGREEMENT:
                break
        else:
            raise ModelError(
                f"int8 与 float 在 {figures['statement_agreement']:.2%} 的句子上一致，应至少 {LEAST_AGREEMENT:.1%}",
                where=str(out),
                remedy="模型没有写出；请换一个种子重新训练",
            )
        out.parent.mkdir(parents=True, exist_ok=True)
        old = out.with_name(f".{out.name}-old")
        if out.exists():
            out.replace(old)
        shutil.move(str(folder), str(out))
        shutil.rmtree(old, ignore_errors=True)
    return figures


def _questions(items: Sequence[LabelledItem]) -> list[Question]:
    return [Question(item.task, item.text, PERIODS[item.period[4:].lower()]) for item in items]


def _write_float(network: StatusNetwork, path: Path) -> None:
    """The network as ONNX in float32, batch, tokens and statements of any size."""
    ids = torch.ones(2, 12, dtype=torch.long)
    pool = torch.zeros(2, 3, 12)
    pool[:, :, 1:4] = 1 / 3
    batch, tokens, statements = (torch.export.Dim(n, min=1, max=most) for n, most in (("batch", 4096), ("tokens", 512), ("statements", 512)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            network,
            (ids, torch.ones_like(ids), pool),
            str(path),
            input_names=["input_ids", "attention_mask", "pool"],
            output_names=["statements", "tags", "items"],
            dynamic_shapes=({0: batch, 1: tokens}, {0: batch, 1: tokens}, {0: batch, 1: statements, 2: tokens}),
            dynamo=True,
            external_data=False,
            verbose=False,
        )


def _quantize(full: Path, path: Path, *, kept: Sequence[str]) -> None:
    """Dynamic int8; reduced range and per channel, so that CPUs with and without VNNI agree. Products whose input's name begins as one of `kept` stay float."""
    nodes = onnx.load(str(full)).graph.node
    excluded = [node.name for node in nodes if node.op_type in {"MatMul", "Gemm"} and node.input[0].startswith(tuple(kept))] if kept else []
    quantize_dynamic(str(full), str(path), per_channel=True, reduce_range=True, weight_type=QuantType.QInt8, nodes_to_exclude=excluded)


def _agreement(expected: Sequence[Prediction], found: Sequence[Prediction]) -> dict[str, float]:
    """Share of statements, items and problem spans on which two predictions say the same, in [0, 1]."""
    pairs = list(zip(expected, found, strict=True))
    same = [_best(a) == _best(b) for e, f in pairs for (_, a), (_, b) in zip(e.statements, f.statements, strict=True)]
    spans = [p.span in {q.span for q in f.problems} for e, f in pairs for p in e.problems]
    return {
        "statement_agreement": float(np.mean(same)),
        "item_agreement": float(np.mean([_best(e.item) == _best(f.item) for e, f in pairs])),
        "span_agreement": float(np.mean(spans)) if spans else 1.0,
    }


def _best(shares: Sequence[float]) -> int:
    return int(np.argmax(shares))


def _write_json(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, ensure_ascii=False, indent=1) + "\n", encoding="utf-8", newline="\n")


def _write_manifest(folder: Path, *, base: Path, settings: TrainingSettings, notes: dict[str, Any]) -> None:
    hashes = {name: sha256((folder / name).read_bytes()).hexdigest() for name in CHECKED}
    encoder = {path.name: sha256(path.read_bytes()).hexdigest() for path in sorted(base.glob("*.safetensors"))}
    versions = {"python": platform.python_version(), **{name: importlib.metadata.version(name) for name in _PACKAGES}}
    _write_json(
        folder / MANIFEST,
        {"files": hashes, "base": encoder, "settings": dataclasses.asdict(settings), "versions": versions, "command": " ".join(sys.argv[1:]), **notes},
    )
