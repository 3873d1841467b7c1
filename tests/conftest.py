"""Fixtures that more than one test file needs."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared"


if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    # Begun in the background of a shell: programs started from here would be deaf to Ctrl-C too.
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def root() -> Path:
    """The project folder."""
    return ROOT


@pytest.fixture(scope="session")
def real_reports() -> Path:
    """The folder of real reports, which lies beside the project and is for measuring only."""
    folder = SHARED / "reports"
    if not folder.is_dir():
        pytest.skip(f"no real reports in {folder}")
    return folder


@pytest.fixture
def write_csv(tmp_path: Path):
    """Write rows as `NAME.csv` in a fresh folder and return the path."""

    def write(*rows: str, name: str = "2024年一季度进展.csv", encoding: str = "utf-8") -> Path:
        path = tmp_path / name
        path.write_bytes("\n".join(rows).encode(encoding))
        return path

    return write


@pytest.fixture
def make_model(tmp_path: Path) -> Callable[..., Path]:
    """Write a folder `models/NAME` of files that hold nothing to run but agree with their manifest; further keywords go into the manifest."""

    def make(name: str, *, figures: dict[str, Any] | None = None, **notes: Any) -> Path:
        folder = tmp_path / "models" / name
        folder.mkdir(parents=True, exist_ok=True)
        names = ("model.onnx", "tokenizer.json", "labels.json", "calibration.json", "heads.safetensors")
        for file in names:
            (folder / file).write_text(f"{name} {file}", encoding="utf-8")
        hashes = {file: sha256((folder / file).read_bytes()).hexdigest() for file in names}
        (folder / "manifest.json").write_text(json.dumps({"files": hashes, "train": [], "dev": [], **notes}), encoding="utf-8")
        if figures:
            (folder / "metrics.json").write_text(json.dumps({"dev": figures}), encoding="utf-8")
        return folder

    return make
