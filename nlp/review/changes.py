"""What is changed: log in, open, upload, correct, confirm, undo. Every change is saved before it is answered."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field, StrictInt, StrictStr
from starlette.concurrency import run_in_threadpool

from nlp.errors import StoreError, UsageError
from nlp.readers.title import parse_period
from nlp.review.access import Session
from nlp.review.desk import Desk, ForbiddenError, changer, desk_of, filter_of, find_run, open_folder, set_cookie
from nlp.review.jobs import upload_path
from nlp.review.pages import fragments, progress
from nlp.store.acts import confirm, confirm_all, correct, undo
from nlp.store.fold import PENDING, Change
from nlp.store.listing import revisions

router = APIRouter()
Changer = Annotated[Session, Depends(changer)]
CHANGER = [Depends(changer)]
TheDesk = Annotated[Desk, Depends(desk_of)]
_LONGEST_NAME = 40


class Login(BaseModel):
    """Who, and the password."""

    who: str = Field(max_length=_LONGEST_NAME)
    password: str = Field(max_length=1000)


class Folder(BaseModel):
    """A folder on this machine."""

    folder: str = Field(max_length=1000)


class OneChange(BaseModel):
    """A field of a row with its new value, as `nlp.store.fold.Change`."""

    field: Literal["status", "statement", "span", "severity", "note"]
    to: StrictInt | StrictStr | dict[str, StrictStr | None] | None
    target: str = Field("", max_length=32)


class Correction(BaseModel):
    """Changes of one row, made on one revision of it."""

    revision: int
    changes: list[OneChange] = Field(min_length=1, max_length=50)
    why: str = Field("", max_length=1000)


class Confirmation(BaseModel):
    """The revision that was found right."""

    revision: int


class Bulk(BaseModel):
    """A filter as the list names it, and how many rows the person was told it would confirm."""

    filter: dict[str, str]
    expected: int


class Undoing(BaseModel):
    """The row whose last act is to be taken back; None for the last act anywhere."""

    item: int | None = None


@router.post("/login")
def login(given: Login, request: Request, desk: TheDesk) -> JSONResponse:
    """Begin a session; wrong passwords are counted by address."""
    if desk.password is None:
        return JSONResponse({})
    address = request.client.host if request.client else ""
    if wait := desk.attempts.wait(address):
        return JSONResponse({"error": f"口令错误次数太多，请过 {wait} 秒再试"}, 429)
    who = " ".join(given.who.split())
    if not who:
        return JSONResponse({"error": "请填写姓名"}, 400)
    # Counted beforehand, so that many requests at once gain nothing.
    desk.attempts.failed(address)
    if not desk.password.is_right(given.password):
        return JSONResponse({"error": "口令不对"}, 403)
    desk.attempts.forgive(address)
    response = JSONResponse({})
    set_cookie(response, desk, desk.sessions.begin(who))
    return response


@router.post("/logout")
def logout(desk: TheDesk, session: Changer) -> JSONResponse:
    """End the session."""
    desk.sessions.end(session.secret)
    response = JSONResponse({})
    response.delete_cookie(desk.cookie, path="/")
    return response


@router.post("/open", dependencies=CHANGER)
def open_outputs(given: Folder, desk: TheDesk) -> JSONResponse:
    """Take in an output folder of this machine; only for those who sit before it."""
    if desk.password is not None:
        raise ForbiddenError
    return JSONResponse({"runs": open_folder(desk.store, Path(given.folder.strip().strip('"')).expanduser())})


@router.post("/upload", dependencies=CHANGER)
async def upload(request: Request, desk: TheDesk, name: str = "", period: str = "") -> JSONResponse:
    """Take a report, the body of the request, and queue it; the guard has an eye on its size."""
    desk.jobs.check_room()
    chosen = parse_period(period) if period.strip() else None
    path = await run_in_threadpool(upload_path, name)
    try:
        with path.open("wb") as file:
            async for chunk in request.stream():
                await run_in_threadpool(file.write, chunk)
        if not path.stat().st_size:
            raise UsageError("文件是空的", where=path.name)
    except BaseException:
        shutil.rmtree(path.parent, ignore_errors=True)
        raise
    return JSONResponse({"id": desk.jobs.start(path, period=chosen).id})


@router.post("/items/{item}/correct")
def correct_item(item: int, given: Correction, desk: TheDesk, session: Changer) -> JSONResponse:
    """Change fields of a row."""
    changes = [Change(change.field, change.to, change.target) for change in given.changes]
    correct(desk.store, item, changes, who=session.who, on_revision=given.revision, why=given.why)
    return JSONResponse(fragments(desk, item))


@router.post("/items/{item}/confirm")
def confirm_item(item: int, given: Confirmation, desk: TheDesk, session: Changer) -> JSONResponse:
    """Say that a row is right."""
    confirm(desk.store, item, who=session.who, on_revision=given.revision)
    return JSONResponse(fragments(desk, item))


@router.post("/undo")
def undo_last(given: Undoing, desk: TheDesk, session: Changer) -> JSONResponse:
    """Take back the last act of this person; the rows that went back, and the first of them as it stands."""
    undone = undo(desk.store, who=session.who, item=given.item)
    answer: dict[str, Any] = {**fragments(desk, undone.items[0]), "items": undone.items}
    if undone.left:
        answer["message"] = f"撤销 {len(undone.items)} 行；另有 {len({entry.item for entry in undone.left})} 行后来又有人改过，没有撤销"
    return JSONResponse(answer)


@router.post("/runs/{run}/confirm")
def confirm_filter(run: int, given: Bulk, desk: TheDesk, session: Changer) -> JSONResponse:
    """Confirm all pending rows of a filter as one act."""
    find_run(desk.store, run)
    seen = revisions(desk.store, run, filter=filter_of({**given.filter, "state": PENDING}))
    if len(seen) != given.expected:
        raise StoreError(f"待核的行现有 {len(seen)} 行，不是 {given.expected} 行", remedy="请看过再确认")
    done = confirm_all(desk.store, seen, who=session.who, why="按筛选一并确认")
    shown = desk.show("progress.html", progress=progress(desk, run))
    return JSONResponse({"confirmed": len(done.items), "left": len({entry.item for entry in done.left}), "progress": shown})
