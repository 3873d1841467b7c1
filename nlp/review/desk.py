"""What the routes work with: the store, the sessions, the templates; and how a request is tied to a person."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from fastapi import Request, Response
from fastapi.responses import HTMLResponse
from jinja2 import DictLoader, Environment, StrictUndefined

from nlp.in_use import MODELS
from nlp.review.access import LONGEST, Attempts, Password, Session, Sessions
from nlp.review.base_corpora import shipped_corpora
from nlp.review.jobs import Jobs
from nlp.review.marks import visible
from nlp.review.retrain import Retraining
from nlp.review.views import NAMES
from nlp.store.engine import Store
from nlp.store.folders import take_folder
from nlp.store.listing import Filter
from nlp.store.runs import Run, list_runs

TEMPLATES: Final = (
    *("base.html", "login.html", "start.html", "error.html", "review.html", "progress.html", "rows.html", "row.html", "item.html", "charts.html"),
    *("retrain.html", "retrain_run.html", "retrain_trial.html", "retrain_models.html", "retrain_fault.html"),
)
ROWS_A_PAGE: Final = 100
_LONGEST_WORDS: Final = 200


class NotLoggedInError(Exception):
    """The request belongs to no session."""


class ForbiddenError(Exception):
    """The request lacks the token of its session."""


class NotFoundError(Exception):
    """There is no such run or row."""


def _templates() -> Environment:
    folder = files("nlp").joinpath("resources/review")
    sources = {name: folder.joinpath(name).read_text(encoding="utf-8") for name in TEMPLATES}
    made = Environment(loader=DictLoader(sources), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    made.filters["visible"] = lambda value: visible(str(value))
    return made


@dataclass(frozen=True)
class Desk:
    """One start of the screen.

    Parameters
    ----------
    who : in whose name changes are made where no password is asked for.
    password : None where everybody who reaches the port may work.
    largest_upload : bytes.
    retraining : of new models; those of the program where none is given.
    port : of the screen, so that two screens on one machine have cookies of their own.
    """

    store: Store
    jobs: Jobs
    who: str
    password: Password | None = None
    largest_upload: int = 50_000_000
    port: int = 0
    retraining: Retraining = field(default_factory=lambda: Retraining(models=MODELS, corpora=shipped_corpora()))
    sessions: Sessions = field(default_factory=Sessions)
    attempts: Attempts = field(default_factory=Attempts)
    templates: Environment = field(default_factory=_templates)

    @property
    def cookie(self) -> str:
        """Name of the session cookie."""
        return f"ducha_{self.port}"

    def show(self, template: str, **values: Any) -> str:
        """The template filled in, every value escaped."""
        return self.templates.get_template(template).render(names=NAMES, **values)

    def page(self, template: str, *, status: int = 200, **values: Any) -> HTMLResponse:
        """The template as an answer."""
        return HTMLResponse(self.show(template, **values), status_code=status)


def desk_of(request: Request) -> Desk:
    """The desk that serves the request."""
    return request.app.state.desk  # type: ignore[no-any-return]


def session_of(request: Request) -> Session:
    """The session of the request; raises `NotLoggedInError` where there is none."""
    desk = desk_of(request)
    session = desk.sessions.find(request.cookies.get(desk.cookie, ""))
    if session is None:
        raise NotLoggedInError
    return session


def visitor(request: Request, response: Response) -> Session:
    """The session of someone who opens a page; without a password a new one is begun where there is none."""
    desk = desk_of(request)
    try:
        return session_of(request)
    except NotLoggedInError:
        if desk.password is not None:
            raise
    session = desk.sessions.begin(desk.who)
    set_cookie(response, desk, session)
    return session


def changer(request: Request) -> Session:
    """The session of a request that changes something; raises `ForbiddenError` where its token is not the session's."""
    session = session_of(request)
    if not hmac.compare_digest(request.headers.get("x-csrf-token", "").encode(), session.token.encode()):
        raise ForbiddenError
    return session


def set_cookie(response: Response, desk: Desk, session: Session) -> None:
    """Tie the browser to its session: out of reach of scripts, never sent along by other sites."""
    response.set_cookie(desk.cookie, session.secret, max_age=LONGEST, httponly=True, samesite="strict", path="/")


def with_cookie(page: HTMLResponse, response: Response) -> HTMLResponse:
    """The cookie that was set while the session was found goes out with the page."""
    for value in response.headers.getlist("set-cookie"):
        page.headers.append("set-cookie", value)
    return page


def find_run(store: Store, run: int) -> Run:
    """The run; raises `NotFoundError`."""
    for known in list_runs(store):
        if known.id == run:
            return known
    raise NotFoundError(f"没有第 {run} 份报告")


def filter_of(query: Mapping[str, str]) -> Filter:
    """The filter that a query names; what is empty filters nothing."""
    chosen = {key: query.get(key) or None for key in ("status", "unit", "basis", "state")}
    return Filter(status=chosen["status"], unit=chosen["unit"], basis=chosen["basis"], review=chosen["state"], words=query.get("words", "")[:_LONGEST_WORDS])


def open_folder(store: Store, folder: Path) -> list[str]:
    """Take the reports of an output folder into the store, as they are there already or new; ids of their runs.

    Raises
    ------
    UsageError, InputError : as `store.folders.read_outputs`.
    """
    return [str(taken.run.id) for taken in take_folder(store, folder)]
