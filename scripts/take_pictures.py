"""Make the pictures of the README from the outputs for the sample report: `python scripts/take_pictures.py`. Needs LibreOffice and pdftoppm."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SAMPLE = ROOT / "corpora" / "sample" / "苍浦市2024年一季度.docx"


def main() -> None:
    """Write `docs/risk-list.png`: the risk list of the workbook, its second page, as it prints."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        subprocess.run([sys.executable, "-m", "nlp.cli", "run", str(SAMPLE), "--out", str(folder / "out"), "--top", "0"], check=True)
        subprocess.run(["soffice", "--headless", "--convert-to", "pdf", "--outdir", name, str(folder / "out" / "ducha.xlsx")], check=True, capture_output=True)
        subprocess.run(
            ["pdftoppm", "-r", "80", "-png", "-singlefile", "-f", "2", "-l", "2", str(folder / "ducha.pdf"), str(ROOT / "docs" / "risk-list")], check=True
        )


if __name__ == "__main__":
    main()
