"""From graded to confirmed: what goes to each destination, and what came of it."""

from collections.abc import Callable, Collection
from pathlib import Path

from sqlalchemy import ColumnElement, Connection, Select, select, update

from monai_amyloid.node.queue.audit import AuditEvent, AuditMessage, write_audit
from monai_amyloid.node.queue.database import Database
from monai_amyloid.node.queue.outcome import MadeObject
from monai_amyloid.node.queue.states import DeliveryState, StudyState
from monai_amyloid.node.queue.studies import Delivery, Study, deliveries_of, set_state
from monai_amyloid.node.queue.tables import deliveries, objects, results, studies
from monai_amyloid.node.words import NOT_TAKEN

_SETTLED = (StudyState.GRADED, StudyState.SENT, StudyState.CONFIRMED, StudyState.FAILED,
            StudyState.HELD)  # fmt: skip
_LONGEST_ERROR = 300


class Deliveries:
    """The lines of results in front of the destinations.

    Args:
        database: Database of the queue.
        node: Name of the node, for the audit trail.
        now: Clock for people, in seconds since 1970.
    """

    def __init__(self, database: Database, node: str, now: Callable[[], float]) -> None:
        self._database, self._node, self._now = database, node, now

    def next(self, destination: str, without: Collection[int] = ()) -> Delivery | None:
        """The delivery that is next for a destination; None where none waits.

        Args:
            destination: Name of the destination.
            without: Deliveries that are not tried yet.
        """
        query = (
            self._joined()
            .where(*_of(destination, DeliveryState.PENDING))
            .order_by(studies.c.priority.desc(), deliveries.c.number)
            .limit(len(without) + 1)
        )
        with self._database.reading() as connection:
            found = [Delivery.of(row) for row in connection.execute(query)]
        return next((each for each in found if each.number not in without), None)

    def one(self, number: int) -> Delivery:
        """One delivery by its number."""
        query = select(deliveries).where(deliveries.c.number == number)
        with self._database.reading() as connection:
            return Delivery.of(connection.execute(query).one())

    def unasked(self, destination: str) -> Delivery | None:
        """A delivery that was sent and for which no commitment was asked for yet."""
        query = select(deliveries).where(
            *_of(destination, DeliveryState.SENT), deliveries.c.transaction_uid.is_(None)
        )
        with self._database.reading() as connection:
            row = connection.execute(query.order_by(deliveries.c.number).limit(1)).first()
        return None if row is None else Delivery.of(row)

    def unanswered(self, destination: str) -> list[int]:
        """Numbers of the deliveries for which a commitment was asked for and not answered."""
        query = select(deliveries.c.number).where(
            *_of(destination, DeliveryState.SENT), deliveries.c.transaction_uid.is_not(None)
        )
        with self._database.reading() as connection:
            return [row.number for row in connection.execute(query)]

    def objects(self, delivery: Delivery) -> list[MadeObject]:
        """The DICOM objects of a delivery."""
        query = select(objects).where(objects.c.result == delivery.result)
        with self._database.reading() as connection:
            rows = connection.execute(query.order_by(objects.c.file))
            return [
                MadeObject(row.sop_uid, row.sop_class, row.series_uid, Path(row.file))
                for row in rows
            ]

    def sent(self, delivery: Delivery) -> None:
        """Keep that a destination took everything."""
        with self._database.writing() as connection:
            self._change(connection, delivery, DeliveryState.SENT, error="")
            self._audit(connection, delivery, "sent")

    def asked(self, delivery: Delivery, transaction_uid: str | None) -> None:
        """Keep by which transaction a destination is asked to commit, before it is asked.

        Args:
            delivery: A delivery that was sent.
            transaction_uid: Transaction UID of the request; None where it could not be asked.
        """
        with self._database.writing() as connection:
            self._change(connection, delivery, delivery.state, transaction_uid=transaction_uid)

    def confirmed(self, transaction_uid: str, *, all_kept: bool, most: int) -> None:
        """Keep what a destination answered about storage commitment.

        Args:
            transaction_uid: Transaction UID of the answer; one that is not known changes nothing.
            all_kept: Whether it keeps every object; else they are sent again.
            most: Number of times that they are sent.
        """
        query = select(deliveries).where(
            deliveries.c.transaction_uid == transaction_uid,
            deliveries.c.state == DeliveryState.SENT,
        )
        with self._database.writing() as connection:
            row = connection.execute(query.with_for_update()).first()
            if row is None:
                return
            delivery = Delivery.of(row)
            if all_kept:
                self._change(connection, delivery, DeliveryState.CONFIRMED)
                self._audit(connection, delivery, "storage commitment")
            else:
                self._not_taken(connection, delivery, "storage commitment was refused", most)

    def not_taken(self, delivery: Delivery, error: str, most: int) -> bool:
        """Keep that a destination did not take a result; it is tried again, or given up.

        Args:
            delivery: The delivery that was tried.
            error: What the destination answered.
            most: Number of times that it is tried.

        Returns:
            Whether it was given up.
        """
        with self._database.writing() as connection:
            return self._not_taken(connection, delivery, error, most)

    def _not_taken(self, connection: Connection, delivery: Delivery, error: str, most: int) -> bool:
        attempts = delivery.attempts + 1
        state = DeliveryState.FAILED if attempts >= most else DeliveryState.PENDING
        self._change(connection, delivery, state, attempts=attempts, error=error[:_LONGEST_ERROR])
        if state is DeliveryState.FAILED:
            self._audit(connection, delivery, "not taken", succeeded=False)
        return state is DeliveryState.FAILED

    def _change(
        self, connection: Connection, delivery: Delivery, state: DeliveryState, **more: object
    ) -> None:
        change = update(deliveries).where(deliveries.c.number == delivery.number)
        connection.execute(change.values(state=state, changed_at=self._now(), **more))
        settle(connection, delivery.result, self._now())

    def _joined(self) -> "Select[tuple[object, ...]]":
        return (
            select(deliveries)
            .join(results, results.c.number == deliveries.c.result)
            .join(studies, studies.c.number == results.c.study)
        )

    def _audit(
        self, connection: Connection, delivery: Delivery, detail: str, *, succeeded: bool = True
    ) -> None:
        study = _study_of_result(connection, delivery.result)
        write_audit(
            connection,
            AuditMessage(
                event=AuditEvent.SENT,
                who=self._node,
                at=self._now(),
                study_uid=study.study_uid,
                patient_id=study.patient_id,
                other=delivery.destination,
                detail=detail,
                succeeded=succeeded,
            ),
        )


def _of(destination: str, state: DeliveryState) -> tuple[ColumnElement[bool], ...]:
    return deliveries.c.destination == destination, deliveries.c.state == state


def settle(connection: Connection, result: int, at: float) -> None:
    """Let the state of a study follow from the deliveries of its newest result.

    Args:
        connection: Open transaction.
        result: Number of the result that a delivery of was changed.
        at: Seconds since 1970.
    """
    current = select(results.c.current).where(results.c.number == result)
    study = _study_of_result(connection, result)
    if not connection.execute(current).scalar_one() or study.state not in _SETTLED:
        return
    found = {each.state for each in deliveries_of(connection, result)}
    if not found:
        return
    if DeliveryState.HELD in found:
        state = StudyState.HELD
    elif DeliveryState.PENDING in found:
        state = StudyState.GRADED
    elif DeliveryState.FAILED in found:
        state = StudyState.FAILED
    else:
        state = StudyState.CONFIRMED if found == {DeliveryState.CONFIRMED} else StudyState.SENT
    if state != study.state:
        reason = [NOT_TAKEN] if state is StudyState.FAILED else ()
        set_state(connection, study, state, at, reason)


def _study_of_result(connection: Connection, result: int) -> Study:
    query = (
        select(studies)
        .join(results, results.c.study == studies.c.number)
        .where(results.c.number == result)
        .with_for_update()
    )
    return Study.of(connection.execute(query).one())
