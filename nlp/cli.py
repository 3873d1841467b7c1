"""The command `ducha`: arguments, exit codes and printing only."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from nlp.errors import DuchaError, Interrupted, UsageError
from nlp.heaps import seek_garbage_seldom

EXIT_FAILED = 1
EXIT_USAGE = 2
EXIT_INTERRUPTED = 130

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="督查进展表判读：逐行判定状态，摘出问题语句，排出风险清单。",
)


@app.callback()
def callback() -> None:
    """督查进展表判读：逐行判定状态，摘出问题语句，排出风险清单。"""


@app.command("run")
def run_command(
    reports: Annotated[
        list[Path],
        typer.Argument(
            metavar="REPORT...",
            help="报告文件、文件夹（连同子文件夹）或通配符，如 报告/*.docx（docx xlsx xls ods pdf html csv txt；doc wps et 需有 LibreOffice）",
        ),
    ],
    period: Annotated[str | None, typer.Option(help="报告期，如 2023Q1、2023H1、2023Q3、2023FY、2023M11；缺省从标题或文件名读取")] = None,
    out: Annotated[Path, typer.Option(help="输出文件夹")] = Path("ducha-output"),
    model: Annotated[str | None, typer.Option(help="模型文件夹；rules 表示只按规则判读；缺省用在用的模型（ducha models）")] = None,
    yardstick: Annotated[str | None, typer.Option(metavar="FILE", help="标尺：TOML 文件，或自带的 guide、lenient；缺省按标注说明")] = None,
    formats: Annotated[str, typer.Option(help="输出哪些文件，逗号分隔；另有 parquet（需附加项 [scale]）")] = "xlsx,docx,html,csv,jsonl",
    column: Annotated[list[str] | None, typer.Option(help="指明认不出的列，如 --column 落实情况=本月动态")] = None,
    older: Annotated[Path | None, typer.Option(metavar="OLDER", help="上期的报告文件，或 ducha run 写出的文件夹：每项任务另写明与上期相比的变化")] = None,
    older_period: Annotated[str | None, typer.Option(help="上期的报告期，缺省从标题或文件名读取")] = None,
    unit: Annotated[list[str] | None, typer.Option(metavar="NAME", help="只要该单位牵头或配合的任务（可重复）；名次和风险分仍按全报告")] = None,
    unit_aliases: Annotated[Path | None, typer.Option(metavar="FILE", help='单位别名 TOML，每行 "市住房和城乡建设局" = ["市建设局"]')] = None,
    top: Annotated[int, typer.Option(min=0, help="终端和督查通报列出前几项风险，也是通报所附督办单的上限；工作簿的风险清单总是全部列出")] = 15,
    lang: Annotated[str, typer.Option(help="工作簿、csv 和终端的表头与状态用 zh 中文或 en 英文；报告原文不变")] = "zh",
    workers: Annotated[int, typer.Option(min=1, metavar="N", help="多份报告：用本机 N 个进程判读（需附加项 [scale]）")] = 1,
    dask: Annotated[str, typer.Option(metavar="ADDRESS", help="多份报告：交给 Dask 集群判读，如 tcp://10.0.0.5:8786（需附加项 [scale]）")] = "",
    force: Annotated[bool, typer.Option("--force", help="覆盖以前的输出")] = False,
    restart: Annotated[bool, typer.Option("--restart", help="多份报告：不接着上次没做完的判读，从头开始")] = False,
) -> None:
    """判读报告，写出 Excel、督查通报（Word）、网页、csv、items.jsonl、risks.jsonl 和 run.json；多份报告各写一个文件夹，另写汇总。"""
    from nlp import batch  # noqa: PLC0415
    from nlp.readers.title import parse_period  # noqa: PLC0415
    from nlp.settings import ALL_FORMATS  # noqa: PLC0415
    from nlp.terminal import run as terminal  # noqa: PLC0415
    from nlp.wording import names  # noqa: PLC0415

    wording = names(lang)
    chosen = parse_period(period) if period else None
    with _going_on(), terminal.progress(wording=wording) as show:
        result = batch.run(
            reports,
            out=out,
            period=chosen,
            columns=_columns(column or []),
            model=batch.model_folder(model),
            older=older,
            older_period=parse_period(older_period) if older_period else None,
            yardstick=yardstick,
            formats=_formats(formats, ALL_FORMATS),
            top=top,
            force=force,
            restart=restart,
            units=unit or [],
            unit_aliases=unit_aliases,
            lang=lang,
            workers=workers,
            dask=dask,
            progress=show,
        )
    for failure in result.failures:
        print(f"错误：{failure.reason}", file=sys.stderr)
    for warning in result.warnings:
        print(f"提醒：{warning}", file=sys.stderr)
    if result.single:
        terminal.print_result(result.single, top=top, wording=wording)
    if result.overall:
        terminal.print_overall(result.overall, top=top, wording=wording)
    if result.reports:
        terminal.print_end(result, wording=wording)
    if result.failures:
        only_usage = not result.reports and all(failure.is_usage for failure in result.failures)
        raise typer.Exit(EXIT_USAGE if only_usage else EXIT_FAILED)


@contextmanager
def _going_on() -> Iterator[None]:
    """Ctrl-C in a run that can go on: one line that says how, and exit code 130."""
    try:
        yield
    except Interrupted as error:
        print(error, file=sys.stderr)
        raise typer.Exit(EXIT_INTERRUPTED) from error


def _columns(given: list[str]) -> dict[str, str]:
    """--column 落实情况=本月动态 as a mapping; raises `UsageError` for one without an equals sign."""
    columns = {}
    for option in given:
        field, mark, wording = option.partition("=")
        if not mark or not wording.strip():
            raise UsageError(f"--column {option} 写法不对", remedy="请写作 --column 落实情况=表头原文")
        columns[field.strip()] = wording.strip()
    return columns


def _formats(given: str, allowed: tuple[str, ...]) -> tuple[str, ...]:
    chosen = tuple(dict.fromkeys(part.strip().lower() for part in given.split(",") if part.strip()))
    unknown = [name for name in chosen if name not in allowed]
    if unknown or not chosen:
        raise UsageError(f"--formats 里有不认识的格式：{'、'.join(unknown) or '（空）'}", remedy=f"可用 {','.join(allowed)}")
    return chosen


def add_commands() -> None:
    """Attach compare, audit, label, train, evaluate, models and review; their modules are small and import nothing heavy by themselves."""
    from nlp import cli_compare, cli_corpora, cli_models, cli_review, cli_training  # noqa: PLC0415

    cli_compare.attach(app)
    cli_corpora.attach(app)
    cli_training.attach(app)
    cli_models.attach(app)
    cli_review.attach(app)


add_commands()


def main() -> None:
    """Run the command; a `DuchaError` becomes one line on stderr and exit code 2 (bad usage) or 1."""
    seek_garbage_seldom()
    for stream in (sys.stdout, sys.stderr):
        # A Chinese Windows console is GBK: what it cannot show must not end the run.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    try:
        app()
    except UsageError as error:
        print(f"错误：{error}", file=sys.stderr)
        sys.exit(EXIT_USAGE)
    except DuchaError as error:
        print(f"错误：{error}", file=sys.stderr)
        sys.exit(EXIT_FAILED)
    except KeyboardInterrupt:
        print("已中断，没有写出任何文件", file=sys.stderr)
        sys.exit(EXIT_INTERRUPTED)


if __name__ == "__main__":
    main()
