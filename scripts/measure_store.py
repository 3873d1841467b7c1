"""What the store of labels takes with 5,000 rows: `python scripts/measure_store.py REPORT`; the rows are those of the report, again and again."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from nlp import batch
from nlp.store import Filter, add_run, confirm_all, correct, export_rows, items, next_rows, open_store, revisions, set_note, state, undo
from nlp.store.listing import SORTS

ROWS = 5000
FILTERS = {"all": Filter(), "confirmed": Filter(review="confirmed"), "words": Filter(words="建设", status="in_progress"), "no hit": Filter(words="没有的词")}


def measure(name: str, act: Callable[[], object], *, times: int = 9) -> None:
    """Print the quickest and the median of some calls, in milliseconds."""
    spent = []
    for _ in range(times):
        start = time.perf_counter()
        act()
        spent.append((time.perf_counter() - start) * 1000)
    print(f"{name:<24}{min(spent):10.1f}{median(spent):10.1f}")


def main(report: Path) -> None:
    """Fill a store and time what people do with it."""
    rows = batch.read_rows(report)
    many = [{**rows[n % len(rows)], "number": str(n + 1)} for n in range(ROWS)]
    with tempfile.TemporaryDirectory() as folder, open_store(Path(folder) / "a.db") as store:
        print(f"{'milliseconds':<24}{'quickest':>10}{'median':>10}")
        measure("add the rows", lambda: add_run(store, many), times=1)
        run = add_run(store, many).id
        confirm_all(store, dict.fromkeys(range(1, ROWS // 2 + 1), 0), who="甲")
        for name, chosen in FILTERS.items():
            for sort in SORTS:
                measure(f"page: {name}, {sort}", lambda chosen=chosen, sort=sort: items(store, run, filter=chosen, sort=sort, limit=50))
        measure("correct", lambda: correct(store, 1, [set_note(str(time.time()))], who="乙", on_revision=state(store, 1).revision))
        measure("next rows", lambda: next_rows(store, run))
        measure("export rows", lambda: export_rows(store, run), times=3)
        pending = revisions(store, run, filter=Filter(review="pending"))
        measure(f"confirm {len(pending)}", lambda: confirm_all(store, pending, who="丙"), times=1)
        measure(f"take {len(pending)} back", lambda: undo(store, who="丙"), times=1)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
