"""The screen on a port of this machine: bind, say where, open a browser, serve until Ctrl-C."""

from __future__ import annotations

import contextlib
import errno
import os
import socket
import sys
import threading
import webbrowser
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

import uvicorn

from nlp.errors import UsageError

if TYPE_CHECKING:
    from fastapi import FastAPI

LOCAL_HOST: Final = "127.0.0.1"
_IN_USE: Final = {errno.EADDRINUSE, 10048}
_FORBIDDEN: Final = {errno.EACCES, errno.EPERM, 10013}


def bind(host: str, port: int) -> socket.socket:
    """A socket that listens to nobody yet; port 0 lets the system choose.

    Raises
    ------
    UsageError : the port is in use or not allowed, or the host is no address of this machine.
    """
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        made = socket.socket(family, socket.SOCK_STREAM)
        try:
            # On Windows the same option would let two programs share a port.
            if os.name == "posix":
                made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            made.bind(address)
            made.listen()
        except OSError:
            made.close()
            raise
    except (OSError, UnicodeError) as error:
        number = error.errno if isinstance(error, OSError) else None
        if number in _IN_USE:
            raise UsageError(f"端口 {port} 已被占用", remedy="请用 --port 另选一个，或用 --port 0 自动选择") from error
        if number in _FORBIDDEN:
            raise UsageError(f"不允许使用端口 {port}", remedy="请用 --port 选 1024 以上的端口") from error
        raise UsageError(f"不能在 {host} 上监听（{error}）", remedy="--host 应为本机的地址") from error
    return made


def own_names(host: str) -> set[str]:
    """Names and addresses by which a screen bound to `host` is called in the office."""
    if host not in {"0.0.0.0", "::"}:
        return {f"[{host}]" if ":" in host else host.lower()}
    name = socket.gethostname()
    found = {name.lower(), socket.getfqdn().lower()}
    with contextlib.suppress(OSError):
        found |= {str(entry[4][0]) for entry in socket.getaddrinfo(name, None)}
    return {f"[{entry}]" if ":" in entry else entry for entry in found if entry}


def serve(app: FastAPI, *, listening: socket.socket, path: str = "/", browser: bool = True, say: Callable[[str], None] = print) -> None:
    """Serve until Ctrl-C; returns when everything has ended."""
    host, port = listening.getsockname()[:2]
    shown = LOCAL_HOST if host in {"0.0.0.0", "::"} else f"[{host}]" if ":" in host else host
    address = f"http://{shown}:{port}{path}"
    say(f"核对界面：{address}  （按 Ctrl-C 结束）")
    config = uvicorn.Config(
        app, log_level="warning", access_log=False, server_header=False, proxy_headers=False, timeout_graceful_shutdown=3, ws="none", lifespan="off"
    )
    server = uvicorn.Server(config)
    if browser:
        threading.Thread(target=_open_browser, args=(address, server), daemon=True).start()
    try:
        server.run(sockets=[listening])
    except KeyboardInterrupt:
        # uvicorn ends in good order and then hands the signal on.
        pass
    finally:
        listening.close()
    say("已结束；所有修改都已保存")


def _open_browser(address: str, server: uvicorn.Server) -> None:
    """Once the server answers; a machine without a browser is none of our concern."""
    waiting = threading.Event()
    for _ in range(100):
        if server.started:
            break
        waiting.wait(0.1)
    try:
        webbrowser.open(address)
    except (webbrowser.Error, OSError) as error:
        print(f"没有打开浏览器（{error}），请自己打开上面的地址", file=sys.stderr)
