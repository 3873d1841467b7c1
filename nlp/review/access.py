"""Who may work on the screen: a password kept as its scrypt hash, sessions that time out, a limit on attempts."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

# Seconds without a request after which a session ends, and seconds after which it ends in any case.
IDLE: Final = 2 * 3600
LONGEST: Final = 12 * 3600
# So many wrong passwords from one address, or from all together, within the window, and further ones are not looked at.
MOST_FAILED: Final = 5
MOST_FAILED_TOGETHER: Final = 30
WINDOW: Final = 300
_MOST_SESSIONS: Final = 1_000
_LONGEST_PASSWORD: Final = 1_000
_SALT: Final = 16
_COST: Final = 2**14


@dataclass(frozen=True)
class Session:
    """A browser that may work: its secret, the token its changes must carry, who sits before it, and when (seconds of the clock given)."""

    secret: str
    token: str
    who: str
    begun: float
    seen: float


@dataclass(frozen=True)
class Password:
    """A password as salt and scrypt hash; the password itself is not kept."""

    salt: bytes
    digest: bytes

    @classmethod
    def of(cls, password: str) -> Password:
        salt = secrets.token_bytes(_SALT)
        return cls(salt, _digest(password, salt))

    def is_right(self, given: str) -> bool:
        """Whether `given` is the password; takes as long for any wrong one."""
        return hmac.compare_digest(_digest(given[:_LONGEST_PASSWORD], self.salt), self.digest)


def _digest(password: str, salt: bytes) -> bytes:
    return hashlib.scrypt(password.encode("utf-8", "surrogatepass"), salt=salt, n=_COST, r=8, p=1)


class Sessions:
    """The sessions of this start of the program; all end with it."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._known: dict[str, Session] = {}
        self._lock = threading.Lock()

    def begin(self, who: str) -> Session:
        """A new session; the one unused for longest gives way where there are too many."""
        now = self._clock()
        session = Session(secrets.token_urlsafe(32), secrets.token_urlsafe(32), who, now, now)
        with self._lock:
            self._known = {secret: known for secret, known in self._known.items() if self._is_alive(known, now)}
            if len(self._known) >= _MOST_SESSIONS:
                del self._known[min(self._known.values(), key=lambda known: known.seen).secret]
            self._known[session.secret] = session
        return session

    def find(self, secret: str) -> Session | None:
        """The session with this secret, None where there is none or it has timed out; being found keeps it alive."""
        now = self._clock()
        with self._lock:
            session = self._known.get(secret)
            if session is None or not self._is_alive(session, now):
                self._known.pop(secret, None)
                return None
            self._known[secret] = replace(session, seen=now)
        return session

    def end(self, secret: str) -> None:
        """Forget the session."""
        with self._lock:
            self._known.pop(secret, None)

    def _is_alive(self, session: Session, now: float) -> bool:
        return now - session.seen < IDLE and now - session.begun < LONGEST


class Attempts:
    """Wrong passwords of the last minutes, by address."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failed: list[tuple[float, str]] = []
        self._lock = threading.Lock()

    def wait(self, address: str) -> int:
        """Seconds until this address may try again; 0 = now."""
        now = self._clock()
        with self._lock:
            self._failed = [entry for entry in self._failed if now - entry[0] < WINDOW]
            own = [when for when, who in self._failed if who == address]
            every = [when for when, _ in self._failed]
        waits = [
            WINDOW - (now - when) for times, most in ((own, MOST_FAILED), (every, MOST_FAILED_TOGETHER)) if len(times) >= most for when in times[-most:][:1]
        ]
        return int(max(waits, default=0)) + bool(waits)

    def failed(self, address: str) -> None:
        """Count a wrong password."""
        with self._lock:
            self._failed.append((self._clock(), address))

    def forgive(self, address: str) -> None:
        """Forget the wrong passwords of an address that has given the right one."""
        with self._lock:
            self._failed = [entry for entry in self._failed if entry[1] != address]
