"""The application: guard, routes, static files, errors as one line. No page that documents it, nothing from elsewhere."""

from __future__ import annotations

import logging
from collections.abc import Collection
from importlib.resources import files
from typing import Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse, Response
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from nlp.errors import ConflictError, DuchaError
from nlp.review import changes, pages, retrain_pages
from nlp.review.desk import Desk, ForbiddenError, NotFoundError, NotLoggedInError
from nlp.review.guard import LOCAL, Guard

log = logging.getLogger(__name__)
_TYPES: Final = {"js": "text/javascript", "css": "text/css", "svg": "image/svg+xml"}
_STATIC: Final = ("review.js", "marks.js", "keys.js", "start.js", "retrain.js", "review.css", "icon.svg")


def create_app(desk: Desk, *, hosts: Collection[str] = LOCAL) -> FastAPI:
    """The screen as an ASGI application.

    Parameters
    ----------
    hosts : names by which it may be called, without port.
    """

    app = FastAPI(title="督查核对", docs_url=None, redoc_url=None, openapi_url=None)
    app.state.desk = desk
    app.include_router(pages.router)
    app.include_router(changes.router)
    app.include_router(retrain_pages.router)
    folder = files("nlp").joinpath("resources/review")
    static = {name: folder.joinpath(name).read_bytes() for name in _STATIC}

    @app.get("/static/{name}")
    def asset(name: str) -> Response:
        if name not in static:
            raise NotFoundError(f"没有 {name}")
        return Response(static[name], media_type=_TYPES[name.rsplit(".", 1)[-1]])

    _answer_errors(app, desk)
    app.add_middleware(Guard, hosts=hosts, largest_upload=desk.largest_upload)
    return app


def _answer_errors(app: FastAPI, desk: Desk) -> None:
    def answer(request: Request, status: int, text: str) -> Response:
        """A page for who looks at one, else JSON."""
        if request.method == "GET" and "text/html" in request.headers.get("accept", ""):
            return desk.page("error.html", status=status, session=None, heading="打不开" if status != 500 else "程序出错", text=text)
        return JSONResponse({"error": text}, status)

    @app.exception_handler(NotLoggedInError)
    def not_logged_in(request: Request, _: Exception) -> Response:
        if request.method == "GET" and "text/html" in request.headers.get("accept", "") and desk.password is not None:
            return RedirectResponse("/login", 303)
        return answer(request, 401, "会话已过期，请重新登录" if desk.password is not None else "会话已过期，请刷新页面")

    @app.exception_handler(ForbiddenError)
    def forbidden(request: Request, _: Exception) -> Response:
        return answer(request, 403, "拒绝修改：请刷新页面后重试")

    @app.exception_handler(NotFoundError)
    def not_found(request: Request, error: Exception) -> Response:
        return answer(request, 404, str(error))

    @app.exception_handler(ConflictError)
    def conflict(request: Request, error: Exception) -> Response:
        return answer(request, 409, str(error))

    @app.exception_handler(DuchaError)
    def refused(request: Request, error: Exception) -> Response:
        return answer(request, 400, str(error))

    @app.exception_handler(RequestValidationError)
    def invalid(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        places = "、".join(dict.fromkeys(".".join(map(str, one["loc"][1:])) for one in error.errors()))
        return answer(request, 400, f"请求的内容不对：{places}" if places else "请求的内容不对")

    @app.exception_handler(HTTPException)
    def http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        return answer(request, error.status_code, "没有这个页面" if error.status_code == 404 else "不支持的请求")

    @app.exception_handler(ClientDisconnect)
    def gone(request: Request, _: Exception) -> Response:
        return answer(request, 413, f"文件太大或上传中断；上限 {desk.largest_upload // 1_000_000} MB")

    @app.exception_handler(Exception)
    def failed(request: Request, error: Exception) -> Response:
        log.error("%s %s", request.method, request.url.path, exc_info=error)
        return answer(request, 500, "程序出错，终端里有详情；已保存的修改不受影响")
