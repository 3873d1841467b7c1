"""Outputs written anew from item rows that people have corrected."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from nlp.by_unit import by_unit
from nlp.config import load_weights
from nlp.outputs.columnar import FORMAT, require_pyarrow
from nlp.outputs.folder import RUN_FILE, check_target, whole_folder
from nlp.records import Report, Risk
from nlp.report_facts import ReportFacts
from nlp.run_record import ReportResult, run_record
from nlp.settings import FORMATS, TOP

NO_FACTS: Final = ReportFacts()


def rewrite(
    rows: Sequence[Mapping[str, Any]],
    *,
    out: Path,
    model_id: str,
    yardstick_id: str,
    facts: ReportFacts = NO_FACTS,
    formats: Iterable[str] = FORMATS,
    top: int = TOP,
    force: bool = False,
    more: Mapping[str, Any] | None = None,
) -> ReportResult:
    """Write all outputs of one report anew from item rows that people have corrected; the risk list is ranked anew.

    Parameters
    ----------
    rows : as in `items.jsonl`, in report order, not empty; keys unknown here are kept.
    facts : what the run said of the report beside its rows.
    top : so many risks, and at most so many sheets by item, go into the brief.
    more : what else `run.json` is to say.

    Raises
    ------
    OutputError : nothing was written.
    """
    from nlp.outputs.files import write_files  # noqa: PLC0415

    started = time.perf_counter()
    check_target(out, force=force)
    formats = frozenset(formats)
    if FORMAT in formats:
        require_pyarrow()
    result = _rank_anew(rows, facts=facts)
    with whole_folder(out) as folder:
        write_files(
            folder,
            report=result.report,
            items=result.items,
            risks=result.risks,
            formats=formats,
            top=top,
            units=result.units,
            proposals=result.proposals,
            only=result.only,
        )
        seconds = time.perf_counter() - started
        record = run_record([result], [], model_id=model_id, yardstick_id=yardstick_id, aliases=facts.aliases, seconds=seconds)
        if facts.only:
            # The rows of other units are not at hand any more.
            record["files"][0] |= {"rows_read": facts.items_in_report + len(facts.skipped), "items_in_report": facts.items_in_report}
        (folder / RUN_FILE).write_text(json.dumps({**record, **(more or {})}, ensure_ascii=False, indent=2) + "\n", encoding="utf-8", newline="\n")
    return result


def _rank_anew(rows: Sequence[Mapping[str, Any]], *, facts: ReportFacts) -> ReportResult:
    from nlp.outputs.read import annotated_of  # noqa: PLC0415
    from nlp.outputs.rows import item_row, risk_row  # noqa: PLC0415
    from nlp.ranking import rank  # noqa: PLC0415

    annotated = [annotated_of(row) for row in rows]
    first, weights = rows[0], load_weights()
    report = Report(
        first["source"]["file"], first["report"], first.get("place", ""), annotated[0].period, tuple(item.item for item in annotated), facts.skipped
    )
    # The former quarter is not at hand any more, but which rows repeat it is known.
    repeated = {str(item.item.source) for item, row in zip(annotated, rows, strict=True) if any(term["name"] == "repeated" for term in row["risk"]["terms"])}
    risks = rank(annotated, weights=weights, repeated=repeated)
    by_item: dict[int, Risk] = {id(risk.annotated): risk for risk in risks}
    items = tuple({**row, **item_row(item, report=report, risk=by_item.get(id(item)))} for item, row in zip(annotated, rows, strict=True))
    units = by_unit(items, aliases=facts.aliases)
    if facts.only:
        keys = {facts.aliases.key(name) for name in facts.only}
        units = tuple(unit for unit in units if facts.aliases.key(unit.unit) in keys)
    listed = tuple(risk_row(risk, report=report) for risk in risks)
    return ReportResult(report, items, listed, units=units, proposals=facts.proposals, only=facts.only)
