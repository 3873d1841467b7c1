"""Password, sessions, limits."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from nlp.review.access import IDLE, LONGEST, MOST_FAILED, MOST_FAILED_TOGETHER, WINDOW, Attempts, Password, Sessions
from nlp.review.desk import Desk, open_folder
from tests.review.conftest import Browser


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_the_password_is_kept_as_its_hash_alone() -> None:
    password = Password.of("correct horse")
    assert password.is_right("correct horse")
    assert not password.is_right("correct hors")
    assert b"correct" not in password.digest
    assert Password.of("correct horse").digest != password.digest


def test_a_session_ends_when_idle_and_in_any_case() -> None:
    clock = Clock()
    sessions = Sessions(clock=clock)
    idle, busy = sessions.begin("甲"), sessions.begin("乙")
    for _ in range(int(LONGEST / IDLE * 2)):
        assert sessions.find(busy.secret)
        clock.now += IDLE / 2
    assert sessions.find(idle.secret) is None
    assert sessions.find(busy.secret) is None
    assert sessions.find("") is None


def test_wrong_passwords_are_limited_by_address_and_together() -> None:
    clock = Clock()
    attempts = Attempts(clock=clock)
    for _ in range(MOST_FAILED):
        assert attempts.wait("a") == 0
        attempts.failed("a")
    assert 0 < attempts.wait("a") <= WINDOW + 1
    assert attempts.wait("b") == 0
    for n in range(MOST_FAILED_TOGETHER):
        attempts.failed(f"other {n}")
    assert attempts.wait("b") > 0
    clock.now += WINDOW
    assert attempts.wait("a") == attempts.wait("b") == 0


def test_without_the_password_nothing_is_shown(make_desk: Callable[..., Desk], store, outputs: Path) -> None:
    open_folder(store, outputs)
    stranger = Browser(make_desk(password="正确的口令123"))
    for path in ("/", "/runs/1", "/runs/1/charts", "/runs/1/export.zip"):
        answer = stranger.get(path, accept="text/html")
        assert (answer.status_code, answer.headers["location"]) == (303, "/login")
    for path in ("/runs/1/rows", "/items/1", "/jobs/x", "/runs/1/pending"):
        assert stranger.get(path).status_code == 401
    assert stranger.post("/undo", {}).status_code == 401
    assert stranger.post("/upload?name=a.xlsx").status_code == 401


def test_who_logs_in_works_in_his_own_name(make_desk: Callable[..., Desk], store, outputs: Path) -> None:
    open_folder(store, outputs)
    person = Browser(make_desk(password="正确的口令123"))
    person.visit("/login")
    assert person.post("/login", {"who": "李明", "password": "错的"}).json() == {"error": "口令不对"}
    answer = person.post("/login", {"who": " 李明 ", "password": "正确的口令123"})
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert "李明" in person.visit("/runs/1")
    assert person.post("/items/1/confirm", {"revision": 0}).status_code == 200
    assert "李明" in person.get("/items/1").json()["item"]
    assert person.post("/open", {"folder": "/"}).status_code == 403
    assert person.post("/logout").status_code == 200
    assert person.get("/items/1").status_code == 401


def test_after_five_wrong_passwords_the_right_one_waits_too(make_desk: Callable[..., Desk]) -> None:
    person = Browser(make_desk(password="正确的口令123"))
    for _ in range(MOST_FAILED):
        assert person.post("/login", {"who": "甲", "password": "错"}).status_code == 403
    answer = person.post("/login", {"who": "甲", "password": "正确的口令123"})
    assert answer.status_code == 429
    assert "秒再试" in answer.json()["error"]
