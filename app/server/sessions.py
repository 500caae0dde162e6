"""Sessions of browsers: a token is shown once, then a cookie stands for it, with a word against forged requests."""

from __future__ import annotations

import hmac
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock

from .users import User, Users, token_digest

COOKIE = "caseloom_session"
MOST_SESSIONS = 1000


@dataclass(frozen=True)
class Session:
    """A browser of a user.

    Args:
        user: the name.
        csrf: what the page sends along with every request that changes something.
        ends: seconds of the clock.
    """

    user: str
    csrf: str
    ends: float


@dataclass
class Sessions:
    """All open sessions, by the digest of their cookie; a restart ends them.

    Args:
        users: who may have one.
        seconds: how long one lasts.
        clock: seconds, never going back.
    """

    users: Users
    seconds: int
    clock: Callable[[], float] = time.monotonic
    _open: dict[str, Session] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def begin(self, user: User) -> tuple[str, Session]:
        """A new session and its cookie."""
        cookie, now = secrets.token_urlsafe(32), self.clock()
        session = Session(user.name, secrets.token_urlsafe(32), now + self.seconds)
        with self._lock:
            self._open = {key: one for key, one in self._open.items() if one.ends > now}
            while len(self._open) >= MOST_SESSIONS:
                self._open.pop(min(self._open, key=lambda key: self._open[key].ends))
            self._open[token_digest(cookie)] = session
        return cookie, session

    def of(self, cookie: str) -> tuple[User, Session] | None:
        """The user and session of a cookie; None when it is none, or over."""
        session = self._open.get(token_digest(cookie))
        if session is None or session.ends <= self.clock():
            return None
        user = self.users.named(session.user)
        return (user, session) if user is not None else None

    def end(self, cookie: str) -> None:
        """Close a session."""
        with self._lock:
            self._open.pop(token_digest(cookie), None)


def csrf_holds(session: Session, given: str | None) -> bool:
    """Whether a request knows the word of its session."""
    return given is not None and hmac.compare_digest(session.csrf.encode(), given.encode())
