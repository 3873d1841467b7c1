"""What a run shows on the terminal: progress on stderr, counts and the top risks on stdout, in Chinese or English."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, TextColumn
from rich.progress import Progress as Bar
from rich.table import Table

from nlp.batch import RunResult
from nlp.labels import AT_RISK, COMPLETED, IN_PROGRESS, NOT_STARTED, STATUSES
from nlp.overall import Overall
from nlp.progress import Progress
from nlp.run_record import ReportResult
from nlp.wording import Wording, names

STYLES = {COMPLETED: "green", IN_PROGRESS: "blue", NOT_STARTED: "dim", AT_RISK: "bold red"}
_NARROWEST = 60
_MOST_PROPOSALS = 5


@contextmanager
def progress(*, wording: Wording | None = None) -> Iterator[Callable[[Progress], None]]:
    """A bar on stderr that follows the run, with rate and time left where it goes over several files; gone when the run ends.

    Silent where stderr is no terminal, but for the line that a run goes on where it stopped.
    """
    words = wording or names()
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[figures]}"))
    with Bar(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(words.phrases["run_reading"], total=None, figures="")
        is_first = True

        def show(state: Progress) -> None:
            nonlocal is_first
            if is_first and state.resumed[0]:
                files, items = state.resumed
                console.print(words.say("run_resumed", files=files, items=items, left=state.files - files), highlight=False, markup=False)
            is_first = False
            said = escape(words.say("run_judging", file=state.file) if state.file else words.phrases["run_reading"])
            if state.files > 1:
                bar.update(task, description=said, completed=state.files_done, total=state.files, figures=escape(_figures(state, words)))
            else:
                bar.update(task, description=said, completed=state.done, total=state.total, figures=f"{state.done}/{state.total}")

        yield show


def _figures(state: Progress, words: Wording) -> str:
    """Files and items done, items a second since this start, time left."""
    parts = [words.say("run_files", files=state.files_done, total=state.files, items=state.done)]
    done = state.done - state.resumed[1]
    if done and state.seconds:
        parts.append(words.say("run_rate", rate=done / state.seconds))
    if state.left is not None:
        parts.append(words.say("run_left", left=_duration(state.left, words)))
    return " · ".join(parts)


def _duration(seconds: float, words: Wording) -> str:
    minutes = round(seconds / 60)
    if seconds < 90:
        return words.say("seconds", n=round(seconds))
    return words.say("minutes", n=minutes) if minutes < 60 else words.say("hours", n=minutes // 60, m=minutes % 60)


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
    console.print(_risk_table(result.risks[:top], words.say("run_top", top=min(top, len(result.risks)), total=len(result.risks)), words, console))


def print_overall(overall: Overall, *, top: int, wording: Wording | None = None) -> None:
    """What several reports come to: counts per status, the `top` reports with most at risk and the `top` worst risks."""
    words = wording or names()
    console = Console()
    console.print(f"[bold]{escape(words.say('run_overall', reports=overall.reports, items=overall.items))}[/bold]", highlight=False)
    review = f"  {words.phrases['needs_review']} {overall.needs_review}"
    failed = f"  {words.say('run_failed', failed=len(overall.failed))}" if overall.failed else ""
    console.print("  ".join(f"[{STYLES[s]}]{words.statuses[s]} {overall.count(s)}[/]" for s in STATUSES) + review + failed, highlight=False)
    if not top:
        return
    worst = [place for place in overall.places if place.rank is not None][:top]
    table = Table(title=words.say("run_places", top=len(worst), total=overall.reports), show_lines=False, expand=console.width > _NARROWEST)
    table.add_column(words.columns["rank"], justify="right", no_wrap=True)
    table.add_column(words.columns["title"], ratio=1, no_wrap=True, overflow="ellipsis")
    for header in (words.columns["period"], words.columns["count"], words.statuses[AT_RISK], words.phrases["share"]):
        table.add_column(header, justify="right", no_wrap=True)
    for place in worst:
        at_risk = place.counts[STATUSES.index(AT_RISK)]
        table.add_row(*map(escape, (str(place.rank), place.title, place.period, str(place.items), str(at_risk), f"{place.at_risk_share:.0%}")))
    console.print(table)
    if overall.risks:
        console.print(_risk_table(overall.risks[:top], words.say("run_top_overall", top=min(top, len(overall.risks))), words, console, with_place=True))


def _risk_table(risks: Sequence[Mapping[str, Any]], caption: str, words: Wording, console: Console, *, with_place: bool = False) -> Table:
    table = Table(title=caption, show_lines=False, expand=console.width > _NARROWEST)
    for header in (words.columns["rank"], words.phrases["run_score"]):
        table.add_column(header, justify="right", no_wrap=True)
    if with_place:
        table.add_column(words.columns["title"], ratio=2, no_wrap=True, overflow="ellipsis")
    table.add_column(words.columns["number"], justify="right", no_wrap=True)
    for header, ratio in (("run_task", 3), ("run_unit", 1), ("run_reason", 3)):
        table.add_column(words.phrases[header], ratio=ratio, no_wrap=True, overflow="ellipsis")
    for risk in risks:
        cells = (
            str(risk["rank"]),
            f"{risk['score']:.1f}",
            *((f"{risk['place']} {risk['period']}" if risk["place"] else risk["report"],) if with_place else ()),
            risk["number"],
            " ".join(risk["task"].split()),
            words.list_mark.join(risk["units"][:1]),
            " ".join(risk["why"].split()),
        )
        table.add_row(*map(escape, cells), style=STYLES[AT_RISK] if risk["severity"] == 3 else "")
    return table


def _proposals(result: ReportResult, words: Wording) -> str:
    """Names that may be one unit: said, not applied."""
    pairs = "；".join(f"{p.name} — {p.other}" for p in result.proposals[:_MOST_PROPOSALS])
    more = words.say("run_more", total=len(result.proposals)) if len(result.proposals) > _MOST_PROPOSALS else ""
    return words.say("run_aliases", pairs=pairs + more)


def print_end(result: RunResult, *, wording: Wording | None = None) -> None:
    """Where the outputs stand and how long the run took."""
    said = (wording or names()).say("run_end", reports=result.reports, items=result.items, seconds=result.seconds, out=result.out)
    Console().print(escape(said), highlight=False)
