"""The sheet by which one item is chased up (督办事项单): what the report says, why the item is listed, and lines to be filled in."""

from __future__ import annotations

from typing import Any, Final

from nlp.labels import BASIS_NAMES, SEVERITY_NAMES, STATUS_NAMES
from nlp.outputs.evidence import NO_REPORT, Row, arithmetic, clip, decisive_statements, place_of, plain
from nlp.outputs.word_layout import ANNEX, ANNEX_TITLE, FORM, FORM_LABEL, Piece, add, add_row, break_page_before, fill, new_table
from nlp.outputs.word_xml import join

_WIDTHS: Final = (28, 50, 28, 50)
_LONGEST_TASK: Final = 160
_LONGEST_TEXT: Final = 260
_LONGEST_UNITS: Final = 80
_MOST_FIGURES: Final = 4
# Filled in by people; the height in millimetres of each.
_TO_FILL: Final = (("整改要求", 34), ("反馈情况", 34))


def add_sheet(letter: Any, *, number: int, total: int, item: Row, risk: Row) -> None:
    """One sheet on a page of its own.

    Parameters
    ----------
    number, total : of the annex; a single annex has no number.
    """
    break_page_before(add(letter, ANNEX, annex_name(number, total)))
    add(letter, ANNEX_TITLE, "督办事项单")
    table = new_table(letter, _WIDTHS)
    _pair(table, ("事项序号", clip(item["number"], 40) or "（报告未编号）"), ("风险排名", f"第{risk['rank']}位（{SEVERITY_NAMES[risk['severity']]}）"))
    _wide(table, "主要任务", [[clip(item["task"], _LONGEST_TASK)]])
    units = item["units"]
    _pair(table, ("牵头单位", clip(units[0], _LONGEST_UNITS) if units else "（报告未填）"), ("配合单位", clip("、".join(units[1:]), _LONGEST_UNITS) or "—"))
    basis = BASIS_NAMES.get(item["basis"], "")
    _wide(table, "判定状态", [[STATUS_NAMES[item["status"]] + (f"（{basis}）" if basis else "")]])
    _wide(table, "落实情况\n（摘录）", _quoted(item))
    if figures := [arithmetic(indicator) for indicator in item["indicators"]]:
        rest = [f"（另有{len(figures) - _MOST_FIGURES}个指标，见全表）"] if len(figures) > _MOST_FIGURES else []
        _wide(table, "目标与结果", [[line] for line in [*figures[:_MOST_FIGURES], *rest]])
    _wide(table, "列入理由", [[plain(risk["why"] or risk["reason"])[:_LONGEST_TEXT]]])
    _wide(table, "出处", [[f"{clip(item['source']['file'], 80)} {place_of(item)}"]])
    _wide(table, _TO_FILL[0][0], [[""]], height=_TO_FILL[0][1])
    _pair(table, ("责任人", ""), ("完成时限", ""), height=12)
    _wide(table, _TO_FILL[1][0], [[""]], height=_TO_FILL[1][1])


def annex_name(number: int, total: int) -> str:
    """附件1, or 附件 where there is only one."""
    return "附件" if total == 1 else f"附件{number}"


def _quoted(item: Row) -> list[list[str | Piece]]:
    if not item["text"].strip():
        return [[NO_REPORT]]
    shown, total = decisive_statements(item, longest=_LONGEST_TEXT)
    lines: list[list[str | Piece]] = [[Piece(quote.text, bold=quote.is_problem) for quote in pieces] for pieces in shown]
    if total > len(shown):
        lines.append([f"（原文共{total}句，摘录{len(shown)}句。）"])
    return lines


def _pair(table: Any, *fields: tuple[str, str], height: float = 0) -> None:
    cells = add_row(table, height=height)
    for n, (label, value) in enumerate(fields):
        fill(cells[2 * n], FORM_LABEL, label)
        fill(cells[2 * n + 1], FORM, plain(value))


def _wide(table: Any, label: str, lines: list[list[Any]], *, height: float = 0) -> None:
    cells = add_row(table, height=height)
    fill(cells[0], FORM_LABEL, label)
    wide = join(cells[1:])
    fill(wide, FORM, *lines[0])
    for line in lines[1:]:
        add(wide, FORM, *line)
