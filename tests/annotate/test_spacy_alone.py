"""spaCy does not draw torch in, and torch can be imported behind it."""

from __future__ import annotations

import importlib.util
import subprocess
import sys

import pytest


def run(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()


def test_the_language_is_built_without_torch() -> None:
    assert (
        run("import sys; from nlp.annotate.tokenizer import build_language; build_language(); print([n for n in sys.modules if n.split('.')[0] == 'torch'])")
        == "[]"
    )


@pytest.mark.skipif(importlib.util.find_spec("torch") is None, reason="torch is not installed")
def test_torch_can_be_imported_before_and_behind_it() -> None:
    assert run("import nlp.annotate.tokenizer, torch; print(torch.ones(2).sum().item())") == "2.0"
    assert run("import torch, nlp.annotate.tokenizer, sys; print(sys.modules['torch'] is torch)") == "True"
