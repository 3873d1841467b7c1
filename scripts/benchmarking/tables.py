"""The figures as tables on the terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

# The engine against which the others are held besides the pipelines.
EXACT = "ONNX Runtime fp32, by length"
PIPELINE = "transformers pipeline fp32"
# The very network of the shipped model, with as many layers and as wide.
SAME = f"{PIPELINE}, the same network"


def show(found: Mapping[str, Any]) -> None:
    """A table a part that was measured."""
    console, items = Console(), found["report"]["items"]
    on = found["machine"]
    extensions = " ".join(on["extensions"]) or "no extensions known"
    console.print(f"{items} items; {on['processor']}, {on['cores']} cores, {extensions}; load {on['load']}", highlight=False)
    parts = {"cold": _cold, "stages": _stages, "engines": _engines, "agreement": _agreement, "growth": _growth, "workers": _workers}
    for name, part in parts.items():
        if name in found:
            console.print(part(found[name], items), highlight=False)


def _cold(one: Mapping[str, Any], items: int) -> str:  # noqa: ARG001
    said = f"cold start to written outputs: best {one['best']:.2f} s, median {one['median']:.2f} s, {one['peak_mb']:.0f} MB, exit code {one['exit']}"
    return f"{said}; on one row {one['start']:.2f} s"


def _stages(stages: Mapping[str, Any], items: int) -> Table:
    rows = [(name, f"{1000 * s['best']:.1f}", f"{1000 * s['median']:.1f}", f"{1000 * s['best'] / items:.2f}") for name, s in stages.items()]
    return _table("stages, milliseconds", ("stage", "best", "median", "an item"), rows)


def _engines(engines: Mapping[str, Any], items: int) -> Table:
    against = {name: engines[name]["best"] for name in engines if name.startswith(PIPELINE) or name == EXACT}
    short = ["xORT" if name == EXACT else "xsame" if name == SAME else f"x{name.rpartition(', ')[2].partition(' ')[0]}L" for name in against]
    headers = ("engine", "items/s", "median", *short)
    rows = [
        (name, f"{items / s['best']:.1f}", f"{items / s['median']:.1f}", *(f"{other / s['best']:.2f}" for other in against.values()))
        for name, s in engines.items()
    ]
    return _table(
        "engines in turn (x12L: times the pipeline of 12 layers; xsame: that of the shipped network; xORT: times ONNX Runtime fp32)",
        headers,
        rows,
    )


def _agreement(said: Mapping[str, Any], items: int) -> Table:  # noqa: ARG001
    rows = []
    for name, value in said.items():
        for inner, figure in value.items() if isinstance(value, Mapping) else [("", value)]:
            rows.append((f"{name} {inner}".strip(), f"{figure:.4f}" if isinstance(figure, float) else str(figure)))
    return _table("int8 against fp32", ("figure", ""), rows)


def _growth(grown: Mapping[str, Any], items: int) -> Table:  # noqa: ARG001
    rows = [
        (str(r["files"]), str(r["items"]), f"{r['seconds']:.2f}", f"{r['items'] / r['seconds']:.1f}", f"{r['peak_mb']:.0f}", str(r["exit"]))
        for r in grown["runs"]
    ]
    power, bare, more = ("-" if grown[key] is None else f"{grown[key]:.3f}" for key in ("exponent", "exponent_without_start", "memory_growth"))
    title = f"growth: time with the power {power} of the items ({bare} without the start), memory by {more} of that of one file"
    return _table(title, ("files", "items", "seconds", "items/s", "MB", "exit code"), rows)


def _workers(several: Sequence[Mapping[str, Any]], items: int) -> Table:  # noqa: ARG001
    one = several[0]["seconds"]
    rows = [(str(r["workers"]), f"{r['seconds']:.2f}", f"{one / r['seconds']:.2f}", f"{r['peak_mb']:.0f}", str(r["exit"])) for r in several]
    return _table(f"{several[0]['files']} files by several processes", ("processes", "seconds", "times the first", "MB", "exit code"), rows)


def _table(title: str, headers: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    table = Table(title=title)
    for n, header in enumerate(headers):
        table.add_column(header, justify="right" if n else "left", no_wrap=True)
    for row in rows:
        table.add_row(*row)
    return table
