"""The figures of an evaluation as tables of at most eighty columns: a column a reader (model, rules, baseline)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from nlp.labels import BASES, BASIS_NAMES, PROBLEM_KINDS, PROBLEM_NAMES, STATUS_NAMES, STATUSES

Figures = Mapping[str, Mapping[str, Any]]
_PARTS: Final = (("statement", "语句"), ("item_by_words", "事项（不计算术）"))
_MISSING: Final = "—"


def print_figures(figures: Figures) -> None:
    """Labels, confusion, problem spans, calibration, review and targets against results, each beside the other readers.

    Parameters
    ----------
    figures : reader -> what `evaluate.evaluate` gave; a reader that finds no spans lacks their keys.
    """
    console = Console()
    for what, title in _PARTS:
        console.print(_labels(figures, what, title))
        first = next(iter(figures))
        console.print(_confusion(figures[first][what]["confusion"], f"{title}：标注（行）与{first}（列）"))
    console.print(_spans(figures))
    console.print(_review(figures))
    if any("pace" in figure for figure in figures.values()):
        console.print(_pace(figures))
    if any("ranking" in figure for figure in figures.values()):
        console.print(_ranking(figures))


def _labels(figures: Figures, what: str, title: str) -> Table:
    table = _table(title, "准 / 全 / F1", *figures)
    for status in STATUSES:
        table.add_row(STATUS_NAMES[status], *(_three(figure[what]["classes"][status]) for figure in figures.values()))
    table.add_section()
    table.add_row("宏平均 F1", *(f"{figure[what]['macro_f1']:.3f}" for figure in figures.values()))
    table.add_row("  95% 区间", *(_interval(figure.get(f"{what}_interval")) for figure in figures.values()))
    table.add_row("正确率", *(f"{figure[what]['accuracy']:.3f}" for figure in figures.values()))
    table.add_row("校准误差 ECE", *(f"{figure[what]['ece']:.3f}" for figure in figures.values()))
    return table


def _confusion(counts: Sequence[Sequence[int]], title: str) -> Table:
    table = _table(title, "", *(STATUS_NAMES[status] for status in STATUSES))
    for status, row in zip(STATUSES, counts, strict=True):
        table.add_row(STATUS_NAMES[status], *map(str, row))
    return table


def _spans(figures: Figures) -> Table:
    readers = {name: figure for name, figure in figures.items() if "problems" in figure}
    table = _table("问题语句", "准 / 全 / F1", *readers)
    table.add_row("重叠三成以上", *(_three(figure["problems"]["overlap"]) for figure in readers.values()))
    table.add_row("  95% 区间", *(_interval(figure["problem_interval"]) for figure in readers.values()))
    table.add_row("逐字相同", *(_three(figure["problems"]["exact"]) for figure in readers.values()))
    table.add_section()
    for kind in PROBLEM_KINDS:
        counts = [figure["problems"]["by_kind"][kind] for figure in readers.values()]
        table.add_row(f"{PROBLEM_NAMES[kind]}（{counts[0]['n']}）", *(f"找到 {c['recall']:.2f}，类别对 {c['kind_accuracy']:.2f}" for c in counts))
    return table


def _review(figures: Figures) -> Table:
    readers = {name: figure for name, figure in figures.items() if "review" in figure}
    table = _table("复核（不计算术的事项）", "", *readers)
    table.add_row("标为需复核", *(f"{figure['review']['flagged']:.1%}" for figure in readers.values()))
    table.add_row("其余正确", *(_share(figure["review"]["accuracy_of_the_rest"]) for figure in readers.values()))
    table.add_section()
    for n, point in enumerate(next(iter(readers.values()))["review"]["coverage"]):
        table.add_row(f"最有把握的 {point['coverage']:.0%}", *(_share(figure["review"]["coverage"][n]["accuracy"]) for figure in readers.values()))
    return table


def _pace(figures: Figures) -> Table:
    readers = {name: figure["pace"] for name, figure in figures.items() if "pace" in figure}
    table = _table("目标与结果", "准 / 全 / F1", *readers)
    table.add_row("配对", *(_three(pace["pairs"]) for pace in readers.values()))
    table.add_row("结论正确", *(_share(pace["verdict_accuracy"]) for pace in readers.values()))
    table.add_row("事项宏平均 F1", *(f"{pace['item_macro_f1']:.3f}" for pace in readers.values()))
    table.add_section()
    for basis in BASES:
        table.add_row(BASIS_NAMES[basis], *(_three(pace["basis_classes"][basis]) for pace in readers.values()))
    return table


def _ranking(figures: Figures) -> Table:
    readers = {name: figure for name, figure in figures.items() if "ranking" in figure}
    table = _table("风险清单与摘要", "", *readers)
    table.add_row("nDCG@20，各期平均", *(f"{figure['ranking']['ndcg_mean']:.3f}" for figure in readers.values()))
    table.add_row("nDCG@20，合为一份", *(f"{figure['ranking']['ndcg_all']:.3f}" for figure in readers.values()))
    table.add_row("严重程度正确", *(_share(figure["ranking"]["severity_accuracy"]) for figure in readers.values()))
    summaries = {name: figure["summaries"] for name, figure in readers.items()}
    if all(found["n"] for found in summaries.values()):
        table.add_section()
        for name, key in (("摘要 ROUGE-L", "summary"), ("  取前 60 字", "lead"), ("  TextRank", "textrank")):
            table.add_row(name, *(f"{found[key]:.3f}" for found in summaries.values()))
    return table


def _three(figures: Mapping[str, float]) -> str:
    return " / ".join(f"{figures[key]:.2f}" for key in ("precision", "recall", "f1"))


def _interval(ends: Sequence[float] | None) -> str:
    return f"{ends[0]:.3f}–{ends[1]:.3f}" if ends else _MISSING


def _share(value: float | None) -> str:
    return _MISSING if value is None else f"{value:.1%}"


def _table(title: str, *headers: str) -> Table:
    table = Table(title=title, title_justify="left")
    for n, header in enumerate(headers):
        table.add_column(header, justify="right" if n else "left", no_wrap=True)
    return table
