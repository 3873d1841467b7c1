"""What a letter may quote of a row: whole clauses, problem spans, figures held against targets, and where the row stands."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from nlp.annotate.clauses import cut_clauses
from nlp.annotate.pace import BAD
from nlp.labels import AT_RISK, STATUSES, VERDICT_NAMES
from nlp.outputs.cells import display
from nlp.records import Statement
from nlp.text import Span, partners

Row = Mapping[str, Any]
NO_REPORT: Final = "未填报落实情况"
# What ends a text that goes on.
CUT: Final = "……"
_FINAL_MARKS: Final = "。；;，,、：:"
_BETWEEN_CHINESE: Final = re.compile(r"(?<=[\u3000-\u9fff\uff00-\uffef])[ \t\u3000\xa0]*[\r\n]+\s*(?=[\u3000-\u9fff\uff00-\uffef])")
_LONGEST_CLAUSE: Final = 60
_LONGEST_PLACE: Final = 50
_MARKS: Final = frozenset("，,；;。：:！!？?\n")
# A problem that begins or ends this near to the edge of its clause is shown up to the edge, so that no word is parted.
_NEAR: Final = 6
# Characters of a row that are looked at: no letter quotes from farther on.
_MOST_READ: Final = 5_000


class Quote(NamedTuple):
    """A stretch of a status text and whether it states a problem or a result that misses its target."""

    text: str
    is_problem: bool


def plain(text: str) -> str:
    """The text on one line: a break between Chinese characters goes, other white space becomes one space."""
    return " ".join(_BETWEEN_CHINESE.sub("", text).split())


def clip(text: str, longest: int) -> str:
    """The text on one line without its final mark; where it is longer than `longest`, cut at a mark outside brackets and ended with ……."""
    stated = plain(text[:_MOST_READ]).rstrip(_FINAL_MARKS)
    if len(stated) <= longest:
        return stated
    closed_at = partners(stated)
    best = i = 0
    while i < longest:
        if i in closed_at:
            i = closed_at[i]
            continue
        is_joint = stated[i - 1 : i].isdigit() and stated[i + 1 : i + 2].isdigit()
        if stated[i] in _FINAL_MARKS and not is_joint:
            best = i
        i += 1
    end = best if best > longest // 3 else longest
    # A bracket left open by the cut is worse than a shorter text.
    opened = min((start for start, close in closed_at.items() if start < end < close), default=0)
    return stated[: opened if opened > longest // 3 else end].rstrip(_FINAL_MARKS + " ") + CUT


def place_of(row: Row) -> str:
    """Where the row stands in its file: 第3页 第5行, 表1 第5行, 第5行."""
    stated = plain(str(display(row, "source")))
    return stated if len(stated) <= _LONGEST_PLACE else CUT + stated[-_LONGEST_PLACE:]


def bad_figures(row: Row) -> list[Row]:
    """The targets of the row that its results miss."""
    return [indicator for indicator in row["indicators"] if indicator["verdict"] in BAD]


def arithmetic(indicator: Row) -> str:
    """A target held against its result, with the verdict: 公共充电桩：246 / 1500个 = 16.4%，应达 25%（落后序时）."""
    return f"{clip(indicator['name'], _LONGEST_CLAUSE)}：{indicator['arithmetic']}（{VERDICT_NAMES[indicator['verdict']]}）"


def decisive_words(item: Row, *, longest: int) -> str:
    """The clauses that state the row's problems, in quotation marks, and the figures behind; `NO_REPORT` where the row is empty.

    At most `longest` characters of whole clauses, the first clause in any case (cut where it alone is too long).
    """
    text = item["text"][:_MOST_READ]
    if not text.strip():
        return NO_REPORT
    clauses = [clause.span for clause in cut_clauses(text, statements=_statements(item, len(text)), longest=_LONGEST_CLAUSE)]
    spans = [Span(problem["start"], problem["end"]) for problem in item["problems"] if problem["end"] <= len(text)]
    wanted = [clause for clause in clauses if any(_touch(clause, span) for span in spans)]
    # A problem that no clause holds is quoted as it stands.
    wanted += [span for span in spans if not any(_touch(clause, span) for clause in clauses)]
    figures = [] if not item["indicators"] else bad_figures(item)
    if not wanted and not figures and item["status"] == AT_RISK:
        wanted = [statement.span for statement in _by_weight(item, len(text))[:1]]
    quoted: list[str] = []
    for span in sorted(wanted):
        stated = _single(clip(span.of(text), longest))
        if quoted and sum(map(len, quoted)) + len(stated) > longest:
            break
        quoted.append(stated)
    words = "“" + "；".join(quoted) + "”" if quoted else ""
    silent = [figure for figure in figures if not any(_touch(Span(*figure["text_span"]), span) for span in wanted)]
    shown = silent or (figures if not quoted else [])
    return words + ("\n" if words and shown else "") + "；".join(arithmetic(figure) for figure in shown[:2])


def decisive_statements(item: Row, *, longest: int) -> tuple[list[list[Quote]], int]:
    """The statements that decide the row's status, each as pieces with its problems and missed results marked, and how many statements the row has.

    Statements with problems or with results that miss their target; where there are none, the one likeliest to be at risk. Together at most
    `longest` characters; what is left out of a statement shows as ……
    """
    text = item["text"][:_MOST_READ]
    statements = [statement.span for statement in _statements(item, len(text))]
    problems = [Span(problem["start"], problem["end"]) for problem in item["problems"]]
    results = [Span(*figure["text_span"]) for figure in bad_figures(item)]
    wanted = [s for s in statements if any(_touch(s, span) for span in (*problems, *results))] or [s.span for s in _by_weight(item, len(text))[:1]]
    marked = _marked(text, problems)
    marked += [span for span in results if not any(_touch(span, other) for other in marked)]
    shown: list[list[Quote]] = []
    left = longest
    for span in wanted:
        if left <= 0:
            break
        visible = _window(text, span, [mark for mark in marked if _touch(mark, span)], left)
        shown.append(_pieces(text, span, visible, marked))
        left -= visible.end - visible.start
    return shown, len(item["statements"])


def _statements(item: Row, end: int) -> list[Statement]:
    return [Statement(Span(s["start"], min(s["end"], end)), s["status"], ()) for s in item["statements"] if s["start"] < end]


def _by_weight(item: Row, end: int) -> list[Statement]:
    """Statements at risk first, then by the probability of it."""
    weights = {s["start"]: s["probabilities"].get(AT_RISK, 0.0) if s["probabilities"] else 0.0 for s in item["statements"]}
    return sorted(_statements(item, end), key=lambda s: (s.status != AT_RISK, -weights[s.span.start], -STATUSES.index(s.status)))


def _marked(text: str, problems: Sequence[Span]) -> list[Span]:
    """Problem spans in order, stretched to the near edges of their clauses, those that only white space parts made one."""
    found: list[Span] = []
    for start, end in sorted(problems):
        if end > len(text):
            continue
        head = next((i + 1 for i in range(start - 1, max(start - _NEAR, 0) - 1, -1) if text[i] in _MARKS), 0 if start <= _NEAR else start)
        tail = next((i for i in range(end, min(end + _NEAR, len(text))) if text[i] in _MARKS), len(text) if len(text) - end <= _NEAR else end)
        if found and not text[found[-1].end : head].strip():
            found[-1] = Span(found[-1].start, max(tail, found[-1].end))
        else:
            found.append(Span(head, tail))
    return found


def _window(text: str, span: Span, inside: Sequence[Span], most: int) -> Span:
    """The part of a statement that is shown: all of it where it is short, else whole clauses from that of its first problem on."""
    if span.end - span.start <= most:
        return span
    first = max(min((s.start for s in inside), default=span.start), span.start)
    heads = [span.start, *(i + 1 for i in range(span.start, first) if text[i] in _MARKS)]
    start = heads[-1] if first - heads[-1] < most // 2 else first
    limit = min(start + most, span.end)
    cuts = [i for i in range(start + 1, limit) if text[i] in _MARKS]
    return Span(start, span.end if limit == span.end else cuts[-1] if cuts and cuts[-1] - start > most // 3 else limit)


def _pieces(text: str, span: Span, visible: Span, marked: Sequence[Span]) -> list[Quote]:
    edges = sorted({visible.start, visible.end, *(e for m in marked for e in m if visible.start < e < visible.end)})
    pieces = [Quote(CUT, False)] if visible.start > span.start else []
    for start, end in itertools.pairwise(edges):
        is_problem = any(m.start <= start and end <= m.end for m in marked)
        # Space at an edge belongs to the sentence and stays.
        stated = _BETWEEN_CHINESE.sub("", text[start:end]).replace("\n", " ")
        pieces.append(Quote(stated, is_problem))
    return [*pieces, Quote(CUT if visible.end < span.end else "。", False)]


def _single(text: str) -> str:
    return text.replace("“", "‘").replace("”", "’")


def _touch(one: Span, other: Span) -> bool:
    return one.start < other.end and other.start < one.end
