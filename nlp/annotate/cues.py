"""Cue rules: a spaCy component that finds, in a folded text without white space, what `resources/cues.toml` describes."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, Final

from nlp.annotate.spacy_alone import Doc, Language
from nlp.config import load_toml
from nlp.errors import ResourceError
from nlp.labels import CUE_LABELS, PROBLEM_KINDS, PSEUDO
from nlp.records import Cue
from nlp.text import Span

COMPONENT: Final = "ducha_cues"
_KEYS: Final = {"id", "label", "pattern", "extent", "words", "hit", "miss"}
_EXTENTS: Final = ("match", "clause")
_CLAUSE_END: Final = frozenset("，,；;。：:！？!?\n")
_CONNECTIVE: Final = re.compile(r"(?:但是?|然而|不过|其中|目前|同时|另外|此外|只是|当前|[一二三四五六]是|且|而|受此影响)(?=.{4})")
_UNBOUNDED: Final = re.compile(r"(?<!\\)[*+]|\{\d+,\}")


@dataclass(frozen=True)
class CueRule:
    """One rule of the file; `hit` and `miss` are its test sentences."""

    id: str
    label: str
    pattern: re.Pattern[str]
    extent: str
    words: bool
    hit: tuple[str, ...]
    miss: tuple[str, ...]


@functools.cache
def load_rules() -> tuple[CueRule, ...]:
    """The rules in file order.

    Raises
    ------
    ResourceError : an entry has an unknown key or label, a pattern with an unbounded repeat, or no test sentence.
    """
    return tuple(read_rule(entry) for entry in load_toml("cues.toml")["rule"])


@functools.cache
def asks_words() -> re.Pattern[str]:
    """Found wherever a rule whose match must begin and end with a word may match."""
    return re.compile("|".join(f"(?:{rule.pattern.pattern})" for rule in load_rules() if rule.words) or "(?!)")


def read_rule(entry: dict[str, Any]) -> CueRule:
    """One entry of the rule file as a rule; raises `ResourceError` as `load_rules` does."""
    where = f"cues.toml 规则 {entry.get('id', '（无 id）')}"
    if unknown := entry.keys() - _KEYS:
        raise ResourceError(f"未知的键 {sorted(unknown)}，可用 {sorted(_KEYS)}", where=where)
    if missing := {"id", "label", "pattern", "extent", "hit", "miss"} - entry.keys():
        raise ResourceError(f"缺少键 {sorted(missing)}", where=where)
    if entry["label"] not in CUE_LABELS or entry["extent"] not in _EXTENTS:
        raise ResourceError(f"label {entry['label']} 应为 {'、'.join(CUE_LABELS)} 之一，extent {entry['extent']} 应为 {'、'.join(_EXTENTS)} 之一", where=where)
    if _UNBOUNDED.search(entry["pattern"]):
        raise ResourceError("pattern 含有不设上限的重复（* + {n,}），请写明上限", where=where)
    if not entry["hit"] or not entry["miss"]:
        raise ResourceError("hit 和 miss 至少各要一句", where=where)
    return CueRule(
        entry["id"], entry["label"], re.compile(entry["pattern"]), entry["extent"], entry.get("words", False), tuple(entry["hit"]), tuple(entry["miss"])
    )


@Language.component(COMPONENT)
def find_cues(doc: Doc) -> Doc:
    """Set `doc.user_data["cues"]`: cues by start, offsets in `doc.text`; what a pseudo cue covers is left out."""
    text = doc.text
    boundaries = {0, *accumulate(doc.to_array("LENGTH").tolist())}
    found = [(rule, span) for rule in load_rules() for span in _matches(rule, text, boundaries)]
    covered = bytearray(len(text))
    for rule, span in found:
        if rule.label == PSEUDO:
            covered[span.start : span.end] = b"\1" * (span.end - span.start)
    cues = [
        Cue(rule.id, rule.label, _clause(text, span) if rule.extent == "clause" else span)
        for rule, span in found
        if rule.label not in PROBLEM_KINDS or not any(covered[span.start : span.end])
    ]
    doc.user_data["cues"] = tuple(sorted(cues, key=lambda cue: (cue.span.start, cue.span.end)))
    return doc


def _matches(rule: CueRule, text: str, boundaries: set[int]) -> list[Span]:
    spans = (Span(*match.span()) for match in rule.pattern.finditer(text))
    return [span for span in spans if not rule.words or (span.start in boundaries and span.end in boundaries)]


def _clause(text: str, span: Span) -> Span:
    """The clause round a span, without a leading connective."""
    start, end = span
    while start > 0 and text[start - 1] not in _CLAUSE_END:
        start -= 1
    while end < len(text) and text[end] not in _CLAUSE_END:
        end += 1
    lead = _CONNECTIVE.match(text, start, end)
    return Span(min(lead.end(), span.start) if lead else start, end)
