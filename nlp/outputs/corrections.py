"""What the workbook carries so that a corrected row is found again: a checksum of the row's words, and the program's own labels in a hidden cell."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any, Final

from nlp.annotate.pace import BAD, FALLING
from nlp.annotate.targets import GROWTH
from nlp.labels import BASES
from nlp.outputs.cells import LONGEST_CELL, UNPRINTABLE, printable
from nlp.text import Span, squeeze

CHECKED: Final = ("number", "task", "units", "text")
# Excel's way to write a character by its code; not every program gives the text back as it was where the text itself looks so.
CHARACTER_CODE: Final = re.compile(r"_x([0-9A-Fa-f]{4})_")


def checksum(cells: Sequence[str]) -> str:
    """16 hex digits over the characters of the cells that are no white space: programs may change line breaks, people must not change words."""
    return sha256("\x1f".join("".join(CHARACTER_CODE.sub(_decoded, cell).split()) for cell in cells).encode("utf-8", "replace")).hexdigest()[:16]


def _decoded(code: re.Match[str]) -> str:
    return chr(int(code.group(1), 16))


def record_of(item: Mapping[str, Any], *, id_: str) -> str:
    """The program's labels of an item row as JSON; offsets count the characters of the cell's text that are no white space.

    Empty for a row whose text or labels no cell can hold.
    """
    if len(printable(item["text"])) > LONGEST_CELL or CHARACTER_CODE.search(item["text"] + item["task"]):
        return ""
    place = _counts_before(item["text"])
    record = {
        "id": id_,
        "period": item["period"],
        "units": [printable(unit) for unit in item["units"]],
        "status": item["status"],
        "basis": item["basis"],
        "severity": item["severity"],
        "figures": _basis_by_figures(item),
        "statements": [[place[s["start"]], place[s["end"]], s["status"]] for s in item["statements"]],
        "problems": [[place[p["start"]], place[p["end"]], p["kind"]] for p in item["problems"]],
    }
    text = json.dumps(record, ensure_ascii=False, separators=(",", ":"))
    return text if len(text) <= LONGEST_CELL else ""


def _counts_before(text: str) -> list[int]:
    """For every offset of the text, its end included: printable characters before it that are no white space."""
    dropped = {mark.start() for mark in UNPRINTABLE.finditer(text)}
    counts = [0]
    for n, character in enumerate(text):
        counts.append(counts[-1] + (n not in dropped and not character.isspace()))
    return counts


def _basis_by_figures(item: Mapping[str, Any]) -> str | None:
    """The basis that the figures alone give the item, None where none is behind."""
    found = [
        "decline" if i["verdict"] == FALLING else "growth" if i["kind"] == GROWTH else "pace"
        for i in item["indicators"]
        if i["verdict"] in BAD and i["kind"] != "milestone"
    ]
    return min(found, key=BASES.index, default=None)


def place_spans(text: str, spans: Sequence[tuple[int, int, str]]) -> tuple[tuple[Span, str], ...]:
    """Spans of a record in `text` as the cell gave it back; raises `ValueError` where they do not lie in it."""
    offsets = squeeze(text)[1]
    if any(not 0 <= start < end <= len(offsets) for start, end, _ in spans):
        raise ValueError("span outside the text")
    return tuple((Span(offsets[start], offsets[end - 1] + 1), label) for start, end, label in spans)
