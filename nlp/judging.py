"""Annotated items of a report -> its result: rows, ranked list, units, names to check, what became of its tasks since the period before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from nlp.by_unit import select, table_of, tally
from nlp.records import AnnotatedItem, Report, Risk
from nlp.run_record import ReportResult
from nlp.unit_names import Aliases, check_names, propose

if TYPE_CHECKING:
    from nlp.compare.rows import Quarter
    from nlp.settings import Tools


def check_units(report: Report, *, only: Sequence[str], aliases: Aliases) -> None:
    """Raise `UsageError` for a unit in `only` that the report does not name."""
    check_names(only, wordings=_wordings(report), aliases=aliases, where=report.file)


def result_of(report: Report, annotated: Sequence[AnnotatedItem], *, tools: Tools, only: Sequence[str] = (), older: Quarter | None = None) -> ReportResult:
    """The result of a report whose items are annotated.

    Parameters
    ----------
    only : limits rows, risks and units to what these units lead or join; empty for all.
    older : the period before, against which the report is held; raises `UsageError` as `check_order` does.
    """
    from nlp.outputs.rows import item_row, risk_row  # noqa: PLC0415
    from nlp.quarters import hold_against, units_of  # noqa: PLC0415
    from nlp.ranking import rank  # noqa: PLC0415

    aliases = tools.aliases
    since = hold_against(older, report=report, annotated=annotated) if older else None
    risks = rank(annotated, weights=tools.weights, repeated=since.repeated if since else ())
    by_item: dict[int, Risk] = {id(risk.annotated): risk for risk in risks}
    items = tuple(item_row(item, report=report, risk=by_item.get(id(item))) for item in annotated)
    if since:
        items = tuple({**row, "change": change} for row, change in zip(items, since.changes, strict=True))
    tallies = tally(items, aliases=aliases)
    result = ReportResult(
        report,
        items,
        tuple(risk_row(risk, report=report) for risk in risks),
        warnings=since.warnings if since else (),
        units=table_of(tallies, aliases=aliases, older=units_of(older, aliases=aliases) if older else ()),
        tallies=tallies,
        proposals=propose(_wordings(report), aliases=aliases),
    )
    return _limit(result, only=only, aliases=aliases) if only else result


def _limit(result: ReportResult, *, only: Sequence[str], aliases: Aliases) -> ReportResult:
    keys = {aliases.key(name) for name in only}
    return replace(
        result,
        items=tuple(select(result.items, units=only, aliases=aliases)),
        risks=tuple(select(result.risks, units=only, aliases=aliases)),
        units=tuple(unit for unit in result.units if aliases.key(unit.unit) in keys),
        tallies=tuple(part for part in result.tallies if part.key in keys),
        only=tuple(only),
    )


def _wordings(report: Report) -> list[str]:
    return [unit for item in report.items for unit in item.units]
