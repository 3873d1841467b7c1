"""What is refused before a page sees it."""

from __future__ import annotations

import pytest

from nlp.review.guard import host_name
from tests.review.conftest import ADDRESS, Browser, status

CHANGE = {"revision": 0, "changes": [status("completed")]}


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example:8721", "", "127.0.0.1@evil.example", "localhost.:8721", "127.0.0.1:x"])
def test_another_host_name_is_refused(browser: Browser, host: str) -> None:
    answer = browser.get("/", host=host)
    assert answer.status_code == 421
    assert "title" not in answer.text


@pytest.mark.parametrize("host", ["127.0.0.1:8721", "localhost:9000", "LOCALHOST", "[::1]:8721"])
def test_this_machine_is_served_by_all_its_names(browser: Browser, host: str) -> None:
    assert browser.get("/", host=host).status_code == 200


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "https://127.0.0.1:8721", "http://127.0.0.1:9999", "http://localhost:8721", ""])
def test_a_change_from_another_origin_is_refused(browser: Browser, origin: str) -> None:
    assert browser.post("/items/1/correct", CHANGE, origin=origin).status_code == 403


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_a_change_that_another_site_sent_is_refused(browser: Browser, site: str) -> None:
    assert browser.post("/items/1/correct", CHANGE, sec_fetch_site=site).status_code == 403


def test_another_site_may_lead_here_but_embed_nothing(browser: Browser) -> None:
    foreign = {"sec-fetch-site": "cross-site"}
    assert browser.get("/", **foreign, **{"sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}).status_code == 200
    assert browser.get("/runs/1/export.zip", **foreign, **{"sec-fetch-mode": "no-cors", "sec-fetch-dest": "image"}).status_code == 403
    assert browser.get("/", **foreign, **{"sec-fetch-mode": "navigate", "sec-fetch-dest": "iframe"}).status_code == 403


@pytest.mark.parametrize("token", ["", "x", "中"])
def test_a_change_without_its_token_is_refused(browser: Browser, token: str) -> None:
    headers = {"origin": ADDRESS, "x-csrf-token": token.encode()}
    assert browser.client.post("/items/1/correct", json=CHANGE, headers=headers).status_code == 403
    assert browser.get("/items/1").json()["revision"] == 0


def test_a_token_of_another_session_is_refused(browser: Browser) -> None:
    token = browser.headers["x-csrf-token"]
    browser.client.cookies.clear()
    browser.visit("/runs/1")
    assert browser.headers["x-csrf-token"] != token
    assert browser.post("/items/1/correct", CHANGE, x_csrf_token=token).status_code == 403


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
def test_other_methods_are_refused(browser: Browser, method: str) -> None:
    assert browser.client.request(method, "/").status_code == 405


def test_every_answer_forbids_what_is_foreign(browser: Browser) -> None:
    for path in ("/", "/runs/1", "/items/1", "/static/review.js", "/nowhere"):
        headers = browser.get(path).headers
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-frame-options"] == "DENY"
        assert headers["x-content-type-options"] == "nosniff"
        assert "access-control-allow-origin" not in headers


def test_a_change_that_is_too_large_is_refused(browser: Browser) -> None:
    answer = browser.post("/items/1/correct", {**CHANGE, "why": "长" * 600_000})
    assert answer.status_code == 413
    assert answer.json()["error"] == "文件太大：上限 1 MB"


def test_a_body_of_unknown_length_is_cut_off(browser: Browser) -> None:
    parts = (b"x" * 100_000 for _ in range(20))
    answer = browser.client.post("/items/1/correct", content=parts, headers={**browser.headers, "content-type": "application/json"})
    assert answer.status_code == 413


def test_there_is_no_page_of_documentation(browser: Browser) -> None:
    assert [browser.get(path).status_code for path in ("/docs", "/redoc", "/openapi.json")] == [404, 404, 404]


def test_the_name_of_a_host_header() -> None:
    assert host_name("[::1]:80") == "[::1]"
    assert host_name("A.B:1") == "a.b"
    assert host_name("[::1]x") == ""
    assert host_name("a:b") == ""
