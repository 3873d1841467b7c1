"""What `run.json` says of a report beside its rows, so that its outputs can be written anew as the run wrote them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from nlp.errors import InputError, ResourceError
from nlp.records import SkippedRow, Source
from nlp.unit_names import Aliases, Proposal, aliases_of

# Keys of `run.json`, and of its entry for a report, that are kept.
_OF_RUN: Final = ("unit_aliases", "unit_alias_names")
_OF_REPORT: Final = ("skipped", "unit_alias_proposals", "units", "items_in_report")


@dataclass(frozen=True)
class ReportFacts:
    """Rows of the report that are no items, names that mean one unit, and to which units the run was limited.

    Parameters
    ----------
    skipped : their texts cut as in `run.json`.
    only : empty for the whole report; else `items_in_report` counts its items, which are more than the rows.
    """

    skipped: tuple[SkippedRow, ...] = ()
    aliases: Aliases = field(default_factory=Aliases)
    proposals: tuple[Proposal, ...] = ()
    only: tuple[str, ...] = ()
    items_in_report: int = 0


def kept_of(run: Mapping[str, Any], *, rows: Sequence[Mapping[str, Any]], folder: str = "") -> dict[str, Any]:
    """What is kept of a `run.json` for the report with these rows, as JSON; nothing of a report that it does not name.

    Parameters
    ----------
    folder : name of the folder in which the rows lay, which tells reports with one file name apart.
    """
    files = [entry for entry in run.get("files") or () if isinstance(entry, Mapping)]
    named = [entry for entry in files if entry.get("file") == rows[0]["source"].get("file")]
    if len(named) > 1:
        in_folder = [entry for entry in named if folder and entry.get("folder") == folder]
        named = in_folder or [entry for entry in named if (entry.get("items"), entry.get("period")) == (len(rows), rows[0]["period"])]
    if len(named) != 1:
        return {}
    entry = named[0]
    return {key: said[key] for said, keys in ((run, _OF_RUN), (entry, _OF_REPORT)) for key in keys if said.get(key)}


def facts_of(kept: Mapping[str, Any], *, file: str) -> ReportFacts:
    """The facts of what was kept of the report `file`; raises `InputError` where it does not have the form of `run.json`."""
    try:
        return ReportFacts(
            tuple(SkippedRow(Source(file, s["row"], s.get("sheet"), s.get("page")), s["text"], s["reason"]) for s in kept.get("skipped", ())),
            aliases_of(kept.get("unit_alias_names", {}), id=kept.get("unit_aliases", ""), where=file),
            tuple(Proposal(**proposal) for proposal in kept.get("unit_alias_proposals", ())),
            tuple(kept.get("units", ())),
            int(kept.get("items_in_report", 0)),
        )
    except (KeyError, TypeError, ValueError, AttributeError, ResourceError) as error:
        raise InputError(f"run.json 里对这份报告的记载读不懂（{error}）", where=file, remedy="请用 ducha run 重新判读这份报告") from error
