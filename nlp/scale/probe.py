"""Before the first chunk: can every worker do the work, and would it do the same? A small task on each says."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import nlp
from nlp.errors import ScaleError
from nlp.in_use import manifest_hash
from nlp.run_record import versions
from nlp.settings import Settings, file_hash

_MARK: Final = "mark"
_INSTALL: Final = "请在那台机器上安装同一版本的 ducha：pip install -c scripts/constraints.txt -e .[scale]"
_SHARE: Final = "各台机器要以同样的路径看到同一个共享文件夹"


def check_workers(client: Any, *, folder: Path, settings: Settings, report: Path | None) -> tuple[str, ...]:
    """Ask all workers whether they see the folders and files, and with what versions they would work; warnings, one Chinese line each.

    Parameters
    ----------
    client : `distributed.Client`.
    folder : where the run works; there is nothing of another run in it.
    report : one of the reports to be read.

    Raises
    ------
    ScaleError : a worker or the scheduler lacks the program, has another version or another model, or does not see a folder or a file.
    """
    secret = secrets.token_hex(8)
    mark = folder / _MARK
    mark.write_text(secret, encoding="utf-8")
    files = {name: path for name, path in (("标尺文件", settings.yardstick), ("单位别名文件", settings.unit_aliases)) if path and Path(path).is_file()}
    if report is not None:
        files["报告"] = str(report)
    ask = _question()
    asked = {"mark": str(mark), "secret": secret, "model": settings.model, "files": list(files.values()), "formats": list(settings.formats)}
    answers: Mapping[str, Any] = client.run(ask, asked, on_error="return")
    at_scheduler = client.run_on_scheduler(ask, {**asked, "mark": None, "model": None, "files": []})
    mark.unlink(missing_ok=True)
    _judge(at_scheduler, where=f"调度器 {client.scheduler.address}", settings=settings, files={})
    for worker, answer in sorted(answers.items()):
        _judge(answer, where=f"工作进程 {worker}", settings=settings, files=files)
    own = versions()
    return tuple(
        f"工作进程 {worker} 的 {name} 是 {found}，本机是 {own[name]}：结果可能有细微差别"
        for worker, answer in sorted(answers.items())
        for name, found in answer["versions"].items()
        if name in own and name != "python" and own[name] != found
    )


def _judge(answer: Any, *, where: str, settings: Settings, files: Mapping[str, str]) -> None:
    """Raise `ScaleError` for an answer with which nothing can be begun."""
    if not isinstance(answer, dict):
        raise ScaleError(f"检查没有成功（{type(answer).__name__}：{answer}）", where=where, remedy=_INSTALL)
    if "missing" in answer:
        raise ScaleError(f"不能载入程序（{answer['missing']}）", where=where, remedy=_INSTALL)
    program = f"ducha {nlp.__version__}"
    if answer["program"] != program:
        raise ScaleError(f"程序版本应为 {program}，实为 {answer['program']}", where=where, remedy=_INSTALL)
    if "lacks" in answer:
        raise ScaleError(f"缺少 {answer['lacks']}，不能写出 --formats {','.join(settings.formats)}", where=where, remedy=_INSTALL)
    if answer["sees"] is False:
        raise ScaleError("看不到输出文件夹", where=where, remedy=f"{_SHARE}，请用 --out 指定共享文件夹里的位置")
    if answer["writes"] is False:
        raise ScaleError("不能写入输出文件夹", where=where, remedy="请检查那台机器上的账户对共享文件夹的权限")
    if answer["model"] is not None:
        folder = str(settings.model)
        expected = manifest_hash(Path(folder))
        if not answer["model"]:
            raise ScaleError(f"看不到模型文件夹 {folder}", where=where, remedy=f"{_SHARE}，请用 --model 指定共享文件夹里的模型")
        if answer["model"] != expected:
            raise ScaleError(
                f"模型文件夹 {folder} 里是另一个模型（清单应为 {expected[:12]}…，实为 {answer['model'][:12]}…）", where=where, remedy="请用同一个模型"
            )
    for (name, path), found in zip(files.items(), answer["files"], strict=True):
        if found != file_hash(path):
            said = f"{name} {path} " + ("的内容与本机的不同" if found else "看不到")
            raise ScaleError(said, where=where, remedy=_SHARE)


def _question() -> Callable[[Mapping[str, Any]], dict[str, Any]]:
    """The task, made here so that it travels as it is: a machine without the program can still say that it has none."""

    def ask(asked: Mapping[str, Any]) -> dict[str, Any]:
        from importlib.util import find_spec  # noqa: PLC0415
        from pathlib import Path  # noqa: PLC0415
        from uuid import uuid4  # noqa: PLC0415

        try:
            import nlp  # noqa: PLC0415
            from nlp.in_use import manifest_hash  # noqa: PLC0415
            from nlp.run_record import versions  # noqa: PLC0415
            from nlp.settings import file_hash  # noqa: PLC0415

            answer: dict[str, Any] = {"program": f"ducha {nlp.__version__}", "versions": versions(), "sees": None, "writes": None, "model": None}
        except Exception as error:
            return {"missing": f"{type(error).__name__}: {error}"}
        if "parquet" in asked["formats"] and find_spec("pyarrow") is None:
            return {**answer, "lacks": "pyarrow"}
        answer["files"] = [file_hash(path) for path in asked["files"]]
        if asked["model"]:
            answer["model"] = manifest_hash(Path(asked["model"]))
        if asked["mark"]:
            mark = Path(asked["mark"])
            try:
                answer["sees"] = mark.read_text(encoding="utf-8") == asked["secret"]
            except OSError:
                answer["sees"] = False
            trial = mark.with_name(f"{mark.name}-{uuid4().hex}")
            try:
                trial.write_text("", encoding="utf-8")
                trial.unlink()
                answer["writes"] = True
            except OSError:
                answer["writes"] = False
        return answer

    return ask
