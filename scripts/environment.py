"""The project's own Python environment in `.venv`, made with nothing but the Python that runs this file."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from hashlib import sha256
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / ".venv"
OLDEST = (3, 11)


def python() -> Path:
    """The interpreter of the environment."""
    return FOLDER / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def ensure(extra: str = "") -> Path:
    """The interpreter of an environment with the project and its `extra` installed; made or brought up to date where needed."""
    if sys.version_info < OLDEST:
        sys.exit(f"错误：需要 Python {OLDEST[0]}.{OLDEST[1]} 或更新，现在是 {sys.version.split()[0]}。请从 python.org 安装后重试。")
    wanted = sha256((ROOT / "pyproject.toml").read_bytes() + str(ROOT).encode()).hexdigest()
    # An installation with these extras or more serves as well.
    for stamp in FOLDER.glob("installed-*.txt"):
        extras = set(stamp.stem.removeprefix("installed-").split(",")) | {""}
        if set(extra.split(",")) <= extras and stamp.read_text(encoding="utf-8") == wanted and python().is_file():
            return python()
    if not python().is_file():
        print("首次运行：正在建立 Python 环境（.venv）……", file=sys.stderr)
        venv.create(FOLDER, with_pip=True, clear=FOLDER.exists())
    print("正在安装所需的包……", file=sys.stderr)
    target = f"{ROOT}[{extra}]" if extra else str(ROOT)
    # torch is fixed wherever it is installed: any other build pulls gigabytes that an office PC has no use for.
    command = [
        str(python()),
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--constraint",
        str(ROOT / "scripts" / "constraints.txt"),
        "--editable",
        target,
    ]
    if subprocess.run(command, check=False).returncode:
        sys.exit("错误：安装没有成功。请检查网络；若在内网，请先在能上网的电脑上建好 .venv 再整个拷来。")
    (FOLDER / f"installed-{extra or 'base'}.txt").write_text(wanted, encoding="utf-8")
    return python()
