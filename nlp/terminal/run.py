"""What a run shows on the terminal: progress on stderr, counts and the top risks on stdout, in Chinese or English."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from nlp import batch
from nlp.labels import AT_RISK, COMPLETED, IN_PROGRESS, NOT_STARTED, STATUSES
from nlp.run_record import ReportResult
from nlp.wording import Wording, names

STYLES = {COMPLETED: "green", IN_PROGRESS: "blue", NOT_STARTED: "dim", AT_RISK: "bold red"}
_NARROWEST = 60
_MOST_PROPOSALS = 5


@contextmanager
def progress(*, wording: Wording | None = None) -> Iterator[Callable[[batch.Progress], None]]:
    """A bar on stderr that follows the run; gone when the run ends, silent where stderr is no terminal."""
    words = wording or names()
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(words.phrases["run_reading"], total=None)

        def show(state: batch.Progress) -> None:
            bar.update(task, description=escape(words.say("run_judging", file=state.file)), completed=state.done, total=state.total)

        yield show


def print_result(result: ReportResult, *, top: int, wording: Wording | None = None) -> None:
    """Title, counts per status, names of units to check and the `top` risks of one report."""
    words = wording or names()
    console = Console()
    report = result.report
    counts = {status: sum(row["status"] == status for row in result.items) for status in STATUSES}
    limited = words.say("run_limited", units=words.list_mark.join(result.only), items=len(report.items)) if result.only else ""
    title = words.say("run_title", title=f"[bold]{escape(report.title)}[/bold]", period=report.period.code, items=len(result.items), limited=escape(limited))
    console.print(title, highlight=False)
    review = f"  {words.phrases['needs_review']} {sum(row['needs_review'] for row in result.items)}"
    console.print("  ".join(f"[{STYLES[s]}]{words.statuses[s]} {n}[/]" for s, n in counts.items()) + review, highlight=False)
    if result.proposals:
        console.print(escape(_proposals(result, words)), highlight=False)
    if not top or not result.risks:
        return
    caption = words.say("run_top", top=min(top, len(result.risks)), total=len(result.risks))
    table = Table(title=caption, show_lines=False, expand=console.width > _NARROWEST)
    for header in (words.columns["rank"], words.phrases["run_score"], words.columns["number"]):
        table.add_column(header, justify="right", no_wrap=True)
    for header, ratio in (("run_task", 3), ("run_unit", 1), ("run_reason", 3)):
        table.add_column(words.phrases[header], ratio=ratio, no_wrap=True, overflow="ellipsis")
    for risk in result.risks[:top]:
        cells = (
            str(risk["rank"]),
            f"{risk['score']:.1f}",
            risk["number"],
            " ".join(risk["task"].split()),
            words.list_mark.join(risk["units"][:1]),
            " ".join(risk["why"].split()),
        )
        table.add_row(*map(escape, cells), style=STYLES[AT_RISK] if risk["severity"] == 3 else "")
    console.print(table)


def _proposals(result: ReportResult, words: Wording) -> str:
    """Names that may be one unit: said, not applied."""
    pairs = "；".join(f"{p.name} — {p.other}" for p in result.proposals[:_MOST_PROPOSALS])
    more = words.say("run_more", total=len(result.proposals)) if len(result.proposals) > _MOST_PROPOSALS else ""
    return words.say("run_aliases", pairs=pairs + more)


def print_end(result: batch.RunResult, *, wording: Wording | None = None) -> None:
    """Where the outputs stand and how long the run took."""
    total = sum(len(done.items) for done in result.results)
    said = (wording or names()).say("run_end", reports=len(result.results), items=total, seconds=result.seconds, out=result.out)
    Console().print(escape(said), highlight=False)
