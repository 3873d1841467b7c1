"""Rows in short for the tests of the comparison."""

from __future__ import annotations

from nlp.compare.rows import Figure, Quarter, Row
from nlp.readers.title import parse_period


def row(
    task: str,
    text: str = "正在推进。",
    *,
    number: str = "1",
    units: str = "市交通局",
    status: str = "in_progress",
    severity: int = 0,
    figures: tuple[Figure, ...] = (),
) -> Row:
    """A row; its statements are the clauses of the text, completed ones written with 已."""
    statements = tuple((part, "completed" if "已" in part else "in_progress") for part in text.split("。") if part)
    return Row(f"{number} {task}", number, task, tuple(filter(None, units.split("、"))), text, status, severity, statements, figures)


def figure(result: float, *, name: str = "新建公园", kind: str = "quantity", unit: str = "个") -> Figure:
    """A result of a target of 100."""
    return Figure(name, kind, 100.0, unit, result, unit)


def quarter(*rows: Row, period: str = "2024Q1", place: str = "云岫县") -> Quarter:
    """A report of these rows."""
    return Quarter("报告.csv", place, parse_period(period), rows)
