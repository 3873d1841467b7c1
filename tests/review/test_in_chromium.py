"""The screen in a real browser, worked by keyboard alone; nothing leaves the machine."""

from __future__ import annotations

import json
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.review.conftest import TEXT
from tests.review.test_serve import start

CHROMIUM = next((found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), None)
playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine (Debian: apt-get install chromium)")


@pytest.fixture
def address(outputs: Path) -> Iterator[str]:
    running, address = start(outputs)
    yield address
    running.terminate()
    running.wait(timeout=30)


@pytest.fixture
def page() -> Iterator[Any]:
    """A page that notes every request and every complaint of the browser."""
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_context(viewport={"width": 1366, "height": 768}, accept_downloads=True).new_page()
        page.asked, page.complaints = [], []
        page.on("request", lambda request: page.asked.append(request.url))
        page.on("console", lambda message: page.complaints.append(message.text))
        page.on("pageerror", lambda error: page.complaints.append(str(error)))
        yield page
        browser.close()


def saved(page: Any, words: str = "已保存") -> None:
    page.locator("#saved.is-saved", has_text=words).wait_for()


def press(page: Any, *keys: str) -> None:
    """Each key, waiting until it has been saved; the note of the former one is wiped away first."""
    for key in keys:
        page.evaluate("() => { document.getElementById('saved').textContent = ''; }")
        page.keyboard.press(key)
        saved(page, "")
        page.locator("#saved", has_text="毫秒").wait_for()


def search(page: Any) -> None:
    """/ and words, then back to the list, then all rows again."""
    page.keyboard.press("/")
    page.keyboard.type("道路改造 第1")
    page.keyboard.press("Enter")
    page.locator("#count", has_text="共 11 行").wait_for()
    page.keyboard.press("/")
    page.keyboard.press("Control+A")
    page.keyboard.press("Delete")
    page.keyboard.press("Escape")
    page.locator("#count", has_text="共 20 行").wait_for()


def correct_ten(page: Any) -> None:
    """One key each, the next row with j; then the last is taken back."""
    for n in range(10):
        press(page, "1" if page.get_attribute("article", "data-status") != "completed" else "2")
        assert page.get_attribute("article", "data-state") == "corrected", n
        before = page.get_attribute("article", "data-item")
        page.keyboard.press("j")
        page.wait_for_selector(f"article:not([data-item='{before}'])")
    assert "已改 10" in page.inner_text("#progress")
    page.keyboard.press("u")
    page.locator("#saved", has_text="已撤销").wait_for()
    assert page.get_attribute("article", "data-state") == "pending"
    assert "已改 9" in page.inner_text("#progress")


def correct_all_fields(page: Any) -> None:
    """Status, severity, basis, a statement, a problem span, a note."""
    press(page, "4")
    page.keyboard.press("s")
    press(page, "3")
    assert "3 严重" in page.inner_text(".labels")
    page.keyboard.press("b")
    press(page, "4")
    assert "进度滞后" in page.inner_text(".labels")
    page.keyboard.press("]")
    press(page, "1")
    assert page.get_attribute(".statements li", "data-status") == "completed"
    page.keyboard.press("p")
    page.keyboard.press("Control+Shift+ArrowRight")
    page.keyboard.press("Enter")
    press(page, "2")
    assert TEXT[:8] in page.inner_text(".problems")
    page.keyboard.press("n")
    page.keyboard.type("已电话核实 1 2 3")
    page.keyboard.press("Control+Enter")
    page.locator(".noted", has_text="已电话核实 1 2 3").wait_for()


def confirm_all(page: Any) -> str:
    """Enter confirms the row and goes on; then all pending rows in one act. The row that was confirmed by itself."""
    before: str = page.get_attribute("article", "data-item")
    page.keyboard.press("Enter")
    page.wait_for_selector(f"#row-{before}.is-confirmed")
    page.wait_for_selector(f"article:not([data-item='{before}'])")
    page.keyboard.press("Shift+A")
    page.locator("#sheet", has_text="待核的 10 行").wait_for()
    page.keyboard.press("Enter")
    page.locator("#saved", has_text="已确认 10 行").wait_for()
    assert "待核 0" in page.inner_text("#progress")
    return before


def test_a_report_is_corrected_by_keyboard_alone(address: str, page: Any, outputs: Path) -> None:
    page.goto(address.rsplit("/runs", 1)[0] + "/")
    page.fill("#folder", str(outputs))
    page.keyboard.press("Enter")
    page.wait_for_selector("article")
    assert page.inner_text("#count") == "共 20 行"
    first = page.get_attribute("article", "data-item")
    search(page)
    correct_ten(page)
    correct_all_fields(page)
    noted = confirm_all(page)
    with page.expect_download() as waiting:
        page.keyboard.press("e")
    archive = zipfile.ZipFile(waiting.value.path())
    rows = [json.loads(line) for line in archive.read("items.jsonl").decode().splitlines()]
    assert sum(row["decided_by"] == "person" for row in rows) == 20
    assert rows[int(noted) - 1]["review"]["note"] == "已电话核实 1 2 3"
    assert rows[int(first) - 1]["status"] == "completed"
    assert page.complaints == []
    assert {urlsplit(url).hostname for url in page.asked if not url.startswith("blob:")} == {"127.0.0.1"}


def test_a_span_is_marked_with_the_mouse_and_what_is_typed_too_fast_is_not_lost(address: str, page: Any) -> None:
    page.goto(address)
    page.wait_for_selector("article")
    item = page.get_attribute("article", "data-item")
    box = page.locator("#text > span").first.bounding_box()
    page.mouse.move(box["x"] + 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] - 2, box["y"] + box["height"] / 2, steps=4)
    page.mouse.up()
    page.locator("#menu", has_text="是哪类问题").wait_for()
    press(page, "3")
    assert TEXT[:4] in page.inner_text(".problems")
    # Label, down, label, down, without waiting for any answer.
    for key in "2j2j2j":
        page.keyboard.press(key)
    page.wait_for_selector(f"#row-{item}.is-corrected")
    page.locator("#progress", has_text="已改 3").wait_for()
    assert page.complaints == []


def test_a_conflict_is_shown_with_the_row_as_it_stands(address: str, page: Any) -> None:
    page.goto(address)
    page.wait_for_selector("article")
    other = page.context.browser.new_context().new_page()
    other.goto(address)
    other.wait_for_selector("article")
    press(other, "1")
    page.keyboard.press("3")
    page.locator("#saved.is-bad", has_text="这一行已有人改过").wait_for()
    page.wait_for_selector("article[data-status='completed']")


def test_an_empty_list_says_what_to_do_and_c_brings_all_rows_back(address: str, page: Any) -> None:
    page.goto(address)
    page.wait_for_selector("article")
    page.keyboard.press("u")
    page.locator("#saved.is-bad", has_text="没有可以撤销的操作").wait_for()
    page.keyboard.press("/")
    page.keyboard.type("没有这样的词")
    page.locator("#rows", has_text="没有符合条件的行。请改搜索的词或筛选").wait_for()
    assert page.inner_text("#saved") == "每次修改立即保存"
    page.keyboard.press("Enter")
    page.keyboard.press("c")
    page.locator("#count", has_text="共 20 行").wait_for()
    page.wait_for_selector("article")
    page.keyboard.press("Shift+A")
    page.locator("#sheet", has_text="把整份报告待核的 20 行").wait_for()
    assert [line for line in page.complaints if "400" not in line] == []


def test_a_filter_survives_a_reload(address: str, page: Any) -> None:
    page.goto(address)
    page.wait_for_selector("article")
    page.select_option("select[name=status]", "at_risk")
    page.locator("#count", has_text="共 5 行").wait_for()
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    page.wait_for_selector("article[data-item='8']")
    page.reload()
    page.wait_for_selector("article[data-item='8']")
    assert page.inner_text("#count") == "共 5 行"
