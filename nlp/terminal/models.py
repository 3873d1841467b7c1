"""What `ducha models` shows: the models, their history, and what the gate found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from nlp.labels import STATUS_NAMES
from nlp.training.gate import CURRENT, Judgement
from nlp.training.held_out import HeldOut
from nlp.training.registry import PROMOTE, Listing

SHOWN_FLIPS: Final = 20
_MISSING: Final = "—"
_LONGEST_TEXT: Final = 60


def print_models(listings: Sequence[Listing]) -> None:
    """One line a model: what it learned from, its dev figures, and whether it is whole."""
    table = _table("模型", "在用", "训练项/政府", "秒", "语句F1", "风险查全", "问题语句F1", "MB", "日期")
    for model in listings:
        manifest, statement = model.manifest, model.dev.get("statement", {})
        seconds = manifest.get("seconds")
        table.add_row(
            escape(model.name),
            "是" if model.in_use else "",
            f"{manifest.get('n_train', _MISSING)}/{len(manifest.get('train', []))}",
            f"{seconds:.0f}" if isinstance(seconds, int | float) else _MISSING,
            *(_figure(value) for value in (statement.get("macro_f1"), statement.get("at_risk_recall"))),
            _figure(model.dev.get("problems", {}).get("overlap", {}).get("f1")),
            f"{model.size / 1e6:.0f}",
            model.date,
        )
    console = Console(soft_wrap=True)
    console.print(table)
    console.print("（语句宏平均 F1、有风险语句查全、问题语句 F1：训练时在开发集上的数字）", highlight=False)
    for model in listings:
        if model.fault:
            console.print(f"损坏 {escape(model.name)}：{escape(model.fault)}", highlight=False)
    if not any(model.in_use for model in listings):
        console.print("没有在用的模型，只按规则判读", highlight=False)


def print_history(entries: Sequence[Mapping[str, Any]]) -> None:
    """One line a change of the model in use, oldest first."""
    console = Console(soft_wrap=True)
    for entry in entries:
        what = "换上" if entry["what"] == PROMOTE else "退回"
        forced = "（强制）" if entry.get("forced") else ""
        statement = entry.get("figures", {}).get("statement", {})
        figures = f"  语句宏平均F1 {statement['macro']['f1']:.3f}，有风险查全 {statement['at_risk']['recall']:.3f}" if statement else ""
        why = f"  理由：{entry['why']}" if entry.get("why") else ""
        refusals = f"  未通过：{'；'.join(entry['refusals'])}" if entry.get("refusals") else ""
        line = f"{entry['when']}  {entry['by']}  {what}{forced} {entry['from'] or '（无）'} → {entry['to']}{figures}{why}{refusals}"
        console.print(escape(line), highlight=False)
    if not entries:
        console.print("还没有换过模型", highlight=False)


def print_judgement(judgement: Judgement, held_out: HeldOut, *, notes: Sequence[str]) -> None:
    """Floors, comparisons and the first flips."""
    console = Console(soft_wrap=True)
    console.print(f"留出：{'、'.join(held_out.quarters)}，共 {len(held_out.items)} 项", highlight=False)
    for note in notes:
        console.print(f"提醒：{escape(note)}", highlight=False)
    table = _table("下限", "至少", "候选", "")
    for result in judgement.floors:
        table.add_row(result.name, f"{result.floor.least:.3f}", _figure(result.found), "通过" if result.passed else "未通过")
    console.print(table)
    if not judgement.comparisons:
        console.print("没有可以比较的在用模型，只看下限", highlight=False)
        return
    width = 1 - 2 * judgement.comparisons[0].level
    table = _table("与在用的比较", CURRENT, "候选", "相差", f"{width:.0%} 区间", "不差的抽样", "")
    for found in judgement.comparisons:
        interval = f"{found.low:+.3f} 到 {found.high:+.3f}"
        cells = (f"{found.current:.3f}", f"{found.candidate:.3f}", f"{found.difference:+.4f}", interval, f"{found.not_worse:.1%}", found.verdict)
        table.add_row(found.name, *cells)
    console.print(table)
    for remark in judgement.remarks:
        console.print(f"提醒：{escape(remark)}", highlight=False)
    console.print(f"标签变了的 {len(judgement.flips)} 处" + (f"，先列 {SHOWN_FLIPS} 处" if len(judgement.flips) > SHOWN_FLIPS else ""), highlight=False)
    for flip in judgement.flips[:SHOWN_FLIPS]:
        gold, current, candidate = (STATUS_NAMES[label] for label in (flip.gold, flip.current, flip.candidate))
        text = " ".join(flip.text.split())
        text = text if len(text) <= _LONGEST_TEXT else f"{text[:_LONGEST_TEXT]}…"
        line = f"{flip.level} {flip.id}  标注 {gold}，在用 {current}，候选 {candidate}，{flip.right}{'' if flip.right.startswith('都') else '对'}：{text}"
        console.print(escape(line), highlight=False)


def _figure(value: float | None) -> str:
    return _MISSING if value is None else f"{value:.3f}"


def _table(*headers: str) -> Table:
    table = Table(box=box.SIMPLE, padding=(0, 1, 0, 0))
    for n, header in enumerate(headers):
        table.add_column(header, justify="right" if n else "left", no_wrap=True)
    return table
