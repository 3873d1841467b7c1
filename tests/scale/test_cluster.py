"""What is told before anything is begun: options, a scheduler that is not there, workers that could not do the work."""

from __future__ import annotations

import itertools
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("distributed", reason="Dask is not installed: the extra [scale]")
import psutil
from distributed.protocol import deserialize, serialize
from distributed.protocol.pickle import dumps

from nlp.annotate.encoder import cores
from nlp.errors import ScaleError, UsageError
from nlp.plan import Chunk, plan
from nlp.run_record import Failure, FileDone
from nlp.scale import cluster, probe
from nlp.scale.cluster import check_scale, open_client
from nlp.scale.probe import check_workers
from tests.scale.conftest import RULES


def test_the_options_are_checked() -> None:
    check_scale(workers=2)
    check_scale(address="tcp://127.0.0.1:8786")
    check_scale(address="tls://127.0.0.1:8786")
    with pytest.raises(UsageError, match="--workers 和 --dask 不能同时用"):
        check_scale(workers=2, address="tcp://127.0.0.1:8786")
    with pytest.raises(UsageError, match=r"--dask 127\.0\.0\.1:8786 写法不对。请写作 --dask tcp://"):
        check_scale(address="127.0.0.1:8786")


def test_without_dask_one_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "find_spec", lambda _: None)
    with pytest.raises(UsageError, match=r"--workers 需要 Dask，这个环境里没有。请执行 pip install .*\[scale\]，或去掉 --workers"):
        check_scale(workers=2)


def test_a_scheduler_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "_CONNECT", 1)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{free.getsockname()[1]}"
    with pytest.raises(ScaleError, match=f"{address}：连不上 Dask 调度器"), open_client(address=address):
        pass


def test_the_processes_listen_on_this_machine_alone(client: Any) -> None:
    workers = client.scheduler_info()["workers"]
    assert len(workers) == 2
    assert all(address.startswith("tls://127.0.0.1:") for address in [client.scheduler.address, *workers])
    family = [psutil.Process(), *psutil.Process().children(recursive=True)]
    listening = {entry.laddr.ip for member in family for entry in member.net_connections("inet") if entry.status == psutil.CONN_LISTEN}
    assert listening == {"127.0.0.1"}


def test_nothing_is_told_without_a_key(client: Any) -> None:
    ports = [client.scheduler_info()["services"]["dashboard"], *(worker["services"]["dashboard"] for worker in client.scheduler_info()["workers"].values())]
    for port, page in itertools.product(ports, ("info/main/workers.html", "json/counts.json", "health", "metrics")):
        with pytest.raises(urllib.error.HTTPError, match="404"):
            urllib.request.urlopen(f"http://127.0.0.1:{port}/{page}", timeout=10)
    with pytest.raises(ScaleError, match="连不上"), open_client(address=client.scheduler.address.replace("tls://", "tcp://")):
        pass


def test_the_processes_share_the_cores(client: Any) -> None:
    assert set(client.run(cores).values()) == {max(1, cores() // 2)}


def test_workers_that_can_do_the_work_pass(client: Any, tmp_path: Path, chunks: tuple[Chunk, ...]) -> None:
    folder = tmp_path / "work"
    folder.mkdir()
    assert check_workers(client, folder=folder, settings=RULES, report=Path(chunks[0].files[0].path)) == ()
    assert list(folder.iterdir()) == []


class Answers:
    """A client whose workers answer as told, else as the real ones."""

    def __init__(self, client: Any, **answer: Any) -> None:
        self.scheduler, self.client, self.answer = client.scheduler, client, answer

    def run(self, *arguments: Any, **options: Any) -> dict[str, Any]:
        return {worker: {**found, **self.answer} for worker, found in self.client.run(*arguments, **options).items()}

    def run_on_scheduler(self, *arguments: Any, **options: Any) -> Any:
        return self.client.run_on_scheduler(*arguments, **options)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"missing": "ModuleNotFoundError: No module named 'nlp'"}, "工作进程 tls://.*：不能载入程序（ModuleNotFoundError: .*）。请在那台机器上安装同一版本"),
        ({"program": "ducha 0.0.1"}, "程序版本应为 ducha .*，实为 ducha 0.0.1"),
        ({"lacks": "pyarrow"}, "缺少 pyarrow"),
        ({"sees": False}, "看不到输出文件夹。各台机器要以同样的路径看到同一个共享文件夹"),
        ({"writes": False}, "不能写入输出文件夹"),
        ({"model": ""}, "看不到模型文件夹"),
        ({"model": "0" * 64}, "里是另一个模型"),
        ({"files": [""]}, "报告 .*csv 看不到"),
        ({"files": ["0" * 64]}, "报告 .*csv 的内容与本机的不同"),
    ],
)
def test_what_a_worker_lacks_is_told(client: Any, tmp_path: Path, chunks: tuple[Chunk, ...], answer: dict[str, Any], said: str) -> None:
    with pytest.raises(ScaleError, match=said):
        check_workers(Answers(client, **answer), folder=tmp_path, settings=RULES, report=Path(chunks[0].files[0].path))


def test_other_versions_of_packages_are_a_warning(client: Any, tmp_path: Path) -> None:
    warnings = check_workers(Answers(client, versions={"onnxruntime": "1.0", "python": "3.0"}), folder=tmp_path, settings=RULES, report=None)
    assert len(warnings) == 2
    assert "的 onnxruntime 是 1.0，本机是 " in warnings[0]


def test_a_machine_without_the_program_can_say_so() -> None:
    code = "import sys; from distributed.protocol.pickle import loads; sys.modules['nlp'] = None; print(sorted(loads(sys.stdin.buffer.read())({})))"
    done = subprocess.run([sys.executable, "-c", code], input=dumps(probe._question()), capture_output=True, check=True)
    assert done.stdout.decode().strip() == "['missing']"


def test_what_travels_arrives_as_it_was_sent(tmp_path: Path) -> None:
    report = tmp_path / "甲县2024年一季度.csv"
    report.write_text("序号,主要任务,牵头单位,落实情况\n", encoding="utf-8")
    (chunk,) = plan([report])
    done = FileDone(report.name, "甲县2024年一季度", chunk.files[0].sha256, failure=Failure(report.name, "没有行", False))
    for sent in ((chunk, RULES), (done,)):
        assert deserialize(*serialize(sent)) == sent
