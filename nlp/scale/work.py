"""What a worker does: a chunk into a folder of its own, which the client moves into place. Nothing here imports Dask."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Final

from nlp.chunks import StoppedError, judge_chunk, read_chunk, write_chunk
from nlp.plan import Chunk
from nlp.run_record import FileDone
from nlp.settings import Settings

# A process holds one model and judges one chunk at a time, however many threads its worker was given.
_ONE: Final = threading.Lock()


def work(chunk: Chunk, settings: Settings, attempt: str) -> tuple[FileDone, ...]:
    """Process a chunk into the folder `attempt`; its parent is there as long as the run is.

    A worker that is thought dead may still be at work while another one does its chunk: so each try has its own folder, and what is left
    behind by one that nobody waits for is never taken for a result.

    Raises
    ------
    StoppedError : the run is over.
    DuchaError : as `process_chunk`.
    """
    folder = Path(attempt)
    with _ONE:
        judged = judge_chunk(read_chunk(chunk, settings), settings)
        if not folder.parent.is_dir():
            raise StoppedError
        return write_chunk(judged, settings, folder)
