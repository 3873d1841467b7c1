"""The model card, made from what was measured when the model was saved."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nlp.labels import STATUS_NAMES, STATUSES


def write_card(name: str, *, manifest: Mapping[str, Any], figures: Mapping[str, Any], calibration: Mapping[str, Any], agreement: Mapping[str, float]) -> str:
    """Markdown of the card.

    Parameters
    ----------
    figures : what `evaluate.evaluate` gave, under the names of the splits it was measured on.
    agreement : shares in [0, 1] on which the int8 weights say what the float ones said; empty where only the heads were trained.
    """
    settings = manifest["settings"]
    is_cut = settings["epochs"] == 0
    lines = [
        f"# {name}",
        "",
        "Reads one row of a Chinese government progress report (task, period, status text) and gives the status of each statement,",
        "problem spans with their kind, and the item's status as far as words tell it. It does not hold figures against targets.",
        "",
        f"- Base: the encoder in the folder `{manifest['base_name']}`, whose own card names source and licence; hashes in `manifest.json`.",
        *_members(manifest),
        f"- {'Cut, not trained, on some of' if is_cut else 'Trained on'} {manifest['n_train']} items: {', '.join(manifest['train'])}.",
        f"  Stopped and calibrated on {manifest['n_dev']} items: {', '.join(manifest['dev'])}.",
        "  Written text, not collected: see `corpora/README.md`.",
        *_epochs(manifest),
        *_shape(manifest),
        "- Weights: ONNX, dynamic int8; no pickle.",
        *_agreement(agreement),
        f"- To be looked at: items less sure than {calibration['review_below']:.3f}, {calibration['review_share']:.1%} of dev.",
        "",
    ]
    for split, figure in figures.items():
        lines += _table(split, figure)
    lines += [
        "## Limits",
        "",
        "- Learned from written reports of fictional governments with more bad news than real ones have.",
        "- Characters that the vocabulary lacks (rare place names) are read as unknown.",
        "- Rows at risk only by arithmetic (a quantity behind the calendar) are not its job.",
        "",
    ]
    return "\n".join(lines)


def _members(manifest: Mapping[str, Any]) -> list[str]:
    """What a mean is the mean of."""
    if "mean_of" not in manifest:
        return []
    lines = [f"- The mean of the weights of {len(manifest['mean_of'])} trainings, each on these items or some of them; nothing was trained after that:"]
    for member in manifest["mean_of"]:
        seed, epoch, times = member["settings"]["seed"], member["best_epoch"], member["times"]
        counted = f", counted {times} times" if times > 1 else ""
        lines.append(f"  `{member['model']}` ({member['n_train']} items, seed {seed}, best epoch {epoch}, {member['seconds']:.0f} s{counted}).")
    return lines


def _epochs(manifest: Mapping[str, Any]) -> list[str]:
    settings = manifest["settings"]
    if "mean_of" in manifest:
        return [f"- {settings['layers']} layers."]
    epochs = sum(epoch["number"] > 0 for epoch in manifest["epochs"])
    return [f"- {epochs} epochs, best {manifest['best_epoch']}, {manifest['seconds']:.0f} s.", f"- {settings['layers']} layers, seed {settings['seed']}."]


def _shape(manifest: Mapping[str, Any]) -> list[str]:
    if "shape" not in manifest:
        return []
    heads, neurons = (", ".join(map(str, manifest["shape"][part])) for part in ("heads", "neurons"))
    lines = [f"- Attention heads {heads}; hidden neurons {neurons}, from the lowest layer up."]
    if "teacher" in manifest:
        width = manifest["settings"]["width"]
        steps = [f"cut to {width:.0%} of the time of its layers"] if width < 1 else []
        steps += ["taught by it"] if manifest["settings"]["epochs"] else []
        lines.append(f"- Begun as the model {manifest['teacher']}, {', then '.join(steps)}.")
    return lines


def _agreement(agreement: Mapping[str, float]) -> list[str]:
    if not agreement:
        return ["- Quick training: the encoder is that of the base, already rounded; only the heads were trained."]
    return [
        f"- int8 says what float says on {agreement['statement_agreement']:.2%} of the statements, {agreement['item_agreement']:.2%} of the items,",
        f"  {agreement['span_agreement']:.2%} of the problem spans.",
    ]


def _table(split: str, figure: Mapping[str, Any]) -> list[str]:
    """The figures of one split as Markdown."""
    lines = [
        f"## {split}: {figure['n']['items']} items, {figure['n']['statements']} statements",
        "",
        "| | precision | recall | F1 | n |",
        "|---|---|---|---|---|",
    ]
    for what, title in (("statement", "statement"), ("item_by_words", "item by words")):
        rows = [(f"{title} {status} {STATUS_NAMES[status]}", figure[what]["classes"][status]) for status in STATUSES]
        lines += [_row(name, row) for name, row in rows]
        lines.append(f"| **{title}, macro** | | | **{figure[what]['macro_f1']:.3f}** | |")
    lines += [_row(f"problem spans, {key}", figure["problems"][key]) for key in ("overlap", "exact")]
    low, high = figure["statement_interval"]
    errors = f"ECE of statements {figure['statement']['ece']:.3f}, of items by words {figure['item_by_words']['ece']:.3f}"
    return [*lines, "", f"Statement macro-F1: 95% interval {low:.3f} to {high:.3f}; {errors}.", ""]


def _row(name: str, figures: Mapping[str, float]) -> str:
    return f"| {name} | {figures['precision']:.3f} | {figures['recall']:.3f} | {figures['f1']:.3f} | {figures['n']} |"
