"""A Dask cluster to work on: processes of this machine, started and ended here, or one that is there already. Errors are told in one line."""

from __future__ import annotations

import logging
import signal
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any, Final

from nlp.annotate.encoder import CORES, cores
from nlp.errors import ScaleError, UsageError

_SCHEMES: Final = ("tcp://", "tls://")
_CONNECT: Final = 15
_LOCAL: Final = "127.0.0.1"
# What Dask says of lost connections and dead workers is told by this program in its own words.
_SILENT: Final = logging.CRITICAL + 1
# So often a chunk may lose its worker before it is put aside. At a scheduler of others it is their setting (3 as a rule).
_ALLOWED_FAILURES: Final = 1


def check_scale(*, workers: int = 1, address: str = "") -> None:
    """Raise `UsageError`, before any work, for options that contradict each other or where Dask is not installed."""
    if workers > 1 and address:
        raise UsageError("--workers 和 --dask 不能同时用", remedy="本机多进程用 --workers，已有的 Dask 集群用 --dask")
    if address and not address.startswith(_SCHEMES):
        raise UsageError(f"--dask {address} 写法不对", remedy="请写作 --dask tcp://主机:端口，例如 --dask tcp://10.0.0.5:8786")
    if find_spec("distributed") is None:
        option = "--dask" if address else "--workers"
        raise UsageError(f"{option} 需要 Dask，这个环境里没有", remedy=f"请执行 pip install -c scripts/constraints.txt -e .[scale]，或去掉 {option}")


@contextmanager
def open_client(*, workers: int = 1, address: str = "") -> Iterator[Any]:
    """A `distributed.Client` of the cluster at `address`, or of `workers` processes of this machine that end with the block.

    Raises
    ------
    ScaleError : no scheduler answers at the address, or no worker is connected to it.
    """
    with _there(address) if address else _local(workers) as client:
        yield client


@contextmanager
def _local(workers: int) -> Iterator[Any]:
    """Processes that listen on 127.0.0.1 alone, and to those alone that have the keys made here: another user of this machine has not."""
    import dask  # noqa: PLC0415
    from distributed import Client, LocalCluster  # noqa: PLC0415
    from distributed.security import Security  # noqa: PLC0415

    settings = {
        "distributed.scheduler.allowed-failures": _ALLOWED_FAILURES,
        # Dask serves pages on itself without asking for a key, even where there is no dashboard: there are none.
        "distributed.scheduler.http.routes": [],
        "distributed.worker.http.routes": [],
    }
    options: dict[str, Any] = {
        "host": _LOCAL,
        "n_workers": workers,
        "threads_per_worker": 1,
        "processes": True,
        # Any free port: None would be 8787, and a complaint where that is taken.
        "dashboard_address": f"{_LOCAL}:0",
        "scheduler_kwargs": {"dashboard": False},
        # Memory does not grow with the run; a limit would have Dask end workers.
        "memory_limit": 0,
        "silence_logs": _SILENT,
        "security": Security.temporary(),
        "protocol": "tls",
        "env": {CORES: str(max(1, cores() // workers))},
    }
    with tempfile.TemporaryDirectory(prefix="ducha-workers-", ignore_cleanup_errors=True) as folder, dask.config.set(settings):
        try:
            cluster = LocalCluster(local_directory=folder, **options)
        except Exception as error:
            raise ScaleError(f"不能启动 {workers} 个工作进程（{type(error).__name__}：{error}）", remedy="请减少 --workers，或去掉它") from error
        with cluster, Client(cluster, set_as_default=False) as client:
            client.register_plugin(_deaf_to_ctrl_c())
            yield client


def _deaf_to_ctrl_c() -> Any:
    """Ctrl-C on a terminal reaches every process; only this one is to act on it."""
    from distributed import WorkerPlugin  # noqa: PLC0415

    def setup(plugin: Any, worker: Any) -> None:  # noqa: ARG001
        signal.signal(signal.SIGINT, signal.SIG_IGN)

    return type("Deaf", (WorkerPlugin,), {"name": "ducha-ctrl-c", "setup": setup})()


@contextmanager
def _there(address: str) -> Iterator[Any]:
    from distributed import Client  # noqa: PLC0415

    logging.getLogger("distributed").setLevel(_SILENT)
    try:
        with warnings.catch_warnings():
            # Other versions of packages are told of by `probe`.
            warnings.simplefilter("ignore")
            client = Client(address, timeout=_CONNECT, set_as_default=False)
    except (OSError, TimeoutError, ValueError, TypeError) as error:
        raise ScaleError(
            f"连不上 Dask 调度器（{type(error).__name__}）", where=address, remedy="请核对地址和端口，并确认那台机器上 dask scheduler 正在运行、防火墙放行"
        ) from error
    with client:
        try:
            client.wait_for_workers(1, timeout=_CONNECT)
        except TimeoutError as error:
            raise ScaleError("调度器上没有工作进程", where=address, remedy=f"请在各台机器上运行 dask worker {address} --nthreads 1 --nworkers -1") from error
        yield client
