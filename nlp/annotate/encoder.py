"""The trained model as the main job runs it: a folder with ONNX weights, checked before it is trusted. No torch, no network, no pickle."""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import onnxruntime
from tokenizers import Tokenizer

from nlp.annotate.predict import Calibration, Network, Prediction, Question, predict
from nlp.errors import ModelError
from nlp.labels import PROBLEM_KINDS, STATUSES

WEIGHTS: Final = "model.onnx"
TOKENIZER: Final = "tokenizer.json"
LABELS: Final = "labels.json"
CALIBRATION: Final = "calibration.json"
MANIFEST: Final = "manifest.json"
CORES: Final = "DUCHA_CORES"
CHECKED: Final = (WEIGHTS, TOKENIZER, LABELS, CALIBRATION)
# Fused, sum and norm are five times slower on a CPU than one after the other.
_SLOWER: Final = ["SkipLayerNormFusion"]
# GELU by tanh instead of erf: differs by less than 0.001, and saves a twentieth of the time.
_QUICKER: Final = "optimization.enable_gelu_approximation"
_REMEDY: Final = "请重新取得整个模型文件夹，或用 --model 指定另一个，或用 --model rules 只按规则判读"


@dataclass(frozen=True)
class Model:
    """A loaded model: its id (folder name and the first digits of the weights' hash), session, tokenizer and calibration."""

    id: str
    session: Any
    tokenizer: Tokenizer
    calibration: Calibration
    # Items whose status is less sure than this are to be looked at, in [0, 1].
    review_below: float
    # Batches run at a time.
    workers: int = 1

    def predict(self, questions: Sequence[Question], *, batch_size: int = 8, calibration: Calibration | None = None) -> list[Prediction]:
        """What the model says of each question, in the order given; by its own calibration where no other is given."""
        chosen = calibration or self.calibration
        network = run_session(self.session)
        return predict(questions, network=network, tokenizer=self.tokenizer, calibration=chosen, batch_size=batch_size, workers=self.workers)


def load_model(folder: Path, *, workers: int | None = None) -> Model:
    """The model in a folder, every file held against the hash in its manifest.

    Parameters
    ----------
    workers : batches run at a time, one core each (several batches on a core each are quicker than one on all); all cores where none is given.

    Raises
    ------
    ModelError : a file is missing or was changed, the labels are not those of this program, or the weights cannot be run.
    """
    if not folder.is_dir():
        raise ModelError("没有这个模型文件夹", where=str(folder), remedy=_REMEDY)
    manifest = _read(folder, MANIFEST)
    for name in CHECKED:
        path = folder / name
        if not path.is_file():
            raise ModelError(f"缺少文件 {name}", where=str(folder), remedy=_REMEDY)
        expected = manifest.get("files", {}).get(name)
        found = sha256(path.read_bytes()).hexdigest()
        if found != expected:
            raise ModelError(f"文件 {name} 与清单不符（应为 {str(expected)[:12]}…，实为 {found[:12]}…）", where=str(folder), remedy=_REMEDY)
    labels = _read(folder, LABELS)
    if labels != {"statuses": list(STATUSES), "problem_kinds": list(PROBLEM_KINDS)}:
        raise ModelError(f"模型的标签 {labels} 与程序的标签不同", where=str(folder), remedy="请用与本程序同一版本的模型")
    settings = _read(folder, CALIBRATION)
    try:
        session = session_of(str(folder / WEIGHTS), threads=1)
        tokenizer = bare(Tokenizer.from_file(str(folder / TOKENIZER)))
    except Exception as error:
        raise ModelError(f"不能载入（{type(error).__name__}）", where=str(folder), remedy=_REMEDY) from error
    try:
        calibration = Calibration(**{field.name: settings[field.name] for field in dataclasses.fields(Calibration)})
        review_below = float(settings["review_below"])
    except (KeyError, TypeError, ValueError) as error:
        raise ModelError(f"{CALIBRATION} 缺少或有误：{error}", where=str(folder), remedy=_REMEDY) from error
    return Model(f"{folder.name}-{manifest['files'][WEIGHTS][:8]}", session, tokenizer, calibration, review_below, workers or cores())


def cores() -> int:
    """The cores that this process may use; the variable `DUCHA_CORES` says so where several share a machine."""
    given = os.environ.get(CORES, "")
    if given.isdecimal() and int(given):
        return int(given)
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def session_of(weights: str | bytes, *, threads: int | None = None) -> Any:
    """The weights (a file's name, or its bytes) ready to run on the cores that this process may use."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads or cores()
    options.log_severity_level = 3
    options.add_session_config_entry(_QUICKER, "1")
    return onnxruntime.InferenceSession(weights, options, providers=["CPUExecutionProvider"], disabled_optimizers=_SLOWER)


def run_session(session: Any) -> Network:
    """A session as `predict.predict` calls it."""

    def run(ids: Any, mask: Any, pool: Any, cues: Any) -> tuple[Any, Any, Any]:
        first, second, third = session.run(None, {"input_ids": ids, "attention_mask": mask, "pool": pool, "cues": cues})
        return first, second, third

    return run


def bare(tokenizer: Tokenizer) -> Tokenizer:
    """The tokenizer without truncation or padding of its own."""
    tokenizer.no_truncation()
    tokenizer.no_padding()
    # A literal </s> in a report is text.
    tokenizer.encode_special_tokens = True
    return tokenizer


def _read(folder: Path, name: str) -> dict[str, Any]:
    try:
        value = json.loads((folder / name).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelError(f"{name} 读不出来（{type(error).__name__}）", where=str(folder), remedy=_REMEDY) from error
    if not isinstance(value, dict):
        raise ModelError(f"{name} 不是一组设置", where=str(folder), remedy=_REMEDY)
    return value
