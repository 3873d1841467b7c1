"""The commands that make and measure a model: train, evaluate. Arguments and printing only."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nlp.cli_corpora import CorporaArgument, default_model, read_named
from nlp.errors import OutputError, UsageError

if TYPE_CHECKING:
    from nlp.training.job import Journal
    from nlp.training.settings import TrainingSettings


def attach(app: typer.Typer) -> None:
    """Put the commands on the program."""
    app.command("train")(train_command)
    app.command("evaluate")(evaluate_command)


def train_command(
    corpora: CorporaArgument,
    out: Annotated[Path, typer.Option(help="写出的模型文件夹，如 models/2024q2")],
    base: Annotated[Path | None, typer.Option(help="底座编码器文件夹，缺省用 models/encoder；--quick 时也可以是一个模型，缺省用在用的模型")] = None,
    config: Annotated[Path | None, typer.Option(help="训练设置 TOML")] = None,
    quick: Annotated[bool, typer.Option("--quick", help="编码器不动，只训练分类头，几分钟完成")] = False,
    teacher: Annotated[
        Path | None, typer.Option(metavar="DIR", help="教师模型文件夹：剪去作用最小的部分得到更快的模型；设置了 epochs 时再学教师的判断")
    ] = None,
    mean: Annotated[
        list[Path] | None,
        typer.Option(metavar="DIR", help="模型文件夹，重复两次以上：不训练，新模型的权重是它们的平均（底座、层数、种子相同；重复同一个则加倍计算）"),
    ] = None,
    seed: Annotated[int | None, typer.Option(help="随机种子")] = None,
    force: Annotated[bool, typer.Option("--force", help="覆盖已有的模型文件夹")] = False,
    job: Annotated[Path | None, typer.Option(hidden=True, help="核对界面建立的文件夹：进度写在其中，出现 stop 就像 Ctrl-C 一样停下")] = None,
) -> None:
    """在带标注的语料上训练模型；中断后用同样的命令接着练，Ctrl-C 时用已有的最好一轮写出模型。"""
    from nlp.training.job import journal  # noqa: PLC0415
    from nlp.training.settings import QUICK, load_settings, taught_by  # noqa: PLC0415

    if quick and teacher:
        raise UsageError("--quick 与 --teacher 不能同用：前者不动编码器，后者从教师剪出一个较小的编码器")
    if mean is not None:
        _mean(corpora, members=mean, out=out, base=base, force=force, others={"--config": config, "--quick": quick, "--teacher": teacher, "--seed": seed})
        return
    if job and hasattr(os, "nice"):
        # The screen that started it must stay quick.
        os.nice(5)
    with journal(job) if job else nullcontext() as kept:
        settings = load_settings(config, defaults=QUICK if quick else taught_by(teacher) if teacher else {}, seed=seed)
        if settings.width < 1 and not teacher:
            raise UsageError(f"width = {settings.width:g} 只在 --teacher 时有效：没有教师就没有可剪的模型")
        _train(corpora, out=out, base=base, settings=settings, quick=quick, teacher=teacher, force=force, kept=kept)


def _train(
    corpora: list[Path], *, out: Path, base: Path | None, settings: TrainingSettings, quick: bool, teacher: Path | None, force: bool, kept: Journal | None
) -> None:
    _check(out, force=force)
    from nlp.terminal.training import run_quick, run_training  # noqa: PLC0415

    if quick:
        run_quick(read_named(corpora), out=out, base=base or default_model() or _shipped_encoder(), settings=settings, journal=kept)
    else:
        run_training(read_named(corpora), out=out, base=base or _shipped_encoder(), settings=settings, teacher=teacher, journal=kept)


def _mean(corpora: list[Path], *, members: list[Path], out: Path, base: Path | None, force: bool, others: Mapping[str, Any]) -> None:
    if given := [name for name, value in others.items() if value]:
        raise UsageError(f"--mean 与 {'、'.join(given)} 不能同用：平均不训练")
    if len(set(members)) < 2:
        raise UsageError(f"--mean 给了 {len(set(members))} 个模型，平均至少要两个", remedy="请重复 --mean DIR")
    _check(out, force=force)
    from nlp.terminal.training import run_mean  # noqa: PLC0415

    run_mean(read_named(corpora), members=members, out=out, base=base or _shipped_encoder())


def _check(out: Path, *, force: bool) -> None:
    """Refuse, before anything is read, what could not be written in the end."""
    if out.exists() and not force:
        raise OutputError("模型文件夹已存在", where=str(out), remedy="加 --force 覆盖，或用 --out 另取名字")
    _refuse_in_use(out)
    try:
        import torch  # noqa: F401, PLC0415
    except ModuleNotFoundError as error:
        raise UsageError("训练需要 torch 和 transformers，现在没有安装", remedy="请先运行 pip install 'ducha[train]'（torch 用 CPU 版即可）") from error


def _refuse_in_use(out: Path) -> None:
    """What is in use is never changed in place, not even with --force."""
    from nlp.in_use import read_use  # noqa: PLC0415

    use = read_use(out.resolve().parent) if out.is_dir() else None
    if use and use.place.model == out.resolve().name:
        raise OutputError("这个模型在用，不能就地改动", where=str(out), remedy="请用 --out 另取名字，再用 ducha models promote 换上")


def evaluate_command(
    corpora: CorporaArgument,
    model: Annotated[Path | None, typer.Option(help="模型文件夹，缺省用在用的模型")] = None,
    split: Annotated[str, typer.Option(help="在哪一份上衡量：train、dev 或 test")] = "test",
    out: Annotated[Path | None, typer.Option(help="写出 metrics.json 和 metrics.html 的文件夹")] = None,
) -> None:
    """衡量模型：逐类查准查全、问题语句、校准、复核比例，与规则和 TF-IDF 并列。"""
    from nlp.terminal.training import run_evaluation  # noqa: PLC0415
    from nlp.training.corpus import SPLITS  # noqa: PLC0415

    if split not in SPLITS:
        raise UsageError(f"--split 为 {split}，应为 {'、'.join(SPLITS)} 之一")
    folder = model or default_model()
    if folder is None:
        raise UsageError("没有模型", remedy="请用 --model 指定模型文件夹，或先用 ducha train 训练")
    run_evaluation(read_named(corpora), model=folder, split=split, out=out)


def _shipped_encoder() -> Path:
    from nlp.in_use import MODELS  # noqa: PLC0415

    folder = MODELS / "encoder"
    if not folder.is_dir():
        raise UsageError("没有底座编码器", where=str(folder), remedy="请用 --base 指定，或运行 scripts/build_encoder.py")
    return folder
