"""Chunks on two worker processes: the same outputs as one process gives, workers that die, chunks that nobody survives."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("distributed", reason="Dask is not installed: the extra [scale]")
from distributed import WorkerPlugin

from nlp.chunks import ATTEMPTS, process_chunk
from nlp.errors import ScaleError
from nlp.in_use import MODELS, SHIPPED
from nlp.plan import Chunk
from nlp.run_record import FileDone
from nlp.scale.cluster import open_client
from nlp.scale.run import process_chunks
from tests.scale.conftest import RULES, contents

# A report by whose name a worker can be told what to do with its chunk.
DEADLY, SLOW = "县17", "县25"


def by_one_process(chunks: tuple[Chunk, ...], folder: Path, **changes: Any) -> dict[int, tuple[FileDone, ...]]:
    return {chunk.number: process_chunk(chunk, replace(RULES, **changes), folder) for chunk in chunks}


def by_workers(chunks: tuple[Chunk, ...], folder: Path, client: Any, **changes: Any) -> dict[int, tuple[FileDone, ...]]:
    return {chunk.number: done for chunk, done in process_chunks(chunks, replace(RULES, **changes), folder, client=client)}


@pytest.fixture
def act(client: Any) -> Iterator[Any]:
    """Have the workers do something, at a chunk with a certain report, before it is read: also those that take the place of dead ones."""
    names = []

    def register(report: str, deed: Any) -> None:
        class Deed(WorkerPlugin):
            name = f"deed-{report}"

            def setup(self, worker: Any) -> None:  # noqa: ARG002
                from nlp.scale import work  # noqa: PLC0415

                plain = work.read_chunk

                def read(chunk: Any, settings: Any) -> Any:
                    if any(report in file.path for file in chunk.files):
                        deed()
                    return plain(chunk, settings)

                work.read_chunk = read
                self.undo = lambda: setattr(work, "read_chunk", plain)

            def teardown(self, worker: Any) -> None:  # noqa: ARG002
                self.undo()

        client.register_plugin(Deed())
        names.append(Deed.name)

    yield register
    for name in names:
        client.unregister_worker_plugin(name)


def test_two_workers_give_the_outputs_of_one_process_in_any_order(chunks: tuple[Chunk, ...], tmp_path: Path, client: Any) -> None:
    one = by_one_process(chunks, tmp_path / "one")
    two = by_workers(chunks[::-1], tmp_path / "two", client)
    assert two == one
    assert contents(tmp_path / "two") == contents(tmp_path / "one")
    assert [file.file for done in one.values() for file in done if file.failure] == ["县072024年一季度.csv"]
    assert not (tmp_path / "two" / ATTEMPTS).exists()


@pytest.mark.skipif(not (MODELS / SHIPPED).is_dir(), reason="no model is shipped")
def test_the_model_says_the_same_in_a_worker(chunks: tuple[Chunk, ...], tmp_path: Path, client: Any) -> None:
    model = str(MODELS / SHIPPED)
    assert by_workers(chunks[:2], tmp_path / "two", client, model=model) == by_one_process(chunks[:2], tmp_path / "one", model=model)
    assert contents(tmp_path / "two") == contents(tmp_path / "one")


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_a_worker_killed_in_mid_run_costs_only_its_chunk(chunks: tuple[Chunk, ...], tmp_path: Path, client: Any, act: Any) -> None:
    act(SLOW, lambda: time.sleep(2))
    before = client.run(os.getpid)
    killed = []

    def kill() -> None:
        """End the worker that is at the slow chunk as soon as it has begun."""
        chunk = next(chunk for chunk in chunks if any(SLOW in file.path for file in chunk.files))
        while not killed:
            for worker, keys in client.processing().items():
                if any(f"ducha-{chunk.number:06d}" in str(key) for key in keys):
                    time.sleep(0.5)
                    os.kill(before[worker], signal.SIGKILL)
                    killed.append(worker)
                    return
            time.sleep(0.05)

    killer = threading.Thread(target=kill, daemon=True)
    killer.start()
    two = by_workers(chunks, tmp_path / "two", client)
    killer.join(10)
    assert len(killed) == 1
    client.wait_for_workers(2, timeout=60)
    assert before[killed[0]] not in client.run(os.getpid).values()
    assert two == by_one_process(chunks, tmp_path / "one")
    assert contents(tmp_path / "two") == contents(tmp_path / "one")


def test_a_chunk_that_no_worker_survives_is_a_failure_and_the_others_are_written(chunks: tuple[Chunk, ...], tmp_path: Path, client: Any, act: Any) -> None:
    act(DEADLY, lambda: os._exit(1))
    two = by_workers(chunks, tmp_path / "two", client)
    one = by_one_process(chunks, tmp_path / "one")
    (bad,) = [chunk for chunk in chunks if any(DEADLY in file.path for file in chunk.files)]
    assert {number: done for number, done in two.items() if number != bad.number} == {number: done for number, done in one.items() if number != bad.number}
    assert all(file.failure and file.failure.reason.startswith(f"{file.file}：判读这一组报告的工作进程一再异常退出（这一组有 ") for file in two[bad.number])
    lost = {file.folder for file in bad.files}
    kept = {name: data for name, data in contents(tmp_path / "one").items() if Path(name).parts[1] not in lost | {f"{bad.number:06d}.jsonl"}}
    assert contents(tmp_path / "two") == {**kept, f"parts/{bad.number:06d}.jsonl": b""}


def test_an_error_that_the_settings_cause_ends_the_run(chunks: tuple[Chunk, ...], tmp_path: Path, client: Any) -> None:
    with pytest.raises(Exception, match="没有这个模型文件夹"):
        by_workers(chunks, tmp_path / "two", client, model=str(tmp_path / "none"))
    assert not (tmp_path / "two" / ATTEMPTS).exists()


def test_without_workers_the_run_is_given_up_and_says_how_to_go_on(chunks: tuple[Chunk, ...], tmp_path: Path) -> None:
    with open_client(workers=1) as client:
        steps = process_chunks(chunks, RULES, tmp_path / "work", client=client, patience=1.0)
        first, _ = next(steps)
        assert first.number == 0
        client.cluster.scale(0)
        with pytest.raises(ScaleError, match="没有工作进程了，已等 1 秒。请检查调度器和各工作进程"):
            list(steps)
