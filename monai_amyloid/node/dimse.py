"""Associations with other machines, over TLS where the config says so."""

import contextlib
import ssl
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from pydicom.dataset import Dataset
from pynetdicom import AE, build_role
from pynetdicom.association import Association
from pynetdicom.sop_class import (  # type: ignore[attr-defined]
    StudyRootQueryRetrieveInformationModelFind,
)

from monai_amyloid.node.machines import AwayError, Remote

_PENDING = (0xFF00, 0xFF01)  # PS3.4 C.4.1.1.4
_FIND = StudyRootQueryRetrieveInformationModelFind
# An abstract syntax with the transfer syntaxes that are proposed for it; None for the usual.
Context = tuple[str, Sequence[str] | None]


@contextlib.contextmanager
def associated(
    remote: Remote,
    title: str,
    contexts: Sequence[Context],
    *,
    name: str,
    handlers: Sequence[Any] = (),
    receives: Sequence[str] = (),
) -> Iterator[Association]:
    """An association with a machine, which ends with the block.

    Args:
        remote: Machine that is called.
        title: Title of the node.
        contexts: What is proposed.
        name: Name of the machine in errors.
        handlers: Handlers of pynetdicom's events.
        receives: Abstract syntaxes of which the node is the one that receives, as of C-GET.

    Raises:
        AwayError: If it does not answer, does not let the node in, or a file of its certificates
            cannot be used.
    """
    entity = AE(ae_title=title)
    entity.acse_timeout = entity.dimse_timeout = remote.timeout_s
    entity.network_timeout = entity.connection_timeout = remote.timeout_s
    for abstract, transfer in contexts:
        if transfer is None:
            entity.add_requested_context(abstract)
        else:
            entity.add_requested_context(abstract, [*transfer])
    context = tls_context(remote)
    association = entity.associate(
        remote.host,
        remote.port,
        ae_title=remote.title,
        evt_handlers=[*handlers],
        ext_neg=[build_role(each, scp_role=True) for each in receives],
        tls_args=None if context is None else (context, remote.host),
    )
    if not association.is_established:
        raise AwayError(_why_not(association, remote, title, name))
    try:
        yield association
    finally:
        if association.is_established:
            association.release()


def found_by(remote: Remote, title: str, query: Dataset, *, name: str) -> list[Dataset]:
    """Ask a machine by C-FIND, in the study root (PS3.4 C.4.1).

    Args:
        remote: Machine that is asked.
        title: Title of the node.
        query: What is asked, with QueryRetrieveLevel.
        name: Name of the machine in errors.

    Raises:
        AwayError: If it cannot be asked.
    """
    with associated(remote, title, [(str(_FIND), None)], name=name) as association:
        answers = association.send_c_find(query, _FIND)
        return [
            answer for status, answer in answers if status and status.Status in _PENDING and answer
        ]


def tls_context(remote: Remote) -> ssl.SSLContext | None:
    """What a machine has to prove over TLS, and the node to it (PS3.15 B.9); None without TLS.

    Raises:
        AwayError: If a file of certificates cannot be used.
    """
    if not remote.tls:
        return None
    _check_there(remote.ca_file)
    _check_there(remote.certificate_file)
    _check_there(remote.key_file)
    try:
        context = ssl.create_default_context(cafile=remote.ca_file)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if remote.certificate_file is not None:
            context.load_cert_chain(remote.certificate_file, remote.key_file)
    except (OSError, ValueError) as error:  # an SSLError is an OSError
        files = [
            each for each in (remote.ca_file, remote.certificate_file, remote.key_file) if each
        ]
        raise AwayError(
            f"{', '.join(map(str, files))}: cannot be used for TLS ({error}); name certificates "
            "and a key without a password, in PEM"
        ) from error
    return context


def _check_there(file: Path | None) -> None:
    if file is not None and not file.is_file():
        raise AwayError(f"{file}: found no such file; name a certificate or a key in PEM")


def _why_not(association: Association, remote: Remote, title: str, name: str) -> str:
    if association.is_rejected:
        primitive = association.acceptor.primitive
        reason = getattr(primitive, "reason_str", "") or "no reason"
        return (
            f"{name} rejects the node {title} ({reason}); register this title there, or see to the "
            f"title {remote.title} here"
        )
    if association.acceptor.primitive is not None:
        return f"{name} aborted the association"
    if remote.tls:
        return (
            f"{name} does not answer over TLS; see to its host, its port, the network, and to the "
            "certificates: ca_file has to sign its own, which has to name the host"
        )
    return f"{name} does not answer; see to its host, its port and the network"
