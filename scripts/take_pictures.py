"""Make the pictures of the README from the outputs for the sample report: `python scripts/take_pictures.py`.

Needs LibreOffice, pdftoppm, Chromium and the extras `review`, `train` and `test`. With `--only retrain` the pictures of the retraining alone, which take
a minute or two, since a model is trained for them; with `--only review` those of the rest.
"""

from __future__ import annotations

import argparse
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


# Few colours are enough for a picture of text and a fourth of the size.
COLOURS = 64
# What the pictured training learns from, so that it takes a minute.
PICTURED = ("langang", "yunxiu", "lufeng", "jiyang", "mochuan", "hengqu")
# Milliseconds that a quick training and a trial may take.
LONGEST = 1_200_000


def main() -> None:
    """Take all pictures, or those that `--only` names."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=("review", "retrain"))
    only = parser.parse_args().only
    if only != "retrain":
        outputs_and_review()
    if only != "review":
        with tempfile.TemporaryDirectory() as name:
            retraining(Path(name))


def outputs_and_review() -> None:
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
        shrink(ROOT / "docs" / "page.png")
        review_screen(folder / "out", ROOT / "docs" / "review.png")


def shrink(picture: Path) -> None:
    """Fewer colours."""
    Image.open(picture).convert("RGB").quantize(COLOURS).save(picture, optimize=True)


def retraining(folder: Path) -> None:
    """Write `docs/retrain.png`, the page once its model is trained, and `docs/gate.png`, what the gate said: the sample confirmed, then `--quick`."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415

    shutil.copytree(ROOT / "models" / "status", folder / "models" / "status")
    for government in PICTURED:
        shutil.copytree(ROOT / "corpora" / government, folder / "corpora" / government)
    words = ["--store", str(folder / "s.db"), "--models", str(folder / "models"), "--corpora", str(folder / "corpora"), "--who", "王芳"]
    command = [sys.executable, "-u", "-m", "nlp.cli", "review", *words, "--port", "0", "--no-browser"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, encoding="utf-8") as running, sync_playwright() as started:
        assert running.stdout
        found = re.search(r"http://\S+", running.stdout.readline())
        assert found
        browser = started.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1180, "height": 900})
        page.set_default_timeout(LONGEST)
        page.goto(found[0])
        page.set_input_files("#file", str(SAMPLE))
        page.click("#upload button")
        page.wait_for_selector("article")
        page.keyboard.press("2")
        page.locator("#progress", has_text="已改 1").wait_for()
        page.keyboard.press("Shift+A")
        page.wait_for_selector("#sheet")
        page.keyboard.press("Enter")
        page.locator("#progress", has_text="待核 0").wait_for()
        page.goto(f"{found[0]}retrain")
        page.fill("#name", "2024一季度")
        page.click("#start")
        page.locator("#run", has_text="练完，模型已写出").wait_for()
        page.screenshot(path=str(ROOT / "docs" / "retrain.png"))
        page.click("#try button")
        page.wait_for_selector("#verdict")
        page.evaluate("() => document.querySelectorAll('main > .card')[2].scrollIntoView()")
        page.screenshot(path=str(ROOT / "docs" / "gate.png"))
        browser.close()
        running.terminate()
    for name in ("retrain", "gate"):
        shrink(ROOT / "docs" / f"{name}.png")


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
