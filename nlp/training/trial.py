"""A candidate held against the gate before anybody decides: the judgement with what makes it fair or unfair, tied to the files that were measured."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nlp.annotate.encoder import MANIFEST
from nlp.errors import ModelError
from nlp.in_use import manifest_hash, read_use
from nlp.training.floors import Floor
from nlp.training.gate import GateSettings, Judgement, Reader, hold, read_with_model
from nlp.training.held_out import HeldOut, chosen_on, learned_from
from nlp.training.registry import Judge, Verdict, fault_of


@dataclass(frozen=True)
class Trial:
    """What the gate said of a candidate.

    Parameters
    ----------
    candidate, current : names of the models (`current` empty where none is in use that can be compared).
    judgement : None where the candidate was not measured, since it has learned the rows.
    refusals : why it may not be used; nothing where it may.
    notes : what makes the comparison unfair without forbidding it.
    hashes : of the manifests of both models as they were measured.
    """

    candidate: str
    current: str
    held_out: HeldOut
    judgement: Judgement | None
    refusals: tuple[str, ...]
    notes: tuple[str, ...]
    hashes: tuple[str, str]


def try_candidate(models: Path, *, name: str, rows: HeldOut, floors: Sequence[Floor], settings: GateSettings, read: Reader = read_with_model) -> Trial:
    """Measure a model of the models folder beside the one in use; changes nothing.

    Raises
    ------
    ModelError : the candidate is damaged, or `current.json` is.
    """
    folder, use = models / name, read_use(models)
    if fault := fault_of(folder):
        raise ModelError(fault, where=str(folder), remedy="请重新训练这个模型")
    current = models / use.place.model if use and not fault_of(models / use.place.model, manifest=use.place.manifest) else None
    hashes = manifest_hash(folder), manifest_hash(current) if current else ""
    refusals = why_not_measured(folder, rows)
    judgement = None if refusals else hold(rows.items, candidate=folder, current=current, floors=floors, settings=settings, read=read)
    return Trial(
        candidate=name,
        current=current.name if current else "",
        held_out=rows,
        judgement=judgement,
        refusals=(*refusals, *(judgement.refusals if judgement else ())),
        notes=tuple(notes_on(folder, current, rows)),
        hashes=hashes,
    )


def judge_by(trial: Trial) -> Judge:
    """The verdict of a trial for `registry.promote`: refused where a model is no longer the one that was measured."""

    def judge(folder: Path, current: Path | None) -> Verdict:
        if (manifest_hash(folder), manifest_hash(current) if current else "") != trial.hashes:
            return Verdict(("检验之后候选或在用的模型有变动，请重新检验",))
        return Verdict(trial.refusals, trial.judgement.figures if trial.judgement else {})

    return judge


def why_not_measured(folder: Path, rows: HeldOut) -> tuple[str, ...]:
    """Why the held-out rows say nothing of this model, empty where it has not learned from them."""
    learned = learned_from(_manifest(folder), rows)
    if learned is None:
        return ("清单没有写明学过哪些语料，无从判断留出的语料是否学过",)
    return (f"学过留出的语料 {'、'.join(learned)}，在上面的数字不算数；请用 --held-out 指定它没有学过的季度",) if learned else ()


def notes_on(folder: Path, current: Path | None, rows: HeldOut) -> list[str]:
    """What makes the comparison unfair without forbidding it."""
    notes = []
    for model, title in ((folder, "候选"), (current, "在用的模型")):
        if model is None:
            continue
        manifest = _manifest(model)
        if model is current and (learned := learned_from(manifest, rows)):
            notes.append(f"{title}学过 {'、'.join(learned)}，比较对它有利")
        if chosen := chosen_on(manifest, rows):
            notes.append(f"{title}在 {'、'.join(chosen)} 上选过轮次、定过校准，数字略偏高")
    return notes


def _manifest(folder: Path) -> dict[str, Any]:
    value: dict[str, Any] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    return value
