"""How often something may be asked: passwords, wrong requests, and everything."""

from ipaddress import ip_address, ip_network

from limits import RateLimitItemPerHour, RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

_ANY = RateLimitItemPerMinute(1200, namespace="any")
_WRONG = RateLimitItemPerMinute(60, namespace="wrong")
# Of one address for one name, of one address, of one name from everywhere.
_PAIR = RateLimitItemPerMinute(5, 5, namespace="pair")
_FROM = RateLimitItemPerMinute(20, 5, namespace="from")
_NAME = RateLimitItemPerHour(100, namespace="name")
_ALERT = RateLimitItemPerMinute(1, 10, namespace="alert")

_MOST_PLACES = 10_000


class Limits:
    """Counts what each address and name does, in memory that is bounded by time.

    Args:
        limited: Whether there are limits; a fuzzer that is to reach what lies behind has none.
    """

    def __init__(self, *, limited: bool = True) -> None:
        self._limited = limited
        self._counts = MovingWindowRateLimiter(MemoryStorage())
        self._right: set[tuple[str, str]] = set()

    def may_ask(self, address: str, session: str = "") -> bool:
        """Whether a request is looked at; it is counted.

        Args:
            address: Address that it comes from.
            session: What tells the session of somebody who is logged in, whom others at the same
                address do not lock out; empty where nobody is.
        """
        if not self._limited:
            return True
        if session:
            return self._counts.hit(_ANY, session)
        key = _network(address)
        return self._counts.test(_WRONG, key) and self._counts.hit(_ANY, key)

    def was_wrong(self, address: str) -> None:
        """Count a request of nobody who is logged in that was wrong."""
        self._counts.hit(_WRONG, _network(address))

    def may_try(self, address: str, name: str) -> bool:
        """Whether a password is looked at; the attempt is counted."""
        key = _network(address)
        if not self._limited:
            return True
        # One address alone cannot use up what there is for a name; and where the person has been
        # before, others cannot either.
        return (
            self._counts.hit(_PAIR, key, name)
            and self._counts.hit(_FROM, key)
            and ((key, name) in self._right or self._counts.hit(_NAME, name))
        )

    def was_right(self, address: str, name: str) -> None:
        """Forget the attempts of somebody who logged in, and keep from where."""
        key = _network(address)
        self._counts.clear(_PAIR, key, name)
        if len(self._right) >= _MOST_PLACES:
            self._right.clear()
        self._right.add((key, name))

    def says_once(self, address: str) -> bool:
        """Whether an alert about an address is written: one in ten minutes."""
        return self._counts.hit(_ALERT, _network(address))


def _network(address: str) -> str:
    """What one machine can call itself: an address, of IPv6 its network of 64 bits."""
    try:
        known = ip_address(address)
    except ValueError:
        return "unknown"
    return str(known) if known.version == 4 else str(ip_network((known, 64), strict=False))
