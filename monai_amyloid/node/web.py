"""Requests to other machines by HTTP: with a password from a file, and never without an end."""

from pathlib import Path
from typing import Any

import requests
from dicomweb_client.api import DICOMwebClient
from requests.adapters import HTTPAdapter

from monai_amyloid.errors import UserError
from monai_amyloid.node.machines import Remote


class _WithTimeout(HTTPAdapter):
    """Ends a request that is not answered; requests itself would wait for ever."""

    def __init__(self, timeout_s: float) -> None:
        super().__init__()
        self._timeout_s = timeout_s

    def send(self, request: Any, **options: Any) -> Any:  # type: ignore[override]
        """Send a request, as the parent does."""
        return super().send(request, **{**options, "timeout": self._timeout_s})


def session_for(
    user: str, password_file: Path | None, timeout_s: float, ca_file: Path | None = None
) -> requests.Session:
    """A session with a machine.

    Args:
        user: User name; empty where the machine asks for none.
        password_file: File whose first line is the password.
        timeout_s: Seconds without an answer after which it is taken as away.
        ca_file: Certificates (PEM) that sign the machine's own; None for those that all trust.

    Raises:
        UserError: If a file cannot be read.
    """
    session = requests.Session()
    session.trust_env = False  # no proxy stands between a hospital's own machines
    for scheme in ("http://", "https://"):
        session.mount(scheme, _WithTimeout(timeout_s))
    if ca_file is not None:
        if not ca_file.is_file():
            raise UserError(f"{ca_file}: found no file of certificates; name one in PEM")
        session.verify = str(ca_file)
    if user:
        session.auth = (user, read_password(password_file))
    return session


def dicomweb_client(remote: Remote) -> DICOMwebClient:
    """A client of a machine's DICOMweb, which does not try again by itself: the node does.

    Raises:
        UserError: If a file of the machine's cannot be read.
    """
    session = session_for(remote.user, remote.password_file, remote.timeout_s, remote.ca_file)
    if remote.certificate_file is not None:
        key = remote.key_file or remote.certificate_file
        for file in (remote.certificate_file, key):
            if not file.is_file():
                raise UserError(f"{file}: found no such file; name a certificate or a key in PEM")
        session.cert = (str(remote.certificate_file), str(key))
    client = DICOMwebClient(remote.url, session=session)
    client.set_http_retry_params(retry=False)
    return client


def read_password(file: Path | None) -> str:
    """The first line of a file.

    Args:
        file: Path of the file; None for an empty password.

    Raises:
        UserError: If it cannot be read.
    """
    if file is None:
        return ""
    try:
        return file.read_text(encoding="utf-8").partition("\n")[0].strip("\r")
    except (OSError, ValueError) as error:
        raise UserError(f"{file}: the password cannot be read ({error})") from error
