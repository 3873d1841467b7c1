"""Read a report and write the risk list: `python scripts/start.py [REPORT] [options of ducha run]`. Without a report, the sample is read."""

from __future__ import annotations

import subprocess
import sys

from environment import ROOT, ensure

SAMPLE = ROOT / "corpora" / "sample" / "苍浦市2024年一季度.docx"


def main() -> int:
    """Exit code of `ducha run`."""
    arguments = sys.argv[1:]
    interpreter = ensure()
    if not arguments:
        arguments = [str(SAMPLE), "--force"]
    return subprocess.run([str(interpreter), "-m", "nlp.cli", "run", *arguments], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
