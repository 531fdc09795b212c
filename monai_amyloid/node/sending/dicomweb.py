"""STOW-RS (PS3.18 10.5)."""

from collections.abc import Sequence

import pydicom
import requests
from pydicom.dataset import Dataset

from monai_amyloid.node.machines import AwayError, Destination
from monai_amyloid.node.sending.transport import NotTakenError, SentObject
from monai_amyloid.node.web import dicomweb_client

_TOO_MANY = 429
_NOT_LET_IN = (401, 403, 407)


class DicomWebTransport:
    """STOW-RS to one destination.

    Args:
        destination: Address and credentials.
    """

    def __init__(self, destination: Destination) -> None:
        self._name = destination.name
        self._client = dicomweb_client(destination)

    def send(self, objects: Sequence[SentObject]) -> None:
        """Do as :meth:`monai_amyloid.node.sending.transport.Transport.send` promises."""
        try:
            datasets = [pydicom.dcmread(each.file) for each in objects]
        except Exception as error:
            raise NotTakenError("the files are gone or broken; grade the study again") from error
        try:
            answer: Dataset = self._client.store_instances(datasets)
        except requests.RequestException as error:
            raise self._why_not(error) from error
        failed = answer.get("FailedSOPSequence") or ()
        if failed:
            reasons = {f"{int(each.get('FailureReason') or 0):04X}" for each in failed}
            raise NotTakenError(
                f"{self._name} refused {len(failed)} objects (reason {', '.join(sorted(reasons))})"
            )

    def ask_commitment(self, objects: Sequence[SentObject], transaction_uid: str) -> bool:
        """Storage commitment is not offered by STOW-RS."""
        return False

    def check(self) -> None:
        """Do as :meth:`monai_amyloid.node.sending.transport.Transport.check` promises."""
        try:
            self._client.search_for_studies(limit=1)
        except requests.RequestException as error:
            raise self._why_not(error) from error

    def _why_not(self, error: requests.RequestException) -> AwayError | NotTakenError:
        answer = getattr(error, "response", None)
        status = None if answer is None else answer.status_code
        if status is None:
            return AwayError(
                f"{self._name} does not answer ({type(error).__name__}); see to its address and "
                "the network"
            )
        if status in _NOT_LET_IN:
            return AwayError(
                f"{self._name} does not let the node in (HTTP {status}); see to user and password"
            )
        if status >= requests.codes.server_error or status == _TOO_MANY:
            return AwayError(f"{self._name} cannot take anything now (HTTP {status})")
        return NotTakenError(f"{self._name} refused the objects (HTTP {status})")
