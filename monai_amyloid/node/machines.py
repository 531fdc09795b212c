"""Other machines of the config: where they are, and what proves who they are."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from monai_amyloid.errors import UserError

# PS3.5 6.2: an application entity title has at most 16 characters, without backslash.
TITLE = re.compile(r"(?=.*\S)[\x20-\x5b\x5d-\x7e]{1,16}")
NAME = re.compile(r"[A-Za-z0-9][\w.-]{0,63}")
_PORTS = range(1, 65536)


@dataclass(frozen=True, kw_only=True)
class Remote:
    """Another machine.

    Attributes:
        kind: ``dimse`` (C-STORE, C-FIND) or ``dicomweb`` (STOW-RS, QIDO-RS).
        host: Host, of ``dimse``.
        port: Port, of ``dimse``.
        title: Application entity title, of ``dimse``.
        url: Address, of ``dicomweb``.
        user: User name, of ``dicomweb``; empty where it asks for none.
        password_file: File with the password.
        ca_file: Certificates (PEM) of a hospital that sign the machine's own.
        timeout_s: Seconds without an answer after which it is taken as away.
    """

    kind: Literal["dimse", "dicomweb"]
    host: str = ""
    port: int = 0
    title: str = ""
    url: str = ""
    user: str = ""
    password_file: Path | None = None
    ca_file: Path | None = None
    timeout_s: float = 30.0

    def __post_init__(self) -> None:
        if self.kind == "dimse":
            if not self.host or self.port not in _PORTS or TITLE.fullmatch(self.title) is None:
                raise UserError("kind dimse needs host, port and title")
        elif not self.url.startswith(("http://", "https://")):
            raise UserError("kind dicomweb needs url, which begins with http:// or https://")


@dataclass(frozen=True, kw_only=True)
class Destination(Remote):
    """A machine that results are sent to.

    Attributes:
        name: Name in rules, errors and the list of deliveries.
        commitment: Whether it is asked to commit to keep what was sent, of ``dimse``.
        attempts: Number of times that a result is tried which it does not take.
        retry_s: Seconds after which a machine that was away is tried again at first.
        cooldown_s: Seconds after which it is tried again at last.
    """

    name: str
    commitment: bool = False
    attempts: int = 5
    retry_s: float = 5.0
    cooldown_s: float = 900.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if NAME.fullmatch(self.name) is None:
            raise UserError(f"found name {self.name!r}, needed letters, digits, '.', '-' or '_'")
        if self.commitment and self.kind != "dimse":
            raise UserError("commitment goes with kind dimse")
