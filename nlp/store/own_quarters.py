"""The reports of the store as quarters to learn from: how much of each is corrected and confirmed, and their rows as a corpus."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from nlp.errors import CorpusError
from nlp.store.detail import reviews
from nlp.store.engine import Store
from nlp.store.export import labelled_items
from nlp.store.fold import CONFIRMED, CORRECTED, PENDING, REVIEWS
from nlp.store.runs import list_runs
from nlp.training.corpus import write_report
from nlp.training.own import ensure_government, folder_name, is_quarter, quarter_file


@dataclass(frozen=True)
class OwnQuarter:
    """A report of the store.

    Parameters
    ----------
    run : its run in the store.
    government : folder of its place and year in a corpus, `file` its file there.
    corrected, confirmed, pending : rows; only the first two are learned from.
    refusal : why it cannot be learned from; empty where it can.
    """

    run: int
    title: str
    place: str
    period: str
    government: str
    file: str
    corrected: int
    confirmed: int
    pending: int
    refusal: str

    @property
    def reviewed(self) -> int:
        """Rows that people have looked at."""
        return self.corrected + self.confirmed

    @property
    def key(self) -> str:
        """Government and file, as the corpora name a quarter."""
        return f"{self.government}/{self.file}"


def own_quarters(store: Store) -> tuple[OwnQuarter, ...]:
    """All reports of the store, newest first."""
    counts = reviews(store)
    found = []
    for run in reversed(list_runs(store)):
        count = counts.get(run.id, dict.fromkeys(REVIEWS, 0))
        refusal = "" if count[CORRECTED] + count[CONFIRMED] else "还没有改过或确认过的行"
        if not is_quarter(run.period):
            refusal = f"报告期 {run.period} 不能作语料，只收一季度、半年、前三季度和全年"
        found.append(
            OwnQuarter(
                run=run.id,
                title=run.title or run.file,
                place=run.place,
                period=run.period,
                government=folder_name(run.place, run.period),
                file=quarter_file(run.period),
                corrected=count[CORRECTED],
                confirmed=count[CONFIRMED],
                pending=count[PENDING],
                refusal=refusal,
            )
        )
    return tuple(found)


def export_quarters(store: Store, quarters: Sequence[OwnQuarter], *, out: Path) -> list[Path]:
    """Write the corrected and confirmed rows of each quarter below `out`, as governments to learn from; the files written.

    Raises
    ------
    CorpusError : a quarter cannot be learned from, two are of one place and period, or a row cannot be written as a labelled row.
    """
    for quarter in quarters:
        if quarter.refusal:
            raise CorpusError(quarter.refusal, where=quarter.title)
    keys = [quarter.key for quarter in quarters]
    if twice := sorted({key for key in keys if keys.count(key) > 1}):
        raise CorpusError(f"{'、'.join(twice)} 选了两份报告", remedy="同一个政府的同一期只能选一份")
    written = []
    for quarter in quarters:
        folder = out / quarter.government
        items = labelled_items(store, quarter.run, government=quarter.government)
        ensure_government(folder, place=quarter.place, period=quarter.period)
        write_report(folder / quarter.file, items)
        written.append(folder / quarter.file)
    return written
