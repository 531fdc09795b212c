"""Who is logged in: kept here, not in the browser, which holds a random number alone."""

import hmac
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from monai_amyloid.checksum import sha256
from monai_amyloid.findings.finding import Phrase
from monai_amyloid.node.page.access.users import User

_MOST_OF_ONE = 20
# Name of the cookie.
SESSION = "session"


@dataclass
class Session:
    """A person who is logged in, in one browser.

    Attributes:
        user: Name of the person.
        stamp: Stamp of the person's entry, with which the session ends.
        token: What every form of this session holds, so that no other site can send one.
        begun: Monotonic seconds at which it began.
        seen: Monotonic seconds of its last request.
        listed: Numbers of the studies whose patients the worklist named last.
        notices: Texts that the next page shows once.
    """

    user: str
    stamp: str
    begun: float
    seen: float
    token: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    listed: frozenset[int] = frozenset()
    notices: list[Phrase] = field(default_factory=list)

    def sent_this(self, token: str) -> bool:
        """Whether a form holds this session's token."""
        return hmac.compare_digest(self.token.encode(), token.encode())


class Sessions:
    """Everybody who is logged in.

    Args:
        idle_s: Seconds without a request after which a session ends.
        longest_s: Seconds after which it ends.
        monotonic: Clock that nobody sets, in seconds.
    """

    def __init__(
        self,
        idle_s: float,
        longest_s: float,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._idle_s, self._longest_s, self._monotonic = idle_s, longest_s, monotonic
        self._lock = threading.Lock()
        self._sessions: dict[str, Session] = {}  # by the SHA-256 of what the browser holds

    def begin(self, user: User) -> tuple[str, Session]:
        """Log a person in.

        Args:
            user: Person whose password was verified, or whom a proxy names.

        Returns:
            What the browser keeps, which is written nowhere here, and the session.
        """
        key = secrets.token_urlsafe(32)
        with self._lock:
            now = self._monotonic()
            self._sweep(now)
            own = [each for each, one in self._sessions.items() if one.user == user.name]
            for each in own[: max(0, len(own) + 1 - _MOST_OF_ONE)]:
                del self._sessions[each]
            made = self._sessions[sha256(key)] = Session(user.name, user.stamp, now, now)
        return key, made

    def find(self, key: str, *, by_person: bool = True) -> Session | None:
        """The session of a browser; None where it has ended or never was.

        Args:
            key: What the browser sends.
            by_person: Whether a person asks; a list that is brought up to date by itself keeps
                nobody logged in.
        """
        with self._lock:
            now = self._monotonic()
            found = self._sessions.get(sha256(key))
            if found is None:
                return None
            if self._is_over(found, now):
                del self._sessions[sha256(key)]
                return None
            if by_person:
                found.seen = now
            return found

    def among(self, cookies: str) -> str:
        """What tells the session of a browser among all; empty where it has none.

        Args:
            cookies: All cookies that the browser sends.
        """
        for each in cookies[:4000].split(";")[:20]:
            name, _, key = each.strip().partition("=")
            if name.removeprefix("__Host-") == SESSION and self.find(key, by_person=False):
                return sha256(key)
        return ""

    def end(self, key: str) -> None:
        """Log a browser out."""
        with self._lock:
            self._sessions.pop(sha256(key), None)

    def _is_over(self, session: Session, now: float) -> bool:
        return now - session.seen > self._idle_s or now - session.begun > self._longest_s

    def _sweep(self, now: float) -> None:
        over = [key for key, one in self._sessions.items() if self._is_over(one, now)]
        for key in over:
            del self._sessions[key]


class Forms:
    """What ties the form of the login to the browser that it was sent to.

    Nobody has a session yet: the form holds what only this process can make of the number that the
    browser keeps.
    """

    def __init__(self) -> None:
        self._secret = secrets.token_bytes(32)

    def number(self) -> str:
        """A number for a browser to keep."""
        return secrets.token_urlsafe(24)

    def token(self, number: str) -> str:
        """What the form holds for a browser that keeps this number."""
        return hmac.new(self._secret, number.encode(), "sha256").hexdigest()

    def fits(self, number: str, token: str) -> bool:
        """Whether a form came from the browser that it was sent to."""
        return bool(number) and hmac.compare_digest(self.token(number).encode(), token.encode())
