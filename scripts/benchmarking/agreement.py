"""Whether the shipped model in whole numbers says what the trained network says in float32: on labelled rows from which it has not learned."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarking.engines import ENCODER, ROOT, float_network, float_session
from nlp.annotate.encoder import cores, load_model, run_session
from nlp.annotate.pipeline import Reading
from nlp.annotate.predict import predict
from nlp.labels import AT_RISK
from nlp.training.corpus import LabelledItem, read_corpora
from nlp.training.evaluate import read_items
from nlp.training.metrics import class_figures, confusion
from nlp.training.questions import questions_of
from nlp.training.train import load_tokenizer


def agreement(*, model_folder: Path, weights: Path | None, splits: Sequence[str] = ("dev", "test")) -> dict[str, Any]:
    """Shares in [0, 1] of statements and items that get one label from both, and the recall at risk of each.

    Without the trained weights in float32 there is only the recall of the shipped model, and what its export measured (`at_export`).
    """
    items = [item for government, found in read_corpora(ROOT / "corpora") if government.split in splits for item in found]
    questions = questions_of(items)
    model = load_model(model_folder)
    shipped = read_items(items, predictions=model.predict(questions), review_below=model.review_below)
    metrics = model_folder / "metrics.json"
    figures: dict[str, Any] = {
        "items": len(items),
        "statements": sum(len(item.statements) for item in items),
        "int8": _recall(items, shipped),
        "at_export": json.loads(metrics.read_text(encoding="utf-8")).get("agreement", {}) if metrics.is_file() else {},
    }
    if weights is None:
        return figures
    session = float_session(float_network(model_folder, weights))
    said = predict(questions, network=run_session(session), tokenizer=load_tokenizer(ENCODER), calibration=model.calibration, workers=cores())
    exact = read_items(items, predictions=said, review_below=model.review_below)
    statements = [one.status == other.status for a, b in zip(shipped, exact, strict=True) for one, other in zip(a.statements, b.statements, strict=True)]
    whole = [a.status == b.status for a, b in zip(shipped, exact, strict=True)]
    return {**figures, "fp32": _recall(items, exact), "statement_agreement": float(np.mean(statements)), "item_agreement": float(np.mean(whole))}


def _recall(items: Sequence[LabelledItem], readings: Sequence[Reading]) -> dict[str, float]:
    """At-risk recall of statements, and of items whose label rests on their words."""
    both = list(zip(items, readings, strict=True))
    pairs = [(true, said.status) for item, reading in both for (_, true), said in zip(item.statements, reading.statements, strict=True)]
    by_words = [(item.status, reading.status) for item, reading in both if item.basis not in {"growth", "pace"}]
    found = {name: class_figures(confusion(*zip(*part, strict=True)))[AT_RISK]["recall"] for name, part in (("statement", pairs), ("item", by_words))}
    return {f"{name}_at_risk_recall": float(value) for name, value in found.items()}
