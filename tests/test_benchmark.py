"""The benchmark: its copies of a report are reports, its exponents and peaks are what they are called."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from nlp.readers import read_report

pytest.importorskip("psutil", reason="psutil is not installed: the extra [scale]")

ROOT = Path(__file__).resolve().parent.parent
SAMPLE = next((ROOT / "corpora" / "sample").glob("*.docx"))


@pytest.fixture
def growth(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))
    from benchmarking import growth  # noqa: PLC0415

    return growth


def test_copies_are_reports_with_other_figures(growth: Any, tmp_path: Path) -> None:
    first, second, third = (read_report(path) for path in growth.write_copies(SAMPLE, tmp_path, count=3))
    plain = read_report(SAMPLE)
    assert [item.text for item in first.items] == [item.text for item in plain.items]
    for copy in (second, third):
        assert (copy.title, copy.period, len(copy.items)) == (plain.title, plain.period, len(plain.items))
        assert [len(item.text) for item in copy.items] == [len(item.text) for item in plain.items]
        assert sum(item.text != other.text for item, other in zip(copy.items, plain.items, strict=True)) > len(plain.items) / 3
    assert [item.text for item in second.items] != [item.text for item in third.items]


def test_the_exponent_is_the_power_of_the_items(growth: Any) -> None:
    assert growth.exponent([262, 2620, 26200], [n**1.05 for n in (262, 2620, 26200)]) == pytest.approx(1.05)
    assert growth.exponent([10, 100], [7.0, 7.0]) == pytest.approx(0.0)
    assert growth.exponent([10], [7.0]) is None
    assert growth.exponent([10, 100], [0.0, 1.0]) is None


def test_the_peak_counts_the_children_too(growth: Any) -> None:
    inner = "import time; held = bytearray(80_000_000); time.sleep(1)"
    outer = f"import subprocess, sys; held = bytearray(40_000_000); subprocess.run([sys.executable, '-c', {inner!r}], check=True)"
    process = subprocess.Popen([sys.executable, "-c", outer])
    watch = growth.Watch(process.pid)
    process.wait()
    assert 120_000_000 < watch.end() < 300_000_000


def test_a_part_by_itself_writes_its_figures(tmp_path: Path) -> None:
    command = [sys.executable, str(ROOT / "scripts" / "benchmark.py"), str(SAMPLE), "--model", "rules", "--only", "growth", "--sizes", "1,2"]
    command += ["--formats", "jsonl", "--json", str(tmp_path / "figures.json")]
    done = subprocess.run(command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    figures = json.loads((tmp_path / "figures.json").read_text(encoding="utf-8"))
    assert [(run["files"], run["items"], run["exit"]) for run in figures["growth"]["runs"]] == [(1, 68, 0), (2, 136, 0)]
    assert all(run["peak_mb"] > 50 for run in figures["growth"]["runs"])
    assert "engines" not in figures
    assert figures["machine"]["cores"] >= 1
