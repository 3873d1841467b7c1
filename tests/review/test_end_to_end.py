"""The whole way in a browser: a report is uploaded, corrected, exported, learned from; the new model is tried, put to use, taken back."""

from __future__ import annotations

import json
import shutil
import time
import zipfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from nlp.annotate.encoder import load_model
from nlp.in_use import CURRENT, SHIPPED, model_in_use
from nlp.store import list_runs, open_store
from nlp.store.detail import reviews
from nlp.training import job
from nlp.training.corpus import read_corpora
from nlp.training.registry import LOG
from tests.review.test_in_chromium import CHROMIUM, page, press  # noqa: F401
from tests.review.test_serve import start

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine (Debian: apt-get install chromium)"),
    pytest.mark.skipif(not find_spec("torch"), reason="torch is not installed: python scripts/test.py --with-training"),
]
# A model that can be put to use without loss whatever the training came to: the one in use, under another name.
TWIN = "twin"
NEW = "new"
# Milliseconds, on a machine that has other work too.
LONGEST = 900_000


@pytest.fixture
def models(root: Path, tmp_path: Path) -> Path:
    """A models folder of its own, with the shipped model and its twin."""
    for name in (SHIPPED, TWIN):
        shutil.copytree(root / "models" / "status", tmp_path / "models" / name)
    return tmp_path / "models"


@pytest.fixture
def corpora(root: Path, tmp_path: Path) -> Path:
    """Two governments to learn from and one of dev, a quarter of fifty rows each."""
    for name in ("langang", "yunxiu", "mochuan"):
        folder = tmp_path / "corpora" / name
        folder.mkdir(parents=True)
        for file in ("government.toml", "q1.jsonl"):
            shutil.copyfile(root / "corpora" / name / file, folder / file)
    return tmp_path / "corpora"


@pytest.fixture
def floors(tmp_path: Path) -> Path:
    """One floor: fifty rows of one government hold too few cases for those of the program."""
    path = tmp_path / "floors.csv"
    path.write_text("field,label,metric,least\nstatement,at_risk,recall,0.5\n", encoding="utf-8")
    return path


@pytest.fixture
def address(models: Path, corpora: Path, floors: Path, outputs: Path) -> Iterator[str]:
    running, address = start(outputs, "--models", str(models), "--corpora", str(corpora), "--floors", str(floors), "--who", "王芳")
    yield address
    running.terminate()
    running.wait(timeout=60)
    # A training outlives the screen; where the test failed it must not outlive the test.
    folder = models / job.FOLDER / NEW
    while (found := job.read_progress(folder)) and found.state == job.RUNNING:
        job.ask_to_stop(folder)
        time.sleep(0.2)


def upload(page: Any, report: Path) -> int:  # noqa: F811
    """Upload a report on the start page, and wait until it is read; its run."""
    page.set_input_files("#file", str(report))
    page.click("#upload button")
    page.wait_for_selector("article")
    return int(urlsplit(page.url).path.rsplit("/", 1)[-1])


def review(page: Any, *, total: int) -> None:  # noqa: F811
    """Filter, correct ten rows, take one back, confirm one and then all others; by keyboard but for the filter."""
    page.select_option("select[name=status]", "in_progress")
    page.wait_for_selector("#rows:has(tr[data-item]):not(:has(tr[data-item]:not([data-status='in_progress'])))")
    page.keyboard.press("Escape")
    assert f"共 {total} 行" not in page.inner_text("#count")
    for n in range(10):
        before = page.get_attribute("article", "data-item")
        if n < 2:
            press(page, "1")
        else:
            page.keyboard.press("s")
            press(page, "1" if "1 关注" not in page.inner_text(".labels") else "2")
        page.wait_for_selector("article[data-state='corrected']")
        page.keyboard.press("j")
        page.wait_for_selector(f"article:not([data-item='{before}'])")
    page.locator("#progress", has_text="已改 10").wait_for()
    page.keyboard.press("u")
    page.locator("#progress", has_text="已改 9").wait_for()
    page.keyboard.press("Enter")
    page.locator("#progress", has_text="已确认 1").wait_for()
    page.click("text=清除筛选")
    page.locator("#count", has_text=f"共 {total} 行").wait_for()
    page.keyboard.press("Shift+A")
    page.locator("#sheet", has_text=f"待核的 {total - 10} 行").wait_for()
    page.keyboard.press("Enter")
    page.locator("#progress", has_text="待核 0").wait_for()


def export(page: Any) -> list[dict[str, Any]]:  # noqa: F811
    """The rows of the download."""
    with page.expect_download() as waiting:
        page.keyboard.press("e")
    archive = zipfile.ZipFile(waiting.value.path())
    return [json.loads(line) for line in archive.read("items.jsonl").decode().splitlines()]


def retrain(page: Any, run: int) -> None:  # noqa: F811
    """From the start page to a new model, quickly trained."""
    page.click("text=督查核对")
    page.click("text=重新训练")
    page.wait_for_selector(f"#quarters tr[data-run='{run}']")
    cells = page.locator(f"#quarters tr[data-run='{run}'] td").all_inner_texts()
    assert (cells[2], cells[4]) == ("9", "0")
    assert "陌川市" in page.inner_text("#held-out")
    page.fill("#name", NEW)
    page.click("#start")
    page.locator("#run", has_text="可以关掉这一页").wait_for()
    # Whoever closes the page finds the training again.
    page.goto("about:blank")
    page.go_back()
    page.locator("#run", has_text="练完，模型已写出").wait_for()


def try_out(page: Any, name: str) -> bool:  # noqa: F811
    """Hold a candidate against the gate; whether it passed."""
    page.select_option("#candidate", name)
    page.click("#try button")
    page.locator("#verdict", has_text=name).wait_for()
    passed = bool(page.get_attribute("#verdict", "data-passed") == "true")
    assert "留出：mochuan/q1，共 50 行" in page.inner_text("#verdict")
    lights = page.locator("#floors .light, #comparisons .light").all_inner_texts()
    assert len(lights) == 3
    # With so few rows a loss may not be shown: only the floor guards then.
    assert passed == (set(lights) <= {"通过", "样本太少"})
    assert page.locator("[data-act=promote]").count() == passed
    return passed


def test_from_a_report_to_a_better_model_and_back(address: str, page: Any, models: Path, root: Path, tmp_path: Path) -> None:  # noqa: F811
    page.set_default_timeout(LONGEST)
    page.goto(address.rsplit("/runs", 1)[0] + "/")
    run = upload(page, root / "corpora" / "sample" / "苍浦市2024年一季度.xlsx")
    total = 68
    review(page, total=total)
    assert sum(row["decided_by"] == "person" for row in export(page)) == total
    with open_store(str(tmp_path / "s.db")) as store:
        assert [found.id for found in list_runs(store)] == [1, run]
        assert reviews(store, run=run)[run] == {"pending": 0, "corrected": 9, "confirmed": total - 9}

    before = sorted(path.name for path in models.iterdir())
    retrain(page, run)
    assert sorted(path.name for path in models.iterdir() if not path.name.startswith(".")) == sorted([*before, NEW])
    assert not (models / CURRENT).exists()
    ((government, items),) = read_corpora(models / job.FOLDER / NEW / "train")
    assert (government.place, len(items)) == ("苍浦市", total)
    manifest = json.loads((models / NEW / "manifest.json").read_text(encoding="utf-8"))
    assert (manifest["train"], manifest["dev"], manifest["n_train"]) == (["langang", "yunxiu", government.name], ["mochuan"], 100 + total)
    assert load_model(models / NEW)

    chosen = NEW
    if not try_out(page, NEW):
        assert page.locator("#trial .error").count() >= 1
        chosen = TWIN
        assert try_out(page, TWIN)
    page.fill("#trial [data-why]", "学了自己的一季度")
    page.click("[data-act=promote]")
    page.locator("#in-use", has_text=chosen).wait_for()
    assert model_in_use(models) == models / chosen
    (entry,) = [json.loads(line) for line in (models / LOG).read_text(encoding="utf-8").splitlines()]
    assert (entry["what"], entry["from"], entry["to"], entry["by"], entry["why"], entry["forced"]) == (
        "promote",
        SHIPPED,
        chosen,
        "王芳",
        "学了自己的一季度",
        False,
    )

    page.click("[data-act=rollback]")
    page.locator("#in-use", has_text=SHIPPED).wait_for()
    assert model_in_use(models) == models / SHIPPED
    assert [json.loads(line)["what"] for line in (models / LOG).read_text(encoding="utf-8").splitlines()] == ["promote", "rollback"]
    assert page.locator("#changes tbody tr").count() == 2
    assert page.complaints == []
    assert {urlsplit(url).hostname for url in page.asked if not url.startswith(("blob:", "about:"))} == {"127.0.0.1"}
