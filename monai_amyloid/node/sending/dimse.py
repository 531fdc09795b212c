"""C-STORE and storage commitment (PS3.4 B and J)."""

import threading
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any

import pydicom
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as DicomSequence
from pydicom.uid import UID
from pynetdicom import AE, evt
from pynetdicom.association import Association
from pynetdicom.sop_class import (  # type: ignore[attr-defined]
    StorageCommitmentPushModel,
    StorageCommitmentPushModelInstance,
    Verification,
)

from monai_amyloid.errors import RunError
from monai_amyloid.node.dimse import Context, associated
from monai_amyloid.node.machines import AwayError, Destination
from monai_amyloid.node.sending.transport import NotTakenError, SentObject

# PS3.4 B.2.3 and PS3.7 C: taken, though something was odd; and there already.
_TAKEN = frozenset({0x0000, 0xB000, 0xB006, 0xB007, 0x0111})
_NO_ROOM = range(0xA700, 0xA800)
_REQUEST, _ALL_KEPT = 1, 1
# An answer on the same association comes at once, or on another.
_SAME_ASSOCIATION_S = 2.0
Answered = Callable[[str, bool], None]


class DimseTransport:
    """C-STORE to one destination.

    Args:
        destination: Host, port, title.
        title: Title of the node.
        answered: Called with a Transaction UID and whether all is kept.
        listens: Whether the node listens for answers on associations of their own.
    """

    def __init__(
        self, destination: Destination, title: str, answered: Answered, *, listens: bool = False
    ) -> None:
        self._destination, self._title, self._answered = destination, title, answered
        self._wait_s = 0.0 if listens else _SAME_ASSOCIATION_S

    def send(self, objects: Sequence[SentObject]) -> None:
        """Do as :meth:`monai_amyloid.node.sending.transport.Transport.send` promises."""
        images = [(each, _read(each)) for each in objects]
        contexts = {
            (each.sop_class, str(image.file_meta.TransferSyntaxUID)) for each, image in images
        }
        proposed = [(sop_class, [syntax]) for sop_class, syntax in sorted(contexts)]
        with self._association(proposed) as association:
            for each, image in images:
                self._send_one(association, each, image)

    def _send_one(self, association: Association, each: SentObject, image: Dataset) -> None:
        try:
            status = association.send_c_store(image)
        except ValueError as error:  # no context was accepted for it
            raise NotTakenError(
                f"{self._destination.name} does not take {UID(each.sop_class).name}; register "
                "that SOP class there"
            ) from error
        except RuntimeError as error:
            raise AwayError(f"{self._destination.name} closed the association") from error
        code = status.get("Status") if status else None
        if code is None:
            raise AwayError(f"{self._destination.name} did not answer C-STORE in time")
        if code in _NO_ROOM:
            raise AwayError(f"{self._destination.name} has no room (status {code:04X})")
        if code not in _TAKEN:
            raise NotTakenError(
                f"{self._destination.name} refused {UID(each.sop_class).name} (status {code:04X})"
            )

    def ask_commitment(self, objects: Sequence[SentObject], transaction_uid: str) -> bool:
        """Do as :meth:`monai_amyloid.node.sending.transport.Transport.ask_commitment` promises."""
        request = Dataset()
        request.TransactionUID = transaction_uid
        request.ReferencedSOPSequence = DicomSequence(map(_reference, objects))
        heard = threading.Event()

        def report(event: Any) -> tuple[int, None]:
            _report(event, self._answered)
            heard.set()
            return 0x0000, None

        handlers = [(evt.EVT_N_EVENT_REPORT, report)]
        with self._association([(str(StorageCommitmentPushModel), None)], handlers) as association:
            accepted = {each.abstract_syntax for each in association.accepted_contexts}
            if StorageCommitmentPushModel not in accepted:
                return False
            status, _ = association.send_n_action(
                request, _REQUEST, StorageCommitmentPushModel, StorageCommitmentPushModelInstance
            )
            if not status or status.get("Status") is None:
                raise AwayError(f"{self._destination.name} did not answer N-ACTION in time")
            if status.Status != 0:
                return False
            heard.wait(self._wait_s)
            return True

    def check(self) -> None:
        """Do as :meth:`monai_amyloid.node.sending.transport.Transport.check` promises."""
        with self._association([]) as association:
            if not association.send_c_echo():
                raise AwayError(f"{self._destination.name} did not answer C-ECHO")

    def _association(
        self, contexts: Sequence[Context], handlers: Sequence[Any] = ()
    ) -> AbstractContextManager[Association]:
        # With the first one it can tell that it takes none of the others.
        return associated(
            self._destination,
            self._title,
            [(str(Verification), None), *contexts],
            name=self._destination.name,
            handlers=handlers,
        )


class CommitmentListener:
    """Takes the answers about storage commitment that come on associations of their own.

    Args:
        title: Title of the node.
        host: Address to listen at.
        port: Port to listen at.
        answered: Called with a Transaction UID and whether all is kept.

    Raises:
        RunError: If the port is in use.
    """

    def __init__(self, title: str, host: str, port: int, answered: Answered) -> None:
        entity = AE(ae_title=title)
        entity.require_called_aet = True
        entity.add_supported_context(Verification)
        entity.add_supported_context(StorageCommitmentPushModel, scu_role=True, scp_role=True)

        def report(event: Any) -> tuple[int, None]:
            _report(event, answered)
            return 0x0000, None

        try:
            self._server = entity.start_server(
                (host, port), block=False, evt_handlers=[(evt.EVT_N_EVENT_REPORT, report)]
            )
        except OSError as error:
            raise RunError(
                f"commitment_port {port}: cannot be listened at ({error.strerror}); name a free one"
            ) from error

    def close(self) -> None:
        """Listen no more."""
        if self._server is not None:
            self._server.shutdown()


def _report(event: Any, answered: Answered) -> None:
    uid = str(event.event_information.get("TransactionUID") or "")
    answered(uid, event.event_type == _ALL_KEPT)


def _reference(each: SentObject) -> Dataset:
    item = Dataset()
    item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = each.sop_class, each.sop_uid
    return item


def _read(each: SentObject) -> Dataset:
    try:
        return pydicom.dcmread(each.file)
    except Exception as error:
        raise NotTakenError(
            f"the file of {UID(each.sop_class).name} is gone or broken; grade the study again"
        ) from error
