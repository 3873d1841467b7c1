"""Every command of both READMEs runs, and both say the same."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import urllib.request
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
READMES = ("README.md", "README.zh-CN.md")


def commands(name: str) -> list[str]:
    """The lines of all `sh` blocks of a README."""
    blocks = re.findall(r"```sh\n(.*?)```", (ROOT / name).read_text(encoding="utf-8"), re.DOTALL)
    return [line for block in blocks for line in block.splitlines() if line.strip()]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where a reader would stand: a report, a folder of reports, the corpora. The commands run in it in the README's order."""
    tmp_path = tmp_path_factory.mktemp("reader")
    shutil.copytree(ROOT / "corpora", tmp_path / "corpora")
    sample = ROOT / "corpora" / "sample"
    (tmp_path / "报告文件夹").mkdir()
    for suffix in ("docx", "xlsx"):
        shutil.copyfile(sample / f"苍浦市2024年一季度.{suffix}", tmp_path / f"报告.{suffix}")
        shutil.copyfile(sample / f"苍浦市2024年一季度.{suffix}", tmp_path / "报告文件夹" / f"{suffix}2024q1.{suffix}")
    for name in ("上期", "本期"):
        shutil.copyfile(sample / "苍浦市2024年一季度.docx", tmp_path / f"{name}.docx")
    return tmp_path


@pytest.mark.parametrize("command", commands("README.md"))
def test_command_runs(command: str, folder: Path) -> None:
    if "models/mine" in command and not find_spec("torch"):
        pytest.skip("torch is not installed: python scripts/test.py --with-training")
    if "--workers" in command and not find_spec("distributed"):
        pytest.skip("Dask is not installed: the extra [scale]")
    words = command.split()
    if words[0] == "python":
        words = [sys.executable, str(ROOT / words[1]), *words[2:]]
        # The suite cannot run itself; that it is found and collected is shown.
        words += ["--collect-only", "tests/test_labels.py"] if command.endswith("test.py") else []
    else:
        assert words[0] == "ducha"
        words = [sys.executable, "-m", "nlp.cli", *words[1:]]
    if words[3:4] == ["review"]:
        serves_and_ends(words, folder)
        return
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def serves_and_ends(words: list[str], folder: Path) -> None:
    """The screen comes up, answers, and ends when told to."""
    if not find_spec("fastapi"):
        pytest.skip("fastapi is not installed: the extra [review]")
    words = [*words, "--port", "0", "--no-browser"]
    with subprocess.Popen(words, cwd=folder, stdout=subprocess.PIPE, text=True, encoding="utf-8", env={**os.environ, "PYTHONUNBUFFERED": "1"}) as running:
        try:
            assert running.stdout
            line = running.stdout.readline()
            address = re.search(r"http://\S+", line)
            assert address, line
            with urllib.request.urlopen(address[0], timeout=30) as page:
                assert page.status == 200
        finally:
            running.terminate()


def test_both_readmes_have_the_same_commands_and_pictures() -> None:
    assert commands(READMES[0]) == commands(READMES[1])
    pictures = [re.findall(r"!\[.*?\]\((.*?)\)", (ROOT / name).read_text(encoding="utf-8")) for name in READMES]
    assert pictures[0] == pictures[1]
    assert all((ROOT / picture).is_file() for picture in pictures[0])


def test_links_lead_somewhere() -> None:
    for name in READMES:
        links = re.findall(r"\]\(((?!http)[^)]+)\)", (ROOT / name).read_text(encoding="utf-8"))
        assert [link for link in links if not (ROOT / link).exists()] == []
