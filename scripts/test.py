"""Install what the tests need and run the whole suite with the linters: `python scripts/test.py [options of pytest]`."""

from __future__ import annotations

import shutil
import subprocess
import sys

from environment import ROOT, ensure

CHECKS = (["-m", "ruff", "check", "."], ["-m", "ruff", "format", "--check", "."], ["-m", "mypy"])


def main() -> int:
    """0 where every check and every test passed."""
    interpreter = ensure("test")
    if not shutil.which("soffice"):
        print("提示：没有 LibreOffice，转换 doc、wps 的测试会跳过（Debian：apt-get install libreoffice-writer libreoffice-calc）", file=sys.stderr)
    codes = [subprocess.run([str(interpreter), *check], cwd=ROOT, check=False).returncode for check in CHECKS]
    codes.append(subprocess.run([str(interpreter), "-m", "pytest", *sys.argv[1:]], cwd=ROOT, check=False).returncode)
    return max(codes)


if __name__ == "__main__":
    sys.exit(main())
