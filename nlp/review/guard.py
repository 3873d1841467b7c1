"""What every request must pass before a page sees it: known host, own origin, a body that is not too large; and what every answer carries."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Collection, MutableMapping
from typing import Any, Final

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]

LOCAL: Final = frozenset({"127.0.0.1", "localhost", "[::1]"})
# Bytes of a change; only an upload may be larger.
LARGEST_CHANGE: Final = 1_000_000
UPLOAD: Final = "/upload"
_SAFE: Final = frozenset({"GET", "HEAD"})
_ALLOWED: Final = _SAFE | {"POST"}
POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
HEADERS: Final = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}


class Guard:
    """ASGI middleware.

    Parameters
    ----------
    hosts : names and addresses, without port, by which the screen may be called.
    largest_upload : bytes.
    """

    def __init__(self, app: App, *, hosts: Collection[str], largest_upload: int) -> None:
        self._app, self._hosts, self._largest_upload = app, frozenset(hosts), largest_upload

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Refuse the request or hand it on."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self._app(scope, receive, send)
            return

        headed = _with_headers(send)
        refusal = refuse(scope, hosts=self._hosts)
        largest = self._largest_upload if scope["path"] == UPLOAD else LARGEST_CHANGE
        too_large = 413, f"文件太大：上限 {largest / 1e6:.0f} MB"
        length = _header(scope, b"content-length")
        if not refusal and length.isdigit() and int(length) > largest:
            refusal = too_large
        if refusal:
            await _answer(headed, *refusal)
            return
        body = _Body(receive, largest)

        async def unless_cut(message: Message) -> None:
            # Whatever a page made of half a body is not the answer.
            if not body.is_cut:
                await headed(message)

        await self._app(scope, body, unless_cut)
        if body.is_cut:
            await _answer(headed, *too_large)


class _Body:
    """A body that is cut off where it grows too large without having said so."""

    def __init__(self, receive: Receive, largest: int) -> None:
        self._receive, self._left, self.is_cut = receive, largest, False

    async def __call__(self) -> Message:
        message = await self._receive()
        self._left -= len(message.get("body", b""))
        self.is_cut = self.is_cut or self._left < 0
        return {"type": "http.disconnect"} if self.is_cut else message


def _with_headers(send: Send) -> Send:
    """Every answer carries `HEADERS`, those apart that it sets itself."""

    async def headed(message: Message) -> None:
        if message["type"] == "http.response.start":
            named = {name.lower() for name, _ in message.get("headers", ())}
            more = [(name.encode(), value.encode()) for name, value in HEADERS.items() if name.encode() not in named]
            message["headers"] = [*message.get("headers", ()), *more]
        await send(message)

    return headed


def refuse(scope: MutableMapping[str, Any], *, hosts: Collection[str]) -> tuple[int, str] | None:
    """Why the request is not served, as HTTP status and one line; None where it is."""
    method, host = scope["method"], _header(scope, b"host")
    if host_name(host) not in hosts:
        return 421, "拒绝访问：请求的主机名不在允许之列"
    if method not in _ALLOWED:
        return 405, "不支持的请求方法"
    site = _header(scope, b"sec-fetch-site")
    # Another port of this machine is the same site, but another program.
    is_foreign = site not in {"", "same-origin", "none"}
    if method in _SAFE:
        is_visit = _header(scope, b"sec-fetch-mode") == "navigate" and _header(scope, b"sec-fetch-dest") == "document"
        return (403, "拒绝访问：请求来自别的网站") if is_foreign and not is_visit else None
    if is_foreign or _header(scope, b"origin") != f"{scope.get('scheme', 'http')}://{host}":
        return 403, "拒绝修改：请求不是由本页面发出的"
    return None


def host_name(host: str) -> str:
    """A Host header without its port, lower case; empty where it is malformed."""
    if host.startswith("["):
        name, _, rest = host.partition("]")
        return f"{name}]".lower() if not rest or rest.startswith(":") else ""
    name, _, port = host.partition(":")
    return name.lower() if not port or port.isdigit() else ""


def _header(scope: MutableMapping[str, Any], name: bytes) -> str:
    """The header's value; one that comes twice is taken for malformed and matches nothing."""
    values = [value for key, value in scope["headers"] if key == name]
    return values[0].decode("latin-1") if len(values) == 1 else "" if not values else "\n"


async def _answer(send: Send, status: int, text: str) -> None:
    body = json.dumps({"error": text}, ensure_ascii=False).encode()
    headers = [(b"content-type", b"application/json; charset=utf-8"), (b"content-length", str(len(body)).encode()), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
