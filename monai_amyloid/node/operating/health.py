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


def metrics(found: Health) -> dict[str, float]:
    """Numbers as Prometheus names them, with their labels.

    Args:
        found: How the node is.
    """
    numbers: dict[str, float] = {
        "monai_amyloid_node_well": float(found.well),
        "monai_amyloid_node_taking": float(found.taking),
        "monai_amyloid_node_free_bytes": found.free_mb * 1e6,
    }
    for state, count in found.studies.items():
        numbers[f'monai_amyloid_node_studies{{state="{state}"}}'] = count
    for (name, stage), count in found.deliveries.items():
        label = f'destination="{name}",state="{stage}"'
        numbers[f"monai_amyloid_node_deliveries{{{label}}}"] = count
    for each in found.destinations:
        label = f'destination="{each.name}"'
        numbers[f"monai_amyloid_node_destination_away{{{label}}}"] = float(bool(each.away))
    for measured in () if found.drift is None else found.drift.measures:
        label = f'measure="{measured.measure}"'
        numbers[f"monai_amyloid_node_drift{{{label}}}"] = measured.share
        numbers[f"monai_amyloid_node_drift_alarm{{{label}}}"] = float(measured.alarm is not None)
    return numbers
