"""A report's result as one HTML page that works without any network: overview, filters, search, every row with its evidence."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from importlib.resources import files
from pathlib import Path
from typing import Any, Final, Protocol

from nlp.config import load_toml
from nlp.labels import BASES, BASIS_NAMES, PROBLEM_KINDS, PROBLEM_NAMES, SEVERITIES, SEVERITY_NAMES, STATUS_NAMES, STATUSES, TERM_NAMES, VERDICT_NAMES
from nlp.outputs.cells import display
from nlp.outputs.document import document, json_block
from nlp.records import Period
from nlp.text import number
from nlp.wording import period_name

# In the order in which they are joined: each may use what those before it define.
_SCRIPTS: Final = ("text.js", "charts.js", "rows.js", "state.js", "page.js")
_LANGUAGE: Final = "zh"
_PLACEHOLDER: Final = re.compile(r"\{\{(\w+)\}\}")
# Controls, marks that turn the direction of text round, halves of characters: shown as � so that they act on nothing and every offset stays.
_UNSHOWN: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")
_ASTRAL: Final = re.compile("[\U00010000-\U0010ffff]")


class Passage(Protocol):
    """A passage of the digest: heading, text, and the numbers of the items that it cites."""

    @property
    def heading(self) -> str: ...
    @property
    def text(self) -> str: ...
    @property
    def numbers(self) -> Sequence[str]: ...


def write_page(
    path: Path,
    *,
    title: str,
    place: str,
    period: Period,
    items: Sequence[Mapping[str, Any]],
    risks: Sequence[Mapping[str, Any]],
    passages: Sequence[Passage] = (),
) -> None:
    """Write the page.

    Parameters
    ----------
    items, risks : rows as `items.jsonl` and `risks.jsonl` hold them.
    passages : of the digest, shown below the overview; the numbers that they cite lead to the rows.
    """
    words = load_toml("page/words.toml")[_LANGUAGE]
    data = page_data(title=title, place=place, period=period, items=items, risks=risks, passages=passages)
    values = {**{key: escape(value) for key, value in words.items() if isinstance(value, str)}, "title": escape(shown(title))}
    values["data"] = json_block({**data, "words": words})
    # One pass, so that nothing in the data is taken for a placeholder.
    body = _PLACEHOLDER.sub(lambda match: values[match[1]], _asset("page.html"))
    script = "(function () {\n'use strict';\n" + "\n".join(map(_asset, _SCRIPTS)) + "})();\n"
    page = document(title=shown(title), style=_asset("page.css"), body=body, script=script, language=words["lang"])
    path.write_text(page, encoding="utf-8", newline="\n")


def page_data(
    *, title: str, place: str, period: Period, items: Sequence[Mapping[str, Any]], risks: Sequence[Mapping[str, Any]], passages: Sequence[Passage] = ()
) -> dict[str, Any]:
    """What the script of the page reads: rows in report order, names of the labels in their order, the ranked list as indices of rows."""
    by_source = {_address(item): n for n, item in enumerate(items)}
    reasons = {by_source[_address(risk)]: shown(risk.get("why") or risk["reason"]) for risk in risks if _address(risk) in by_source}
    return {
        "title": shown(title),
        "place": shown(place),
        "period": period_name(period.code),
        "elapsed": round(period.elapsed, 4),
        "names": {
            "status": [[status, STATUS_NAMES[status]] for status in STATUSES],
            "basis": [[basis, BASIS_NAMES[basis]] for basis in BASES],
            "kind": [[kind, PROBLEM_NAMES[kind]] for kind in PROBLEM_KINDS],
            "severity": [[str(severity), SEVERITY_NAMES[severity]] for severity in SEVERITIES],
            "verdict": VERDICT_NAMES,
            "term": TERM_NAMES,
        },
        "rows": [_row(item) for item in items],
        "risks": [[n, reason] for n, reason in reasons.items()],
        "passages": [_passage(passage, items) for passage in passages],
    }


def shown(text: str) -> str:
    """Text of the same length in which every character that would act on the page instead of being seen is �."""
    return _UNSHOWN.sub("\ufffd", text)


def utf16_offsets(text: str, offsets: Iterable[int]) -> list[int]:
    """Offsets in characters as JavaScript counts them, where a character beyond U+FFFF counts two."""
    wide = [match.start() for match in _ASTRAL.finditer(text)]
    return [offset + bisect_left(wide, offset) for offset in offsets] if wide else list(offsets)


def _row(item: Mapping[str, Any]) -> dict[str, Any]:
    text, task = item["text"], item["task"]
    cues = [cue for statement in item["statements"] for cue in statement.get("cues", ())]
    return {
        "number": shown(item["number"]),
        "task": shown(task),
        "units": [shown(unit) for unit in item["units"]],
        "text": shown(text),
        "section": shown(item["section"]),
        "other": [[shown(entry["header"]), shown(entry["text"])] for entry in item["other"]],
        "status": item["status"],
        "basis": item["basis"],
        "severity": item["severity"],
        "probabilities": [item["probabilities"][status] for status in STATUSES],
        "confidence": item["confidence"],
        "review": item["needs_review"],
        "against": item["words_against_figures"],
        "statements": [[*_span(text, s), s["status"]] for s in item["statements"]],
        "problems": [[*_span(text, p), p["kind"]] for p in item["problems"]],
        "cues": [_span(text, cue) for cue in cues],
        "indicators": [_indicator(indicator, task=task, text=text) for indicator in item["indicators"]],
        "rank": item["risk"]["rank"],
        "score": item["risk"]["score"],
        "terms": [[term["name"], term["value"]] for term in item["risk"]["terms"]],
        "why": shown(item["risk"].get("why", "")),
        "summary": shown(item["summary"]),
        "reason": shown(item["reason"]),
        "decided": item["decided_by"],
        "rules": item["rules_status"],
        "file": shown(item["source"]["file"]),
        "at": shown(str(display(item, "source"))),
    }


def _indicator(indicator: Mapping[str, Any], *, task: str, text: str) -> dict[str, Any]:
    def figure(what: str) -> str:
        value = indicator[what]
        return "" if value is None else shown(f"{number(value)}{indicator[f'{what}_unit']}")

    return {
        "name": shown(indicator["name"]),
        "target": figure("target"),
        "result": figure("result"),
        "verdict": indicator["verdict"],
        "light": indicator["light"],
        "arithmetic": shown(indicator["arithmetic"]),
        "task": utf16_offsets(task, indicator["task_span"]) if indicator["task_span"] else None,
        "text": utf16_offsets(text, indicator["text_span"]) if indicator["text_span"] else None,
    }


def _span(text: str, part: Mapping[str, Any]) -> list[int]:
    return utf16_offsets(text, (part["start"], part["end"]))


def _address(row: Mapping[str, Any]) -> tuple[object, ...]:
    source = row["source"]
    return source["file"], source.get("page", source.get("sheet")), source["row"], row["number"], row["task"]


def _passage(passage: Passage, items: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Heading, text, and each cited number with the index of its row: the highest ranked where several rows bear it, null where none does."""
    cited = []
    for name in map(str, passage.numbers):
        rows = [n for n, item in enumerate(items) if item["number"] == name]
        rows.sort(key=lambda n: items[n]["risk"]["rank"] or len(items) + n)
        cited.append([shown(name), rows[0] if rows else None])
    return {"heading": shown(passage.heading), "text": shown(passage.text), "cited": cited}


def _asset(name: str) -> str:
    return files("nlp").joinpath(f"resources/page/{name}").read_text(encoding="utf-8").replace("\r\n", "\n")
