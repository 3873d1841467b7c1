"""One at a time: a lock file that the system frees when its holder ends, however it ends."""

from __future__ import annotations

import errno
import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Final

from nlp.errors import OutputError

LOCK: Final = ".lock"
_TAKEN: Final = {errno.EACCES, errno.EAGAIN, errno.EDEADLK}
_AGAIN: Final = 0.05
# Windows bars others from the bytes that are locked: a byte far behind the text leaves that readable.
_BYTE: Final = 1 << 20


@contextmanager
def locked(folder: Path, *, by: str, what: str, wait: float = 0.0) -> Iterator[None]:
    """Hold the folder's lock while the block runs.

    The file stays; what counts is that its holder lives. So a file left by a run that was killed bars nobody, and no process number that was given
    to another program is taken for the holder.

    Parameters
    ----------
    by : who holds it, for the message that another one gets.
    what : what the holder is doing, the same.
    wait : seconds to try for where another holds it.

    Raises
    ------
    OutputError : another run holds it, or the folder takes no lock.
    """
    path = folder / LOCK
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    except OSError as error:
        raise OutputError(f"不能在此写入（{error.strerror}）", where=str(folder), remedy="请检查权限") from error
    try:
        try:
            _take_within(handle, wait)
        except OSError as error:
            if error.errno in _TAKEN:
                raise OutputError(f"{what}{_holder_note(path)}", where=str(folder), remedy="请等它结束后再试") from error
            raise OutputError(f"不能加锁（{error.strerror}）", where=str(path), remedy="请把此文件夹放在本机磁盘上") from error
        if not _is_at(handle, path):
            # Its holder removed it between the two calls: whoever comes next makes a new one, which this would not bar.
            raise OutputError(what, where=str(folder), remedy="请再试一次")
        os.ftruncate(handle, 0)
        note = {"by": by, "process": os.getpid(), "since": datetime.now().astimezone().isoformat(timespec="seconds")}
        os.write(handle, (json.dumps(note, ensure_ascii=False) + "\n").encode())
        yield
    finally:
        os.close(handle)


def _is_at(handle: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(handle), path.stat())
    except OSError:
        return False


def holder(folder: Path) -> str | None:
    """Who holds the folder's lock: as `by` was given, empty where that cannot be read, None where nobody does."""
    path = folder / LOCK
    try:
        handle = os.open(path, os.O_RDWR)
    except OSError:
        return None
    try:
        _take(handle)
    except OSError:
        return _note(path).get("by", "")
    finally:
        os.close(handle)
    return None


def _holder_note(path: Path) -> str:
    note = _note(path)
    return f"（{note['by']}，{note['since']} 起）" if note else ""


def _note(path: Path) -> dict[str, str]:
    """What the holder wrote into the lock file; empty where that cannot be read."""
    try:
        note = json.loads(path.read_text(encoding="utf-8"))
        return {"by": str(note["by"]), "since": str(note["since"])}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def _take_within(handle: int, wait: float) -> None:
    ends = time.monotonic() + wait
    while True:
        try:
            return _take(handle)
        except OSError as error:
            if error.errno not in _TAKEN or time.monotonic() >= ends:
                raise
        time.sleep(_AGAIN)


def _take(handle: int) -> None:
    """Lock an open file without waiting; raises `OSError` where another holds it. Closing the file frees it."""
    if sys.platform == "win32":
        import msvcrt  # noqa: PLC0415

        os.lseek(handle, _BYTE, os.SEEK_SET)
        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        os.lseek(handle, 0, os.SEEK_SET)
    else:
        import fcntl  # noqa: PLC0415

        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
