"""The memory of the process: heaps that threads share, and garbage that is not looked for all the time.

On Linux each thread would keep a heap of its own, so that a run of several threads grows by what none of them uses any more.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import sys
from typing import Final

# M_ARENA_MAX of <malloc.h>.
_ARENA_MAX: Final = -8
_HEAPS: Final = 2


def share_heaps() -> bool:
    """Have all threads of this process share two heaps, for those that have none yet; whether the C library could be told so."""
    if not sys.platform.startswith("linux"):
        return False
    try:
        return bool(ctypes.CDLL(None).mallopt(_ARENA_MAX, _HEAPS))
    except (OSError, AttributeError):
        return False


def seek_garbage_seldom() -> None:
    """A start makes hundreds of thousands of objects that stay: to look through them for garbage again and again takes a fifth of a second."""
    gc.set_threshold(50_000, 20, 20)


def give_back() -> None:
    """Collect what is garbage, and on Linux give the memory that is free back to the system: between two chunks, so that a long run does not grow."""
    gc.collect()
    if not sys.platform.startswith("linux"):
        return
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)
