"""Make the pictures of the README from the outputs for the sample report: `python scripts/take_pictures.py`. Needs LibreOffice, pdftoppm and Chromium."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
SAMPLE = ROOT / "corpora" / "sample" / "苍浦市2024年一季度.docx"


def main() -> None:
    """Write `docs/risk-list.png`, the risk list of the workbook (its second page) as it prints, and `docs/page.png`, the page with its first risk opened."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        subprocess.run([sys.executable, "-m", "nlp.cli", "run", str(SAMPLE), "--out", str(folder / "out"), "--top", "0"], check=True)
        subprocess.run(["soffice", "--headless", "--convert-to", "pdf", "--outdir", name, str(folder / "out" / "ducha.xlsx")], check=True, capture_output=True)
        subprocess.run(
            ["pdftoppm", "-r", "80", "-png", "-singlefile", "-f", "2", "-l", "2", str(folder / "ducha.pdf"), str(ROOT / "docs" / "risk-list")], check=True
        )
        rows = [json.loads(line) for line in (folder / "out" / "items.jsonl").read_text(encoding="utf-8").splitlines()]
        first = next(n for n, row in enumerate(rows, start=1) if row["risk"]["rank"] == 1)
        address = f"{(folder / 'out' / 'ducha.html').as_uri()}#status=at_risk&open={first}"
        options = ["--headless", "--no-sandbox", "--hide-scrollbars", "--window-size=1280,1340", f"--screenshot={ROOT / 'docs' / 'page.png'}"]
        subprocess.run(["chromium", *options, address], check=True, capture_output=True)
        # Few colours are enough for a picture of text and a fourth of the size.
        Image.open(ROOT / "docs" / "page.png").convert("RGB").quantize(64).save(ROOT / "docs" / "page.png", optimize=True)


if __name__ == "__main__":
    main()
