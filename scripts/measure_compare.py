"""How surely tasks are found again: quarters of one government with rows shuffled, renumbered, reworded, and with tasks of others mixed in.

    python scripts/measure_compare.py [CORPORA] [--seeds 3] [--first 0] [--share 0.1]

A successive quarter is altered by a seeded hand: rows in another order, numbers given anew, a share of the characters of every task replaced, left
out or doubled up, bureaus renamed in units and tasks. Printed a government: pairs that should be found, found rightly, wrongly, not at all, and
ambiguous. Then ten tasks of a quarter are taken out and ten of another government put in: none of them should be matched.
"""

from __future__ import annotations

import argparse
import itertools
import random
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from nlp.compare.match import match
from nlp.compare.rows import Row
from nlp.training.corpus import LabelledItem, read_corpora

# Names that reforms and habits give one bureau.
RENAMED = (
    ("发展改革委", "发改委"),
    ("发改委", "发展和改革委员会"),
    ("发改局", "发展改革局"),
    ("住房城乡建设局", "住建局"),
    ("住建局", "住房和城乡建设局"),
    ("人社局", "人力资源和社会保障局"),
    ("工信局", "经信局"),
    ("经信局", "工业和信息化局"),
    ("文旅局", "文化广电和旅游局"),
    ("卫健委", "卫生健康委员会"),
    ("城管局", "综合行政执法局"),
    ("交通局", "交通运输局"),
    ("行政审批局", "数据资源管理局"),
    ("招商服务中心", "投资促进局"),
    ("自然资源局", "自然资源和规划局"),
    ("市场监管局", "市场监督管理局"),
)
MIXED_IN = 10


@dataclass(frozen=True)
class Tally:
    """What a comparison found: pairs there are, right, wrong and missing ones, ambiguous ones, tasks put in from elsewhere and those of them matched."""

    pairs: int = 0
    right: int = 0
    wrong: int = 0
    missing: int = 0
    ambiguous: int = 0
    put_in: int = 0
    false: int = 0

    def __add__(self, other: Tally) -> Tally:
        return Tally(*(getattr(self, name) + getattr(other, name) for name in self.__dataclass_fields__))


def row_of(item: LabelledItem) -> Row:
    """A labelled item as a row to compare; its key is the id of the task."""
    return Row(item.id, item.number, item.task, item.units, item.text, item.status, item.severity)


def rename(name: str) -> str:
    """`name` with the first bureau of the list in it renamed."""
    return next((name.replace(old, new) for old, new in RENAMED if old in name), name)


def reword(text: str, *, share: float, letters: str, chance: random.Random) -> str:
    """`text` with a share of its characters (one at least) replaced, left out, or followed by one of `letters`."""
    places = set(chance.sample(range(len(text)), max(1, round(share * len(text))))) if text and share else set()
    return "".join(chance.choice((chance.choice(letters), "", c + chance.choice(letters))) if n in places else c for n, c in enumerate(text))


def altered(rows: Sequence[Row], *, share: float, letters: str, chance: random.Random) -> list[Row]:
    """The rows as another hand would print them: shuffled, renumbered, reworded, half of the bureaus renamed."""
    changed = [
        replace(
            row,
            task=reword(rename(row.task), share=share, letters=letters, chance=chance),
            units=tuple(rename(unit) if chance.random() < 0.5 else unit for unit in row.units),
        )
        for row in rows
    ]
    chance.shuffle(changed)
    return [replace(row, number=str(n)) for n, row in enumerate(changed, start=1)]


def tally(older: Sequence[Row], newer: Sequence[Row]) -> Tally:
    """Match and count; keys are ids of tasks, those of rows put in from elsewhere occur in `newer` alone."""
    matching = match(older, newer)
    known = {row.key for row in older} & {row.key for row in newer}
    right = sum(pair.older.key == pair.newer.key for pair in matching.pairs)
    false = [pair for pair in matching.pairs if pair.newer.key not in known]
    matched = {pair.newer.key for pair in matching.pairs}
    return Tally(
        pairs=len(known),
        right=right,
        wrong=sum(pair.older.key != pair.newer.key and pair.newer.key in known for pair in matching.pairs),
        missing=len(known - matched),
        ambiguous=sum(pair.is_ambiguous for pair in matching.pairs),
        put_in=sum(row.key not in known for row in newer),
        false=len(false),
    )


def measure(corpora: Path, *, seeds: int, share: float, first: int = 0, only: Collection[str] = ()) -> Iterator[tuple[str, Tally, Tally]]:
    """For each government with several quarters its name, the tally of altered quarters, and that of quarters with tasks of another mixed in.

    Parameters
    ----------
    first : the first of the seeds.
    only : names of the governments to measure, all where empty; the others lend their tasks.
    """
    governments = {}
    for government, items in read_corpora(corpora):
        quarters = [[row_of(item) for item in group] for _, group in itertools.groupby(items, key=lambda item: item.period)]
        if len(quarters) > 1:
            governments[government.name] = quarters
    letters = "".join(row.task for quarters in governments.values() for row in quarters[0])
    names = sorted(governments)
    for position, name in enumerate(names):
        if only and name not in only:
            continue
        plain, mixed = Tally(), Tally()
        for seed in range(first, first + seeds):
            chance = random.Random(f"{name}/{seed}")
            for older, newer in itertools.pairwise(governments[name]):
                other = governments[chance.choice(names[:position] + names[position + 1 :])][0]
                plain += tally(older, altered(newer, share=share, letters=letters, chance=chance))
                kept = chance.sample(list(newer), len(newer) - MIXED_IN)
                foreign = [replace(row, key=f"other/{row.key}") for row in chance.sample(list(other), MIXED_IN)]
                mixed += tally(older, altered([*kept, *foreign], share=share, letters=letters, chance=chance))
        yield name, plain, mixed


def main() -> None:
    """Print the tallies, and the sum of them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("corpora", nargs="?", type=Path, default=Path("corpora"))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--share", type=float, default=0.1)
    arguments = parser.parse_args()
    print(f"{'':12}{'pairs':>7}{'right':>7}{'wrong':>7}{'missing':>9}{'ambig.':>8}   |{'put in':>8}{'matched':>9}{'pairs':>7}{'right':>7}")
    totals = [Tally(), Tally()]
    for name, plain, mixed in measure(arguments.corpora, seeds=arguments.seeds, share=arguments.share, first=arguments.first):
        totals = [totals[0] + plain, totals[1] + mixed]
        _print(name, plain, mixed)
    _print("all", *totals)


def _print(name: str, plain: Tally, mixed: Tally) -> None:
    figures = f"{plain.pairs:7}{plain.right:7}{plain.wrong:7}{plain.missing:9}{plain.ambiguous:8}"
    print(f"{name:12}{figures}   |{mixed.put_in:8}{mixed.false:9}{mixed.pairs:7}{mixed.right:7}")


if __name__ == "__main__":
    main()
