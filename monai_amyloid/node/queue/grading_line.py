"""From complete to graded: which study is next, and what its result becomes."""

import json
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Connection, insert, select, update

from monai_amyloid.checksum import sha256
from monai_amyloid.findings.finding import Finding, as_text
from monai_amyloid.node.queue.arrivals import supersede
from monai_amyloid.node.queue.audit import AuditEvent, AuditMessage, write_audit
from monai_amyloid.node.queue.database import Database
from monai_amyloid.node.queue.outcome import Graded, SendingPlan
from monai_amyloid.node.queue.states import DeliveryState, StudyState
from monai_amyloid.node.queue.studies import Study, images_of, set_state, study_of
from monai_amyloid.node.queue.tables import deliveries, objects, results, studies
from monai_amyloid.node.words import process_ended


class GradingLine:
    """The line of studies that wait to be graded.

    Args:
        database: Database of the queue.
        node: Name of the node, for the audit trail.
        now: Clock for people, in seconds since 1970.
    """

    def __init__(self, database: Database, node: str, now: Callable[[], float]) -> None:
        self._database, self._node, self._now = database, node, now

    def in_state(self, state: StudyState, limit: int = 1000) -> list[Study]:
        """Studies of one state, those of a higher priority first, then in order of arrival."""
        query = (
            select(studies)
            .where(studies.c.state == state)
            .order_by(studies.c.priority.desc(), studies.c.number)
            .limit(limit)
        )
        with self._database.reading() as connection:
            return [Study.of(row) for row in connection.execute(query)]

    def complete(self, study: Study, detail: str) -> bool:
        """Mark a study as complete, unless an image came meanwhile.

        Args:
            study: The study as it was seen.
            detail: How that was known, for the audit trail.
        """
        with self._database.writing() as connection:
            done = set_state(connection, study, StudyState.COMPLETE, self._now(), same_images=True)
            if done:
                self._audit(connection, AuditEvent.RECEIVED, study, detail, study.calling_title)
            return done

    def move(
        self,
        study: Study,
        state: StudyState,
        reason: Sequence[Finding] = (),
        *,
        priority: int | None = None,
        tracer: str | None = None,
        files_removed: bool | None = None,
    ) -> bool:
        """Move a study on, unless it was changed meanwhile.

        Args:
            study: The study as it was seen.
            state: Next state of the study.
            reason: Why, for a person.
            priority: New priority of the study; None to leave it.
            tracer: BIDS label of its tracer; None to leave it.
            files_removed: Whether images are missing that it had; None to leave it.
        """
        more: dict[str, Any] = {}
        if priority is not None:
            more["priority"] = priority
        if tracer is not None:
            more["tracer"] = tracer
        if files_removed is not None:
            more["files_removed"] = files_removed
        with self._database.writing() as connection:
            return set_state(connection, study, state, self._now(), reason, **more)

    def images(self, study: Study) -> list[tuple[str, str | None, str]]:
        """Digest, file and series of the PET images of a study."""
        with self._database.reading() as connection:
            return images_of(connection, study.number)

    def own_series(self, study: Study) -> set[str]:
        """Series Instance UIDs of the results of a study."""
        query = (
            select(objects.c.series_uid)
            .join(results, results.c.number == objects.c.result)
            .where(results.c.study == study.number)
        )
        with self._database.reading() as connection:
            return {row.series_uid for row in connection.execute(query)}

    def take(self, owner: str) -> Study | None:
        """Take the study that is next; None where none waits.

        Args:
            owner: Name of the node, which holds the study until it is finished.
        """
        for study in self.in_state(StudyState.WAITING, limit=50):
            if study.lease_owner is not None:
                continue
            free = (
                update(studies)
                .where(
                    studies.c.number == study.number,
                    studies.c.state == StudyState.WAITING,
                    studies.c.revision == study.revision,
                    studies.c.lease_owner.is_(None),
                )
                .values(lease_owner=owner, lease_beat=study.lease_beat + 1)
            )
            with self._database.writing() as connection:
                if connection.execute(free).rowcount:
                    return study_of(connection, study.number)
        return None

    def finish(self, study: Study, graded: Graded, plan: SendingPlan) -> bool:
        """Keep a result and what becomes of it, as a whole or not at all.

        Args:
            study: The study as it was taken.
            graded: Result of the study, whose files are written.
            plan: What becomes of it.

        Returns:
            Whether it was kept; not where another node took over, or late images came.
        """
        now = self._now()
        with self._database.writing() as connection:
            if not self._is_held(connection, study):
                return False
            supersede(connection, study.number, now)
            digests = [digest for digest, _, _ in images_of(connection, study.number)]
            values = {
                "study": study.number,
                "revision": study.revision,
                "current": True,
                "status": graded.status,
                "grade": graded.grade,
                "centiloid": graded.centiloid,
                "reason": as_text(graded.reason),
                "folder": graded.folder.as_posix(),
                "images": sha256("\n".join(digests)),
                "seconds": graded.seconds,
                "quality": json.dumps(dict(graded.quality)),
                "bundle": graded.bundle,
                "made_at": now,
            }
            made = connection.execute(insert(results).values(**values).returning(results.c.number))
            result = made.scalar_one()
            for each in graded.objects:
                row = {
                    "sop_uid": each.sop_uid,
                    "sop_class": each.sop_class,
                    "series_uid": each.series_uid,
                    "result": result,
                    "file": each.file.as_posix(),
                }
                connection.execute(insert(objects).values(**row))
            state = DeliveryState.HELD if plan.held else DeliveryState.PENDING
            for destination in plan.destinations if graded.objects else ():
                row = {"result": result, "destination": destination, "state": state,
                       "attempts": 0, "changed_at": now}  # fmt: skip
                connection.execute(insert(deliveries).values(**row))
            reason = graded.reason if plan.held or graded.status != "graded" else ()
            set_state(
                connection,
                study,
                StudyState.HELD if plan.held else StudyState.GRADED,
                now,
                reason,
                lease_owner=None,
            )
            self._audit(connection, AuditEvent.MADE, study, graded.status)
            return True

    def ended(self, study: Study, how: str, most: int) -> bool:
        """Give back a study whose process ended, or give it up after several times.

        Args:
            study: The study as it was taken.
            how: How the process ended.
            most: Number of times that it is tried.

        Returns:
            Whether it was given up.
        """
        times = study.attempts + 1
        with self._database.writing() as connection:
            if not self._is_held(connection, study):
                return False
            if times < most:
                same = studies.c.number == study.number
                back = update(studies).where(same).values(attempts=times, lease_owner=None)
                connection.execute(back)
                return False
            self._fail(connection, study, process_ended(how, times), times)
            return True

    def fail(self, study: Study, reason: Finding) -> None:
        """Give up a study that cannot be graded.

        Args:
            study: The study as it was taken.
            reason: Why, for a person.
        """
        with self._database.writing() as connection:
            if self._is_held(connection, study):
                self._fail(connection, study, reason, study.attempts + 1)

    def give_back(self, study: Study) -> None:
        """Give back a study that was taken, as it was."""
        with self._database.writing() as connection:
            if self._is_held(connection, study):
                same = studies.c.number == study.number
                connection.execute(update(studies).where(same).values(lease_owner=None))

    def _fail(self, connection: Connection, study: Study, reason: Finding, times: int) -> None:
        more: dict[str, Any] = {"attempts": times, "lease_owner": None}
        set_state(connection, study, StudyState.FAILED, self._now(), [reason], **more)
        self._audit(connection, AuditEvent.MADE, study, reason.code, succeeded=False)

    def _is_held(self, connection: Connection, study: Study) -> bool:
        now = study_of(connection, study.number, locked=True)
        return (now.lease_owner, now.revision, now.state) == (
            study.lease_owner,
            study.revision,
            StudyState.WAITING,
        )

    def _audit(
        self,
        connection: Connection,
        event: AuditEvent,
        study: Study,
        detail: str,
        other: str = "",
        *,
        succeeded: bool = True,
    ) -> None:
        write_audit(
            connection,
            AuditMessage(
                event=event,
                who=self._node,
                at=self._now(),
                study_uid=study.study_uid,
                patient_id=study.patient_id,
                other=other,
                detail=detail,
                succeeded=succeeded,
            ),
        )
