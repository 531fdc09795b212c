"""What people look at: studies with their results and deliveries, numbers and errors."""

from collections.abc import Collection

from sqlalchemy import func, or_, select

from monai_amyloid.node.queue.audit import AuditEntry, audit_entries
from monai_amyloid.node.queue.database import Database
from monai_amyloid.node.queue.states import DeliveryState, StudyState
from monai_amyloid.node.queue.studies import (
    Delivery,
    Study,
    StudyResult,
    deliveries_of,
    study_of,
)
from monai_amyloid.node.queue.tables import audit, deliveries, instances, results, studies


class Worklist:
    """Everything that can be looked at without changing anything.

    Args:
        database: Database of the queue.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def studies(
        self,
        states: Collection[StudyState] = (),
        *,
        before: int | None = None,
        after: int | None = None,
        outcome: str = "",
        person: str = "",
        limit: int = 100,
    ) -> list[Study]:
        """Studies, the newest first, a page at a time.

        Args:
            states: States that are shown; all where there is none.
            before: Number of the study before which the page begins; None for the newest.
            after: Number of the study after which the page ends; None for ``before``.
            outcome: Status of the newest result; empty for any.
            person: Part of the patient's name or number, or of a description; empty for any.
            limit: Most studies of a page.
        """
        number = studies.c.number
        query = select(studies).order_by(number.desc() if after is None else number).limit(limit)
        if states:
            query = query.where(studies.c.state.in_([*states]))
        if after is not None:
            query = query.where(number > after)
        elif before is not None:
            query = query.where(number < before)
        if outcome:
            same = results.c.study == number, results.c.current, results.c.status == outcome
            query = query.where(select(results.c.number).where(*same).exists())
        if person:
            columns = studies.c.patient_name, studies.c.patient_id, studies.c.description
            query = query.where(or_(*(each.icontains(person, autoescape=True) for each in columns)))
        with self._database.reading() as connection:
            found = [Study.of(row) for row in connection.execute(query)]
        return found if after is None else found[::-1]

    def pet_series(self, number: int) -> dict[str, int]:
        """Number of images of each PET series of a study, by Series Instance UID."""
        query = (
            select(instances.c.series_uid, func.count())
            .where(instances.c.study == number, instances.c.modality == "PT")
            .group_by(instances.c.series_uid)
            .order_by(func.min(instances.c.number))
        )
        with self._database.reading() as connection:
            return {row.series_uid: row[1] for row in connection.execute(query)}

    def study(self, number: int) -> Study:
        """One study.

        Raises:
            UserError: If there is none of this number.
        """
        with self._database.reading() as connection:
            return study_of(connection, number)

    def results(self, number: int) -> list[StudyResult]:
        """Results of a study, the newest first; all but the current one are superseded."""
        query = select(results).where(results.c.study == number)
        with self._database.reading() as connection:
            rows = connection.execute(query.order_by(results.c.number.desc()))
            return [StudyResult.of(row) for row in rows]

    def current_results(self, numbers: Collection[int]) -> dict[int, StudyResult]:
        """Newest results of several studies, by their numbers."""
        query = select(results).where(results.c.study.in_([*numbers]), results.c.current)
        with self._database.reading() as connection:
            found = [StudyResult.of(row) for row in connection.execute(query)]
        return {each.study: each for each in found}

    def history(self, first_study: int = 1) -> list[tuple[str, StudyResult]]:
        """The newest result of every study, in the order of arrival, with its Study Instance UID.

        Args:
            first_study: Number of the study with which it begins.
        """
        query = (
            select(results, studies.c.study_uid)
            .join(studies, studies.c.number == results.c.study)
            .where(results.c.current, results.c.study >= first_study)
            .order_by(results.c.study)
        )
        with self._database.reading() as connection:
            return [(row.study_uid, StudyResult.of(row)) for row in connection.execute(query)]

    def newest_result(self) -> tuple[int, int]:
        """Number of the newest result and number of those that count; other where any changed."""
        query = select(func.max(results.c.number), func.count()).where(results.c.current)
        with self._database.reading() as connection:
            newest, count = connection.execute(query).one()
        return newest or 0, count

    def deliveries(self, result: int) -> list[Delivery]:
        """Deliveries of a result."""
        with self._database.reading() as connection:
            return deliveries_of(connection, result)

    def study_of_delivery(self, number: int) -> int | None:
        """Number of the study that a delivery belongs to; None where there is no such delivery."""
        query = (
            select(results.c.study)
            .join(deliveries, deliveries.c.result == results.c.number)
            .where(deliveries.c.number == number)
        )
        with self._database.reading() as connection:
            return connection.execute(query).scalar_one_or_none()

    def errors(self, limit: int = 100, before: int | None = None) -> list[tuple[int, Delivery]]:
        """Deliveries that failed, the newest first, each with the number of its study.

        Args:
            limit: Most deliveries.
            before: Number of the delivery before which they begin; None for the newest.
        """
        query = (
            select(deliveries, results.c.study)
            .join(results, results.c.number == deliveries.c.result)
            .where(deliveries.c.state == DeliveryState.FAILED)
            .order_by(deliveries.c.number.desc())
            .limit(limit)
        )
        if before is not None:
            query = query.where(deliveries.c.number < before)
        with self._database.reading() as connection:
            return [(row.study, Delivery.of(row)) for row in connection.execute(query)]

    def counts(self) -> dict[StudyState, int]:
        """Number of studies of each state."""
        query = select(studies.c.state, func.count()).group_by(studies.c.state)
        with self._database.reading() as connection:
            found = {row.state: row[1] for row in connection.execute(query)}
        return {state: found.get(state, 0) for state in StudyState}

    def delivery_counts(self) -> dict[tuple[str, DeliveryState], int]:
        """Number of deliveries of each destination and state."""
        query = select(deliveries.c.destination, deliveries.c.state, func.count()).group_by(
            deliveries.c.destination, deliveries.c.state
        )
        with self._database.reading() as connection:
            return {
                (destination, DeliveryState(state)): count
                for destination, state, count in connection.execute(query)
            }

    def audit(self, after: int = 0, limit: int = 1000) -> list[AuditEntry]:
        """Messages of the audit trail, oldest first.

        Args:
            after: Number of the message after which they begin.
            limit: Most messages.
        """
        with self._database.reading() as connection:
            return audit_entries(connection, after, limit)

    def newest_audit(self, before: int | None = None, limit: int = 100) -> list[AuditEntry]:
        """Messages of the audit trail, newest first.

        Args:
            before: Number of the message before which they begin; None for the newest.
            limit: Most messages.
        """
        query = select(audit).order_by(audit.c.number.desc()).limit(limit)
        if before is not None:
            query = query.where(audit.c.number < before)
        with self._database.reading() as connection:
            return [AuditEntry(**row._mapping) for row in connection.execute(query)]
