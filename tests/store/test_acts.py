"""Correct, confirm, undo: new rows only, stale revisions refused with who and when, the fold the same as a plain model in memory."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nlp.errors import ConflictError, StoreError
from nlp.labels import PROBLEM_KINDS, STATUSES
from nlp.store import (
    Change,
    Filter,
    State,
    add_run,
    confirm,
    confirm_all,
    correct,
    describe,
    history,
    items,
    open_store,
    revisions,
    set_note,
    set_severity,
    set_span,
    set_statement,
    set_status,
    state,
    undo,
)
from nlp.store.fold import apply
from nlp.text import Span
from tests.store.conftest import TEXTS, make_rows


@pytest.mark.usefixtures("run")
def test_a_correction_is_rows_of_its_own(store) -> None:
    after = correct(store, 2, [set_status("at_risk", basis="pace"), set_severity(2), set_note("核过")], who="张三", on_revision=0, why="只完成一成")
    assert (after.revision, after.review, after.status, after.basis, after.severity, after.note, after.who) == (
        1,
        "corrected",
        "at_risk",
        "pace",
        2,
        "核过",
        "张三",
    )
    assert state(store, 2) == after
    rows = history(store, 2)
    assert [(e.field, e.before, e.after) for e in rows] == [
        ("status", {"status": "completed", "basis": None}, {"status": "at_risk", "basis": "pace"}),
        ("severity", 0, 2),
        ("note", "", "核过"),
    ]
    assert {(e.kind, e.why, e.revision, e.act) for e in rows} == {("corrected", "只完成一成", 1, rows[0].act)}
    assert re.fullmatch(r"张三 于 \d{4}-\d\d-\d\d \d\d:\d\d:\d\d 状态：已完成 → 有风险（进度滞后）", describe(rows[0]))


@pytest.mark.usefixtures("run")
def test_a_new_status_brings_basis_and_severity_with_it(store) -> None:
    risky = correct(store, 2, [set_status("at_risk")], who="张三", on_revision=0)
    assert (risky.basis, risky.severity) == ("stated", 1)
    calm = correct(store, 1, [set_status("in_progress")], who="张三", on_revision=0)
    assert (calm.basis, calm.severity) == (None, 0)
    assert [(e.field, e.after) for e in history(store, 1)] == [("status", {"status": "in_progress", "basis": None}), ("severity", 0)]
    assert (undo(store, who="张三", item=1).items, state(store, 1).severity) == ((1,), 2)


@pytest.mark.usefixtures("run")
def test_statements_and_spans_are_corrected_in_place(store) -> None:
    text = TEXTS[0][0]
    first = state(store, 1)
    span = Span(0, 4)
    after = correct(
        store, 1, [set_span(span, "other"), set_span(Span(14, 18), None), set_statement(first.statements[0][0], "in_progress")], who="李四", on_revision=0
    )
    assert [(s.of(text), kind) for s, kind in after.problems] == [("桥墩浇筑", "other"), ("桥面尚缺资金", "resources")]
    assert after.statements == ((first.statements[0][0], "in_progress"),)
    assert undo(store, who="李四").items == (1,)
    assert replace(state(store, 1), revision=0) == first


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (Change("mood", 1), "没有“mood”这一项"),
        (set_status("done"), "状态为 'done'，应为"),
        (set_status("completed", basis="pace"), "状态 completed 不带依据"),
        (set_status("at_risk", basis="luck"), "依据为 'luck'"),
        (set_severity(4), "严重程度为 4"),
        (set_severity(0), "状态 at_risk 与严重程度 0 不合"),
        (set_statement(Span(0, 3), "completed"), "第 0-3 字不是一句语句"),
        (set_span(Span(0, 3), "bad"), "问题类别为 'bad'"),
        (set_span(Span(5, 300), "delay"), "位置 5-300 不在落实情况的"),
        (set_span(Span(4, 10), "delay"), "问题语句“完成，桥面尚”与“桥面尚缺资金”交叉"),
        (Change("span", "delay", "here"), "位置 'here' 读不懂"),
    ],
)
@pytest.mark.usefixtures("run")
def test_what_breaks_the_form_of_a_row_is_refused(change: Change, line: str, store) -> None:
    with pytest.raises(StoreError, match=re.escape(line)):
        correct(store, 1, [change], who="张三", on_revision=0)
    assert history(store, 1) == ()


@pytest.mark.usefixtures("run")
def test_a_stale_change_is_refused_with_who_changed_what_and_when(store) -> None:
    correct(store, 2, [set_status("in_progress")], who="李四", on_revision=0)
    for act in (
        lambda: correct(store, 2, [set_status("not_started")], who="张三", on_revision=0),
        lambda: confirm(store, 2, who="张三", on_revision=0),
    ):
        with pytest.raises(ConflictError, match=r"第 2 项：这一行已有人改过：李四 于 \d{4}-\d\d-\d\d .* 状态：已完成 → 推进中。请看过现在的内容再改") as caught:
            act()
        assert [(e.who, e.field) for e in caught.value.entries] == [("李四", "status")]
    assert state(store, 2).status == "in_progress"
    with pytest.raises(StoreError, match="没有第 7 版，现为第 1 版"):
        confirm(store, 2, who="张三", on_revision=7)


def test_pending_corrected_and_confirmed_are_kept_apart(store, run) -> None:
    correct(store, 1, [set_severity(3)], who="张三", on_revision=0)
    confirm(store, 2, who="张三", on_revision=0)
    correct(store, 3, [set_note("再看")], who="张三", on_revision=0)
    found = {review: [r.item for r in items(store, run.id, filter=Filter(review=review)).rows] for review in ("pending", "corrected", "confirmed")}
    assert found == {"pending": [3, 4, 5, 6, 7, 8], "corrected": [1], "confirmed": [2]}
    assert confirm(store, 1, who="李四", on_revision=1).review == "confirmed"
    assert confirm(store, 1, who="李四", on_revision=2).revision == 2
    assert correct(store, 1, [set_severity(3)], who="王五", on_revision=2).revision == 2
    assert correct(store, 1, [set_severity(1)], who="王五", on_revision=2).review == "corrected"


def test_a_whole_filter_is_confirmed_as_one_act(store, run) -> None:
    seen = revisions(store, run.id, filter=Filter(unit="市发改委", status="completed"))
    assert seen == {2: 0, 6: 0}
    seen = revisions(store, run.id)
    correct(store, 5, [set_severity(3)], who="李四", on_revision=0)
    done = confirm_all(store, seen, who="张三")
    assert done.items == (1, 2, 3, 4, 6, 7, 8)
    assert [(e.item, e.who) for e in done.left] == [(5, "李四")]
    correct(store, 3, [set_severity(0)], who="李四", on_revision=1)
    back = undo(store, who="张三")
    assert back.items == (1, 2, 4, 6, 7, 8)
    assert [(e.item, e.who, e.field) for e in back.left] == [(3, "李四", "severity")]
    assert [r.review for r in items(store, run.id).rows] == ["pending", "pending", "corrected", "pending", "corrected", "pending", "pending", "pending"]
    with pytest.raises(StoreError, match="张三 没有可以撤销的操作"):
        undo(store, who="张三")


@pytest.mark.usefixtures("run")
def test_undo_does_not_reach_under_what_another_did(store) -> None:
    correct(store, 1, [set_severity(3)], who="张三", on_revision=0)
    correct(store, 1, [set_severity(1)], who="李四", on_revision=1)
    for item in (None, 1):
        with pytest.raises(ConflictError, match=r"李四 于 .* 严重程度：严重 → 关注"):
            undo(store, who="张三", item=item)
    undo(store, who="李四")
    undo(store, who="张三")
    assert [(e.kind, e.undoes) for e in history(store, 1)] == [("corrected", None), ("corrected", None), ("undone", 2), ("undone", 1)]
    assert state(store, 1).severity == 2


@pytest.mark.usefixtures("run")
def test_every_step_of_many_is_taken_back(store) -> None:
    passed = [state(store, 2)]
    for step in range(30):
        passed.append(correct(store, 2, [set_status(STATUSES[step % 4]), set_note(str(step))], who="张三", on_revision=step))
    for step in range(29, -1, -1):
        undo(store, who="张三")
        assert replace(state(store, 2), revision=step) == passed[step]
    with pytest.raises(StoreError, match="张三 没有可以撤销的操作"):
        undo(store, who="张三")
    assert state(store, 2).revision == 60


@pytest.mark.usefixtures("run")
def test_bad_names_and_rows_are_refused(store) -> None:
    with pytest.raises(StoreError, match="姓名应有 1 到 100 字"):
        confirm(store, 1, who="  ", on_revision=0)
    with pytest.raises(StoreError, match="没有编号为 99 的行"):
        confirm(store, 99, who="张三", on_revision=0)
    with pytest.raises(StoreError, match="没有编号为 99 的行"):
        confirm_all(store, {1: 0, 99: 0}, who="张三")
    assert state(store, 1).review == "pending"


PEOPLE = ("张三", "李四")
ITEM = st.integers(1, 4)
WHO = st.sampled_from(PEOPLE)
PLACES = st.sampled_from([Span(0, 2), Span(1, 3), Span(0, 5), Span(3, 5)])
CHANGES = st.lists(
    st.one_of(
        st.builds(set_status, st.sampled_from(STATUSES)),
        st.builds(set_span, PLACES, st.sampled_from([*PROBLEM_KINDS, None])),
        st.builds(set_severity, st.integers(0, 3)),
        st.builds(set_note, st.sampled_from(["", "甲", "乙"])),
        st.builds(lambda status: ("statement", status), st.sampled_from(STATUSES)),
    ),
    max_size=3,
)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("correct"), WHO, ITEM, CHANGES),
        st.tuples(st.just("confirm"), WHO, ITEM),
        st.tuples(st.just("undo"), WHO, st.none() | ITEM),
        st.tuples(st.just("all"), WHO),
    ),
    max_size=12,
)


class Plain:
    """Rows as piles of (person, act, state after): the same rules without a database and without a history."""

    def __init__(self, first: dict[int, State]) -> None:
        self.first, self.act = first, 0
        self.piles: dict[int, list[tuple[str, int, State]]] = {item: [] for item in first}
        self.broken: set[int] = set()

    def now(self, item: int) -> State:
        return self.piles[item][-1][2] if self.piles[item] else self.first[item]

    def put(self, item: int, who: str, after: State) -> None:
        self.piles[item].append((who, self.act, after))

    def undo(self, who: str, item: int | None) -> bool:
        chosen = [item] if item else list(self.piles)
        numbers = {n for i in chosen for person, n, _ in self.piles[i] if person == who}
        for number in sorted(numbers, reverse=True):
            holders = [i for i in chosen if any(n == number for _, n, _ in self.piles[i])]
            tops = [i for i in holders if self.piles[i][-1][1] == number]
            for i in tops:
                self.piles[i].pop()
            if tops:
                self.broken.add(number)
                return True
            if item or number not in self.broken:
                return False
        return False


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_any_sequence_folds_to_what_a_plain_model_says(steps, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("fold") / "a.db"
    with open_store(path) as store:
        run = add_run(store, make_rows(4))
        plain = Plain({item: state(store, item) for item in range(1, 5)})
        for name, who, *rest in steps:
            plain.act += 1
            try:
                if name == "correct":
                    item, changes = rest
                    now = state(store, item)
                    changes = [set_statement(now.statements[0][0], c[1]) if isinstance(c, tuple) else c for c in changes]
                    after = correct(store, item, changes, who=who, on_revision=now.revision)
                    if after.revision != now.revision:
                        expected = plain.now(item)
                        for e in history(store, item):
                            if e.revision == after.revision:
                                expected = replace(apply(expected, e.field, e.target, e.after), review=expected.review if e.field == "note" else "corrected")
                        for c in changes:
                            if c.field in {"severity", "note"}:
                                assert getattr(after, c.field) == [d.to for d in changes if d.field == c.field][-1]
                        plain.put(item, who, expected)
                elif name == "confirm":
                    item = rest[0]
                    now = state(store, item)
                    after = confirm(store, item, who=who, on_revision=now.revision)
                    if after.revision != now.revision:
                        plain.put(item, who, replace(plain.now(item), review="confirmed"))
                elif name == "all":
                    done = confirm_all(store, revisions(store, run.id), who=who)
                    assert done.items == tuple(i for i in plain.piles if plain.now(i).review != "confirmed")
                    for item in done.items:
                        plain.put(item, who, replace(plain.now(item), review="confirmed"))
                else:
                    undo(store, who=who, item=rest[0])
                    assert plain.undo(who, rest[0])
            except StoreError:
                assert name in {"correct", "undo"}
                assert name == "correct" or not plain.undo(who, rest[0])
        listed = {row.item: row for row in items(store, run.id).rows}
        for item, pile in plain.piles.items():
            found, expected = state(store, item), plain.now(item)
            assert replace(found, revision=0, who="", at="") == replace(expected, revision=0, who="", at="")
            assert found.who == (pile[-1][0] if pile else "")
            row = listed[item]
            assert (row.revision, row.review, row.status, row.basis, row.severity) == (found.revision, found.review, found.status, found.basis, found.severity)
