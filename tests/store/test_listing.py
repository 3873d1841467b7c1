"""Runs and pages: filters, sorts, and what they cost with 5,000 rows."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from nlp.errors import StoreError
from nlp.store import Filter, Run, Store, add_run, confirm_all, correct, items, list_runs, open_store, revisions, set_status, undo
from tests.store.conftest import UNITS, make_row, make_rows


def positions(store: Store, run: Run, **asked: object) -> list[int]:
    sort = str(asked.pop("sort", "order"))
    return [row.position for row in items(store, run.id, filter=Filter(**asked), sort=sort).rows]


def test_the_same_rows_again_are_the_same_run(store, run) -> None:
    assert add_run(store, make_rows(8), model="status-1", yardstick="guide") == run
    other = add_run(store, make_rows(8), model="status-2", yardstick="guide", file_hash="ab" * 32)
    assert list_runs(store) == (run, other)
    assert (run.file, run.period, run.place, run.model, run.yardstick, other.file_hash) == ("苇塘市.xlsx", "2024Q1", "苇塘市", "status-1", "guide", "ab" * 32)
    assert positions(store, other) == list(range(1, 9))


def test_rows_that_are_none_are_refused_whole(store) -> None:
    with pytest.raises(StoreError, match="没有行可以入库"):
        add_run(store, [])
    broken = {key: value for key, value in make_row(1).items() if key != "severity"}
    with pytest.raises(StoreError, match=r"第 2 行：缺少 severity。应为 items\.jsonl 的行"):
        add_run(store, [make_row(0), broken])
    assert list_runs(store) == ()


def test_a_row_is_listed_with_its_labels_and_the_programs_row(store, run) -> None:
    correct(store, 2, [set_status("at_risk", basis="pace")], who="张三", on_revision=0)
    row = items(store, run.id, offset=1, limit=1).rows[0]
    assert (row.item, row.position, row.number, row.units, row.revision, row.review) == (2, 2, "2", ("市水务局", "市发改委"), 1, "corrected")
    assert (row.status, row.basis, row.severity, row.row) == ("at_risk", "pace", 1, make_row(1))


def test_filters_and_sorts(store, run) -> None:
    rows = make_rows(8)
    assert positions(store, run, sort="risk") == [1, 5, 2, 3, 4, 6, 7, 8]
    assert positions(store, run, sort="doubt") == sorted(range(1, 9), key=lambda n: rows[n - 1]["confidence"])
    assert positions(store, run, unit="市水务局") == [2, 5, 8]
    assert positions(store, run, unit="水务局") == []
    assert positions(store, run, status="at_risk", basis="stated") == [1, 5]
    assert positions(store, run, words="培训会 第6号") == [6]
    assert positions(store, run, words="100%") == []
    assert positions(store, run, needs_review=True) == [n for n in range(1, 9) if rows[n - 1]["needs_review"]]
    assert items(store, run.id, filter=Filter(unit="市发改委"), offset=6, limit=5).total == 8
    for bad in ({"sort": "mood"}, {"status": "done"}, {"basis": "luck"}, {"review": "seen"}):
        with pytest.raises(StoreError):
            positions(store, run, **bad)


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Store, Run]]:
    """5,000 rows, half of them confirmed."""
    path: Path = tmp_path_factory.mktemp("large") / "a.db"
    with open_store(path) as store:
        run = add_run(store, make_rows(5000))
        confirm_all(store, dict.fromkeys(range(1, 2501), 0), who="张三")
        yield store, run


def quickest(act: Callable[[], object], *, times: int = 7) -> float:
    """Milliseconds of the quickest call: what the work itself takes, beside whatever else the machine does."""
    spent = []
    for _ in range(times):
        start = time.perf_counter()
        act()
        spent.append((time.perf_counter() - start) * 1000)
    return min(spent)


@pytest.mark.parametrize("sort", ["order", "risk", "doubt", "next"])
@pytest.mark.parametrize("asked", [{}, {"review": "confirmed"}, {"unit": UNITS[1], "words": "桥面", "status": "at_risk", "basis": "stated"}])
def test_a_page_of_5000_rows_takes_less_than_50_ms(asked: dict[str, str], sort: str, large: tuple[Store, Run]) -> None:
    store, run = large
    assert quickest(lambda: items(store, run.id, filter=Filter(**asked), sort=sort, offset=100, limit=50)) < 50


def test_a_correction_among_5000_rows_takes_less_than_100_ms(large: tuple[Store, Run]) -> None:
    store, _ = large
    steps = iter(range(7))

    def save() -> None:
        step = next(steps)
        correct(store, 5000, [set_status(("completed", "at_risk")[step % 2])], who="李四", on_revision=step)

    assert quickest(save) < 100


def test_a_whole_filter_of_thousands_is_confirmed_and_taken_back(large: tuple[Store, Run]) -> None:
    store, run = large
    seen = revisions(store, run.id, filter=Filter(review="pending"))
    assert len(confirm_all(store, seen, who="王五").items) == len(seen) > 2000
    assert len(undo(store, who="王五").items) == len(seen)
    assert items(store, run.id, filter=Filter(review="pending"), limit=1).total == len(seen)
