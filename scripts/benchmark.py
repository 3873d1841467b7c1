"""How fast the shipped model annotates a report, beside the same network under the `transformers` pipeline, in the same run.

    python scripts/benchmark.py [REPORT] [--model DIR] [--repeat 3] [--json FILE]

Needs the extra `[train]`. Every engine reads the same items on the same cores; each is warmed on a part of them, then timed `--repeat` times, the best
run counts. The pipeline runs the base encoder with the model's number of layers in float32 with its default batching: the weights are not the trained
ones, the arithmetic is the same. The main job is started as a process of its own, cold, for its seconds and its memory.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import torch
from rich.console import Console
from rich.table import Table
from transformers import AutoTokenizer, pipeline

from nlp.annotate.encoder import MANIFEST, load_model
from nlp.annotate.pipeline import annotate, find_text_cues
from nlp.annotate.predict import Calibration, Question, predict
from nlp.batch import SHIPPED_MODEL
from nlp.readers import read_report
from nlp.training.network import build_network
from nlp.training.train import load_tokenizer, run_network

ROOT: Final = Path(__file__).resolve().parent.parent
ENCODER: Final = ROOT / "models" / "encoder"
WARM: Final = 32


def best_of(run: Callable[[], Any], *, repeat: int) -> float:
    """Seconds of the quickest of `repeat` runs."""
    seconds = []
    for _ in range(repeat):
        started = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - started)
    return min(seconds)


def engines(report: Path, *, model_folder: Path, repeat: int) -> dict[str, float]:
    """Engine -> seconds for all items of the report in steady state."""
    read = read_report(report)
    items, period = read.items, read.period
    model = load_model(model_folder)
    layers = json.loads((model_folder / MANIFEST).read_text(encoding="utf-8"))["settings"]["layers"]
    network = build_network(ENCODER, layers=layers).eval()
    texts = [f"{item.task}</s>{item.text}" for item in items]
    reader = pipeline("feature-extraction", model=network.encoder, tokenizer=AutoTokenizer.from_pretrained(str(ENCODER), local_files_only=True), device="cpu")
    cues = list(find_text_cues(item.text for item in items))
    questions = [Question(item.task, item.text, period.elapsed, found) for item, found in zip(items, cues, strict=True)]
    tokenizer = load_tokenizer(ENCODER)

    def by_pipeline(part: list[str]) -> None:
        with torch.inference_mode():
            for _ in reader(part, truncation=True, max_length=512):
                pass

    def by_torch(part: list[Question]) -> None:
        predict(part, network=run_network(network), tokenizer=tokenizer, calibration=Calibration())

    by_pipeline(texts[:WARM])
    by_torch(questions[:WARM])
    model.predict(questions[:WARM])
    annotate(items[:WARM], period=period, model=model)
    return {
        "transformers pipeline, fp32": best_of(lambda: by_pipeline(texts), repeat=repeat),
        "torch fp32, sorted batches of 8": best_of(lambda: by_torch(questions), repeat=repeat),
        "shipped model alone": best_of(lambda: model.predict(questions), repeat=repeat),
        "annotate (cues, model, figures, severity)": best_of(lambda: annotate(items, period=period, model=model), repeat=repeat),
    }


def main_job(report: Path, *, model_folder: Path) -> dict[str, float]:
    """Seconds and peak memory (MB) of `ducha run`, cold, on the report."""
    with tempfile.TemporaryDirectory(prefix="ducha-benchmark-") as out:
        command = [sys.executable, "-m", "nlp.cli", "run", str(report), "--out", f"{out}/out", "--model", str(model_folder), "--top", "0"]
        started = time.perf_counter()
        done = subprocess.run(command, cwd=ROOT, stdout=subprocess.DEVNULL, check=False)
        seconds = time.perf_counter() - started
    figures = {"seconds": seconds, "exit": float(done.returncode)}
    if sys.platform != "win32":
        import resource  # noqa: PLC0415

        # Kilobytes on Linux.
        figures["peak_mb"] = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1000
    return figures


def main() -> None:
    """Print the table, and write the figures as JSON where asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("report", type=Path, nargs="?", default=next((ROOT / "corpora" / "sample").glob("*.docx"), None))
    parser.add_argument("--model", type=Path, default=SHIPPED_MODEL)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    cold = main_job(arguments.report, model_folder=arguments.model)
    seconds = engines(arguments.report, model_folder=arguments.model, repeat=arguments.repeat)
    count = len(read_report(arguments.report).items)
    first = next(iter(seconds.values()))
    table = Table(title=f"{count} items, {len(os.sched_getaffinity(0)) if hasattr(os, 'sched_getaffinity') else os.cpu_count()} cores")
    for header in ("engine", "items/s", "ratio"):
        table.add_column(header, justify="left" if header == "engine" else "right")
    for name, spent in seconds.items():
        table.add_row(name, f"{count / spent:.1f}", f"{first / spent:.2f}")
    Console().print(table)
    print(f"main job, cold: {cold['seconds']:.1f} s, {cold.get('peak_mb', float('nan')):.0f} MB, exit code {cold['exit']:.0f}")
    if arguments.json:
        figures = {"items": count, "seconds": seconds, "main_job": cold, "cpu": platform.processor(), "python": platform.python_version()}
        arguments.json.write_text(json.dumps(figures, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
