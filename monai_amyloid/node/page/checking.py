"""Whether the page can be served as a config says."""

import socket
import ssl
from pathlib import Path

from monai_amyloid.errors import UserError
from monai_amyloid.node.page.access.users import USERS_FILE, Users
from monai_amyloid.node.page.settings import Page
from monai_amyloid.node.web import read_password


def check_page(page: Page, data: Path) -> None:
    """Prove that the page can be served; a port that a running page holds is its own.

    Args:
        page: Settings of the page.
        data: Folder of the node's data.

    Raises:
        UserError: If it cannot, or nobody could log in.
        OSError: If its address is of another machine.
    """
    check_certificate(page)
    if page.metrics_token_file is not None and not read_password(page.metrics_token_file):
        raise UserError(f"page: {page.metrics_token_file}: found no token; write one into it")
    family = socket.AF_INET6 if ":" in page.host else socket.AF_INET
    with socket.socket(family) as tried:
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tried.bind((page.host, 0))
        except OSError as error:
            raise UserError(
                f"page: host {page.host} is no address of this machine ({error.strerror})"
            ) from error
    if not Users(data / USERS_FILE).all():
        raise UserError("page: nobody could log in; add a person with `node user`")


def check_certificate(page: Page) -> None:
    """Prove that the certificate and its key can be used.

    Args:
        page: Settings of the page.

    Raises:
        UserError: If they cannot.
    """
    if page.certificate is None or page.key is None:
        return
    try:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(page.certificate, page.key, password=_no_password)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise UserError(
            f"page: {page.certificate} and {page.key} cannot be used ({reason}); needed a "
            "certificate and its key without a password, in PEM"
        ) from error


def _no_password() -> bytes:
    raise ValueError("the key has a password")
