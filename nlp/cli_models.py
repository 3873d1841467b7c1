"""The commands that say which model is in use: models list, promote, rollback. Arguments and printing only."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import Annotated

import typer

from nlp.errors import OutputError, UsageError
from nlp.in_use import MODELS

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
    from nlp.training.trial import notes_on, why_not_measured  # noqa: PLC0415

    if force and not why.strip():
        raise UsageError("--force 须写明理由", remedy="请加 --why 理由")
    if flips and flips.exists():
        raise OutputError("文件已存在", where=str(flips), remedy="请用 --flips 另取名字")
    name = candidate_name(candidate, models=models)
    least, settings = load_floors(floors), load_gate()
    rows = read_held_out(held_out or [_CORPORA])

    def judge(folder: Path, current: Path | None) -> Verdict:
        refusals = why_not_measured(folder, rows)
        if refusals and not force:
            return Verdict(refusals)
        judgement = hold(rows.items, candidate=folder, current=current, floors=least, settings=settings, read=read_with_model)
        print_judgement(judgement, rows, notes=[*refusals, *notes_on(folder, current, rows)])
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


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return "未知"
