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


class AwayError(UserError):
    """A machine cannot be reached now, or does not let the node in; its line waits."""


@dataclass(frozen=True, kw_only=True)
class Remote:
    """Another machine.

    Attributes:
        kind: ``dimse`` (C-STORE, C-FIND) or ``dicomweb`` (STOW-RS, QIDO-RS).
        host: Host, of ``dimse``.
        port: Port, of ``dimse``.
        title: Application entity title, of ``dimse``.
        tls: Whether ``dimse`` goes over TLS; the machine's certificate has to name ``host``.
        url: Address, of ``dicomweb``.
        user: User name, of ``dicomweb``; empty where it asks for none.
        password_file: File with the password.
        ca_file: Certificates (PEM) of a hospital that sign the machine's own.
        certificate_file: Certificate (PEM) by which the node proves who it is; None for none.
        key_file: Key of that certificate, where it stands in a file of its own.
        timeout_s: Seconds without an answer after which it is taken as away.
    """

    kind: Literal["dimse", "dicomweb"]
    host: str = ""
    port: int = 0
    title: str = ""
    tls: bool = False
    url: str = ""
    user: str = ""
    password_file: Path | None = None
    ca_file: Path | None = None
    certificate_file: Path | None = None
    key_file: Path | None = None
    timeout_s: float = 30.0

    def __post_init__(self) -> None:
        if self.kind == "dimse":
            if not self.host or self.port not in _PORTS or TITLE.fullmatch(self.title) is None:
                raise UserError("kind dimse needs host, port and title")
            if not self.tls and (self.ca_file or self.certificate_file):
                raise UserError("certificates go with tls = true, which is not there")
        elif not self.url.startswith(("http://", "https://")):
            raise UserError("kind dicomweb needs url, which begins with http:// or https://")
        elif self.tls:
            raise UserError("tls goes with kind dimse; a url begins with https:// for it")
        if self.key_file and not self.certificate_file:
            raise UserError("key_file goes with certificate_file")


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


@dataclass(frozen=True, kw_only=True)
class Prior(Remote):
    """A machine that earlier studies of a person are fetched from, to say what changed.

    Attributes:
        most: Number of earlier studies, the newest first.
        description: Pattern of their StudyDescription, with ``*`` and ``?``; empty for any.
        retrieve: How ``dimse`` sends them: ``get`` (C-GET) on the same association, or ``move``
            (C-MOVE) to ``store_port``.
        store_host: Address at which the node listens for what C-MOVE sends.
        store_port: Port of that; the machine has to know it, and the node's title.
        wait_s: Seconds after which a study is graded without them.
    """

    most: int = 1
    description: str = ""
    retrieve: Literal["get", "move"] = "get"
    store_host: str = "127.0.0.1"
    store_port: int = 0
    wait_s: float = 300.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.retrieve == "move" and (self.kind != "dimse" or self.store_port not in _PORTS):
            raise UserError("retrieve = 'move' goes with kind dimse, and needs store_port")
