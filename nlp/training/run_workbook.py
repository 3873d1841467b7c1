"""Corrections typed into the workbook of a run come back as labelled items; what is taken, and what is refused, stands at `import_corrections`."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import python_calamine

from nlp.errors import CorpusError
from nlp.labels import AT_RISK, IN_PROGRESS
from nlp.outputs.corrections import CHECKED, checksum, place_spans
from nlp.outputs.sheets import columns_of
from nlp.text import Span, cut_statements
from nlp.training.corpus import PERIODS, LabelledItem, item_record, read_item
from nlp.wording import LANGUAGES, Wording, names

_HEADER_ROW: Final = 2
_KIND: Final = re.compile(r"^[\[〔【［]([^\]〕】］]{1,20})[\]〕】］]\s*")
# What marks labels in a corpus file cannot stand in its texts: such characters come back as others of the same length.
_MARKS: Final = str.maketrans("[]{}<>|", "〔〕｛｝＜＞｜")
_EXTERNAL: Final = "external"


@dataclass(frozen=True)
class Imported:
    """Labelled items, how many of them a person corrected, rows left out, and rows with a remark alone."""

    items: tuple[LabelledItem, ...]
    corrected: int
    left_out: int
    remarks: int


def wording_of(path: Path) -> Wording | None:
    """The language of a workbook that `ducha run` wrote, None for another workbook; raises `CorpusError` where it is no workbook."""
    sheets = _open(path).sheet_names
    return next((wording for wording in map(names, LANGUAGES) if {wording.sheets["items"], wording.sheets["statements"]} <= set(sheets)), None)


def _open(path: Path) -> Any:
    try:
        return python_calamine.load_workbook(str(path))
    except (python_calamine.CalamineError, OSError) as error:
        raise CorpusError(f"不能作为工作簿打开（{error}）", where=path.name) from error


def import_corrections(path: Path, *, wording: Wording, government: str, period: str, every: bool = False) -> Imported:
    """The rows of a run's workbook whose status or problem statements a person corrected; with `every` the others too, as the program labelled them,
    but for those that a cell cannot hold.

    Taken is: the corrected status; the corrected problem statements in place of all the program's (one a line, a kind in brackets in front where the
    program's own does not fit, 无 for none); the basis (the program's, else 文字写明 where there is a problem statement, else what the figures say);
    the severity (the program's, else 2 at risk and 0 or, waiting on others, 1); of the statements those that hold a problem as 有风险, those that
    held one and no longer do as the corrected status, the only one of a row as the row; all else as the program labelled it. No gist.

    Raises
    ------
    CorpusError : with sheet and row: a changed text, a status that is none, a problem statement that is not in the text or crosses two statements,
        labels that contradict each other.
    """
    items: list[LabelledItem] = []
    corrected = left_out = remarks = 0
    ids: dict[str, str] = {}
    for where, row in _read_rows(path, wording):
        _check_unchanged(row, where)
        if ids.setdefault(row["id"], where) != where:
            raise CorpusError(f"与另一行重复（{ids[row['id']]}）", where=where, remedy="请删去其中一行")
        is_corrected = bool(row["correct_status"] or row["correct_problems"])
        corrected += is_corrected
        remarks += bool(row["remark"]) and not is_corrected
        if not is_corrected and not (every and row["record"]):
            left_out += 1
            continue
        record = _record(row, where)
        if period in PERIODS and record["period"][4:].lower() != period:
            raise CorpusError(
                f"报告期是 {record['period']}，写出的文件名是 {period}.jsonl", where=where, remedy=f"请用 --out …/{record['period'][4:].lower()}.jsonl"
            )
        item = _as_labelled(row, record, government=government, period=period, where=where)
        items.append(_checked(_correct(item, row, record, wording=wording, where=where) if is_corrected else item, where=where))
    return Imported(tuple(items), corrected, left_out, remarks)


def _read_rows(path: Path, wording: Wording) -> list[tuple[str, dict[str, str]]]:
    """(place, key of the column -> text) of every row of the sheet of items that is not empty; columns may stand in any order."""
    name = wording.sheets["items"]
    values = _open(path).get_sheet_by_name(name).to_python(skip_empty_area=False)
    headers = [str(value).strip() for value in values[_HEADER_ROW - 1]] if len(values) >= _HEADER_ROW else []
    columns = {column.key: column.header for column in columns_of("items", wording=wording)}
    needed = {key: columns[key] for key in (*CHECKED, "correct_status", "correct_problems", "remark", "id", "check", "record")}
    if missing := [header for header in needed.values() if header not in headers]:
        raise CorpusError(f"第 {_HEADER_ROW} 行的表头缺少 {'、'.join(missing)}", where=f"{path.name} “{name}”", remedy="请用 ducha run 写出的工作簿")
    places = {key: headers.index(header) for key, header in needed.items()}
    rows = []
    for n, cells in enumerate(values[_HEADER_ROW:], start=_HEADER_ROW + 1):
        row = {key: _text(cells[place]) if place < len(cells) else "" for key, place in places.items()}
        if any(row.values()):
            rows.append((f"{path.name} “{name}”第 {n} 行", row))
    return rows


def _text(value: object) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value).strip()


def _check_unchanged(row: Mapping[str, str], where: str) -> None:
    if checksum([row["id"].zfill(4), *(row[key] for key in CHECKED)]) != row["check"]:
        raise CorpusError("序号、任务、单位或落实情况被改动过，只有黄色的三列可以填写", where=where, remedy="请恢复原文，或重新运行 ducha run")


def _record(row: Mapping[str, str], where: str) -> dict[str, Any]:
    """What the program labelled, from the hidden cell."""
    if not row["record"]:
        raise CorpusError("落实情况超出单元格上限，或含有 _x0041_ 一类的编码，不能从工作簿读回", where=where, remedy="请清空此行的更正")
    try:
        record: dict[str, Any] = json.loads(row["record"])
    except json.JSONDecodeError as error:
        raise CorpusError("隐藏的“判读”列被改动过", where=where, remedy="请重新运行 ducha run") from error
    return record


def _as_labelled(row: Mapping[str, str], record: Mapping[str, Any], *, government: str, period: str, where: str) -> LabelledItem:
    text = row["text"].translate(_MARKS)
    try:
        statements = place_spans(text, record["statements"])
        problems = place_spans(text, record["problems"])
    except ValueError as error:
        raise CorpusError("隐藏的“判读”列与落实情况不符", where=where, remedy="请重新运行 ducha run") from error
    if [span for span, _ in statements] != cut_statements(text):
        raise CorpusError("落实情况的断句与判读时不同", where=where, remedy="请重新运行 ducha run")
    return LabelledItem(
        government=government,
        period=period,
        id=record["id"],
        number=row["number"],
        task=row["task"].translate(_MARKS),
        units=tuple(record["units"]) or ("（未填单位）",),
        text=text,
        status=record["status"],
        basis=record["basis"],
        severity=record["severity"],
        statements=statements,
        problems=problems,
        pairs=(),
        gist="",
    )


def _correct(item: LabelledItem, row: Mapping[str, str], record: Mapping[str, Any], *, wording: Wording, where: str) -> LabelledItem:
    """The item with what the person typed, and with what follows from it by the labelling guide."""
    status = _status(row["correct_status"], wording=wording, where=where) or item.status
    problems = item.problems
    if row["correct_problems"]:
        problems = _problems(item, row["correct_problems"], wording=wording, where=where)
    elif row["correct_status"] and status != AT_RISK:
        # By the guide such a problem makes the item at risk: who says that it is not says that there is none.
        problems = tuple((span, kind) for span, kind in problems if kind == _EXTERNAL)
    hard = [span for span, kind in problems if kind != _EXTERNAL]
    if hard and status != AT_RISK:
        raise CorpusError(
            f"有问题语句而状态为“{wording.statuses[status]}”：{hard[0].of(item.text)[:30]}",
            where=where,
            remedy=f"请把更正状态选为“{wording.statuses[AT_RISK]}”，或在问题语句前写类别 [{wording.problems[_EXTERNAL]}]",
        )
    return replace(
        item,
        status=status,
        basis=_basis(item, record, status=status, has_problem=bool(hard), wording=wording, where=where),
        severity=(item.severity or 2) if status == AT_RISK else int(bool(problems)),
        statements=_statements(item, status=status, hard=hard, is_status_given=bool(row["correct_status"])),
        problems=tuple(sorted(problems)),
    )


def _status(typed: str, *, wording: Wording, where: str) -> str | None:
    codes = {name: status for status, name in wording.statuses.items()}
    if typed and typed not in codes:
        raise CorpusError(f"“{wording.columns['correct_status']}”为“{typed[:20]}”，应为 {'、'.join(codes)} 之一", where=where)
    return codes.get(typed)


def _problems(item: LabelledItem, typed: str, *, wording: Wording, where: str) -> tuple[tuple[Span, str], ...]:
    """The problem statements that were typed, one a line; each must stand in one statement of the text."""
    if typed.casefold() == wording.phrases["problem_none"].casefold():
        return ()
    kinds = {name.casefold(): kind for kind, name in wording.problems.items()}
    found: list[tuple[Span, str]] = []
    for line in filter(None, map(str.strip, typed.splitlines())):
        named = _KIND.match(line)
        kind = kinds.get(named.group(1).strip().casefold()) if named else None
        part = (line[named.end() :] if named and kind else line).translate(_MARKS)
        span = _find(item, part, taken=[span for span, _ in found], wording=wording, where=where)
        own = next((k for s, k in item.problems if s.start < span.end and span.start < s.end), None)
        found.append((span, kind or own or "other"))
    if not found:
        raise CorpusError(f"“{wording.columns['correct_problems']}”是空的", where=where)
    return tuple(found)


def _find(item: LabelledItem, part: str, *, taken: list[Span], wording: Wording, where: str) -> Span:
    """Where the words stand: the first place within one statement that no other line has taken."""
    name = wording.columns["correct_problems"]
    places = [Span(m.start(), m.end()) for m in re.finditer(re.escape(part), item.text)] if part else []
    if not places:
        raise CorpusError(f"“{name}”不在原文里：{part[:30]}", where=where, remedy="请从“落实情况”逐字复制，一处一行")
    inside = [span for span in places if any(s.start <= span.start and span.end <= s.end for s, _ in item.statements)]
    if not inside:
        raise CorpusError(f"“{name}”跨了两句：{part[:30]}", where=where, remedy="请分成两行，不带句末的标点")
    free = [span for span in inside if span not in taken]
    if not free:
        raise CorpusError(f"“{name}”重复：{part[:30]}", where=where)
    return free[0]


def _basis(item: LabelledItem, record: Mapping[str, Any], *, status: str, has_problem: bool, wording: Wording, where: str) -> str | None:
    if status != AT_RISK:
        return None
    needs_words = {"stated", "decline"}
    for basis in (item.basis, "stated", record["figures"]):
        if basis and (has_problem or basis not in needs_words):
            return str(basis)
    raise CorpusError(
        f"“{wording.statuses[AT_RISK]}”而没有问题语句，也没有落后的指标", where=where, remedy=f"请在“{wording.columns['correct_problems']}”填上原文里的语句"
    )


def _statements(item: LabelledItem, *, status: str, hard: list[Span], is_status_given: bool) -> tuple[tuple[Span, str], ...]:
    """Statements that hold a problem are at risk; one that was at risk and holds none takes the corrected status, or else is in progress."""
    cleared = status if status != AT_RISK and is_status_given else IN_PROGRESS
    labelled = []
    for span, label in item.statements:
        if any(s.start < span.end and span.start < s.end for s in hard):
            labelled.append((span, AT_RISK))
        elif label == AT_RISK:
            labelled.append((span, cleared))
        elif is_status_given and status != AT_RISK and len(item.statements) == 1:
            labelled.append((span, status))
        else:
            labelled.append((span, label))
    return tuple(labelled)


def _checked(item: LabelledItem, *, where: str) -> LabelledItem:
    """The item itself, once it is certain that the corpus gives it back as it is."""
    if read_item(item_record(item), government=item.government, period=item.period, where=where) != item:
        raise CorpusError("此行写入语料后读回不一致", where=where)
    return item
