"""Measure how often each decision of the cue rules is right on the training corpora, and write `nlp/resources/rule_confidence.toml`.

    python scripts/measure_rules.py [--check SPLIT]

With --check the figures of another split are printed and nothing is written.
"""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path

from nlp.annotate.pipeline import find_text_cues
from nlp.annotate.rules import find_problems, judge_item, label_statements
from nlp.labels import STATUSES
from nlp.training.corpus import SPLITS, LabelledItem, read_corpora

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "nlp" / "resources" / "rule_confidence.toml"
# One made-up case of each label a decision: a decision never seen wrong is still not certain.
PRIOR = 1


def confusion(items: list[LabelledItem]) -> tuple[dict[str, Counter[tuple[str, str]]], Counter[str]]:
    """Counts of (said, true) for statements and items, and of problem spans found, right (any overlap) and labelled."""
    counts: dict[str, Counter[tuple[str, str]]] = {"statement": Counter(), "item": Counter()}
    spans: Counter[str] = Counter()
    for item, cues in zip(items, find_text_cues(item.text for item in items), strict=True):
        statements = label_statements(item.text, cues=cues)
        problems = find_problems(item.text, statements=statements)
        status, _ = judge_item(item.task, statements=statements, problems=problems)
        counts["item"][status, item.status] += 1
        for statement, (_, true) in zip(statements, item.statements, strict=True):
            counts["statement"][statement.status, true] += 1
        spans["found"] += len(problems)
        spans["labelled"] += len(item.problems)
        spans["right"] += sum(any(p.span.start < span.end and span.start < p.span.end for span, _ in item.problems) for p in problems)
        spans["recalled"] += sum(any(p.span.start < span.end and span.start < p.span.end for p in problems) for span, _ in item.problems)
    return counts, spans


def report(name: str, counts: dict[str, Counter[tuple[str, str]]], spans: Counter[str]) -> None:
    """Print F1 per label and the figures of the problem spans."""
    for what, pairs in counts.items():
        scores = []
        for label in STATUSES:
            right = pairs[label, label]
            said = sum(n for (s, _), n in pairs.items() if s == label)
            true = sum(n for (_, t), n in pairs.items() if t == label)
            scores.append(2 * right / max(1, said + true))
            print(f"{name} {what} {label}: P {right / max(1, said):.3f} R {right / max(1, true):.3f} F1 {scores[-1]:.3f} ({true})")
        print(f"{name} {what} macro-F1 {sum(scores) / len(scores):.3f}")
    print(f"{name} problems: precision {spans['right'] / max(1, spans['found']):.3f} recall {spans['recalled'] / max(1, spans['labelled']):.3f}")


def main() -> None:
    """Measure and write, or measure another split."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", choices=SPLITS)
    split = parser.parse_args().check
    items = [item for government, found in read_corpora(ROOT / "corpora") if government.split == (split or "train") for item in found]
    counts, spans = confusion(items)
    report(split or "train", counts, spans)
    if split:
        return
    lines = [f"# Written by scripts/measure_rules.py from {len(items)} items of the training corpora: what was true when the rules said so."]
    for what, pairs in counts.items():
        for said in STATUSES:
            total = sum(n for (s, _), n in pairs.items() if s == said) + PRIOR * len(STATUSES)
            lines += ["", f"[{what}.{said}]", *(f"{true} = {(pairs[said, true] + PRIOR) / total:.4f}" for true in STATUSES)]
    lines += [
        "",
        "[problem]",
        f"precision = {spans['right'] / max(1, spans['found']):.4f}",
        "",
        "[review]",
        "# Items whose status is less sure than this are to be looked at.",
        "threshold = 0.75",
        "",
    ]
    TARGET.write_text("\n".join(lines), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
