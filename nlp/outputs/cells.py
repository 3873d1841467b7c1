"""What stands in a cell: text that no program takes for a formula, and labels as people read them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from nlp.wording import Wording, names

# Excel's own limit on the characters of a cell.
LONGEST_CELL: Final = 32_767
# What XML 1.0 cannot hold, control characters, and marks that turn the direction of text round.
UNPRINTABLE: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffe\uffff\ud800-\udfff\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
# What a file says of when it was made: always the same, so that the same report gives the same bytes. The file system knows the real time.
CREATED: Final = datetime(1980, 1, 1)
_FORMULA_START: Final = ("=", "+", "-", "@", "\t", "\r", "\uff1d", "\uff0b", "\uff0d", "\uff20")
# Columns that hold a status and take its colour; empty where there was none.
STATUS_KEYS: Final = frozenset({"status", "status_older", "status_newer", "older_status"})
SHARE_KEYS: Final = frozenset(
    {"share", "confidence", "ratio", "expected", "similarity", "at_risk_share", "at_risk_shrunk", "completed_share", "completed_shrunk"}
    | {"p_completed", "p_in_progress", "p_not_started", "p_at_risk"}
)
# Short columns that stand in the middle of their cells, so that a number does not run into the text beside it.
CENTRED_KEYS: Final = frozenset(
    {"rank", "number", "older_number", "basis", "severity", "statement_number", "unit_rank", "rank_change", "led", "joined", "needs_review"}
    | {"words_against_figures", "target", "result", "completed", "in_progress", "not_started", "at_risk", "count", "to_review", "reports", "report_rank"}
    | {"period"}
)
# Columns that take the colour of the row's `light`.
LIGHT_KEYS: Final = frozenset({"verdict", "light", "changes", "at_risk_change"})


@dataclass(frozen=True)
class Column:
    """A column of a table: header, key of the row, width in Latin characters, whether its text wraps, whether it goes on paper.

    `marked` columns are for people to fill in; `hidden` ones for the program to read back.
    """

    header: str
    key: str
    width: int
    wraps: bool = False
    printed: bool = True
    marked: bool = False
    hidden: bool = False


def printable(text: str) -> str:
    """The text without what XML cannot hold, control characters, and marks that turn its direction round; every line break as one `\\n`."""
    return UNPRINTABLE.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def clean(text: str, *, wording: Wording | None = None) -> str:
    """Text that a cell can hold: `printable`, and not longer than Excel allows (the cut is said in the cell)."""
    kept = printable(text)
    note = (wording or names()).phrases["cut"]
    return kept if len(kept) <= LONGEST_CELL else kept[: LONGEST_CELL - len(note)] + note


def inert(value: str | float | int | bool) -> str | float | int | bool:
    """A value for csv, where nothing says that a cell is text: what begins like a formula gets an apostrophe in front."""
    if not isinstance(value, str):
        return value
    text = printable(value)
    return "'" + text if text.lstrip().startswith(_FORMULA_START) or text.startswith(_FORMULA_START) else text


def display(row: Mapping[str, Any], key: str, *, wording: Wording | None = None) -> str | float | int | bool:
    """What a person reads in the column `key` of an item row, a risk row or a row made from them."""
    words = wording or names()
    value = row[key]
    if key in STATUS_KEYS:
        return words.statuses[value] if value else ""
    if key == "basis":
        return words.bases.get(value, "")
    if key == "severity":
        return f"{value} {words.severities[value]}"
    if key == "units":
        return words.list_mark.join(value)
    if key == "problems":
        return "\n".join(words.say("problem_line", kind=words.problems[p["kind"]], text=p["text"]) for p in value)
    if key == "needs_review":
        return words.phrases["yes"] if value else ""
    if key == "words_against_figures":
        return words.phrases["disagree"] if value else ""
    if key == "verdict":
        return words.verdicts[value]
    if key == "light":
        return words.lights.get(value, "")
    if key in SHARE_KEYS:
        return "" if value is None else float(value)
    if key == "terms":
        return "；".join(f"{words.terms.get(t['name'], t['name'])} {t['value']:g}" for t in value)
    if key == "changes":
        return words.list_mark.join(words.changes.get(name, name) for name in value)
    if key == "source":
        place = words.say("page", page=value["page"]) if "page" in value else f"{value['sheet']} " if "sheet" in value else ""
        return place + words.say("row", row=value["row"])
    return value  # type: ignore[no-any-return]
