"""Small reports, and two worker processes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from nlp.plan import Chunk, plan
from nlp.scale.cluster import open_client
from nlp.settings import Settings

RULES = Settings(formats=("jsonl", "csv", "xlsx", "parquet"))


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    with open_client(workers=2) as found:
        yield found


@pytest.fixture
def chunks(tmp_path: Path) -> tuple[Chunk, ...]:
    """Forty reports of two rows, in five chunks; one of them holds nothing that can be read."""
    folder = tmp_path / "in"
    folder.mkdir()
    for n in range(40):
        rows = ["序号,主要任务,牵头单位,落实情况", f"1,建成第{n}座桥。,市交通局,引桥征地受阻，完成投资{n}万元。", "2,办龙舟赛。,市体育局,拟定于五月举办。"]
        (folder / f"县{n:02d}2024年一季度.csv").write_text("\n".join(rows), encoding="utf-8")
    (folder / "县072024年一季度.csv").write_bytes(b"")
    return plan(list(folder.iterdir()))


def contents(folder: Path) -> dict[str, bytes]:
    """Every file below a folder by its name."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}
