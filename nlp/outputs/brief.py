"""The draft of an official letter on a report's result (督查通报) in Word: digest, table of top risks, gaps for what only people know, sheets by item.

Every number in it stands in the rows (with file, page and row), counts rows, or counts lines of the letter itself.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from nlp.digest import CAUSES, DONE, MOVING, OVERVIEW, RISKS, UNITS, Passage
from nlp.labels import BASIS_NAMES, SEVERITIES, STATUS_NAMES
from nlp.outputs import word_layout as layout
from nlp.outputs.evidence import Row, clip, decisive_words, place_of, plain
from nlp.outputs.order_sheet import add_sheet
from nlp.outputs.word_layout import BODY, CELL, CELL_CENTRE, CELL_HEAD, HEADINGS, NOTE, SOURCE, Piece, add
from nlp.outputs.word_xml import save
from nlp.records import Period

CRITICAL: Final = SEVERITIES[-1]
WORKBOOK: Final = "ducha.xlsx"
_LEVELS: Final = "一二三四五六七八九十"
# Headings of the letter with the passages of the digest that stand under each; one passage alone needs no heading of its own.
_PARTS: Final = (("总体情况", (OVERVIEW,)), ("工作进展", (DONE, MOVING)), ("主要风险", (RISKS, CAUSES, UNITS)))
# Sheet of the workbook in which the counts of a passage can be read off.
_COUNTED_IN: Final = {OVERVIEW: "全部任务", DONE: "全部任务", MOVING: "全部任务", RISKS: "风险清单", CAUSES: "全部任务", UNITS: "单位统计"}
# These count and quote no row.
_ONLY_COUNTS: Final = frozenset({OVERVIEW, UNITS})
_TITLE_WIDTH: Final = 20
_COLUMNS: Final = (("排名", 11), ("序号", 12), ("主要任务", 35), ("牵头单位", 22), ("状态\n依据", 19), ("决定性文字、数字", 38), ("出处", 19))
_LONGEST_TASK: Final = 40
_LONGEST_WORDS: Final = 70
_LONGEST_NUMBER: Final = 20
_MOST_NAMESAKES: Final = 3


def write_brief(
    path: Path,
    *,
    report_title: str,
    place: str,
    period: Period,
    items: Sequence[Row],
    risks: Sequence[Row],
    passages: Sequence[Passage],
    top: int = 15,
    workbook: str | None = WORKBOOK,
) -> None:
    """Write the letter.

    Parameters
    ----------
    items, risks : rows as `items.jsonl` and `risks.jsonl` hold them, of one report.
    top : so many risks stand in the table, and at most so many critical items get a sheet; 0 leaves both out.
    workbook : name of the workbook in which the counts can be read off; None where it is not written.
    """
    parts = _title_parts(place, period)
    letter = layout.new_letter("".join(parts))
    by_rank = {item["risk"]["rank"]: item for item in items}
    listed = risks[:top]
    critical = [risk for risk in risks if risk["severity"] >= CRITICAL]
    sheets = critical[:top]

    add(letter, layout.TITLE, "\n".join(_lines(parts)))
    add(letter, layout.ADDRESSEE, "××：")
    _open(letter, report_title, period, items, risks, critical)
    _explain(letter, items, workbook)
    level = 0
    for heading, names in _PARTS:
        chosen = [passage for name in names for passage in passages if passage.heading == name]
        if chosen:
            _part(letter, level, heading, chosen, items, workbook)
            level += 1
        if heading == _PARTS[-1][0] and listed:
            _table(letter, listed, by_rank, total=len(risks), workbook=workbook)
    _demand(letter, level, items, risks, critical, len(sheets), workbook)
    _list_annexes(letter, sheets)
    _sign(letter)
    for n, risk in enumerate(sheets, start=1):
        add_sheet(letter, number=n, total=len(sheets), item=by_rank[risk["rank"]], risk=risk)
    save(letter, path)


def _title_parts(place: str, period: Period) -> tuple[str, ...]:
    return (f"关于{clip(place, 30)}", period.name, "重点任务", "落实情况的", "督查通报", "（代拟稿）")


def _lines(parts: Sequence[str]) -> list[str]:
    """The parts of the title on as few lines as hold them, none broken within; a Latin character is half a Chinese one wide."""
    lines = [""]
    for part in parts:
        longer = lines[-1] + part
        # 落实情况的督查通报 is not parted from itself where it fits.
        if lines[-1] and (_width(longer) > _TITLE_WIDTH or (part == "落实情况的" and _width(longer + "督查通报") > _TITLE_WIDTH)):
            lines.append(part)
        else:
            lines[-1] = longer
    return lines


def _width(text: str) -> float:
    return sum(1 if c > "\u2e7f" or c == "—" else 0.5 for c in text)


def _open(letter: Any, report_title: str, period: Period, items: Sequence[Row], risks: Sequence[Row], critical: Sequence[Row]) -> None:
    counts = [f"列入风险清单{len(risks)}项"] if risks else []
    counts += [f"其中程度严重{len(critical)}项"] if critical else []
    found = "，".join(counts) + "。" if counts else "未发现需要列入风险清单的事项。"
    title = clip(report_title, 80).replace("《", "〈").replace("》", "〉")
    add(letter, BODY, f"根据××要求，对《{title}》所列{len(items)}项任务{period.name}的落实情况进行了督查，{found}现将有关情况通报如下。")


def _explain(letter: Any, items: Sequence[Row], workbook: str | None) -> None:
    files = list(dict.fromkeys(plain(item["source"]["file"]) for item in items))
    named = "、".join(f"“{clip(name, 80)}”" for name in files[:_MOST_NAMESAKES])
    whole = f"“全表”指同时生成的{workbook}；" if workbook else ""
    says = f"本稿由程序据报告文件{named}摘编，引号内为原文；出处所列页、表、行均指该文件；{whole}“×”处待填写。请核对后定稿，并删去本说明和各处出处。"
    add(letter, NOTE, f"（说明：{says}）")


def _part(letter: Any, level: int, heading: str, passages: Sequence[Passage], items: Sequence[Row], workbook: str | None) -> None:
    add(letter, HEADINGS[0], f"{_LEVELS[level]}、{heading}")
    for n, passage in enumerate(passages):
        if len(passages) > 1:
            add(letter, HEADINGS[1], f"（{_LEVELS[n]}）{passage.heading}")
        entries = _entries(plain(passage.text))
        counted = _counted(passage.heading, workbook)
        sources = [] if passage.heading in _ONLY_COUNTS else [_sources(number, passage.text, items) for number in passage.numbers]
        # Each entry of a list carries its own source, where list and rows go together one by one.
        if len(entries) == len(sources) + 1 > 1:
            add(letter, BODY, entries[0], _note(counted))
            for entry, source in zip(entries[1:], sources, strict=True):
                add(letter, HEADINGS[2], entry, _note(f"出处：{source}" if source else ""))
        else:
            for entry in entries[:-1]:
                add(letter, BODY, entry)
            cited = "；".join(source for source in sources if source)
            add(letter, BODY, entries[-1], _note("；".join(filter(None, (f"出处：{cited}" if cited else "", counted)))))


def _counted(heading: str, workbook: str | None) -> str:
    return f"项数见全表“{_COUNTED_IN[heading]}”" if workbook else "项数按报告逐行统计"


def _note(text: str) -> Piece:
    return Piece(f"（{text}）" if text else "", style=SOURCE)


def _entries(text: str) -> list[str]:
    """A passage that is a list (1.…。2.…。) cut into its lead and its entries; any other as it is."""
    cuts = [0]
    expected = 1
    for match in re.finditer(r"(?<=[。：])(\d{1,2})\.(?!\d)", text):
        if int(match.group(1)) == expected:
            cuts.append(match.start())
            expected += 1
    return [part for part in (text[start:end] for start, end in zip(cuts, [*cuts[1:], len(text)], strict=True)) if part]


def _sources(number: str, text: str, items: Sequence[Row]) -> str:
    """Where the row of that 序号 stands; where several rows share it, that whose task the passage names, else the first of them."""
    rows = [item for item in items if str(item["number"]) == number]
    if len(rows) > 1:
        named = [item for item in rows if (head := re.split("[，,；;。]", plain(item["task"]))[0][:8]) and head in text]
        rows = (named or rows)[:_MOST_NAMESAKES]
    places = "、".join(place_of(row) for row in rows)
    return f"序号{number} {places}" if number and rows else places


def _table(letter: Any, listed: Sequence[Row], by_rank: dict[int, Row], *, total: int, workbook: str | None) -> None:
    shown = f"前{len(listed)}项，共{total}项" if len(listed) < total else f"共{total}项"
    add(letter, layout.CAPTION, f"主要风险事项表（{shown}）")
    table = layout.new_table(letter, [width for _, width in _COLUMNS])
    for cell, (header, _) in zip(layout.add_row(table, is_header=True), _COLUMNS, strict=True):
        layout.fill(cell, CELL_HEAD, header)
    for risk in listed:
        item = by_rank[risk["rank"]]
        basis = BASIS_NAMES.get(item["basis"], "")
        values = (
            str(risk["rank"]),
            clip(item["number"], _LONGEST_NUMBER),
            clip(item["task"], _LONGEST_TASK),
            clip(item["units"][0], _LONGEST_TASK) if item["units"] else "（未填）",
            STATUS_NAMES[item["status"]] + (f"\n{basis}" if basis else ""),
            decisive_words(item, longest=_LONGEST_WORDS) or clip(risk["why"], _LONGEST_WORDS),
            # File, page or sheet over the row.
            "\n".join(place_of(item).rsplit(" ", 1)),
        )
        for n, (cell, value) in enumerate(zip(layout.add_row(table), values, strict=True)):
            layout.fill(cell, CELL_CENTRE if n in {0, 1, 4, 6} else CELL, value)
    whole = "；全部事项及得分构成见全表“风险清单”" if workbook else ""
    add(letter, NOTE, f"注：按风险分从高到低排列{whole}。")


def _demand(letter: Any, level: int, items: Sequence[Row], risks: Sequence[Row], critical: Sequence[Row], sheets: int, workbook: str | None) -> None:
    """Sentences that frame what is asked, with gaps for who, by when and how."""
    silent = [item for item in items if not item["text"].strip()]
    against = [item for item in items if item["words_against_figures"]]
    review = [item for item in items if item["needs_review"]]
    counted = _note("项数见全表“全部任务”" if workbook else "项数按报告逐行统计")
    demands: list[tuple[str, str, Piece | None]] = []
    if risks:
        demands.append(("逐项整改落实", "列入风险清单的事项，由各牵头单位会同配合单位逐项核实情况、分析原因，提出整改措施和完成时限，于×月×日前报××。", None))
    if sheets:
        rest = f"，另有{len(critical) - sheets}项程度严重的事项未附单" if len(critical) > sheets else ""
        more = _note("见全表“风险清单”") if rest and workbook else None
        demands.append(("抓好重点督办", f"附件所列{sheets}项程度严重的事项{rest}，由××跟踪督办，责任单位按督办事项单填报整改情况。", more))
    checks = [f"文字与数据不一致的{len(against)}项"] if against else []
    checks += [f"未填报落实情况的{len(silent)}项"] if silent else []
    if checks:
        demands.append(("核实补报情况", f"{'、'.join(checks)}，由牵头单位核实、补充说明后于×月×日前报××。", counted))
    if review:
        demands.append(("做好人工复核", f"判读把握不足的{len(review)}项，由××对照原文复核，复核结果以××为准。", counted))
    demands.append(("加强跟踪问效", "××将适时对整改落实情况开展跟踪督查，结果另行通报。", None))
    add(letter, HEADINGS[0], f"{_LEVELS[level]}、下一步要求")
    for n, (heading, text, note) in enumerate(demands):
        add(letter, HEADINGS[1], f"（{_LEVELS[n]}）{heading}")
        add(letter, BODY, text, *([note] if note else []))


def _list_annexes(letter: Any, sheets: Sequence[Row]) -> None:
    for n, risk in enumerate(sheets, start=1):
        if n == 1:
            add(letter, BODY)
        unit = clip(risk["units"][0], 20) if risk["units"] else "未填单位"
        number = f"{n}. " if len(sheets) > 1 else ""
        row = f"序号{clip(risk['number'], _LONGEST_NUMBER)}" if risk["number"] else place_of(risk)
        paragraph = add(letter, layout.ANNEX_LIST, f"{'附件：' if n == 1 else ''}{number}督办事项单（{unit}，{row}）")
        layout.indent(paragraph, left=5, hanging=3 if n == 1 else 0)


def _sign(letter: Any) -> None:
    """Sender and date, on the page of the line before them."""
    last = letter.paragraphs[-1]
    for paragraph in (last, add(letter, BODY), add(letter, BODY), add(letter, layout.SIGNED, "××××")):
        paragraph.paragraph_format.keep_with_next = True
    add(letter, layout.SIGNED, "×年×月×日")
