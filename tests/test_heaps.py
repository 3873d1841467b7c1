"""Threads share their heaps where the C library knows how; garbage is collected when it is asked for."""

from __future__ import annotations

import platform
import subprocess
import sys
import weakref

import pytest

from nlp.heaps import give_back, share_heaps

# Each thread holds a megabyte in small pieces; a heap is named by the first address, which glibc aligns to 64 MB.
CODE = """
import ctypes, sys, threading
from nlp.heaps import share_heaps
if sys.argv[1] == "shared": share_heaps()
malloc = ctypes.CDLL(None).malloc
malloc.restype = ctypes.c_void_p
heaps, all_there = set(), threading.Barrier(8)
def take():
    all_there.wait()
    heaps.add(malloc(100) >> 26)
    all_there.wait()
threads = [threading.Thread(target=take) for _ in range(8)]
[t.start() for t in threads]; [t.join() for t in threads]
print(len(heaps))
"""


def heaps(how: str) -> int:
    return int(subprocess.run([sys.executable, "-c", CODE, how], capture_output=True, text=True, check=True).stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc gives each thread a heap")
def test_threads_share_two_heaps() -> None:
    assert heaps("shared") <= 2 < heaps("own")


def test_it_says_whether_it_could() -> None:
    assert share_heaps() == (platform.libc_ver()[0] == "glibc")


def test_rings_of_objects_are_given_back() -> None:
    class Ring:
        def __init__(self) -> None:
            self.own = self

    gone = weakref.ref(Ring())
    give_back()
    assert gone() is None
