"""How the node is, in numbers: for a page, a monitor and ``node show``."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from monai_amyloid.node.operating.drift import DriftReport
from monai_amyloid.node.queue.queue import Queue
from monai_amyloid.node.queue.states import DeliveryState, StudyState
from monai_amyloid.node.receiving.room import Room
from monai_amyloid.node.sending.sender import DestinationStatus


@dataclass(frozen=True, kw_only=True)
class Health:
    """How the node is.

    Attributes:
        well: Whether it takes images, and every thread does its work.
        taking: Whether images are taken: there is room, and this node has that duty.
        free_mb: Megabytes of room on the disk.
        troubles: What does not work, by the name of the thread: kinds of errors.
        studies: Number of studies of each state.
        deliveries: Number of deliveries, by destination and state.
        destinations: How each destination is.
        drift: How results are beside the reference; None before anybody looked.
    """

    well: bool
    taking: bool
    free_mb: float
    troubles: dict[str, str] = field(default_factory=dict)
    studies: dict[StudyState, int] = field(default_factory=dict)
    deliveries: dict[tuple[str, DeliveryState], int] = field(default_factory=dict)
    destinations: tuple[DestinationStatus, ...] = ()
    drift: DriftReport | None = None


def health(
    queue: Queue,
    room: Room,
    troubles: dict[str, str],
    destinations: Sequence[DestinationStatus],
    drift: DriftReport | None = None,
) -> Health:
    """How a node is now.

    Args:
        queue: Queue of the node's studies.
        room: Room on the disk.
        troubles: What does not work, by the name of the thread.
        destinations: How each destination is.
        drift: How results are beside the reference; None before anybody looked.
    """
    return Health(
        well=room.taking and not troubles,
        taking=room.taking,
        free_mb=room.free_mb(),
        troubles=dict(troubles),
        studies=queue.worklist.counts(),
        deliveries=queue.worklist.delivery_counts(),
        destinations=tuple(destinations),
        drift=drift,
    )
