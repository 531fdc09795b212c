"""C-STORE and storage commitment with a real peer on loopback, and with one that is none."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRLittleEndian, SecondaryCaptureImageStorage, generate_uid
from pynetdicom import AE, evt
from pynetdicom.sop_class import (  # type: ignore[attr-defined]
    PositronEmissionTomographyImageStorage,
    StorageCommitmentPushModel,
    StudyRootQueryRetrieveInformationModelFind,
    Verification,
)

from benchmarks.fuzz.small_studies import image, until
from monai_amyloid.node.machines import AwayError, Destination, Remote
from monai_amyloid.node.receiving.counting import expected_pet_images
from monai_amyloid.node.sending.dimse import CommitmentListener, DimseTransport
from monai_amyloid.node.sending.transport import NotTakenError, SentObject

pytestmark = pytest.mark.slow

Answers = list[tuple[str, bool]]


@pytest.fixture
def sent(tmp_path: Path) -> SentObject:
    made = image("a", "AC", 1, SOPClassUID=SecondaryCaptureImageStorage)
    file = tmp_path / "object.dcm"
    made.save_as(file, enforce_file_format=True)
    return SentObject(str(made.SOPInstanceUID), str(made.SOPClassUID), file)


@contextmanager
def peer(
    handlers: Any = (), contexts: Any = (SecondaryCaptureImageStorage,), **kept: Any
) -> Iterator[int]:
    entity = AE(ae_title="PACS")
    entity.add_supported_context(Verification)
    for each in contexts:
        roles = {"scu_role": False, "scp_role": True} if each == StorageCommitmentPushModel else {}
        entity.add_supported_context(each, ExplicitVRLittleEndian, **roles)
    for name, value in kept.items():
        setattr(entity, name, value)
    server = entity.start_server(("127.0.0.1", 0), block=False, evt_handlers=[*handlers])
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()


def transport(
    port: int,
    answered: Callable[[str, bool], None] = lambda uid, kept: None,
    timeout_s: float = 20.0,
) -> DimseTransport:
    destination = Destination(name="pacs", kind="dimse", host="127.0.0.1", port=port, title="PACS",
                              timeout_s=timeout_s)  # fmt: skip
    return DimseTransport(destination, "NODE", answered, listens=True)


def test_an_object_arrives_as_it_is(sent: SentObject) -> None:
    got: list[Dataset] = []

    def store(event: Any) -> int:
        got.append(event.dataset)
        return 0x0000

    with peer([(evt.EVT_C_STORE, store)]) as port:
        transport(port).check()
        transport(port).send([sent])
    assert [str(each.SOPInstanceUID) for each in got] == [sent.sop_uid]


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (0xA700, AwayError),
        (0xA900, NotTakenError),
        (0xC000, NotTakenError),
        (0x0122, NotTakenError),
    ],
)
def test_a_status_is_of_the_destination_or_of_the_object(
    sent: SentObject, status: int, error: type[Exception]
) -> None:
    with peer([(evt.EVT_C_STORE, lambda event: status)]) as port, pytest.raises(error):
        transport(port).send([sent])


def test_what_is_there_already_is_taken(sent: SentObject) -> None:
    with peer([(evt.EVT_C_STORE, lambda event: 0x0111)]) as port:
        transport(port).send([sent])


def test_a_class_that_the_destination_does_not_know_is_named(sent: SentObject) -> None:
    with (
        peer(contexts=[PositronEmissionTomographyImageStorage]) as port,
        pytest.raises(NotTakenError, match="does not take Secondary Capture"),
    ):
        transport(port).send([sent])


def test_a_destination_that_does_not_know_the_node_says_what_to_register(sent: SentObject) -> None:
    with (
        peer(require_calling_aet=["OTHER"]) as port,
        pytest.raises(AwayError, match=r"rejects the node NODE .*register this title there"),
    ):
        transport(port).send([sent])


@pytest.mark.slow
def test_a_destination_that_answers_nothing_or_is_not_there_takes_a_second(
    sent: SentObject,
) -> None:
    begin = time.monotonic()
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(AwayError):
        transport(silent.getsockname()[1], timeout_s=1.0).send([sent])
    with pytest.raises(AwayError, match="does not answer"):
        transport(9).send([sent])
    assert time.monotonic() - begin < 10


def test_a_file_that_is_gone_is_not_taken(sent: SentObject) -> None:
    sent.file.unlink()
    with pytest.raises(NotTakenError, match="gone"):
        transport(9).send([sent])


@pytest.mark.parametrize("kept", [True, False])
def test_a_commitment_is_answered_on_an_association_of_its_own(
    sent: SentObject, kept: bool
) -> None:
    answers: Answers = []
    listener = CommitmentListener("NODE", "127.0.0.1", 0, lambda *each: answers.append(each))
    port_of_node = listener._server.server_address[1] if listener._server else 0

    def report(request: Dataset) -> None:
        entity = AE(ae_title="PACS")
        entity.add_requested_context(StorageCommitmentPushModel)
        from pynetdicom import build_role

        role = build_role(StorageCommitmentPushModel, scp_role=True)
        association = entity.associate("127.0.0.1", port_of_node, ae_title="NODE", ext_neg=[role])
        event = Dataset()
        event.TransactionUID = request.TransactionUID
        association.send_n_event_report(
            event, 1 if kept else 2, StorageCommitmentPushModel, "1.2.840.10008.1.20.1.1"
        )
        association.release()

    def act(event: Any) -> tuple[int, None]:
        threading.Thread(target=report, args=(event.action_information,)).start()
        return 0x0000, None

    try:
        with peer([(evt.EVT_N_ACTION, act)], [StorageCommitmentPushModel]) as port:
            uid = str(generate_uid())
            assert transport(port).ask_commitment([sent], uid)
            until(lambda: answers == [(uid, kept)])
    finally:
        listener.close()


def test_a_destination_without_commitment_says_so(sent: SentObject) -> None:
    with peer() as port:
        assert not transport(port).ask_commitment([sent], "1.2.3")


def test_the_source_counts_the_pet_images_of_a_study() -> None:
    def find(event: Any) -> Iterator[tuple[int, Dataset | None]]:
        for modality, count in (("PT", 90), ("CT", 300), ("PT", 5)):
            answer = Dataset()
            answer.Modality, answer.NumberOfSeriesRelatedInstances = modality, count
            answer.SeriesInstanceUID = f"1.2.{count}"
            yield 0xFF00, answer

    contexts = [StudyRootQueryRetrieveInformationModelFind]
    remote = {"kind": "dimse", "host": "127.0.0.1", "title": "PACS", "timeout_s": 20.0}
    with peer([(evt.EVT_C_FIND, find)], contexts) as port:
        pacs = Remote(**remote, port=port)
        assert expected_pet_images(pacs, "1.2", "NODE") == 95
        assert expected_pet_images(pacs, "1.2", "NODE", {"1.2.5"}) == 90
    assert expected_pet_images(Remote(**remote, port=9), "1.2", "NODE") is None
