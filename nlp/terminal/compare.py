"""What a comparison shows on the terminal: counts of the changes, statuses then against now, the worst of them."""

from __future__ import annotations

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from nlp.compare.changes import worst_first
from nlp.compare.trends import transitions
from nlp.comparing import CompareResult
from nlp.labels import AT_RISK, CHANGE_NAMES, CHANGES, STATUS_NAMES, STATUSES
from nlp.outputs.comparison import count_changes
from nlp.terminal.run import STYLES

_NARROWEST = 60


def print_comparison(result: CompareResult, *, top: int) -> None:
    """Counts, the table of statuses, and the `top` worst changes of a comparison."""
    console = Console()
    comparison = result.comparison
    older, newer = comparison.older, comparison.newer
    counts = count_changes(comparison)
    place = f"[bold]{escape(newer.place or older.place)}[/bold] " if newer.place or older.place else ""
    console.print(
        f"{place}{older.period.code}（{len(older.rows)} 项）→ {newer.period.code}（{len(newer.rows)} 项），对应上 {len(comparison.changes)} 项",
        highlight=False,
    )
    named = [f"{CHANGE_NAMES[name]} {counts[name]}" for name in (*CHANGES, "new", "dropped") if counts[name]]
    doubt = [f"[yellow]对应存疑 {counts['ambiguous']}[/yellow]"] if counts["ambiguous"] else []
    console.print("  ".join([*named, *doubt]), highlight=False)
    possible = sum(bool(unmatched.possible) for unmatched in comparison.new)
    if possible:
        console.print(f"新增中有 {possible} 项与取消的任务相近，请核对“新增与取消”", highlight=False)
    console.print(_transitions(result))
    worst = worst_first(comparison.changes)
    if top and worst:
        console.print(_worst(result, top=top, width=console.width))
    console.print(f"用时 {result.seconds:.1f} 秒；结果在 {escape(str(result.out))}", highlight=False)


def _transitions(result: CompareResult) -> Table:
    table = Table(title="状态转移（行为上期，列为本期）", title_justify="left")
    table.add_column("", no_wrap=True)
    for status in STATUSES:
        table.add_column(STATUS_NAMES[status], justify="right", no_wrap=True, style=STYLES[status])
    for before, counts in transitions(result.comparison.changes).items():
        table.add_row(STATUS_NAMES[before], *(str(counts[after]) if counts[after] else "·" for after in STATUSES))
    return table


def _worst(result: CompareResult, *, top: int, width: int) -> Table:
    worst = worst_first(result.comparison.changes)
    table = Table(title=f"最需关注的变化前 {min(top, len(worst))} 项（共 {len(worst)} 项）", expand=width > _NARROWEST)
    table.add_column("序号", justify="right", no_wrap=True)
    table.add_column("变化", no_wrap=True)
    table.add_column("任务", ratio=2, no_wrap=True, overflow="ellipsis")
    table.add_column("依据", ratio=3, no_wrap=True, overflow="ellipsis")
    for change in worst[:top]:
        row = change.pair.newer
        cells = (
            row.number,
            "、".join(CHANGE_NAMES[name] for name in change.names),
            " ".join(row.task.split()),
            " ".join(change.evidence.split()),
        )
        table.add_row(*map(escape, cells), style=STYLES[AT_RISK] if row.severity == 3 else "")
    return table
