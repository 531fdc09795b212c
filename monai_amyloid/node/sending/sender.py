"""One destination's own line: what it does not take, or when it is away, holds up no other."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pydicom.uid import generate_uid

from monai_amyloid.node.machines import AwayError, Destination
from monai_amyloid.node.operating.logs import Log
from monai_amyloid.node.queue.queue import Queue
from monai_amyloid.node.queue.states import DeliveryState
from monai_amyloid.node.queue.studies import Delivery
from monai_amyloid.node.sending.dicomweb import DicomWebTransport
from monai_amyloid.node.sending.dimse import Answered, DimseTransport
from monai_amyloid.node.sending.transport import (
    NotTakenError,
    SentObject,
    Transport,
)

_COMMITMENT_S = 3600.0


@dataclass(frozen=True)
class DestinationStatus:
    """How a destination is, for people.

    Attributes:
        name: Name of the destination.
        away: Why it cannot be reached; empty where it can.
        next_try_s: Seconds to the next try.
    """

    name: str
    away: str = ""
    next_try_s: float = 0.0


def transport_to(
    destination: Destination, title: str, answered: Answered, *, listens: bool = False
) -> Transport:
    """The protocol of a destination.

    Args:
        destination: Machine that results are sent to.
        title: Title of the node.
        answered: Called with a Transaction UID and whether all is kept.
        listens: Whether the node listens for answers on associations of their own.
    """
    if destination.kind == "dimse":
        return DimseTransport(destination, title, answered, listens=listens)
    return DicomWebTransport(destination)


class Sender:
    """Sends to one destination, in a thread of its own.

    Args:
        destination: Machine that results are sent to.
        transport: Protocol to it.
        queue: Queue of the node's studies.
        data: Folder of the node's data.
        log: Log of the node.
        monotonic: Clock that nobody sets, in seconds.
    """

    def __init__(
        self,
        destination: Destination,
        transport: Transport,
        queue: Queue,
        data: Path,
        log: Log,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.destination, self._transport = destination, transport
        self._queue, self._data, self._log = queue, data, log
        self._monotonic = monotonic
        self._away, self._away_until, self._pause = "", 0.0, 0.0
        self._not_before: dict[int, float] = {}
        # In the order in which they were asked for.
        self._asked: dict[int, float] = {}
        self._begun = False
        self._offers_commitment = destination.commitment

    def status(self) -> DestinationStatus:
        """How the destination is now."""
        left = max(0.0, self._away_until - self._monotonic())
        return DestinationStatus(self.destination.name, self._away, round(left, 1))

    def step(self) -> bool:
        """Send one result, or ask for one commitment.

        Returns:
            Whether there may be more to do at once.
        """
        now = self._monotonic()
        if now < self._away_until:
            return False
        self._not_before = {key: at for key, at in self._not_before.items() if at > now}
        name = self.destination.name
        try:
            delivery = self._queue.deliveries.next(name, self._not_before)
            if delivery is not None:
                self._send(delivery)
                return True
            return self._offers_commitment and self._ask_next(now)
        except AwayError as error:
            self._pause = min(
                max(self.destination.retry_s, 2 * self._pause), self.destination.cooldown_s
            )
            self._away, self._away_until = str(error), now + self._pause
            self._log.warning("destination_away", destination=name, pause_s=self._pause)
            return False

    def _send(self, delivery: Delivery) -> None:
        name = self.destination.name
        try:
            self._transport.send(self._objects(delivery))
        except NotTakenError as error:
            pause = self.destination.retry_s * 2**delivery.attempts
            self._not_before[delivery.number] = self._monotonic() + min(
                pause, self.destination.cooldown_s
            )
            most = self.destination.attempts
            failed = self._queue.deliveries.not_taken(delivery, str(error), most)
            self._here()
            self._log.warning(
                "not_taken", destination=name, delivery=delivery.number, failed=failed
            )
            return
        self._here()
        self._queue.deliveries.sent(delivery)
        self._log.info("sent", destination=name, delivery=delivery.number)

    def _ask_next(self, now: float) -> bool:
        """Ask for a commitment that was not asked for yet, or was not answered for an hour."""
        delivery = self._to_ask(now)
        if delivery is None:
            return False
        uid = str(generate_uid())
        self._queue.deliveries.asked(delivery, uid)
        self._asked[delivery.number] = now
        try:
            if not self._transport.ask_commitment(self._objects(delivery), uid):
                self._offers_commitment = False
                self._log.warning("no_commitment_offered", destination=self.destination.name)
        except AwayError:
            self._queue.deliveries.asked(delivery, None)
            del self._asked[delivery.number]
            raise
        return True

    def _to_ask(self, now: float) -> Delivery | None:
        deliveries, name = self._queue.deliveries, self.destination.name
        if not self._begun:  # what was asked for before a restart may still be answered
            self._begun = True
            self._asked = dict.fromkeys(deliveries.unanswered(name), now)
        delivery = deliveries.unasked(name)
        while delivery is None and self._asked:
            number, asked = next(iter(self._asked.items()))
            if now - asked < _COMMITMENT_S:
                return None
            del self._asked[number]
            again = deliveries.one(number)
            delivery = again if again.state is DeliveryState.SENT else None
        return delivery

    def _here(self) -> None:
        self._away, self._away_until, self._pause = "", 0.0, 0.0

    def _objects(self, delivery: Delivery) -> list[SentObject]:
        return [
            SentObject(each.sop_uid, each.sop_class, self._data / each.file)
            for each in self._queue.deliveries.objects(delivery)
        ]
