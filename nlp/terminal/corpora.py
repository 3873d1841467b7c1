"""What `ducha audit` shows."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from nlp.labels import STATUS_NAMES, STATUSES
from nlp.training.audit import Finding, count
from nlp.training.corpus import Government, LabelledItem


def print_audit(corpora: Sequence[tuple[Government, Sequence[LabelledItem]]], findings: Sequence[Finding]) -> None:
    """Counts per government and label, then the findings, errors first."""
    console = Console(soft_wrap=True)
    table = Table(title="语料数量")
    for header in ("政府", "划分", "条目", *(STATUS_NAMES[s] for s in STATUSES), "语句", "问题语句", "指标"):
        table.add_column(header, justify="left" if header in {"政府", "划分"} else "right")
    for government, items in corpora:
        counts = count(items)
        statuses = (str(counts["status"][status]) for status in STATUSES)
        totals = (str(counts[name].total()) for name in ("statement", "problem", "verdict"))
        table.add_row(government.place, government.split, str(len(items)), *statuses, *totals)
    console.print(table)
    everything = count([item for _, items in corpora for item in items])
    for name in ("basis", "period", "statement", "problem", "verdict", "severity"):
        console.print(f"{name}: " + "  ".join(f"{label} {n}" for label, n in sorted(everything[name].items())), highlight=False)
    for finding in sorted(findings, key=lambda finding: finding.level):
        console.print(f"{'错误' if finding.level == 'error' else '提醒'} {escape(finding.where)}：{escape(finding.what)}", highlight=False)
    errors = sum(finding.level == "error" for finding in findings)
    console.print(f"{sum(len(items) for _, items in corpora)} 项，错误 {errors}，提醒 {len(findings) - errors}", highlight=False)
