"""The runner of a run over several files that works on a Dask cluster: what `nlp.many` is given instead of that of one process."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from pathlib import Path

from nlp.chunks import ATTEMPTS
from nlp.plan import Chunk
from nlp.run_record import FileDone
from nlp.scale.cluster import open_client
from nlp.scale.probe import check_workers
from nlp.scale.run import process_chunks
from nlp.settings import Settings

Done = tuple[Chunk, tuple[FileDone, ...]]


def runner_on(
    *, workers: int = 1, address: str = "", warn: Callable[[str], None]
) -> Callable[[Sequence[Chunk], Settings, Path, Callable[[Chunk, int], None]], Generator[Done, None, None]]:
    """A runner on `workers` processes of this machine, or on the Dask cluster at `address`; `warn` is told of workers with other versions of packages.

    It raises `ScaleError` as `open_client`, `check_workers` and `process_chunks` do.
    """

    def run(chunks: Sequence[Chunk], settings: Settings, workdir: Path, progress: Callable[[Chunk, int], None]) -> Generator[Done, None, None]:  # noqa: ARG001
        if not chunks:
            return
        report = next((Path(file.path) for chunk in chunks for file in chunk.files if file.sha256), None)
        with open_client(workers=min(workers, len(chunks)), address=address) as client:
            attempts = workdir / ATTEMPTS
            attempts.mkdir(parents=True, exist_ok=True)
            for warning in check_workers(client, folder=attempts, settings=settings, report=report):
                warn(warning)
            yield from process_chunks(chunks, settings, workdir, client=client)

    return run
