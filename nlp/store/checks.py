"""What a change may say, and what it brings with it; nothing that breaks the form of a labelled row is let in."""

from __future__ import annotations

from collections.abc import Sequence

from nlp.errors import StoreError
from nlp.labels import AT_RISK, BASES, PROBLEM_KINDS, SEVERITIES, STATUSES
from nlp.store.fold import NOTE, SEVERITY, SPAN, STATEMENT, STATUS, Change, State, apply, span_at, value_of
from nlp.text import Span

LONGEST_NAME = 100
LONGEST_NOTE = 10_000


def check_person(who: str) -> str:
    """The name of the person who acts, trimmed; raises `StoreError` where it is empty or too long."""
    name = who.strip()
    if not name or len(name) > LONGEST_NAME:
        raise StoreError(f"姓名应有 1 到 {LONGEST_NAME} 字，现有 {len(name)} 字")
    return name


def settle(state: State, changes: Sequence[Change], *, text: str) -> list[tuple[Change, object]]:
    """The changes that really change something, each with the value before; with what a new status forces: a basis, a severity that fits it.

    Parameters
    ----------
    state : the state that the changes are made on.
    text : the status text.

    Raises
    ------
    StoreError : a field, label or place is unknown, spans cross each other, a severity does not fit the status.
    """
    done: list[tuple[Change, object]] = []
    now = state
    asked = {change.field for change in changes}
    for change in changes:
        change = _whole(change, now)  # noqa: PLW2901
        _check(change, now, text)
        done, now = _take(done, now, change)
    fitting = _fitting_severity(now)
    if fitting != now.severity:
        if SEVERITY in asked:
            raise StoreError(f"状态 {now.status} 与严重程度 {now.severity} 不合", remedy="有风险为 1 到 3，其余为 0 或 1")
        if STATUS in asked:
            done, now = _take(done, now, Change(SEVERITY, fitting))
    return done


def _take(done: list[tuple[Change, object]], now: State, change: Change) -> tuple[list[tuple[Change, object]], State]:
    before = value_of(now, change.field, change.target)
    if before == change.to:
        return done, now
    return [*done, (change, before)], apply(now, change.field, change.target, change.to)


def _whole(change: Change, state: State) -> Change:
    """The change with its basis filled in where a status at risk came without one."""
    if change.field == STATUS and isinstance(change.to, dict) and change.to.get("status") == AT_RISK and not change.to.get("basis"):
        return Change(STATUS, {"status": AT_RISK, "basis": state.basis or "stated"})
    return change


def _check(change: Change, state: State, text: str) -> None:
    if change.field == STATUS:
        if not isinstance(change.to, dict) or change.to.keys() != {STATUS, "basis"}:
            raise StoreError(f"状态应写作 {{status, basis}}，现为 {change.to!r}")
        _one_of(change.to["status"], STATUSES, "状态")
        if change.to["status"] == AT_RISK:
            _one_of(change.to["basis"], BASES, "依据")
        elif change.to["basis"] is not None:
            raise StoreError(f"状态 {change.to['status']} 不带依据，现为 {change.to['basis']}")
    elif change.field == STATEMENT:
        _one_of(change.to, STATUSES, "语句状态")
        if _span(change.target, text) not in dict(state.statements):
            raise StoreError(f"第 {change.target} 字不是一句语句")
    elif change.field == SPAN:
        span = _span(change.target, text)
        if change.to is not None:
            _one_of(change.to, PROBLEM_KINDS, "问题类别")
            if crossing := next((other for other, _ in state.problems if _cross(span, other)), None):
                raise StoreError(f"问题语句“{span.of(text)}”与“{crossing.of(text)}”交叉", remedy="请先去掉一个，或让一个包住另一个")
    elif change.field == SEVERITY:
        if isinstance(change.to, bool):
            raise StoreError("严重程度应为 0 到 3 的整数")
        _one_of(change.to, SEVERITIES, "严重程度")
    elif change.field == NOTE:
        if not isinstance(change.to, str) or len(change.to) > LONGEST_NOTE:
            raise StoreError(f"备注应为至多 {LONGEST_NOTE} 字的文字")
    else:
        raise StoreError(f"没有“{change.field}”这一项", remedy=f"可改 {'、'.join((STATUS, STATEMENT, SPAN, SEVERITY, NOTE))}")


def _one_of(value: object, allowed: Sequence[object], name: str) -> None:
    if value not in allowed:
        raise StoreError(f"{name}为 {value!r}，应为 {'、'.join(map(str, allowed))} 之一")


def _span(target: str, text: str) -> Span:
    try:
        span = span_at(target)
    except ValueError as error:
        raise StoreError(f"位置 {target!r} 读不懂，应写作“起-止”") from error
    if not 0 <= span.start < span.end <= len(text):
        raise StoreError(f"位置 {target} 不在落实情况的 {len(text)} 字之内")
    return span


def _cross(one: Span, other: Span) -> bool:
    first, second = sorted((one, other))
    return first.start < second.start < first.end < second.end


def _fitting_severity(state: State) -> int:
    """The severity nearest to the one in place that the status allows; without risk 1 only where something is waited for."""
    if state.status == AT_RISK:
        return max(1, state.severity)
    waits = any(kind == "external" for _, kind in state.problems)
    return state.severity if state.severity <= 1 else int(waits)
