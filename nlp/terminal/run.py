"""What a run shows on the terminal: progress on stderr, counts and the top risks on stdout, in Chinese."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from nlp import batch
from nlp.labels import AT_RISK, COMPLETED, IN_PROGRESS, NOT_STARTED, STATUS_NAMES, STATUSES

_STYLES = {COMPLETED: "green", IN_PROGRESS: "blue", NOT_STARTED: "dim", AT_RISK: "bold red"}
_NARROWEST = 60
_MOST_PROPOSALS = 5


@contextmanager
def progress() -> Iterator[Callable[[batch.Progress], None]]:
    """A bar on stderr that follows the run; gone when the run ends, silent where stderr is no terminal."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("读取报告", total=None)

        def show(state: batch.Progress) -> None:
            bar.update(task, description=f"判读 {escape(state.file)}", completed=state.done, total=state.total)

        yield show


def print_result(result: batch.ReportResult, *, top: int) -> None:
    """Title, counts per status and the `top` risks of one report."""
    console = Console()
    report = result.report
    counts = {status: sum(row["status"] == status for row in result.items) for status in STATUSES}
    console.print(f"[bold]{escape(report.title)}[/bold]  {report.period.code}  共 {len(result.items)} 项{_limited(result)}", highlight=False)
    console.print(
        "  ".join(f"[{_STYLES[s]}]{STATUS_NAMES[s]} {n}[/]" for s, n in counts.items()) + f"  需复核 {sum(row['needs_review'] for row in result.items)}",
        highlight=False,
    )
    _print_proposals(console, result)
    if not top or not result.risks:
        return
    table = Table(title=f"风险清单前 {min(top, len(result.risks))} 项（共 {len(result.risks)} 项）", show_lines=False, expand=console.width > _NARROWEST)
    table.add_column("排名", justify="right", no_wrap=True)
    table.add_column("分", justify="right", no_wrap=True)
    table.add_column("序号", justify="right", no_wrap=True)
    table.add_column("任务", ratio=3, no_wrap=True, overflow="ellipsis")
    table.add_column("单位", ratio=1, no_wrap=True, overflow="ellipsis")
    table.add_column("理由", ratio=3, no_wrap=True, overflow="ellipsis")
    for risk in result.risks[:top]:
        cells = (
            str(risk["rank"]),
            f"{risk['score']:.1f}",
            risk["number"],
            " ".join(risk["task"].split()),
            "、".join(risk["units"][:1]),
            " ".join(risk["reason"].split()),
        )
        table.add_row(*map(escape, cells), style=_STYLES[AT_RISK] if risk["severity"] == 3 else "")
    console.print(table)


def _limited(result: batch.ReportResult) -> str:
    return f"（只列 {escape('、'.join(result.only))} 牵头或配合的；全报告 {len(result.report.items)} 项）" if result.only else ""


def _print_proposals(console: Console, result: batch.ReportResult) -> None:
    """Names that may be one unit: said, not applied."""
    if not result.proposals:
        return
    pairs = "；".join(f"{escape(p.name)} — {escape(p.other)}" for p in result.proposals[:_MOST_PROPOSALS])
    more = f" 等 {len(result.proposals)} 对" if len(result.proposals) > _MOST_PROPOSALS else ""
    console.print(f"单位别名建议（未合并，核对后写入 --unit-aliases 文件）：{pairs}{more}", highlight=False)


def print_end(result: batch.RunResult) -> None:
    """Where the outputs stand and how long the run took."""
    total = sum(len(done.items) for done in result.results)
    Console().print(f"{len(result.results)} 份报告 {total} 项，用时 {result.seconds:.1f} 秒；结果在 {escape(str(result.out))}", highlight=False)
