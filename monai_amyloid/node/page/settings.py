"""What the config can say of the page, and what of it would be unsafe."""

import re
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from pathlib import Path

from monai_amyloid.errors import UserError

# RFC 9110 5.6.2: what a header may be called.
_HEADER = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,63}")
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?")
LOOPBACK_NAMES = ("localhost", "127.0.0.1", "[::1]")
_PORTS = range(1, 65536)


@dataclass(frozen=True, kw_only=True)
class Page:
    """The page of the node, in a browser.

    Attributes:
        host: Address at which it listens; this machine alone unless it names another.
        port: Port of that address.
        names: Names of the machine by which browsers call the page, beside ``host``.
        certificate: Certificate for TLS (PEM), with those that sign it; None for none.
        key: Private key of the certificate (PEM).
        proxies: Addresses or networks of the reverse proxies that stand before the page.
        proxy_user_header: Header in which these proxies name who makes a request; then nobody
            logs in here. Empty where people log in with a password.
        show_patients: Whether the page names patients.
        refresh_s: Seconds after which the worklist is brought up to date in the browser.
        idle_minutes: Minutes without a request after which a person logs in again.
        longest_hours: Hours after which a person logs in again.
        metrics_token_file: File with the token by which a monitor on another machine reads
            ``/metrics``; None where this machine alone may.
    """

    host: str = "127.0.0.1"
    port: int = 8043
    names: tuple[str, ...] = ()
    certificate: Path | None = None
    key: Path | None = None
    proxies: tuple[str, ...] = ()
    proxy_user_header: str = ""
    show_patients: bool = False
    refresh_s: float = 15.0
    idle_minutes: float = 30.0
    longest_hours: float = 12.0
    metrics_token_file: Path | None = None

    def __post_init__(self) -> None:
        for name in (self.host, *self.names):
            if _HOST.fullmatch(name) is None and not _is_address(name):
                raise UserError(f"found name {name!r}, needed one such as pet-node.hospital")
        if self.port not in _PORTS:
            raise UserError(f"found port {self.port}, needed 1 to 65535")
        for proxy in self.proxies:
            try:
                ip_network(proxy)
            except ValueError as error:
                raise UserError(
                    f"found proxy {proxy!r}, needed an address or network such as 10.1.2.0/24"
                ) from error
        if self.proxy_user_header and not self.proxies:
            raise UserError("proxy_user_header needs proxies: the addresses that may send it")
        if self.proxy_user_header and _HEADER.fullmatch(self.proxy_user_header) is None:
            raise UserError(
                f"found proxy_user_header {self.proxy_user_header!r}, needed one such as "
                "X-Remote-User"
            )
        if (self.certificate is None) != (self.key is None):
            raise UserError("certificate and key go together; name both")
        if not self.is_loopback:
            if self.certificate is None and not self.proxies:
                raise UserError(
                    f"host {self.host} is reached from other machines, and passwords would go "
                    "unencrypted; name certificate and key, or the proxies that stand before it"
                )
            if not self.names:
                raise UserError(
                    f"host {self.host} is reached from other machines: names is missing, the "
                    "names by which browsers call the page"
                )

    @property
    def is_loopback(self) -> bool:
        """Whether this machine alone reaches the page."""
        if self.host == "localhost":
            return True
        return _is_address(self.host) and ip_address(self.host).is_loopback

    @property
    def called(self) -> tuple[str, ...]:
        """Every name by which browsers may call the page."""
        own = f"[{self.host}]" if ":" in self.host else self.host
        return (*(LOOPBACK_NAMES if self.is_loopback else ()), own.lower(),
                *(name.lower() for name in self.names))  # fmt: skip


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
