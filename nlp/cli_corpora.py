"""The commands of analysts for labelled text: audit, label. Arguments and printing only."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nlp.config import DEFAULT_STORE
from nlp.errors import CorpusError, DuchaError, OutputError, UsageError

if TYPE_CHECKING:
    from nlp.training.corpus import Government, LabelledItem

EXIT_FAILED = 1
CorporaArgument = Annotated[list[Path], typer.Argument(metavar="CORPUS...", help="语料文件夹：一个政府，或含有多个政府的文件夹")]
label_app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="把判读结果收进标注库；在 Excel 里标注一个季度，再读回来。")


def attach(app: typer.Typer) -> None:
    """Put the commands on the program."""
    app.command("audit")(audit_command)
    app.add_typer(label_app, name="label")


def default_model() -> Path | None:
    """The model in use, None where there is none."""
    from nlp.in_use import model_in_use  # noqa: PLC0415

    return model_in_use()


def audit_command(
    corpora: CorporaArgument,
    counts: Annotated[bool, typer.Option(help="按 resources/audit.toml 的下限核对数量")] = True,
    model: Annotated[Path | None, typer.Option(help="训练好的模型：列出它没有学过的语料里最可能标错的语句")] = None,
) -> None:
    """训练前检查语料：数量、重复、互相矛盾的标注、与算术不符的结论；给出模型时再列最可能标错的语句。"""
    from nlp.config import load_toml  # noqa: PLC0415
    from nlp.terminal.corpora import print_audit  # noqa: PLC0415
    from nlp.training.audit import audit  # noqa: PLC0415

    read = read_named(corpora)
    findings = audit(read, thresholds=load_toml("audit.toml") if counts else {})
    print_audit(read, findings)
    if model is not None:
        from nlp.terminal.training import print_mislabels  # noqa: PLC0415

        print_mislabels(read, model=model)
    if any(finding.level == "error" for finding in findings):
        raise typer.Exit(EXIT_FAILED)


@label_app.command("export")
def label_export(
    source: Annotated[Path | None, typer.Argument(help="报告文件，或语料里的一个 jsonl；用 --store 时不写")] = None,
    out: Annotated[Path | None, typer.Option(help="写出的工作簿；用 --store 时是语料 jsonl，如 corpora/某县/q1.jsonl")] = None,
    period: Annotated[str | None, typer.Option(help="报告期，缺省从标题或文件名读取")] = None,
    store: Annotated[str | None, typer.Option(metavar="FILE", help="标注库（文件或 postgresql:// 地址）：把核对过的行写成语料")] = None,
    run: Annotated[int | None, typer.Option(metavar="ID", help="标注库里的第几次判读，只有一次时可以不写")] = None,
    everything: Annotated[bool, typer.Option("--all", help="没有核对过的行也写出，按程序的判断")] = False,
    force: Annotated[bool, typer.Option("--force", help="覆盖已有的文件")] = False,
) -> None:
    """写出带下拉列表的标注工作簿，报告文件先由程序预填；用 --store 时把标注库里更正和确认过的行写成语料。"""
    if out is None or (source is None) == (store is None):
        raise UsageError("请写明 --out，以及报告文件或 --store 二者之一")
    _refuse_existing(out, force=force)
    if store is not None:
        _export_store(store, run=run, out=out, everything=everything)
        return
    if source is None or run is not None or everything:
        raise UsageError("--run 和 --all 只与 --store 同用")
    from nlp.readers.title import parse_period  # noqa: PLC0415
    from nlp.training import workbook  # noqa: PLC0415
    from nlp.training.corpus import read_report  # noqa: PLC0415

    if source.suffix == ".jsonl":
        items = read_report(source, government=source.parent.name, period=source.stem)
    else:
        from nlp import batch  # noqa: PLC0415

        rows = batch.read_rows(source, period=parse_period(period) if period else None, model=default_model())
        items = list(workbook.prefilled(rows))
    workbook.export_workbook(out, items)
    print(f"{len(items)} 项已写入 {out}")


def _export_store(where: str, *, run: int | None, out: Path, everything: bool) -> None:
    """Write the reviewed rows of one run as a corpus file, whose name must be that of its period."""
    _need_store()
    from nlp.store import labelled_items, list_runs, open_store  # noqa: PLC0415
    from nlp.training.corpus import write_report  # noqa: PLC0415
    from nlp.training.own import GOVERNMENT, ensure_government, quarter_file  # noqa: PLC0415

    with open_store(where, must_exist=True) as opened:
        for warning in opened.warnings:
            print(f"提醒：{warning}", file=sys.stderr)
        runs = {found.id: found for found in list_runs(opened)}
        if run is None and len(runs) == 1:
            run = next(iter(runs))
        if run not in runs:
            known = "；".join(f"{found.id} {found.title} {found.period}（{found.model or '规则'}）" for found in runs.values())
            raise UsageError(f"标注库里没有第 {run} 次判读" if run is not None else "标注库里不止一次判读", remedy=f"请用 --run 指明：{known or '（空）'}")
        expected = quarter_file(runs[run].period)
        if out.name != expected:
            raise UsageError(f"--out 的文件名为 {out.name}，报告期 {runs[run].period} 应为 {expected}")
        items = labelled_items(opened, run, everything=everything, government=out.parent.name)
    if not items:
        raise CorpusError("没有更正或确认过的行", where=where, remedy="请先核对，或加 --all 全部写出")
    is_new = ensure_government(out.parent, place=runs[run].place, period=runs[run].period)
    write_report(out, items)
    print(f"{len(items)} 项已写入 {out}" + (f"，并写了 {out.parent / GOVERNMENT}" if is_new else ""))


@label_app.command("add")
def label_add(
    sources: Annotated[list[Path], typer.Argument(metavar="SOURCE...", help="ducha run 的输出文件夹，或报告文件、文件夹（先判读）")],
    store: Annotated[str, typer.Option(metavar="FILE", help="标注库：SQLite 文件，或 postgresql:// 地址；没有就新建")] = DEFAULT_STORE,
    period: Annotated[str | None, typer.Option(help="报告的报告期，缺省从标题或文件名读取")] = None,
    model: Annotated[str | None, typer.Option(help="判读报告的模型文件夹；rules 表示只按规则；缺省用在用的模型")] = None,
    yardstick: Annotated[str | None, typer.Option(metavar="FILE", help="判读报告的标尺，同 ducha run")] = None,
    unit_aliases: Annotated[Path | None, typer.Option(metavar="FILE", help="判读报告时的单位别名 TOML，同 ducha run")] = None,
) -> None:
    """把判读结果收进标注库，如同在核对界面里上传；同一次判读只收一次。"""
    _need_store()
    from nlp import batch  # noqa: PLC0415
    from nlp.readers.title import parse_period  # noqa: PLC0415
    from nlp.store import open_store  # noqa: PLC0415
    from nlp.store.intake import bring  # noqa: PLC0415
    from nlp.terminal.run import progress  # noqa: PLC0415

    chosen, folder = parse_period(period) if period else None, batch.model_folder(model)
    added, refused = 0, 0
    with open_store(store) as opened, progress() as show:
        for warning in opened.warnings:
            print(f"提醒：{warning}", file=sys.stderr)
        for source in sources:
            try:
                done = bring(opened, source, period=chosen, model=folder, yardstick=yardstick, unit_aliases=unit_aliases, progress=show)
            except DuchaError as error:
                refused += 1
                print(f"错误：{error}", file=sys.stderr)
                continue
            for failure in done.failures:
                refused += 1
                print(f"错误：{failure.reason}", file=sys.stderr)
            for taken in done.taken:
                name = f"第 {taken.run.id} 次判读：{taken.run.title or taken.run.file} {taken.run.period}，{taken.rows} 行（{taken.run.model or '模型不明'}）"
                if taken.is_new or taken.is_renewed:
                    added += 1
                    print(f"收入{name}" if taken.is_new else f"行已在标注库里，只改记了跳过的行和单位别名：{name}")
                else:
                    refused += 1
                    print(f"错误：{source}：已在标注库里，没有再收。{name}", file=sys.stderr)
    if added:
        print("核对：ducha review" + ("" if store == DEFAULT_STORE else f" --store {store}"))
    if refused:
        raise typer.Exit(EXIT_FAILED)


def _need_store() -> None:
    """Raise `UsageError` where the packages of the store are not installed."""
    missing = [name for name in ("sqlalchemy", "alembic") if not find_spec(name)]
    if missing:
        raise UsageError(f"标注库需要 {'、'.join(missing)}，现在没有安装", remedy="请先运行 pip install 'ducha[review]'")


@label_app.command("import")
def label_import(
    source: Annotated[Path, typer.Argument(help="标注好的工作簿，或 ducha run 写出、填了更正的 ducha.xlsx")],
    out: Annotated[Path, typer.Option(help="写出的语料 jsonl，如 corpora/某县/q1.jsonl")],
    every: Annotated[bool, typer.Option("--all", help="没有更正的行也写出，按程序的判读（只用于 ducha run 的工作簿）")] = False,
    force: Annotated[bool, typer.Option("--force", help="覆盖已有的文件")] = False,
) -> None:
    """读回标注好的工作簿；改动过的原文和不认识的标签会连同行号一起报出。

    ducha run 的工作簿只取填了“更正状态”或“更正问题语句”的行。
    """
    from nlp.training.corpus import write_report  # noqa: PLC0415
    from nlp.training.run_workbook import import_corrections, wording_of  # noqa: PLC0415
    from nlp.training.workbook import import_workbook  # noqa: PLC0415

    _refuse_existing(out, force=force)
    wording = wording_of(source)
    if wording is None:
        if every:
            raise UsageError("--all 只用于 ducha run 写出的工作簿", where=source.name, remedy="标注工作簿总是全部读回")
        items = import_workbook(source, government=out.parent.name, period=out.stem)
    else:
        imported = import_corrections(source, wording=wording, government=out.parent.name, period=out.stem, every=every)
        items = list(imported.items)
        remarks = f"，其中 {imported.remarks} 行只有备注" if imported.remarks else ""
        print(f"更正 {imported.corrected} 行" + ("" if every else f"；未更正的 {imported.left_out} 行没有写出{remarks}"))
        if not items:
            raise CorpusError("没有填写更正", where=source.name, remedy="请在黄色的列里填写，或加 --all")
    out.parent.mkdir(parents=True, exist_ok=True)
    write_report(out, items)
    print(f"{len(items)} 项已写入 {out}")


def _refuse_existing(path: Path, *, force: bool) -> None:
    if path.exists() and not force:
        raise OutputError("文件已存在", where=str(path), remedy="加 --force 覆盖，或用 --out 另取名字")


def read_named(corpora: list[Path]) -> list[tuple[Government, list[LabelledItem]]]:
    """Governments with their items, from all folders named; raises `CorpusError` where there are none."""
    from nlp.training.corpus import read_corpora  # noqa: PLC0415

    read = [pair for path in corpora for pair in read_corpora(path)]
    if not read:
        raise CorpusError("没有找到语料（每个政府一个文件夹，内有 government.toml）", where="、".join(map(str, corpora)))
    names = [government.name for government, _ in read]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise CorpusError(f"政府 {'、'.join(twice)} 出现两次", where="、".join(map(str, corpora)), remedy="请只指定一次，或把其中一个文件夹改名")
    return read
