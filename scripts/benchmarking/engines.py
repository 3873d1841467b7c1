"""The same items read by several engines in the same run. Needs the extra `[train]`.

Those in float32 run the shipped network, its weights as the whole numbers give them back, or the trained ones where they are given (`--float`); besides, the
pipeline runs the base encoder, with all of its layers and with as many as the shipped network has. It has its default batching, which is none: one text at a
time.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import torch
from safetensors.torch import load_file
from transformers import AutoTokenizer, pipeline

from benchmarking.tables import EXACT, PIPELINE, SAME
from benchmarking.timing import Seconds, time_in_turn
from nlp.annotate.encoder import MANIFEST, cores, load_model, run_session, session_of
from nlp.annotate.pipeline import annotate, find_text_cues
from nlp.annotate.predict import Calibration, Network, Question, predict
from nlp.readers import read_report
from nlp.text import cut_statements
from nlp.training.corpus import read_corpora
from nlp.training.evaluate import new_tfidf
from nlp.training.float_weights import float_weights
from nlp.training.graph import encoder_graph, with_heads
from nlp.training.network import StatusNetwork, build_network
from nlp.training.shape import load_with_shape
from nlp.training.train import load_tokenizer, run_network

ROOT: Final = Path(__file__).resolve().parent.parent.parent
ENCODER: Final = ROOT / "models" / "encoder"
ALL_LAYERS: Final = 12
_WARM: Final = 32


def engines(path: Path, *, model_folder: Path, weights: Path | None, repeat: int) -> dict[str, Seconds]:
    """Engine -> seconds for all items of the report in steady state; the slowest comes first."""
    torch.set_num_threads(cores())
    report = read_report(path)
    items, period = report.items, report.period
    model = load_model(model_folder)
    layers = layer_count(model_folder)
    tokenizer = load_tokenizer(ENCODER)
    cues = list(find_text_cues(item.text for item in items))
    questions = [Question(item.task, item.text, period.elapsed, found) for item, found in zip(items, cues, strict=True)]
    texts = [f"{item.task}</s>{item.text}" for item in items]
    ours = float_session(float_network(model_folder, weights))

    def by_predict(run: Network, *, workers: int) -> Callable[[Sequence[Question]], Any]:
        return lambda part: predict(part, network=run, tokenizer=tokenizer, calibration=Calibration(), workers=workers)

    tfidf = fitted_tfidf()
    plain = {
        **{f"{PIPELINE}, {n} layers": _pipeline(build_network(ENCODER, layers=n)) for n in (ALL_LAYERS, layers)},
        # A network of its own: exporting one changes how its attention is computed.
        SAME: _pipeline(float_network(model_folder, weights)),
    }
    asked: dict[str, Callable[[Sequence[Question]], Any]] = {
        "torch fp32, by length": by_predict(run_network(float_network(model_folder, weights)), workers=1),
        EXACT: by_predict(run_session(ours), workers=cores()),
        "shipped model (int8)": model.predict,
        "TF-IDF, statements alone": lambda part: tfidf.predict([span.of(q.text) for q in part for span in cut_statements(q.text)]),
    }
    functions: dict[str, Callable[[], Any]] = {name: lambda run=run: run(texts) for name, run in plain.items()}
    functions |= {name: lambda run=run: run(questions) for name, run in asked.items()}
    functions["annotate: with cues, figures, severity"] = lambda: annotate(items, period=period, model=model)
    for run in plain.values():
        run(texts[:_WARM])
    for ask in asked.values():
        ask(questions[:_WARM])
    annotate(items[:_WARM], period=period, model=model)
    return time_in_turn(functions, repeat=repeat)


def layer_count(model_folder: Path) -> int:
    """Layers of a model, as its manifest says."""
    return int(json.loads((model_folder / MANIFEST).read_text(encoding="utf-8"))["settings"]["layers"])


def float_network(model_folder: Path, weights: Path | None) -> StatusNetwork:
    """The shipped network in float32, with the trained weights (`best.safetensors` of a training) where they are given."""
    network = build_network(ENCODER, layers=layer_count(model_folder))
    load_with_shape(network, load_file(str(weights)) if weights else float_weights(model_folder))
    return network.eval()


def float_session(network: StatusNetwork) -> Any:
    """The network in float32 as onnxruntime runs the shipped one: fused, a thread a batch."""
    return session_of(with_heads(encoder_graph(network), network.heads).SerializeToString(), threads=1)


def fitted_tfidf() -> Any:
    """The baseline of `ducha evaluate`, fitted on the statements of the training governments."""
    labelled = [
        (span.of(item.text), status)
        for government, items in read_corpora(ROOT / "corpora")
        if government.split == "train"
        for item in items
        for span, status in item.statements
    ]
    return new_tfidf().fit(["".join(text.split()) for text, _ in labelled], [status for _, status in labelled])


def _pipeline(network: StatusNetwork) -> Callable[[Sequence[str]], None]:
    tokenizer = AutoTokenizer.from_pretrained(str(ENCODER), local_files_only=True)
    read = pipeline("feature-extraction", model=network.encoder.eval(), tokenizer=tokenizer, device="cpu")

    def run(texts: Sequence[str]) -> None:
        with torch.inference_mode():
            for _ in read(list(texts), truncation=True, max_length=512):
                pass

    return run
