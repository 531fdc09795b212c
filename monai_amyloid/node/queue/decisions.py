"""What a person decides about a study; each decision stands in the audit trail."""

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Connection, select, update

from monai_amyloid.errors import UserError
from monai_amyloid.findings.finding import Finding
from monai_amyloid.node.queue.arrivals import supersede
from monai_amyloid.node.queue.audit import AuditEvent, AuditMessage, write_audit
from monai_amyloid.node.queue.database import Database
from monai_amyloid.node.queue.delivering import settle
from monai_amyloid.node.queue.states import DeliveryState, StudyState, may_follow
from monai_amyloid.node.queue.studies import (
    Delivery,
    Study,
    current_result,
    set_state,
    study_of,
)
from monai_amyloid.node.queue.tables import deliveries, results, studies
from monai_amyloid.node.words import GRADED_AGAIN, HELD_BY_PERSON, IGNORED_BY_PERSON
from monai_amyloid.pet.header.tracer_names import tracer_label

_S = StudyState
# The states of a study in which each decision can be taken.
POSSIBLE: dict[str, tuple[StudyState, ...]] = {
    "release": (_S.RECEIVED, _S.HELD, _S.IGNORED),
    "grade_again": (_S.HELD, _S.FAILED, _S.IGNORED, _S.GRADED, _S.SENT, _S.CONFIRMED),
    "send": (_S.HELD,),
    "hold": (_S.GRADED, _S.FAILED),
    "ignore": (_S.RECEIVED, _S.HELD, _S.FAILED),
}
# The states of a delivery in which it can be sent again.
SENT_AGAIN = (DeliveryState.FAILED, DeliveryState.SENT, DeliveryState.CONFIRMED)


class Decisions:
    """What people decide.

    Every method takes who decides, and raises :class:`~monai_amyloid.errors.UserError` where the
    study is in a state in which there is nothing to decide.

    Args:
        database: Database of the queue.
        now: Clock for people, in seconds since 1970.
    """

    def __init__(self, database: Database, now: Callable[[], float]) -> None:
        self._database, self._now = database, now

    def release(self, number: int, who: str) -> None:
        """Let a study be graded as it is, although more images may come, or a rule leaves it out.

        Rules and the list of calling titles are not asked again about a study that was ignored.
        """
        with self._database.writing() as connection:
            study = self._study(connection, number, "released", *POSSIBLE["release"])
            if current_result(connection, number) is not None:
                raise UserError(f"study {number} has a result; send it, or grade it again")
            detail, more = _against_the_rules(study, "released")
            self._move(connection, study, StudyState.COMPLETE, (), who, detail, **more)

    def grade_again(
        self, number: int, who: str, *, series: str | None = None, tracer: str | None = None
    ) -> None:
        """Grade a study once more; its earlier result is superseded.

        Args:
            number: Number of the study.
            who: Person who decides.
            series: PET to take, by its number in the list, the end of its UID or its description;
                None to leave the choice as it is.
            tracer: Name of the tracer; None to leave it as it is.

        Raises:
            UserError: If the study is on its way, its images were removed, or no tracer is called
                so.
        """
        label = None if tracer is None else tracer_label(tracer)
        if tracer is not None and label is None:
            raise UserError(f"found tracer {tracer!r}, needed one such as florbetaben or 18FFBB")
        with self._database.writing() as connection:
            study = self._study(connection, number, "graded again", *POSSIBLE["grade_again"])
            if study.files_removed:
                raise UserError(
                    f"the images of study {number} were removed to make room; send them again"
                )
            supersede(connection, number, self._now())
            detail, more = _against_the_rules(study, "graded again")
            more |= {"revision": study.revision + 1, "attempts": 0}
            if series is not None:
                more["series"] = series
            if label is not None:
                more["tracer"] = label
            reason = [GRADED_AGAIN]
            self._move(connection, study, StudyState.COMPLETE, reason, who, detail, **more)

    def send(self, number: int, who: str) -> None:
        """Send a result that was held."""
        with self._database.writing() as connection:
            study = self._study(connection, number, "sent", *POSSIBLE["send"])
            result = current_result(connection, number)
            waiting = () if result is None else _deliveries(
                connection, result.number, DeliveryState.HELD
            )  # fmt: skip
            if result is None or not waiting:
                raise UserError(
                    f"study {number} has no result that waits to be sent; name a destination in "
                    "the node's config, or grade it again"
                )
            self._set(connection, waiting, DeliveryState.PENDING)
            self._move(connection, study, StudyState.GRADED, (), who, "let go")

    def hold(self, number: int, who: str) -> None:
        """Hold back a result that was not sent yet."""
        with self._database.writing() as connection:
            study = self._study(connection, number, "held", *POSSIBLE["hold"])
            result = current_result(connection, number)
            waiting = () if result is None else _deliveries(
                connection, result.number, DeliveryState.PENDING, DeliveryState.FAILED
            )  # fmt: skip
            if not waiting:
                raise UserError(f"study {number} has nothing that waits to be sent")
            self._set(connection, waiting, DeliveryState.HELD)
            self._move(connection, study, StudyState.HELD, [HELD_BY_PERSON], who, "held")

    def ignore(self, number: int, who: str) -> None:
        """Let a study that is held or failed rest; what was not sent of it is not sent."""
        with self._database.writing() as connection:
            study = self._study(connection, number, "ignored", *POSSIBLE["ignore"])
            supersede(connection, number, self._now())
            reason = [IGNORED_BY_PERSON]
            self._move(connection, study, StudyState.IGNORED, reason, who, "ignored")

    def send_again(self, delivery: int, who: str) -> None:
        """Send a result once more to a destination that did not take it, or lost it.

        Args:
            delivery: Number of the delivery.
            who: Person who decides.
        """
        with self._database.writing() as connection:
            row = connection.execute(
                select(deliveries, results.c.study)
                .join(results, results.c.number == deliveries.c.result)
                .where(deliveries.c.number == delivery)
            ).first()
            if row is None:
                raise UserError(f"found no delivery {delivery}; needed the number of one")
            found = Delivery.of(row)
            if found.state not in SENT_AGAIN:
                raise UserError(
                    f"delivery {delivery} is {found.state}; sent again is what failed or was sent"
                )
            study = study_of(connection, row.study, locked=True)
            self._set(connection, [delivery], DeliveryState.PENDING)
            settle(connection, found.result, self._now())
            self._audit(connection, study, who, f"sent again to {found.destination}")

    def set_priority(self, number: int, who: str, priority: int) -> None:
        """Let a study go before those of a lower priority.

        Args:
            number: Number of the study.
            who: Person who decides.
            priority: Priority of the study, 0 as a rule.
        """
        with self._database.writing() as connection:
            study = study_of(connection, number, locked=True)
            same = studies.c.number == number
            connection.execute(update(studies).where(same).values(priority=priority))
            self._audit(connection, study, who, f"priority {priority}")

    def saw(self, number: int, who: str) -> None:
        """Keep that a person looked at a result."""
        with self._database.writing() as connection:
            study = study_of(connection, number)
            self._audit(connection, study, who, "seen", AuditEvent.SEEN)

    def _study(self, connection: Connection, number: int, done: str, *states: StudyState) -> Study:
        study = study_of(connection, number, locked=True)
        if study.state not in states:
            raise UserError(
                f"study {number} is {study.state} and cannot be {done}; needed one that is "
                f"{' or '.join(states)}"
            )
        return study

    def _move(
        self,
        connection: Connection,
        study: Study,
        state: StudyState,
        reason: Sequence[Finding],
        who: str,
        detail: str,
        **more: Any,
    ) -> None:
        if not may_follow(study.state, state):
            raise UserError(f"study {study.number} is {study.state} and cannot become {state}")
        set_state(connection, study, state, self._now(), reason, **more)
        self._audit(connection, study, who, detail)

    def _set(self, connection: Connection, numbers: Sequence[int], state: DeliveryState) -> None:
        change = update(deliveries).where(deliveries.c.number.in_(numbers))
        values = {"state": state, "attempts": 0, "transaction_uid": None, "error": "",
                  "changed_at": self._now()}  # fmt: skip
        connection.execute(change.values(**values))

    def _audit(
        self,
        connection: Connection,
        study: Study,
        who: str,
        detail: str,
        event: AuditEvent = AuditEvent.CHANGED,
    ) -> None:
        write_audit(
            connection,
            AuditMessage(
                event=event,
                who=who,
                at=self._now(),
                study_uid=study.study_uid,
                patient_id=study.patient_id,
                detail=detail,
            ),
        )


def _against_the_rules(study: Study, done: str) -> tuple[str, dict[str, Any]]:
    """What the trail tells of a decision, and what is kept of it where a study was ignored."""
    if study.state is not StudyState.IGNORED:
        return done, {}
    return f"{done} although it was ignored", {"overridden": True}


def _deliveries(connection: Connection, result: int, *states: DeliveryState) -> list[int]:
    query = select(deliveries.c.number).where(
        deliveries.c.result == result, deliveries.c.state.in_(states)
    )
    return [row.number for row in connection.execute(query)]
