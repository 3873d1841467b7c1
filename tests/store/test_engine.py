"""Opening: an empty file and every former revision are brought up to date, what is no store is refused, a network place is warned of."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from nlp.errors import StoreError, UsageError
from nlp.store import engine, open_store
from nlp.store.engine import open_store as opening
from nlp.store.engine import reading, write
from nlp.store.network import network_warning
from nlp.store.runs import add_run, list_runs
from nlp.store.tables import HEAD, metadata
from tests.store.conftest import make_rows

SCRIPTS = ScriptDirectory(str(Path(engine.__file__).parent / "migrations"))
FORMER = [script.revision for script in SCRIPTS.walk_revisions() if script.revision != HEAD]


def tables(path: Path) -> dict[str, list[tuple[object, ...]]]:
    """Table -> name, type, NOT NULL and key of its columns; indexes and triggers by name."""
    with sqlite3.connect(path) as connection:
        names = connection.execute("SELECT name, type FROM sqlite_master WHERE name NOT LIKE 'sqlite_%' ORDER BY name").fetchall()
        return {
            name: [(c[1], c[2], c[3], c[5]) for c in connection.execute(f"PRAGMA table_info({name})")] if kind == "table" else [(kind,)] for name, kind in names
        }


def make_former(path: Path, revision: str) -> None:
    """A store as a program of that revision left it, with a run and a label in it."""
    connection = engine._engine(engine._url(path)).connect()
    config = Config()
    config.set_main_option("script_location", str(Path(engine.__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    with connection.begin():
        command.upgrade(config, revision)
        connection.execute(text("INSERT INTO runs VALUES (1, 'a.xlsx', '', 'd', 't', '2024Q1', '', 'm', 'y', '2024-04-01T00:00:00+00:00')"))
        connection.execute(text("INSERT INTO items VALUES (1, 1, 1, '1', '任务', '[]', '文字', '{}')"))
        connection.execute(text("""INSERT INTO labels VALUES (1, 'x', 1, 1, 0, '张三', 't', 'corrected', 'note', '', '""', '"旧"', '', NULL)"""))
    connection.close()
    connection.engine.dispose()


def test_the_newest_revision_is_the_one_that_the_tables_name() -> None:
    assert SCRIPTS.get_current_head() == HEAD
    assert FORMER


def test_an_empty_file_gets_the_tables_of_the_program(tmp_path: Path) -> None:
    path = tmp_path / "标注 100%.db"
    path.touch()
    with open_store(path) as store, reading(store) as connection:
        assert MigrationContext.configure(connection).get_current_revision() == HEAD
        assert connection.scalar(text("PRAGMA journal_mode")) == "wal"
        assert connection.scalar(text("PRAGMA foreign_keys")) == 1
        assert connection.scalar(text("PRAGMA busy_timeout")) == 5000
    metadata_path = tmp_path / "metadata.db"
    made = engine._engine(engine._url(metadata_path))
    metadata.create_all(made)
    made.dispose()
    expected = tables(metadata_path)
    assert {name: columns for name, columns in tables(path).items() if name in expected} == expected


@pytest.mark.parametrize("revision", FORMER)
def test_a_former_store_is_brought_up_to_date_with_all_that_it_holds(revision: str, tmp_path: Path) -> None:
    former, fresh = tmp_path / "former.db", tmp_path / "fresh.db"
    make_former(former, revision)
    with open_store(former) as store, reading(store) as connection:
        assert connection.scalar(text("SELECT after FROM labels")) == '"旧"'
    open_store(fresh).close()
    assert tables(former) == tables(fresh)


def test_a_failed_migration_leaves_the_store_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.db"
    make_former(path, FORMER[-1])
    before = tables(path)
    real = command.upgrade

    def breaks(config: Config, revision: str) -> None:
        real(config, revision)
        raise OSError("the disk is gone")

    monkeypatch.setattr(command, "upgrade", breaks)
    with pytest.raises(OSError, match="the disk is gone"):
        open_store(path)
    assert tables(path) == before


@pytest.mark.parametrize("act", ["UPDATE labels SET who = 'x'", "DELETE FROM labels"])
def test_the_database_refuses_to_change_a_label(act: str, tmp_path: Path) -> None:
    make_former(tmp_path / "a.db", FORMER[-1])
    with open_store(tmp_path / "a.db") as store, pytest.raises(StoreError, match="labels only grow"):
        write(store, lambda connection: connection.execute(text(act)))


def test_foreign_keys_hold(store) -> None:
    with pytest.raises(StoreError, match="FOREIGN KEY"):
        write(store, lambda c: c.execute(text("INSERT INTO items VALUES (1, 99, 1, '1', '任务', '[]', '文字', '{}')")))


def test_what_is_no_store_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("一段文字" * 500, encoding="utf-8")
    with pytest.raises(StoreError, match="这个文件不是标注库，请检查路径"):
        open_store(tmp_path / "a.txt")
    with sqlite3.connect(tmp_path / "b.db") as connection:
        connection.execute("CREATE TABLE songs (name)")
    with pytest.raises(StoreError, match="别的程序的表"):
        open_store(tmp_path / "b.db")
    with pytest.raises(StoreError, match="应为一个文件"):
        open_store(tmp_path)
    with pytest.raises(StoreError, match="文件夹不存在"):
        open_store(tmp_path / "none" / "a.db")
    with pytest.raises(StoreError, match="标注库不存在"):
        open_store(tmp_path / "c.db", must_exist=True)
    assert not (tmp_path / "c.db").exists()
    with pytest.raises(UsageError, match="不支持 mysql"):
        open_store("mysql://a/b")


def test_a_newer_store_is_refused(tmp_path: Path) -> None:
    open_store(tmp_path / "a.db").close()
    with sqlite3.connect(tmp_path / "a.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StoreError, match=f"版本 9999 比本程序（{HEAD}）新。请更新程序后再打开"):
        open_store(tmp_path / "a.db")


def test_a_database_that_stays_busy_ends_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "LONGEST_WAIT", 0.2)
    monkeypatch.setattr(engine, "BUSY_SECONDS", 0.05)
    with opening(tmp_path / "a.db") as store:
        other = sqlite3.connect(tmp_path / "a.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match=r"a\.db：数据库出错（database is locked）。有别的程序长时间占用，请关闭后重试"):
            add_run(store, make_rows(2))
        other.execute("ROLLBACK")
        other.close()
        add_run(store, make_rows(2))
        assert len(list_runs(store)) == 1


def test_a_file_that_another_program_keeps_locked_is_told_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "LONGEST_WAIT", 0.1)
    monkeypatch.setattr(engine, "BUSY_SECONDS", 0.05)
    other = sqlite3.connect(tmp_path / "a.db", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(StoreError, match="database is locked"):
        open_store(tmp_path / "a.db")
    other.close()
    open_store(tmp_path / "a.db").close()


MOUNTS = "/dev/sda1 / ext4 rw 0 0\n//nas/a /mnt/nas cifs rw 0 0\nnas:/b /mnt/with\\040blank nfs4 rw 0 0\n/dev/sdb1 /mnt/nas/disk ext4 rw 0 0\n"


@pytest.mark.parametrize(
    ("path", "is_far"),
    [
        ("/mnt/nas/标注.db", True),
        ("/mnt/with blank/标注.db", True),
        ("/mnt/nas/disk/标注.db", False),
        ("/mnt/nasty/标注.db", False),
        ("/home/标注.db", False),
        ("//nas/share/标注.db", True),
        ("\\\\nas\\share\\标注.db", True),
    ],
)
def test_a_network_place_is_told_from_a_local_one(path: str, is_far: bool, tmp_path: Path) -> None:
    mounts = tmp_path / "mounts"
    mounts.write_text(MOUNTS, encoding="utf-8")
    warning = network_warning(Path(path), mounts=mounts)
    assert ("在网络位置上" in warning) == is_far
    assert network_warning(Path("/home/标注.db"), mounts=tmp_path / "absent") == ""


def test_a_store_on_a_network_place_warns_and_does_without_the_shared_index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "network_warning", lambda path: f"{path} 在网络位置上")
    with open_store(tmp_path / "a.db") as store, reading(store) as connection:
        assert store.warnings == (f"{tmp_path / 'a.db'} 在网络位置上",)
        assert connection.scalar(text("PRAGMA journal_mode")) == "delete"
