"""What a run says of itself while it works."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Progress:
    """How far a run is: the file at hand, and items done of those in it (0 of 0 while it is being read).

    A run over several files counts `files` and `files_done` and the items of all of them (`total` 0: not known). `resumed` are the files and items
    among them that were done in an earlier start, `seconds` those since this one, `left` those that are probably needed (None: not known).
    """

    file: str
    done: int
    total: int
    files_done: int = 0
    files: int = 1
    resumed: tuple[int, int] = (0, 0)
    seconds: float = 0.0
    left: float | None = None
