"""Make the pictures of the README from the outputs for the sample report: `python scripts/take_pictures.py`.

Needs LibreOffice, pdftoppm, Chromium and the extras `review` and `test`.
"""

from __future__ import annotations

import json
import re
import shutil
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
        review_screen(folder / "out", ROOT / "docs" / "review.png")


def review_screen(outputs: Path, picture: Path) -> None:
    """The review screen on a row with problems, after two corrections."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415

    command = [
        sys.executable,
        "-u",
        "-m",
        "nlp.cli",
        "review",
        str(outputs),
        "--store",
        str(outputs.parent / "s.db"),
        "--port",
        "0",
        "--no-browser",
        "--who",
        "王芳",
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, encoding="utf-8") as running, sync_playwright() as started:
        assert running.stdout
        found = re.search(r"http://\S+", running.stdout.readline())
        assert found
        browser = started.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1366, "height": 768})
        page.goto(found[0])
        page.wait_for_selector("article")
        for keys in ("j2", "j\n"):
            for key in keys:
                page.keyboard.press(key.replace("\n", "Enter"))
            page.wait_for_timeout(800)
        page.screenshot(path=str(picture))
        browser.close()
        running.terminate()


if __name__ == "__main__":
    main()
