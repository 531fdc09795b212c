"""C-STORE over TLS: each side proves who it is, and a machine that cannot gets nothing."""

import datetime
import ipaddress
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("cryptography")

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from pydicom.uid import ExplicitVRLittleEndian, SecondaryCaptureImageStorage
from pynetdicom import AE, evt
from pynetdicom.sop_class import Verification  # type: ignore[attr-defined]

from benchmarks.fuzz.small_studies import image
from monai_amyloid.errors import UserError
from monai_amyloid.node.machines import AwayError, Destination
from monai_amyloid.node.sending.dimse import DimseTransport
from monai_amyloid.node.sending.transport import SentObject

pytestmark = pytest.mark.slow


def certify(folder: Path, name: str, host: str = "127.0.0.1") -> tuple[Path, Path]:
    """A certificate that signs itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    names: list[x509.GeneralName] = [x509.IPAddress(ipaddress.ip_address(host))]
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    files = folder / f"{name}.crt", folder / f"{name}.key"
    files[0].write_bytes(made.public_bytes(pem))
    none = serialization.NoEncryption()
    files[1].write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, none))
    return files


@contextmanager
def pacs(folder: Path, host: str = "127.0.0.1") -> Iterator[tuple[int, list[str]]]:
    """A PACS that wants to see the node's certificate, and what it took."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(folder / "node.crt"))
    context.load_cert_chain(*certify(folder, "pacs", host))
    context.verify_mode = ssl.CERT_REQUIRED
    taken: list[str] = []

    def store(event: Any) -> int:
        taken.append(str(event.dataset.SOPInstanceUID))
        return 0

    entity = AE(ae_title="PACS")
    entity.add_supported_context(Verification)
    entity.add_supported_context(SecondaryCaptureImageStorage, ExplicitVRLittleEndian)
    server = entity.start_server(
        ("127.0.0.1", 0), block=False, evt_handlers=[(evt.EVT_C_STORE, store)], ssl_context=context
    )
    try:
        yield server.server_address[1], taken
    finally:
        server.shutdown()


@pytest.fixture
def sent(tmp_path: Path) -> SentObject:
    certify(tmp_path, "node"), certify(tmp_path, "stranger")
    made = image("a", "AC", 1, SOPClassUID=SecondaryCaptureImageStorage)
    made.save_as(tmp_path / "object.dcm", enforce_file_format=True)
    return SentObject(str(made.SOPInstanceUID), str(made.SOPClassUID), tmp_path / "object.dcm")


def transport(folder: Path, port: int, **changed: Any) -> DimseTransport:
    files = {"ca_file": folder / "pacs.crt", "certificate_file": folder / "node.crt",
             "key_file": folder / "node.key"}  # fmt: skip
    destination = Destination(name="pacs", kind="dimse", host="127.0.0.1", port=port, title="PACS",
                              timeout_s=10.0, **{"tls": True, **files, **changed})  # fmt: skip
    return DimseTransport(destination, "NODE", lambda uid, kept: None, listens=True)


def test_an_object_goes_over_tls_where_each_side_proves_who_it_is(
    tmp_path: Path, sent: SentObject
) -> None:
    with pacs(tmp_path) as (port, taken):
        transport(tmp_path, port).check()
        transport(tmp_path, port).send([sent])
    assert taken == [sent.sop_uid]


@pytest.mark.parametrize(
    "changed",
    [
        {"ca_file": "stranger.crt"},  # signed by nobody whom the config names
        {"certificate_file": "stranger.crt", "key_file": "stranger.key"},  # unknown to the PACS
        {"tls": False, "ca_file": None, "certificate_file": None, "key_file": None},
    ],
)
def test_a_machine_that_cannot_prove_who_it_is_gets_nothing(
    tmp_path: Path, sent: SentObject, changed: dict[str, Any]
) -> None:
    named = {name: tmp_path / each if isinstance(each, str) else each
             for name, each in changed.items()}  # fmt: skip
    with pacs(tmp_path) as (port, taken):
        with pytest.raises(AwayError, match=r"certificates|does not answer|aborted"):
            transport(tmp_path, port, **named).send([sent])
        assert not taken


def test_a_certificate_for_another_host_is_not_taken(tmp_path: Path, sent: SentObject) -> None:
    with pacs(tmp_path, "127.0.0.9") as (port, taken):
        with pytest.raises(AwayError, match="name the host"):
            transport(tmp_path, port).send([sent])
        assert not taken


def test_files_that_are_none_are_named(tmp_path: Path, sent: SentObject) -> None:
    with pytest.raises(AwayError, match=r"found no such file"):
        transport(tmp_path, 9, ca_file=tmp_path / "missing.crt").check()
    (tmp_path / "text.crt").write_text("of no certificate")
    with pytest.raises(AwayError, match="cannot be used for TLS"):
        transport(tmp_path, 9, ca_file=tmp_path / "text.crt").check()
    with pytest.raises(UserError, match="tls = true"):
        Destination(name="p", kind="dimse", host="h", port=1, title="P", ca_file=tmp_path / "x")
