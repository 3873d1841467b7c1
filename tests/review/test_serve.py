"""The command: port, password, Ctrl-C."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from nlp.errors import UsageError
from nlp.review.serve import bind, own_names
from tests.test_cli import ducha


def start(outputs: Path, *options: str) -> tuple[subprocess.Popen[str], str]:
    """The command on a port of its own choice, and the address that it names."""
    command = [sys.executable, "-m", "nlp.cli", "review", str(outputs), "--store", str(outputs.parent / "s.db"), "--port", "0", "--no-browser", *options]
    running = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8", env={**os.environ, "PYTHONUNBUFFERED": "1", "PYTHONUTF8": "1"}
    )
    assert running.stdout
    line = running.stdout.readline()
    found = re.search(r"http://127\.0\.0\.1:\d+\S*", line)
    if not found:
        running.kill()
        raise AssertionError(line + running.communicate()[1])
    return running, found[0]


@pytest.mark.skipif(os.name != "posix", reason="signals are sent otherwise on Windows")
def test_it_serves_and_ends_cleanly_on_ctrl_c(outputs: Path) -> None:
    running, address = start(outputs)
    try:
        with urllib.request.urlopen(address, timeout=30) as page:
            assert "乌有市" in page.read().decode()
        running.send_signal(signal.SIGINT)
        out, err = running.communicate(timeout=30)
    finally:
        running.kill()
    assert (running.returncode, out, err) == (0, "已结束；所有修改都已保存\n", "")


def test_a_port_in_use_is_one_line(outputs: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = ducha("review", outputs, "--port", port, "--store", outputs.parent / "s.db", "--no-browser")
    assert done.returncode == 2
    assert done.stderr.strip() == f"错误：端口 {port} 已被占用。请用 --port 另选一个，或用 --port 0 自动选择"


def test_an_address_that_others_reach_wants_a_password(outputs: Path) -> None:
    done = ducha("review", outputs, "--host", "0.0.0.0", "--no-browser")
    assert (done.returncode, done.stderr.strip()) == (2, "错误：--host 0.0.0.0 让别的电脑也能访问，须设口令。请加 --password -，在终端输入口令")
    done = ducha("review", outputs, "--host", "0.0.0.0", "--password", "short", "--no-browser")
    assert (done.returncode, done.stderr.strip()) == (2, "错误：口令只有 5 个字符。至少 8 个")


def test_a_folder_without_outputs_is_one_line(tmp_path: Path) -> None:
    done = ducha("review", tmp_path / "no", "--port", "0", "--store", tmp_path / "s.db", "--no-browser")
    assert (done.returncode, done.stderr.strip()) == (2, f"错误：{tmp_path / 'no'}：没有这个文件夹。请指定 ducha run 的输出文件夹")


def test_an_address_of_another_machine_is_refused() -> None:
    with pytest.raises(UsageError, match="--host 应为本机的地址"):
        bind("192.0.2.1", 0)


def test_names_by_which_a_host_is_called() -> None:
    assert own_names("10.0.0.5") == {"10.0.0.5"}
    assert own_names("::1") == {"[::1]"}
    assert socket.gethostname().lower() in own_names("0.0.0.0")
    assert "0.0.0.0" not in own_names("0.0.0.0")
