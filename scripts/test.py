"""Install what the tests need and run the whole suite with the linters: `python scripts/test.py [options of pytest]`.

With --with-training, or where CI is set, torch is installed too and the tests of training run; else they are skipped and say so.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from environment import ROOT, ensure

WITH_TRAINING = "--with-training"
CHECKS = (["-m", "ruff", "check", "."], ["-m", "ruff", "format", "--check", "."])
TYPES = ["-m", "mypy"]


def main() -> int:
    """0 where every check and every test passed."""
    options = [option for option in sys.argv[1:] if option != WITH_TRAINING]
    interpreter = ensure("test,review,scale,train,encoder" if WITH_TRAINING in sys.argv or os.environ.get("CI") else "test,review,scale")
    if not shutil.which("soffice"):
        print("提示：没有 LibreOffice，转换 doc、wps 的测试会跳过（Debian：apt-get install libreoffice-writer libreoffice-calc）", file=sys.stderr)
    if not shutil.which("initdb") and not list(Path("/usr/lib/postgresql").glob("*/bin/initdb")):
        print("提示：没有 PostgreSQL，多人同时写入的一项测试会跳过（Debian：apt-get install postgresql）", file=sys.stderr)
    if not any(map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))):
        print("提示：没有 Chromium，在浏览器里打开网页的测试会跳过（Debian：apt-get install chromium）", file=sys.stderr)
    checks = [*CHECKS]
    # The types of the training modules are those of torch: without it nothing can be said of them.
    if subprocess.run([str(interpreter), "-c", "import torch"], stderr=subprocess.DEVNULL, check=False).returncode == 0:
        checks.append(TYPES)
    else:
        print("提示：没有安装 torch，训练的测试和类型检查会跳过（python scripts/test.py --with-training）", file=sys.stderr)
    codes = [subprocess.run([str(interpreter), *check], cwd=ROOT, check=False).returncode for check in checks]
    codes.append(subprocess.run([str(interpreter), "-m", "pytest", *options], cwd=ROOT, check=False).returncode)
    return max(codes)


if __name__ == "__main__":
    sys.exit(main())
