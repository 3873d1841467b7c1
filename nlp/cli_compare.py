"""The command `compare`: arguments and printing only."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer


def attach(app: typer.Typer) -> None:
    """Put the command on the program."""
    app.command("compare")(compare_command)


def compare_command(
    older: Annotated[Path, typer.Argument(metavar="OLDER", help="上期：报告文件，或 ducha run 写出的文件夹")],
    newer: Annotated[Path, typer.Argument(metavar="NEWER", help="本期：报告文件，或 ducha run 写出的文件夹")],
    out: Annotated[Path, typer.Option(help="输出文件夹")] = Path("ducha-compare"),
    older_period: Annotated[str | None, typer.Option(help="上期的报告期，缺省从标题或文件名读取")] = None,
    newer_period: Annotated[str | None, typer.Option(help="本期的报告期，缺省从标题或文件名读取")] = None,
    model: Annotated[str | None, typer.Option(help="判读报告文件所用的模型文件夹；rules 表示只按规则判读")] = None,
    yardstick: Annotated[str | None, typer.Option(metavar="FILE", help="判读报告文件所用的标尺")] = None,
    top: Annotated[int, typer.Option(min=0, help="终端上列出前几项变化")] = 15,
    force: Annotated[bool, typer.Option("--force", help="覆盖以前的输出")] = False,
) -> None:
    """比较同一地方的两期报告：推进、停滞、转差、好转、新完成、照抄上期、累计数回落，以及新增和取消的任务。"""
    from nlp import comparing  # noqa: PLC0415
    from nlp.batch import model_folder  # noqa: PLC0415
    from nlp.progress import Progress  # noqa: PLC0415
    from nlp.readers.title import parse_period  # noqa: PLC0415
    from nlp.terminal import run as terminal  # noqa: PLC0415
    from nlp.terminal.compare import print_comparison  # noqa: PLC0415

    with terminal.progress() as show:
        result = comparing.run(
            older,
            newer,
            out=out,
            older_period=parse_period(older_period) if older_period else None,
            newer_period=parse_period(newer_period) if newer_period else None,
            model=model_folder(model),
            yardstick=yardstick,
            force=force,
            progress=lambda file, done, total: show(Progress(file, done, total)),
        )
    for warning in result.warnings:
        print(f"提醒：{warning}", file=sys.stderr)
    print_comparison(result, top=top)
