"""Opening a store and running transactions on it: SQLite in a file of its own, PostgreSQL by URL.

SQLite runs in WAL with every commit brought to disk, a busy timeout, foreign keys on, and writers that begin with BEGIN IMMEDIATE, so that no
transaction finds out at its end that another one wrote. Where the database stays busy, a write is tried again until `LONGEST_WAIT` has passed.
"""

from __future__ import annotations

import random
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self, TypeVar

from sqlalchemy import URL, Connection, Engine, create_engine, event, inspect, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError

from nlp.errors import StoreError, UsageError
from nlp.store.network import network_warning
from nlp.store.tables import HEAD, metadata

_T = TypeVar("_T")

BUSY_SECONDS: Final = 5.0
LONGEST_WAIT: Final = 60.0
_MIGRATIONS: Final = Path(__file__).parent / "migrations"
_VERSION_TABLE: Final = "alembic_version"
# Serialization failure, deadlock, lock not available.
_BUSY_STATES: Final = frozenset({"40001", "40P01", "55P03"})
_BUSY_CODES: Final = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
_REMEDIES: Final = {
    sqlite3.SQLITE_NOTADB: "这个文件不是标注库，请检查路径",
    sqlite3.SQLITE_CORRUPT: "文件已损坏，请用备份恢复",
    sqlite3.SQLITE_FULL: "磁盘已满，请腾出空间后重试",
    sqlite3.SQLITE_READONLY: "文件或文件夹只读，请检查权限",
    sqlite3.SQLITE_CANTOPEN: "请检查路径和权限",
    sqlite3.SQLITE_BUSY: "有别的程序长时间占用，请关闭后重试",
}
# Any number, the same in every program that opens the store: who holds it brings the tables up to date.
_MIGRATION_LOCK: Final = 7_202_411


@dataclass(frozen=True)
class Store:
    """An open store; `warnings` are lines in Chinese to show to the person who opened it."""

    engine: Engine
    name: str
    warnings: tuple[str, ...] = ()

    @property
    def is_sqlite(self) -> bool:
        """Whether the store is a file."""
        return self.engine.dialect.name == "sqlite"

    def close(self) -> None:
        """Give up all connections; what was acknowledged is on disk already."""
        self.engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


def open_store(where: str | Path, *, must_exist: bool = False) -> Store:
    """Open a store, make it where there is none, and bring its tables up to date.

    Parameters
    ----------
    where : a file, or a URL (`postgresql://user:password@host/database`, `sqlite:///file`).
    must_exist : refuse to make a new file.

    Raises
    ------
    UsageError : the URL cannot be read, or its driver is not installed.
    StoreError : the file or server cannot be opened, holds something else, or was written by a newer program.
    """
    url = _url(where)
    warnings: tuple[str, ...] = ()
    journal = "WAL"
    if url.get_backend_name() == "sqlite":
        path = Path(url.database or "")
        if path.is_dir() or not path.parent.is_dir():
            raise StoreError("应为一个文件" if path.is_dir() else "文件夹不存在", where=str(path if path.is_dir() else path.parent), remedy="请检查路径")
        if must_exist and not path.is_file():
            raise StoreError("标注库不存在", where=str(path), remedy="请检查路径")
        if warning := network_warning(path):
            # WAL keeps an index in memory that machines do not share.
            warnings, journal = (warning,), "DELETE"
    store = Store(_engine(url), Path(url.database or "").name if url.get_backend_name() == "sqlite" else url.render_as_string(hide_password=True), warnings)
    try:
        _bring_up_to_date(store, journal=journal)
    except BaseException:
        store.close()
        raise
    return store


def _url(where: str | Path) -> URL:
    if isinstance(where, Path) or "://" not in where:
        return URL.create("sqlite", database=str(where))
    try:
        url = make_url(where)
    except ArgumentError as error:
        raise UsageError("标注库的地址读不懂", where=where, remedy="请写文件路径，或 postgresql://用户:密码@主机/库名") from error
    if url.get_backend_name() == "sqlite" and url.database not in {None, "", ":memory:"}:
        return url.set(drivername="sqlite")
    if url.get_backend_name() not in {"postgresql", "postgres"}:
        raise UsageError(f"不支持 {url.get_backend_name()}", remedy="标注库可以是一个文件，或 postgresql:// 地址")
    if not find_spec("psycopg"):
        raise UsageError("连接 PostgreSQL 需要 psycopg，现在没有安装", remedy="请先运行 pip install 'psycopg[binary]'")
    return url.set(drivername="postgresql+psycopg")


def _engine(url: URL) -> Engine:
    if url.get_backend_name() != "sqlite":
        return create_engine(url, pool_pre_ping=True)
    engine = create_engine(url, connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False})

    @event.listens_for(engine, "connect")
    def on_connect(connection: Any, _record: Any) -> None:
        # The driver begins no transaction of its own, so that `on_begin` decides how it begins.
        connection.isolation_level = None
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA synchronous = FULL")

    @event.listens_for(engine, "begin")
    def on_begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE" if connection.get_execution_options().get("writes") else "BEGIN")

    return engine


def _bring_up_to_date(store: Store, *, journal: str) -> None:
    if store.is_sqlite:
        _try_again(store, lambda: _set_journal(store, journal))
    with reading(store) as connection:
        if _revision(connection, store) == HEAD:
            return
    write(store, lambda connection: _migrate(connection, store))


def _set_journal(store: Store, journal: str) -> None:
    with store.engine.connect() as connection:
        raw: Any = connection.connection.driver_connection
        raw.execute(f"PRAGMA journal_mode = {journal}")


def _revision(connection: Connection, store: Store) -> str | None:
    """The revision of the store's tables, None where it has none yet; raises `StoreError` where the database is something else."""
    tables = set(inspect(connection).get_table_names())
    if _VERSION_TABLE in tables:
        found = connection.scalar(text(f"SELECT version_num FROM {_VERSION_TABLE}"))
        return None if found is None else str(found)
    if tables if store.is_sqlite else tables & set(metadata.tables):
        raise StoreError("这个数据库里有别的程序的表，不是标注库", where=store.name, remedy="请换一个文件或数据库")
    return None


def _migrate(connection: Connection, store: Store) -> None:
    if not store.is_sqlite:
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATION_LOCK})
    found = _revision(connection, store)
    if found == HEAD:
        return
    # Alembic is slow to import; a store that is up to date never needs it.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415
    from alembic.script import ScriptDirectory  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if found is not None and found not in known:
        raise StoreError(f"标注库的版本 {found} 比本程序（{HEAD}）新", where=store.name, remedy="请更新程序后再打开")
    command.upgrade(config, "head")


@contextmanager
def reading(store: Store) -> Iterator[Connection]:
    """A connection that sees one state of the store throughout; raises `StoreError`."""
    options = {} if store.is_sqlite else {"isolation_level": "REPEATABLE READ"}
    try:
        with store.engine.connect().execution_options(**options) as connection, connection.begin():
            yield connection
    except SQLAlchemyError as error:
        raise _explained(store, error) from error


def write(store: Store, act: Callable[[Connection], _T]) -> _T:
    """Run `act` in a transaction, again where the database was busy; what it returns is on disk by then.

    Raises
    ------
    StoreError : the database stayed busy for `LONGEST_WAIT` seconds, or refused; nothing was written. What `act` raises rolls back too.
    """

    def once() -> _T:
        with store.engine.connect().execution_options(writes=True) as connection, connection.begin():
            return act(connection)

    return _try_again(store, once)


def _try_again(store: Store, once: Callable[[], _T]) -> _T:
    end = time.monotonic() + LONGEST_WAIT
    while True:
        try:
            return once()
        except (SQLAlchemyError, sqlite3.Error) as error:
            if not _is_busy(error) or time.monotonic() > end:
                raise _explained(store, error) from error
        time.sleep(random.uniform(0.005, 0.05))


def _is_busy(error: SQLAlchemyError | sqlite3.Error) -> bool:
    origin = _origin(error)
    return _code(origin) in _BUSY_CODES or getattr(origin, "sqlstate", None) in _BUSY_STATES


def _origin(error: SQLAlchemyError | sqlite3.Error) -> BaseException:
    """The driver's own error, where there is one."""
    return error.orig if isinstance(error, DBAPIError) and error.orig is not None else error


def _code(origin: object) -> int:
    """SQLite's primary error code, 0 where there is none."""
    return int(getattr(origin, "sqlite_errorcode", 0) or 0) & 0xFF


def _explained(store: Store, error: SQLAlchemyError | sqlite3.Error) -> StoreError:
    origin = _origin(error)
    lines = str(origin).strip().splitlines()
    return StoreError(f"数据库出错（{lines[0] if lines else type(error).__name__}）", where=store.name, remedy=_REMEDIES.get(_code(origin), ""))
