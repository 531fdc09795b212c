"""What a protocol has to do for a destination, and how it tells that it could not."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from monai_amyloid.errors import UserError


class NotTakenError(UserError):
    """A destination does not take these objects."""


@dataclass(frozen=True)
class SentObject:
    """An object on its path to a destination.

    Attributes:
        sop_uid: SOP Instance UID.
        sop_class: SOP Class UID.
        file: Path of its file.
    """

    sop_uid: str
    sop_class: str
    file: Path


class Transport(Protocol):
    """A protocol to one destination."""

    def send(self, objects: Sequence[SentObject]) -> None:
        """Send objects; those that the destination has already are sent once more.

        Args:
            objects: Objects of one study.

        Raises:
            AwayError: If it cannot be reached.
            NotTakenError: If it does not take one of them.
        """
        ...

    def ask_commitment(self, objects: Sequence[SentObject], transaction_uid: str) -> bool:
        """Ask the destination to commit to keep objects; the answer comes later.

        Args:
            objects: Objects that were sent.
            transaction_uid: Transaction UID of the request.

        Returns:
            Whether it was asked; not where it does not offer that.

        Raises:
            AwayError: If it cannot be reached.
        """
        ...

    def check(self) -> None:
        """Prove that the destination answers.

        Raises:
            AwayError: If it does not.
        """
        ...
