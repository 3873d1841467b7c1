"""Many writers at once, and writers that are killed: nothing that was acknowledged is lost, on SQLite and on PostgreSQL."""

from __future__ import annotations

import multiprocessing
import os
import random
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from sqlalchemy import text

from nlp.errors import ConflictError, StoreError
from nlp.store import (
    Filter,
    Store,
    add_run,
    agreements,
    confirm,
    correct,
    history,
    items,
    labelled_items,
    list_runs,
    open_store,
    set_note,
    set_severity,
    set_status,
    state,
    undo,
)
from nlp.store.engine import LONGEST_WAIT, reading, write
from nlp.store.listing import read_run
from tests.store.conftest import make_rows

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs processes that begin as copies of this one")

KILLS = 50
WRITERS = 20
OWN, SHARED = 3, 1


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """The URL of a PostgreSQL server of our own, in a folder that is removed in the end."""
    # Imported once here, not in each of twenty processes.
    pytest.importorskip("psycopg")
    programs = [Path(found).parent for found in [shutil.which("initdb")] if found] + sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    if not programs:
        pytest.skip("PostgreSQL is not installed (Debian: apt-get install postgresql)")
    if os.getuid() == 0 and not shutil.which("runuser"):
        pytest.skip("PostgreSQL does not run as root, and there is no runuser to change to another user")
    # The folders of pytest are closed to other users.
    folder = Path(tempfile.mkdtemp(prefix="ducha-pg-"))
    as_user = ["runuser", "-u", "postgres", "--"] if os.getuid() == 0 else []
    if as_user:
        shutil.chown(folder, "postgres")

    def call(program: str, *arguments: str) -> None:
        command = [*as_user, str(programs[0] / program), "-D", str(folder / "data"), *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd="/", timeout=60)
        assert done.returncode == 0, done.stdout + done.stderr

    try:
        call("initdb", "-A", "trust", "-U", "postgres", "-E", "UTF8", "--no-locale", "--no-sync")
        call("pg_ctl", "-w", "-l", str(folder / "log"), "-o", f"-k {folder} -c listen_addresses='' -c fsync=off", "start")
        yield f"postgresql://postgres@/postgres?host={folder}"
    finally:
        with suppress(AssertionError):
            call("pg_ctl", "-m", "immediate", "stop")
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(params=["sqlite", "postgresql"])
def where(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A new store: a file, or an empty database of the server."""
    if request.param == "sqlite":
        return str(tmp_path / "a.db")
    return str(request.getfixturevalue("server"))


def write_much(where: str, n: int) -> None:
    """What one of the clients does: rows of its own, then rows that all want."""
    who = f"第{n}人"
    with open_store(where) as store:
        run = add_run(store, make_rows(WRITERS * OWN + 1))
        found = items(store, run.id, limit=1000).rows
        for row in found[1 + n * OWN : 1 + (n + 1) * OWN]:
            now = correct(store, row.item, [set_note(who), set_severity(1)], who=who, on_revision=0)
            confirm(store, row.item, who=who, on_revision=now.revision)
        for step in range(SHARED):
            while True:
                now = state(store, found[0].item)
                with suppress(ConflictError):
                    correct(store, now.item, [set_note(f"{now.note}/{n}.{step}")], who=who, on_revision=now.revision)
                    break


def test_twenty_clients_at_once_lose_nothing(where: str) -> None:
    fork = multiprocessing.get_context("fork")
    clients = [fork.Process(target=write_much, args=(where, n), daemon=True) for n in range(WRITERS)]
    for client in clients:
        client.start()
    for client in clients:
        client.join(timeout=LONGEST_WAIT)
    assert [client.exitcode for client in clients] == [0] * WRITERS
    with open_store(where) as store:
        # All opened an empty database and brought the same rows.
        (run,) = list_runs(store)
        rows = read_run(store, run.id)
        shared = rows[0][1]
        assert shared.revision == WRITERS * SHARED
        assert sorted(shared.note.split("/")[1:]) == sorted(f"{n}.{step}" for n in range(WRITERS) for step in range(SHARED))
        for n in range(WRITERS):
            own = [now for _, now, _ in rows[1 + n * OWN : 1 + (n + 1) * OWN]]
            assert {(now.review, now.note, now.who, now.revision) for now in own} == {("confirmed", f"第{n}人", f"第{n}人", 2)}


def test_postgresql_does_what_sqlite_does(server: str) -> None:
    with open_store(server) as admin:
        assert admin.is_sqlite is False
        with admin.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("CREATE DATABASE other"))
    with open_store(server.replace("/postgres?", "/other?")) as store:
        run = add_run(store, make_rows(8))
        first = items(store, run.id, sort="risk").rows[0].item
        correct(store, first, [set_status("completed")], who="张三", on_revision=0)
        with pytest.raises(ConflictError, match="张三"):
            confirm(store, first, who="李四", on_revision=0)
        assert [row.position for row in items(store, run.id, sort="risk").rows][:3] == [1, 5, 2]
        assert [row.position for row in items(store, run.id, filter=Filter(words="培训会 第6号", unit="市教育局"), sort="doubt").rows] == [6]
        assert len(labelled_items(store, run.id)) == len(agreements(store, run.id)) + 1 == 1
        undo(store, who="张三")
        assert [(e.kind, e.revision) for e in history(store, first)] == [("corrected", 1), ("corrected", 1), ("undone", 2), ("undone", 2)]
        with pytest.raises(StoreError, match="labels only grow"):
            write(store, lambda connection: connection.execute(text("DELETE FROM labels")))
    with pytest.raises(StoreError, match="postgresql"):
        open_store(server.replace("/postgres?", "/absent?"))


def write_until_killed(path: Path, n: int, acknowledged: int) -> None:
    """Correct, confirm and take back without end; every act that returned is told of in one line."""
    chance = random.Random(n)
    who = f"第{n}人"
    with open_store(path) as store:
        while True:
            item = chance.randint(1, 40)
            now = state(store, item)
            if chance.random() < 0.5:
                severity = 1 + now.severity % 3 if now.status == "at_risk" else 1 - now.severity
                after = correct(store, item, [set_severity(severity)], who=who, on_revision=now.revision)
            elif now.review != "confirmed" or now.who != who:
                after = confirm(store, item, who=who, on_revision=now.revision)
            else:
                undo(store, who=who, item=item)
                continue
            os.write(acknowledged, f"{item} {after.revision} {after.review}\n".encode())


def whole(store: Store) -> bool:
    """Whether the file is sound, and the present states are the folds of the histories."""
    with reading(store) as connection:
        is_sound = connection.scalar(text("PRAGMA integrity_check")) == "ok" and not connection.execute(text("PRAGMA foreign_key_check")).all()
    folded = [(now.item, now.revision, now.review, now.status, now.basis, now.severity) for _, now, _ in read_run(store, 1)]
    listed = [(row.item, row.revision, row.review, row.status, row.basis, row.severity) for row in items(store, 1, limit=100).rows]
    return is_sound and folded == listed


def test_fifty_kills_lose_no_label_that_was_acknowledged(tmp_path: Path) -> None:
    path, chance = tmp_path / "a.db", random.Random(7)
    with open_store(path) as store:
        add_run(store, make_rows(40))
    fork = multiprocessing.get_context("fork")
    total = 0
    for n in range(KILLS):
        reader, writer = os.pipe()
        victim = fork.Process(target=write_until_killed, args=(path, n, writer))
        victim.start()
        os.close(writer)
        heard = os.read(reader, 1 << 16)
        assert heard, "the writer ended by itself"
        time.sleep(chance.uniform(0, 0.06))
        os.kill(victim.pid or 0, signal.SIGKILL)
        victim.join()
        assert victim.exitcode == -signal.SIGKILL
        while more := os.read(reader, 1 << 16):
            heard += more
        os.close(reader)
        lines = [line.split() for line in heard.decode().splitlines() if line]
        total += len(lines)
        with open_store(path) as store:
            assert whole(store)
            for item, revision, review in lines:
                kept = [e for e in history(store, int(item)) if e.revision == int(revision)]
                assert [(e.who, e.kind) for e in kept] == [(f"第{n}人", review)], f"kill {n} lost {review} of row {item}"
    assert total >= KILLS
