"""How fast the main job is and how it grows, stage by stage, beside other engines in the same run.

    python scripts/benchmark.py [REPORT] [--model DIR] [--only PART ...] [--repeat 3] [--float FILE] [--json FILE]

Parts, in this order; all where none is named:
    cold        from the start of Python to the written outputs, on one report; peak memory
    stages      seconds of every stage by itself
    engines     transformers pipeline, torch, ONNX Runtime in float32, the shipped model, TF-IDF on the same items, in turn    needs [train]
    agreement   statuses of the shipped model against float32 on labelled rows, recall at risk of both                        needs [train]
    growth      1x, 10x, 100x the items as so many files: exponent of time, growth of memory                                  needs [scale]
    workers     the same files by one process and by several                                                                  needs [scale]

`--float` takes `best.safetensors` of the training that the model came from; without it float32 runs with the weights that the whole numbers give back and
`agreement` has the figures of the export alone. For a cold start leave torch out of the environment: spaCy imports it where it is installed.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from benchmarking.machine import machine
from benchmarking.tables import show

from nlp.batch import SHIPPED_MODEL
from nlp.readers import read_report
from nlp.settings import ALL_FORMATS, FORMATS

ROOT: Final = Path(__file__).resolve().parent.parent
PARTS: Final = ("cold", "stages", "engines", "agreement", "growth", "workers")


def measure(arguments: argparse.Namespace) -> dict[str, Any]:
    """The figures of the parts that were asked for, as plain JSON values."""
    report, model, repeat = arguments.report, arguments.model, arguments.repeat
    chosen = arguments.only or PARTS
    options = ["--model", arguments.model if str(arguments.model) == "rules" else str(Path(model).resolve()), "--formats", ",".join(arguments.formats)]
    found: dict[str, Any] = {"machine": machine(), "report": {"items": len(read_report(report).items)}, "model": Path(model).name, "repeat": repeat}
    if "cold" in chosen:
        from benchmarking.growth import cold  # noqa: PLC0415

        found["cold"] = cold(report, options=options, repeat=repeat)
    if "stages" in chosen:
        from benchmarking.stages import stages  # noqa: PLC0415

        found["stages"] = _plain(stages(report, model_folder=Path(model), formats=arguments.formats, repeat=repeat))
    if "engines" in chosen:
        from benchmarking.engines import engines  # noqa: PLC0415

        found["engines"] = _plain(engines(report, model_folder=Path(model), weights=arguments.float, repeat=repeat))
    if "agreement" in chosen:
        from benchmarking.agreement import agreement  # noqa: PLC0415

        found["agreement"] = agreement(model_folder=Path(model), weights=arguments.float)
    if "growth" in chosen:
        from benchmarking.growth import cold, growth  # noqa: PLC0415

        start = found["cold"]["start"] if "cold" in found else cold(report, options=options, repeat=1)["start"]
        found["growth"] = growth(report, options=options, sizes=arguments.sizes, start=start)
    if "workers" in chosen:
        from benchmarking.growth import workers  # noqa: PLC0415

        found["workers"] = workers(report, options=options, files=arguments.files, counts=arguments.workers)
    return found


def _plain(seconds: Mapping[str, Any]) -> dict[str, dict[str, float]]:
    return {name: value.to_json() for name, value in seconds.items()}


def main() -> None:
    """Print the tables, and write the figures as JSON where asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("report", type=Path, nargs="?", default=next((ROOT / "corpora" / "sample").glob("*.docx"), None))
    parser.add_argument("--model", default=str(SHIPPED_MODEL), help="a model folder; `rules` for cold, growth and workers")
    parser.add_argument("--only", action="append", choices=PARTS, help="a part; may be repeated")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--float", type=Path)
    parser.add_argument("--formats", type=lambda text: tuple(text.split(",")), default=FORMATS, help=f"of {','.join(ALL_FORMATS)}")
    parser.add_argument("--sizes", type=lambda text: [int(n) for n in text.split(",")], default=[1, 10, 100], help="files of `growth`")
    parser.add_argument("--files", type=int, default=16, help="files of `workers`")
    parser.add_argument("--workers", type=lambda text: [int(n) for n in text.split(",")], default=[1, 2], help="processes of `workers`")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    if {"growth", "workers"} & set(arguments.only or PARTS) and arguments.report.suffix != ".docx":
        parser.error("growth and workers need a docx report, of which they make copies")
    found = measure(arguments)
    show(found)
    if arguments.json:
        arguments.json.write_text(json.dumps(found, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
