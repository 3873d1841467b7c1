"""The commands that say which model is in use: models list, promote, rollback. Arguments and printing only."""

from __future__ import annotations

import getpass
import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nlp.errors import OutputError, UsageError
from nlp.in_use import MODELS

if TYPE_CHECKING:
    from nlp.training.held_out import HeldOut

ModelsOption = Annotated[Path, typer.Option("--models", metavar="DIR", help="模型文件夹，一个模型一个子文件夹")]
ByOption = Annotated[str | None, typer.Option(metavar="NAME", help="记在案上的经手人，缺省用登录名")]
models_app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="看有哪些模型，换上通过检验的，退回前一个。")
_CORPORA = MODELS.parent / "corpora"


def attach(app: typer.Typer) -> None:
    """Put the commands on the program."""
    app.add_typer(models_app, name="models")


@models_app.command("list")
def list_command(
    models: ModelsOption = MODELS,
    log: Annotated[bool, typer.Option("--log", help="列出历次更换")] = False,
) -> None:
    """列出模型：是否在用、学了什么、开发集上的数字、是否完好。"""
    from nlp.terminal.models import print_history, print_models  # noqa: PLC0415
    from nlp.training.registry import history, list_models  # noqa: PLC0415

    if log:
        print_history(history(models))
    else:
        print_models(list_models(models))


@models_app.command("promote")
def promote_command(
    candidate: Annotated[str, typer.Argument(metavar="CANDIDATE", help="候选模型：名称或文件夹")],
    held_out: Annotated[
        list[Path] | None,
        typer.Option(
            "--held-out", metavar="CORPUS", help="留出的语料，可重复：含有 dev 政府的文件夹、一个政府、或一个季度的 jsonl；缺省用随程序语料里的 dev 政府"
        ),
    ] = None,
    floors: Annotated[Path | None, typer.Option(metavar="FILE", help="下限 csv（field,label,metric,least）；缺省用随程序的")] = None,
    flips: Annotated[Path | None, typer.Option(metavar="FILE", help="把标签变了的语句和事项全部写成 csv")] = None,
    models: ModelsOption = MODELS,
    why: Annotated[str, typer.Option(metavar="TEXT", help="理由，记在案上")] = "",
    by: ByOption = None,
    force: Annotated[bool, typer.Option("--force", help="没有通过也换上，须写 --why；文件损坏的不换")] = False,
) -> None:
    """检验候选模型（各类下限；不输给在用的），通过才换上；没有通过则什么都不改。"""
    from nlp.terminal.models import print_judgement  # noqa: PLC0415
    from nlp.training.floors import load_floors  # noqa: PLC0415
    from nlp.training.gate import hold, load_gate, read_with_model, write_flips  # noqa: PLC0415
    from nlp.training.held_out import read_held_out  # noqa: PLC0415
    from nlp.training.registry import Verdict, candidate_name, promote  # noqa: PLC0415

    if force and not why.strip():
        raise UsageError("--force 须写明理由", remedy="请加 --why 理由")
    if flips and flips.exists():
        raise OutputError("文件已存在", where=str(flips), remedy="请用 --flips 另取名字")
    name = candidate_name(candidate, models=models)
    least, settings = load_floors(floors), load_gate()
    rows = read_held_out(held_out or [_CORPORA])

    def judge(folder: Path, current: Path | None) -> Verdict:
        refusals = _learned(folder, rows)
        if refusals and not force:
            return Verdict(refusals)
        judgement = hold(rows.items, candidate=folder, current=current, floors=least, settings=settings, read=read_with_model)
        print_judgement(judgement, rows, notes=[*refusals, *_notes(folder, current, rows)])
        if flips:
            write_flips(flips, judgement.flips)
            print(f"标签变了的 {len(judgement.flips)} 处已写入 {flips}")
        return Verdict((*refusals, *judgement.refusals), judgement.figures)

    entry = promote(models, name=name, judge=judge, by=by or _user(), why=why.strip(), force=force)
    print(f"已换上 {name}{'（强制，已记录）' if entry['forced'] else ''}；退回前一个：ducha models rollback")


@models_app.command("rollback")
def rollback_command(
    models: ModelsOption = MODELS,
    why: Annotated[str, typer.Option(metavar="TEXT", help="理由，记在案上")] = "",
    by: ByOption = None,
) -> None:
    """退回前一个模型；它的文件须完好，并与当时换上的相同。"""
    from nlp.training.registry import rollback  # noqa: PLC0415

    entry = rollback(models, by=by or _user(), why=why.strip())
    print(f"已从 {entry['from']} 退回 {entry['to']}")


def _learned(folder: Path, rows: HeldOut) -> tuple[str, ...]:
    """Why the held-out rows say nothing of this model, empty where it has not learned from them."""
    from nlp.training.held_out import learned_from  # noqa: PLC0415

    learned = learned_from(_manifest(folder), rows)
    if learned is None:
        return ("清单没有写明学过哪些语料，无从判断留出的语料是否学过",)
    return (f"学过留出的语料 {'、'.join(learned)}，在上面的数字不算数；请用 --held-out 指定它没有学过的季度",) if learned else ()


def _notes(folder: Path, current: Path | None, rows: HeldOut) -> list[str]:
    """What makes the comparison unfair without forbidding it."""
    from nlp.training.held_out import chosen_on, learned_from  # noqa: PLC0415

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
    value: dict[str, Any] = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    return value


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return "未知"
