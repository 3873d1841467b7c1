"""Training as a person starts it: stopped with Ctrl-C it writes what it has, started again it goes on, what it wrote can be measured."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from nlp.training import job
from nlp.training.own import ensure_government
from tests.training.test_train import base  # noqa: F401

pytest.importorskip("torch", reason="torch is not installed: python scripts/test.py --with-training")

# A tiny encoder of random weights is too coarse for int8; that a poor agreement is refused is tested in test_train.py.
COMMAND = "import nlp.training.export as e; e.LEAST_AGREEMENT = 0.0; from nlp.cli import main; main()"
LONGEST = 120


def start(*words: str | Path) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-c", COMMAND, *map(str, words)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8")


@pytest.fixture
def corpora(root: Path, tmp_path: Path) -> Path:
    """A train, a dev and a test government of thirty rows each."""
    for name in ("langang", "mochuan", "jiangbu"):
        folder = tmp_path / "corpora" / name
        folder.mkdir(parents=True)
        shutil.copyfile(root / "corpora" / name / "government.toml", folder / "government.toml")
        lines = (root / "corpora" / name / "q1.jsonl").read_text(encoding="utf-8").splitlines()[:30]
        (folder / "q1.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return tmp_path / "corpora"


def epochs_of(run: Path) -> int:
    try:
        return len(json.loads((run / "state.json").read_text(encoding="utf-8"))["epochs"])
    except (OSError, ValueError):
        return 0


@pytest.mark.skipif(os.name == "nt", reason="Windows sends no SIGINT to a single process")
def test_ctrl_c_writes_the_best_epoch_and_a_killed_run_goes_on(corpora: Path, base: Path, tmp_path: Path) -> None:  # noqa: F811
    config = tmp_path / "run.toml"
    config.write_text("epochs = 400\npatience = 0\nlayers = 1\nbatch_size = 8\n", encoding="utf-8")
    out, run = tmp_path / "models" / "mine", tmp_path / "models" / ".mine-run"
    words = ("train", corpora, "--out", out, "--base", base, "--config", config)

    def until(epochs: int, process: subprocess.Popen[str]) -> None:
        limit = time.monotonic() + LONGEST
        while epochs_of(run) < epochs:
            assert process.poll() is None, process.stderr.read() if process.stderr else ""
            assert time.monotonic() < limit
            time.sleep(0.05)

    killed = start(*words)
    until(2, killed)
    killed.kill()
    killed.wait()
    before = epochs_of(run)
    assert not out.exists()
    stopped = start(*words)
    until(before + 2, stopped)
    stopped.send_signal(signal.SIGINT)
    output, errors = stopped.communicate(timeout=LONGEST)
    assert stopped.returncode == 0, errors
    assert "已中断，用" in errors
    assert f"模型已写入 {out}" in output.replace("\n", "")
    manifest = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    assert len(manifest["epochs"]) >= before + 2
    assert (manifest["train"], manifest["dev"]) == (["langang"], ["mochuan"])
    assert not run.exists()

    measured = start("evaluate", corpora, "--model", out, "--out", tmp_path / "figures")
    output, errors = measured.communicate(timeout=LONGEST)
    assert measured.returncode == 0, errors
    assert all(name in output for name in ("模型", "规则", "TF-IDF", "问题语句", "最有把握的 90%"))
    figures = json.loads((tmp_path / "figures" / "metrics.json").read_text(encoding="utf-8"))
    assert figures["模型"]["n"]["items"] == 30
    assert (tmp_path / "figures" / "metrics.html").read_text(encoding="utf-8").count("<svg") == 2


def test_quick_training_from_a_base_encoder(corpora: Path, base: Path, tmp_path: Path) -> None:  # noqa: F811
    config = tmp_path / "quick.toml"
    config.write_text("layers = 1\n", encoding="utf-8")
    done = start("train", corpora, "--out", tmp_path / "quick", "--base", base, "--config", config, "--quick")
    _, errors = done.communicate(timeout=LONGEST)
    assert done.returncode == 0, errors
    assert "only the heads were trained" in (tmp_path / "quick" / "README.md").read_text(encoding="utf-8")
    again = start("train", corpora, "--out", tmp_path / "quick", "--base", base, "--quick")
    _, errors = again.communicate(timeout=LONGEST)
    assert again.returncode == 1
    assert "模型文件夹已存在。加 --force 覆盖" in errors
    config.write_text("layers = 1\nwidth = 0.5\n", encoding="utf-8")
    cut = start("train", corpora, "--out", tmp_path / "cut", "--base", base, "--config", config)
    _, errors = cut.communicate(timeout=LONGEST)
    assert cut.returncode == 2
    assert "width = 0.5 只在 --teacher 时有效" in errors


def own_quarter(root: Path, folder: Path) -> Path:
    """A folder of own quarters: fifteen rows of another place."""
    ensure_government(folder / "苇塘市2024", place="苇塘市", period="2024Q1")
    lines = (root / "corpora" / "yunxiu" / "q1.jsonl").read_text(encoding="utf-8").splitlines()[:15]
    (folder / "苇塘市2024" / "q1.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


def test_own_quarters_are_learned_beside_the_corpora(corpora: Path, base: Path, root: Path, tmp_path: Path) -> None:  # noqa: F811
    config = tmp_path / "quick.toml"
    config.write_text("layers = 1\n", encoding="utf-8")
    own = own_quarter(root, tmp_path / "own")
    done = start("train", corpora, own, "--out", tmp_path / "mine", "--base", base, "--config", config, "--quick")
    _, errors = done.communicate(timeout=LONGEST)
    assert done.returncode == 0, errors
    manifest = json.loads((tmp_path / "mine" / "manifest.json").read_text(encoding="utf-8"))
    assert (manifest["train"], manifest["n_train"], manifest["dev"]) == (["langang", "苇塘市2024"], 45, ["mochuan"])
    assert "苇塘市2024/q1.jsonl" in manifest["corpora"]
    twice = start("train", corpora, corpora / "langang", "--out", tmp_path / "twice", "--base", base, "--quick")
    _, errors = twice.communicate(timeout=LONGEST)
    assert twice.returncode == 1
    assert "政府 langang 出现两次" in errors


def test_a_watched_training_is_stopped_by_a_file(corpora: Path, base: Path, tmp_path: Path) -> None:  # noqa: F811
    """As the review screen does it; on Windows there is no other way."""
    config = tmp_path / "run.toml"
    config.write_text("epochs = 400\npatience = 0\nlayers = 1\nbatch_size = 8\n", encoding="utf-8")
    out = tmp_path / "models" / "mine"
    folder = tmp_path / "models" / job.FOLDER / "mine"
    folder.mkdir(parents=True)
    job.write_order(folder, job.Order("mine", (str(corpora),), False, str(base), (), "", "王芳", "2024-04-01T08:00:00+08:00"))
    running = start("train", corpora, "--out", out, "--base", base, "--config", config, "--job", folder)
    limit = time.monotonic() + LONGEST
    while len(job.read_progress(folder).finished) < 2:
        assert running.poll() is None, running.communicate()[1]
        assert time.monotonic() < limit
        time.sleep(0.1)
    assert (job.read_progress(folder).state, job.read_progress(folder).epochs) == (job.RUNNING, 400)
    job.ask_to_stop(folder)
    _, errors = running.communicate(timeout=LONGEST)
    assert running.returncode == 0, errors
    ended = job.read_progress(folder)
    assert ended.state == job.WRITTEN
    assert ended.text == f"已取消，用 {len(ended.finished)} 轮里最好的一轮写出模型"
    assert (out / "model.onnx").is_file()
