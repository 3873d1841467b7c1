"""From a trained network to a model folder that the main job can run: checked against the float network, measured, written whole or not at all."""

from __future__ import annotations

import dataclasses
import importlib.metadata
import json
import platform
import shutil
import sys
import tempfile
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import numpy as np
import onnx
from safetensors.torch import load_file, save
from tokenizers import Tokenizer

from nlp.annotate.encoder import CALIBRATION, CHECKED, LABELS, MANIFEST, TOKENIZER, WEIGHTS, load_model, run_session, session_of
from nlp.annotate.predict import Calibration, Prediction, Question, batches_by_length, collate, predict
from nlp.annotate.windows import build_windows
from nlp.errors import ModelError
from nlp.labels import PROBLEM_KINDS, STATUSES
from nlp.training.calibrate import FittedCalibration, fit
from nlp.training.card import write_card
from nlp.training.checkpoint import BEST
from nlp.training.corpus import LabelledItem
from nlp.training.evaluate import measure
from nlp.training.float_weights import HEADS
from nlp.training.graph import Feed, encoder_graph, to_int8, with_heads
from nlp.training.network import Heads, build_network
from nlp.training.questions import questions_of
from nlp.training.settings import TrainingSettings
from nlp.training.shape import attention_heads_of, load_with_shape, neurons_of
from nlp.training.train import load_tokenizer, run_network

LEAST_AGREEMENT: Final = 0.995
METRICS: Final = "metrics.json"
CARD: Final = "README.md"
# How many products stay float, tried in order until int8 says what float says; each costs size and speed.
_FLOAT_PRODUCTS: Final = (0, 2, 4, 8)
_FEEDS: Final = 40
_FEED_SIZE: Final = 8
_PACKAGES: Final = ("torch", "transformers", "onnx", "onnxruntime", "tokenizers", "numpy", "spacy", "jieba")


def export(
    run: Path, *, base: Path, out: Path, settings: TrainingSettings, dev: Sequence[LabelledItem], check: Sequence[LabelledItem], notes: Mapping[str, Any]
) -> dict[str, Any]:
    """Write the model folder `out` from the best epoch of `run`; figures on dev, and those of the check.

    Parameters
    ----------
    dev : items on which temperatures and thresholds are fitted.
    check : items on which the int8 model must say what the float network says.
    notes : what the manifest keeps besides hashes and versions (epochs, corpora).

    Raises
    ------
    ModelError : int8 and float agree on less than `LEAST_AGREEMENT` of the statements; nothing is written.
    """
    network = build_network(base, layers=settings.layers)
    load_with_shape(network, load_file(str(run / BEST)))
    network.eval()
    tokenizer = load_tokenizer(base)
    plain = Calibration(cues=bool(settings.rules))
    questions = questions_of(check)
    expected = predict(questions, network=run_network(network), tokenizer=tokenizer, calibration=plain)
    full, feeds = encoder_graph(network), _feeds(questions, tokenizer)
    for kept in _FLOAT_PRODUCTS:
        encoder = to_int8(full, feeds=feeds, float_products=kept)
        session = session_of(with_heads(encoder, network.heads).SerializeToString())
        figures = _agreement(expected, predict(questions, network=run_session(session), tokenizer=tokenizer, calibration=plain))
        if figures["statement_agreement"] >= LEAST_AGREEMENT:
            break
    else:
        raise ModelError(
            f"int8 与 float 在 {figures['statement_agreement']:.2%} 的语句上一致，应至少 {LEAST_AGREEMENT:.1%}",
            where=str(out),
            remedy="模型没有写出；请换一个种子重新训练",
        )
    encoder_files = {path.name: sha256(path.read_bytes()).hexdigest() for path in sorted(base.glob("*.safetensors"))}
    notes = {"base": encoder_files, "float_products": kept, "shape": {"heads": attention_heads_of(network), "neurons": neurons_of(network)}, **notes}
    return save_model(encoder, network.heads, tokenizer=tokenizer, out=out, settings=settings, dev=dev, notes=notes, agreement=figures)


def save_model(
    encoder: onnx.ModelProto,
    heads: Heads,
    *,
    tokenizer: Tokenizer,
    out: Path,
    settings: TrainingSettings,
    dev: Sequence[LabelledItem],
    notes: Mapping[str, Any],
    agreement: Mapping[str, float] | None = None,
) -> dict[str, Any]:
    """Write the folder `out` with weights, tokenizer, labels, calibration, manifest, metrics and card, whole or not at all; an older one gives way.

    Parameters
    ----------
    encoder : the rounded graph, ids and mask to states.
    agreement : how far the rounded network says what the float one says, where that was checked.
    """
    with tempfile.TemporaryDirectory(prefix="ducha-export-") as name:
        folder = Path(name) / out.name
        folder.mkdir()
        onnx.save(with_heads(encoder, heads), str(folder / WEIGHTS))
        # `save_file` would make a file that nobody else on the machine can read.
        (folder / HEADS).write_bytes(save({name: tensor.half().contiguous() for name, tensor in heads.state_dict().items()}))
        tokenizer.save(str(folder / TOKENIZER))
        _write_json(folder / LABELS, {"statuses": list(STATUSES), "problem_kinds": list(PROBLEM_KINDS)})
        _write_json(folder / CALIBRATION, dataclasses.asdict(FittedCalibration(cues=bool(settings.rules))))
        _write_manifest(folder, settings=settings, notes=notes)
        # Fitted on what is shipped: the rounded network is a little less sure than the float one.
        model = load_model(folder)
        fitted = fit(questions_of(dev), dev, network=run_session(model.session), tokenizer=model.tokenizer, cues=bool(settings.rules))
        _write_json(folder / CALIBRATION, dataclasses.asdict(fitted))
        manifest = _write_manifest(folder, settings=settings, notes=notes)
        figures = {"dev": measure(dev, model=load_model(folder)), "agreement": agreement or {}}
        _write_json(folder / METRICS, figures)
        card = write_card(out.name, manifest=manifest, figures={"dev": figures["dev"]}, calibration=dataclasses.asdict(fitted), agreement=agreement or {})
        (folder / CARD).write_text(card, encoding="utf-8", newline="\n")
        _put_in_place(folder, out)
    return figures


def _put_in_place(folder: Path, out: Path) -> None:
    """Copy beside `out` first, so that the last step is a rename on one disk."""
    out.parent.mkdir(parents=True, exist_ok=True)
    new, old = out.with_name(f".{out.name}-new"), out.with_name(f".{out.name}-old")
    shutil.rmtree(new, ignore_errors=True)
    shutil.rmtree(old, ignore_errors=True)
    shutil.copytree(folder, new)
    if out.exists():
        out.replace(old)
    new.replace(out)
    shutil.rmtree(old, ignore_errors=True)


def _feeds(questions: Sequence[Question], tokenizer: Tokenizer) -> list[Feed]:
    """Batches of every length on which the range of each channel is measured."""
    windows = [w for q in questions for w in build_windows(q.task, q.text, elapsed=q.elapsed, tokenizer=tokenizer)]
    batches = batches_by_length(windows, size=_FEED_SIZE)
    chosen = batches[:: max(1, len(batches) // _FEEDS)]
    return [collate([windows[i] for i in batch], cues=[()] * len(batch))[:2] for batch in chosen]


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


def _write_manifest(folder: Path, *, settings: TrainingSettings, notes: Mapping[str, Any]) -> dict[str, Any]:
    manifest = {
        "files": {name: sha256((folder / name).read_bytes()).hexdigest() for name in (*CHECKED, HEADS)},
        "settings": dataclasses.asdict(settings),
        "versions": {"python": platform.python_version(), **{name: importlib.metadata.version(name) for name in _PACKAGES}},
        "command": " ".join(sys.argv[1:]),
        **notes,
    }
    _write_json(folder / MANIFEST, manifest)
    return manifest
