"""Rows out of the store: with corrections applied, for the outputs, and as a labelled quarter, for training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from nlp.annotate.targets import MILESTONE
from nlp.config import load_weights
from nlp.errors import CorpusError
from nlp.labels import STATUS_NAMES, STATUSES
from nlp.outputs.read import annotated_of
from nlp.ranking import score_item
from nlp.records import Term
from nlp.store.engine import Store
from nlp.store.fold import ALL, PENDING, STATUS, Entry, State, live_entries
from nlp.store.listing import read_run
from nlp.text import Span
from nlp.training.audit import check_pairs
from nlp.training.corpus import LONGEST_GIST, LONGEST_WITHOUT_GIST, PERIODS, LabelledItem, LabelledPair, item_record, read_item

PERSON: Final = "person"
# The marks of a labelled text cannot stand in it; their wide forms can, and keep every offset.
_WIDE: Final = str.maketrans("[]<>{}|", "［］＜＞｛｝｜")
_NO_UNIT: Final = "未列单位"


def export_rows(store: Store, run: int) -> list[dict[str, Any]]:
    """The rows of a run in report order, in the form of `items.jsonl`, as people left them; untouched rows just as the program wrote them.

    A row that people reviewed is certain (`confidence` 1, `decided_by` person, no `needs_review`) and says who reviewed it under `review`; its risk score
    is counted anew, and all ranks with it. Raises `StoreError` for an unknown run.
    """
    weights = load_weights()
    rows = []
    for row, state, entries in read_run(store, run):
        is_untouched = state.review == PENDING and not state.note
        rows.append(dict(row) if is_untouched else _corrected(row, state, entries, weights=weights))
    _rank(rows)
    return rows


def _corrected(row: Mapping[str, Any], state: State, entries: Sequence[Entry], *, weights: Mapping[str, float]) -> dict[str, Any]:
    review = {"state": state.review, "who": state.who, "at": state.at, "revision": state.revision, "note": state.note}
    if state.review == PENDING:
        return {**row, "review": review}
    text, known = row["text"], {Span(p["start"], p["end"]): p for p in row["problems"]}
    statuses = dict(state.statements)
    problems = []
    for span, kind in state.problems:
        old = known.get(span)
        is_kept = old is not None and old["kind"] == kind
        problems.append(old if is_kept else {"start": span.start, "end": span.end, "text": span.of(text), "kind": kind, "score": 1.0, "rule": PERSON})
    new = {
        **row,
        "status": state.status,
        "basis": state.basis,
        "severity": state.severity,
        "probabilities": {status: float(status == state.status) for status in STATUSES},
        "confidence": 1.0,
        "needs_review": False,
        "statements": [{**s, "status": statuses[Span(s["start"], s["end"])]} for s in row["statements"]],
        "problems": problems,
        "decided_by": PERSON,
        "reason": _reason(row, state, entries),
        "review": review,
    }
    if (state.status, state.basis, state.severity, problems) != (row["status"], row["basis"], row["severity"], row["problems"]):
        terms = score_item(annotated_of(new), weights=weights)
        new["risk"] = {"score": round(sum(t.value for t in terms), 2), "rank": None, "terms": [_term(t) for t in terms]}
    return new


def _term(term: Term) -> dict[str, Any]:
    return {"name": term.name, "value": term.value}


def _reason(row: Mapping[str, Any], state: State, entries: Sequence[Entry]) -> str:
    """Who set the status, with the reason that was given; where only confirmed, who did so beside the program's reason."""
    live = [entry for entry in live_entries(entries) if entry.field in {STATUS, ALL}]
    last = next((entry for entry in reversed(live) if entry.field == STATUS), None)
    if last is not None and state.status != row["status"]:
        return f"{last.who}改为{STATUS_NAMES[state.status]}" + (f"：{last.why}" if last.why else "")
    return f"{row.get('reason', '')}（{live[-1].who}已确认）" if live and live[-1].field == ALL else row.get("reason", "")


def _rank(rows: list[dict[str, Any]]) -> None:
    """Ranks by the scores as they are now, as `nlp.ranking.rank` gives them."""
    order = sorted(range(len(rows)), key=lambda i: (-rows[i]["risk"]["score"], -rows[i]["severity"], i))
    for rank, i in enumerate(order, start=1):
        rows[i]["risk"] = {**rows[i]["risk"], "rank": rank if rows[i]["risk"]["score"] > 0 else None}


def labelled_items(store: Store, run: int, *, everything: bool = False, government: str = "") -> list[LabelledItem]:
    """The corrected and confirmed rows of a run (`everything`: all rows) as records of a labelled quarter, in report order; ids are places in the report.

    Pairs are the program's, left out where their verdicts would deny what people said of the row. A gist is clauses of the program's summary. Marks
    that a labelled text cannot hold become wide ones.

    Raises
    ------
    StoreError : the run is unknown.
    CorpusError : a row cannot be written as a labelled row; names it.
    """
    found = []
    for n, (row, state, _) in enumerate(read_run(store, run), start=1):
        if row["period"][4:].lower() not in PERIODS:
            raise CorpusError(f"报告期 {row['period']} 不能作语料", remedy="语料只收一季度、半年、前三季度和全年")
        if everything or state.review != PENDING:
            found.append(_labelled(row, state, n, government=government))
    return found


def _labelled(row: Mapping[str, Any], state: State, n: int, *, government: str) -> LabelledItem:
    text = row["text"].translate(_WIDE)
    plain = LabelledItem(
        government=government,
        period=row["period"],
        id=f"{n:03d}",
        number=row["number"],
        task=row["task"].translate(_WIDE),
        units=tuple(row["units"]) or (_NO_UNIT,),
        text=text,
        status=state.status,
        basis=state.basis,
        severity=state.severity,
        statements=state.statements,
        problems=state.problems,
        pairs=(),
        gist=_gist(row["summary"].translate(_WIDE), text),
    )
    failure = ""
    for pairs in (_pairs(row), ()):
        item = replace(plain, pairs=pairs)
        if pairs and any(finding.level == "error" for finding in check_pairs(item)):
            continue
        try:
            # What cannot be read back just so has marks that cross each other.
            if read_item(item_record(item), government=government, period=item.period, where=f"第 {n} 项") == item:
                return item
        except CorpusError as error:
            failure = error.what
    raise CorpusError(failure or "标注不能写成语料", where=f"第 {n} 项")


def _pairs(row: Mapping[str, Any]) -> tuple[LabelledPair, ...]:
    chosen = [i for i in row.get("indicators", []) if i["task_span"] and i["kind"] != MILESTONE]
    return tuple(
        LabelledPair(i["name"], i["kind"], float(i["target"]), float(i["result"]), i["verdict"], Span(*i["task_span"]), Span(*i["text_span"])) for i in chosen
    )


def _gist(summary: str, text: str) -> str:
    """The clauses at the head of the summary that fit into a gist; empty for short texts, which need none."""
    if len(text) <= LONGEST_WITHOUT_GIST:
        return ""
    if len(summary) <= LONGEST_GIST:
        return summary
    ends = [i for i, c in enumerate(summary[:LONGEST_GIST]) if c in "，；。、 "]
    return summary[: ends[-1]] if ends else summary[:LONGEST_GIST]
