"""Fixtures that more than one test file needs."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared"


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
