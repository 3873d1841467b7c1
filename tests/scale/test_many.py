"""The command on worker processes: the outputs of one process byte for byte, also where it was cut off, and on a cluster that is there already."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("distributed", reason="Dask is not installed: the extra [scale]")
import psutil
from distributed import LocalCluster

from nlp import batch
from nlp.ledger import LEDGER, working_folder
from tests.scale.conftest import contents

FORMATS = ("jsonl", "csv", "xlsx", "docx", "html")


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sixty reports, in eight chunks; one of them cannot be read."""
    folder = tmp_path_factory.mktemp("reports")
    for n in range(60):
        rows = ["序号,主要任务,牵头单位,落实情况", f"1,建成第{n}座桥。,市交通局,引桥征地受阻，完成投资{n}万元。", "2,办龙舟赛。,市体育局,拟定于五月举办。"]
        (folder / f"县{n:02d}2024年一季度.csv").write_text("\n".join(rows), encoding="utf-8")
    (folder / "县072024年一季度.csv").write_bytes(b"")
    return folder


@pytest.fixture(scope="module")
def undisturbed(reports: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """What one process writes."""
    out = tmp_path_factory.mktemp("one") / "out"
    batch.run([reports], out=out, model=None, formats=FORMATS)
    return without_seconds(out)


def without_seconds(out: Path) -> dict[str, bytes]:
    found = contents(out)
    record = json.loads(found.pop("run.json"))
    assert record.pop("seconds") > 0
    return {**found, "run.json": json.dumps(record, ensure_ascii=False).encode()}


def start(reports: Path, out: Path, *options: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "nlp.cli", "run", str(reports), "--out", str(out), "--model", "rules", "--formats", ",".join(FORMATS)]
    return subprocess.Popen([*command, *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8")


def wait_for_a_chunk(process: subprocess.Popen[str], out: Path) -> None:
    """Until the first chunk is written down."""
    ledger = working_folder(out) / LEDGER
    while process.poll() is None and not (ledger.is_file() and ledger.read_bytes().count(b"\n") > 1):
        time.sleep(0.02)


def test_two_workers_write_what_one_process_writes(reports: Path, undisturbed: dict[str, bytes], tmp_path: Path) -> None:
    process = start(reports, tmp_path / "out", "--workers", "2")
    _, said = process.communicate()
    # One report cannot be read, and nothing else is said.
    assert (process.returncode, said.strip()) == (1, "错误：县072024年一季度.csv：文件是空的（0 字节）。请重新获取此文件")
    assert without_seconds(tmp_path / "out") == undisturbed
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out"]


def test_a_cluster_that_is_there_writes_the_same(reports: Path, undisturbed: dict[str, bytes], tmp_path: Path) -> None:
    options: dict[str, Any] = {"n_workers": 2, "threads_per_worker": 2, "dashboard_address": None, "memory_limit": 0}
    with LocalCluster(processes=True, host="127.0.0.1", local_directory=str(tmp_path / "dask"), **options) as cluster:
        result = batch.run([reports], out=tmp_path / "out", model=None, formats=FORMATS, dask=cluster.scheduler_address)
        assert len(cluster.scheduler_info["workers"]) == 2
    assert (result.reports, len(result.failures), result.warnings) == (59, 1, ())
    assert without_seconds(tmp_path / "out") == undisturbed


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_a_run_that_was_cut_off_goes_on(reports: Path, undisturbed: dict[str, bytes], tmp_path: Path, number: signal.Signals) -> None:
    out = tmp_path / "out"
    process = start(reports, out, "--workers", "2")
    wait_for_a_chunk(process, out)
    children = psutil.Process(process.pid).children(recursive=True)
    for member in [psutil.Process(process.pid), *(children if number == signal.SIGINT else [])]:
        # Ctrl-C reaches all of them.
        os.kill(member.pid, number)
    _, said = process.communicate(timeout=60)
    assert not out.exists()
    if number == signal.SIGINT:
        assert process.returncode == 130
        assert said.startswith("已中断，已完成 ")
        assert said.count("\n") == 1
    _, alive = psutil.wait_procs(children, timeout=30)
    assert alive == []
    again = start(reports, out)
    again.communicate()
    assert again.returncode == 1
    assert without_seconds(out) == undisturbed
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out"]


def test_one_report_needs_no_workers(reports: Path, tmp_path: Path) -> None:
    result = batch.run([reports / "县002024年一季度.csv"], out=tmp_path / "out", model=None, formats=("jsonl",), workers=2)
    assert result.single is not None
    assert (tmp_path / "out" / "items.jsonl").is_file()


def test_options_are_refused_before_anything_is_read(reports: Path, tmp_path: Path) -> None:
    process = start(reports, tmp_path / "out", "--dask", "10.0.0.5")
    _, said = process.communicate()
    assert (process.returncode, said.strip()) == (2, "错误：--dask 10.0.0.5 写法不对。请写作 --dask tcp://主机:端口，例如 --dask tcp://10.0.0.5:8786")
    assert list(tmp_path.iterdir()) == []
