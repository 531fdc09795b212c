"""Who may reach a scheduler: Dask sends pickles, so that whoever reaches it can run code."""

import ipaddress
import tomllib
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from monai_amyloid.errors import UserError

_FILES = ("ca", "certificate", "key")
# In place of a file: the user asks for a connection that anybody on the network can use.
NONE = "none"


def check_address(address: str, security: str | None) -> None:
    """Refuse an address that is none, or that anybody on the network could use.

    Args:
        address: Address of a scheduler, ``tls://HOST:PORT`` or ``tcp://HOST:PORT``.
        security: What the user chose, see :func:`security_of`.

    Raises:
        UserError: If so.
    """
    try:
        parts = urlsplit(address)
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    if host is None or port is None or parts.scheme not in ("tcp", "tls") or parts.path:
        raise UserError(f"{address}: is no address of a scheduler; needed tls://HOST:PORT")
    if parts.scheme == "tcp" and security != NONE and not _is_loopback(host):
        raise UserError(
            f"{address}: nobody has to show a certificate there, and whoever reaches a scheduler "
            f"runs code; use tls://{host}:{port}, or ask for it with --cluster-security {NONE}"
        )


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def read_certificates(path: Path) -> dict[str, Path]:
    """Read a file that names certificates: ``ca``, ``certificate`` and ``key``, beside it.

    Raises:
        UserError: If it cannot be read, or a file is missing.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UserError(f"{path}: cannot be read ({error}); see docs/clusters.md") from error
    if set(content) != set(_FILES) or not all(isinstance(each, str) for each in content.values()):
        raise UserError(f"{path}: found {', '.join(content)}; needed {', '.join(_FILES)}, each "
                        'a file in quotation marks, such as ca = "ca.pem"')  # fmt: skip
    found = {name: path.parent / content[name] for name in _FILES}
    for name, file in found.items():
        if not file.is_file():
            raise UserError(f"{path}: {name}: no file {file}")
    return found


def security_of(address: str, security: str | None) -> Any:
    """Dask's own description of a connection.

    Args:
        address: Address of the scheduler.
        security: File of :func:`read_certificates`; None for what Dask's configuration names;
            ``"none"`` for a connection without.

    Raises:
        UserError: If there is no certificate for a connection that needs one.
    """
    from distributed import Security

    if security is None or security == NONE or not address.startswith("tls://"):
        known = Security(require_encryption=address.startswith("tls://"))
        if address.startswith("tls://") and not known.get_connection_args("client")["ssl_context"]:
            raise UserError(
                f"{address}: needs certificates; name a file with --cluster-security, or set "
                "distributed.comm.tls in Dask's configuration"
            )
        return known
    files = {name: str(file.resolve()) for name, file in read_certificates(Path(security)).items()}
    return Security(
        require_encryption=True,
        tls_ca_file=files["ca"],
        tls_client_cert=files["certificate"],
        tls_client_key=files["key"],
    )
