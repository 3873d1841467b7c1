"""Imports go one way only, and the start imports nothing heavy."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

# Each layer may import from those before it. `annotate` and `training` share the base and the readers.
LAYERS = (
    {"errors", "heaps", "labels", "progress", ""},
    {"text", "config", "in_use", "lock"},
    {"wording", "unit_names"},
    {"records"},
    {"readers"},
    {"annotate"},
    {"why"},
    {"ranking"},
    {"digest", "by_unit"},
    {"run_record"},
    {"overall"},
    {"compare"},
    {"outputs"},
    {"quarters"},
    {"settings"},
    {"report_facts"},
    {"judging", "plan"},
    {"chunks"},
    {"fingerprint"},
    {"flow", "ledger"},
    {"scale"},
    {"many"},
    {"batch"},
    {"rewriting"},
    {"comparing"},
    {"training"},
    {"store"},
    {"review"},
    {"terminal"},
    {"cli_compare", "cli_corpora", "cli_models", "cli_review"},
    {"cli_training"},
    {"cli"},
)


def layer(part: str) -> int:
    return next(n for n, names in enumerate(LAYERS) if part in names)


def imports(path: Path) -> set[str]:
    """First part below `nlp` of everything that the file imports from the project, at any depth of the code."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "nlp":
            parts = node.module.split(".")
            found |= {parts[1]} if len(parts) > 1 else {alias.name for alias in node.names}
        elif isinstance(node, ast.Import):
            found |= {alias.name.split(".")[1] if "." in alias.name else "" for alias in node.names if alias.name.split(".")[0] == "nlp"}
    return found


def test_no_module_imports_backward(root: Path) -> None:
    backward = []
    for path in sorted((root / "nlp").rglob("*.py")):
        own = path.relative_to(root / "nlp").with_suffix("").parts[0]
        own = "" if own == "__init__" else own
        for name in imports(path):
            if name != own and layer(name) > layer(own) - (own != ""):
                backward.append(f"{path.name}: {name}")
    assert backward == []


def test_readers_import_no_model_code(root: Path) -> None:
    for path in (root / "nlp" / "readers").glob("*.py"):
        assert not imports(path) & {"annotate", "training", "ranking"}


def test_help_imports_neither_torch_nor_spacy() -> None:
    code = "import sys; from nlp.cli import app; print(sorted({'torch', 'spacy', 'jieba', 'pdfplumber', 'transformers'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"
