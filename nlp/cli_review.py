"""The command `review`: arguments, a store, a port. Nothing heavy is imported before the command runs."""

from __future__ import annotations

import getpass
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from nlp.config import DEFAULT_STORE
from nlp.errors import UsageError

DEFAULT_PORT = 8721
LEAST_PASSWORD = 8
_LONGEST_NAME = 40
_NOBODY = "本机用户"
_NEEDED = ("fastapi", "jinja2", "sqlalchemy", "alembic", "uvicorn")


def attach(app: typer.Typer) -> None:
    """Put the command on the program."""
    app.command("review")(review_command)


def review_command(
    folder: Annotated[Path | None, typer.Argument(metavar="[DIR]", help="ducha run 的输出文件夹；不给则在界面里打开或上传")] = None,
    store: Annotated[str, typer.Option(help="标注库：SQLite 文件，或 postgresql:// 地址")] = DEFAULT_STORE,
    who: Annotated[str | None, typer.Option(help="修改记在谁的名下，缺省用登录本机的用户名；设了口令时各人登录时自填")] = None,
    model: Annotated[str | None, typer.Option(help="判读上传报告的模型文件夹；rules 表示只按规则；缺省用在用的模型")] = None,
    yardstick: Annotated[str | None, typer.Option(metavar="FILE", help="判读上传报告的标尺，同 ducha run")] = None,
    unit_aliases: Annotated[Path | None, typer.Option(metavar="FILE", help="判读上传报告时的单位别名 TOML，同 ducha run")] = None,
    host: Annotated[str, typer.Option(help="监听的地址；除 127.0.0.1 外须设口令")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="端口；0 表示自动选择")] = DEFAULT_PORT,
    password: Annotated[str | None, typer.Option(envvar="DUCHA_PASSWORD", help="口令，至少 8 个字符；写 - 则在终端输入")] = None,
    allow_host: Annotated[list[str] | None, typer.Option(help="还允许用哪些主机名访问，可多次给出")] = None,
    models: Annotated[Path | None, typer.Option(metavar="DIR", help="模型文件夹，一个模型一个子文件夹：重新训练写在其中，缺省用随程序的")] = None,
    corpora: Annotated[Path | None, typer.Option(metavar="DIR", help="重新训练时的基础语料，缺省用随程序的")] = None,
    floors: Annotated[Path | None, typer.Option(metavar="FILE", help="检验新模型的下限 csv，同 ducha models promote")] = None,
    max_upload: Annotated[int, typer.Option(min=1, max=2000, help="上传文件的上限（MB）")] = 50,
    browser: Annotated[bool, typer.Option(help="自动打开浏览器")] = True,
) -> None:
    """在浏览器里逐行核对、更正判读结果；Ctrl-C 结束。"""
    missing = [name for name in _NEEDED if not find_spec(name)]
    if missing:
        raise UsageError(f"核对界面需要 {'、'.join(missing)}，现在没有安装", remedy="请先运行 pip install 'ducha[review]'")
    secret = _password(password, host=host)

    from nlp.batch import model_folder  # noqa: PLC0415
    from nlp.in_use import MODELS, model_in_use  # noqa: PLC0415
    from nlp.review.access import Password  # noqa: PLC0415
    from nlp.review.app import create_app  # noqa: PLC0415
    from nlp.review.base_corpora import shipped_corpora  # noqa: PLC0415
    from nlp.review.desk import Desk, open_folder  # noqa: PLC0415
    from nlp.review.guard import LOCAL  # noqa: PLC0415
    from nlp.review.jobs import Jobs  # noqa: PLC0415
    from nlp.review.retrain import Retraining  # noqa: PLC0415
    from nlp.review.serve import bind, own_names, serve  # noqa: PLC0415
    from nlp.store import open_store  # noqa: PLC0415
    from nlp.unit_names import load_aliases  # noqa: PLC0415

    def reading_model() -> Path | None:
        """The model that a report uploaded now is read with."""
        return model_folder(model) if model else model_in_use(models)

    for option, folder_given in (("--models", models), ("--corpora", corpora)):
        if folder_given and not folder_given.is_dir():
            raise UsageError("没有这个文件夹", where=f"{option} {folder_given}")
    reading_model()
    # A file that cannot be read is told of now, not at the first upload.
    load_aliases(unit_aliases)
    listening = bind(host, port)
    with listening, open_store(store) as opened:
        for warning in opened.warnings:
            print(f"注意：{warning}", file=sys.stderr)
        runs = open_folder(opened, folder) if folder is not None else []
        jobs = Jobs(open_folder=lambda path: open_folder(opened, path), model=reading_model, yardstick=yardstick, unit_aliases=unit_aliases)
        retraining = Retraining(models=(models or MODELS).resolve(), corpora=corpora.resolve() if corpora else shipped_corpora(), floors=floors)
        desk = Desk(
            store=opened,
            jobs=jobs,
            who=(who or _user()).strip()[:_LONGEST_NAME] or _NOBODY,
            password=Password.of(secret) if secret else None,
            largest_upload=max_upload * 1_000_000,
            port=listening.getsockname()[1],
            retraining=retraining,
        )
        app = create_app(desk, hosts=LOCAL | own_names(host) | {name.lower() for name in allow_host or ()})
        try:
            serve(app, listening=listening, path=f"/runs/{runs[0]}" if len(runs) == 1 else "/", browser=browser)
        finally:
            jobs.close()
            if name := retraining.close():
                print(f"{name} 的训练还在进行，下次打开界面可以看到、可以取消", file=sys.stderr)


def _user() -> str:
    """The name under which this machine knows the person; some machines know none."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return _NOBODY


def _password(given: str | None, *, host: str) -> str:
    """The password to ask for, empty for none.

    Raises
    ------
    UsageError : it is too short, or the address can be reached from elsewhere and there is none.
    """
    secret = getpass.getpass("口令：") if given == "-" else given or ""
    if not secret and host != "127.0.0.1":
        raise UsageError(f"--host {host} 让别的电脑也能访问，须设口令", remedy="请加 --password -，在终端输入口令")
    if secret and len(secret) < LEAST_PASSWORD:
        raise UsageError(f"口令只有 {len(secret)} 个字符", remedy=f"至少 {LEAST_PASSWORD} 个")
    if secret and host != "127.0.0.1":
        print("注意：口令和内容在网上不加密传送，只可在可信的内网使用。", file=sys.stderr)
    return secret
