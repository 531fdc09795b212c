"""What the queue tells of a study, its results and its deliveries."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, ClassVar, Self

from sqlalchemy import Connection, Row, Select, select, update

from monai_amyloid.errors import UserError
from monai_amyloid.findings.finding import Finding, as_text, from_text
from monai_amyloid.node.queue.states import DeliveryState, StudyState, may_follow
from monai_amyloid.node.queue.tables import deliveries, instances, results, studies


@dataclass(frozen=True, kw_only=True)
class _Row:
    """A row of a table; columns that are no plain values are read by what ``READ`` names."""

    READ: ClassVar[Mapping[str, Callable[[Any], Any]]] = {}

    @classmethod
    def of(cls, row: Row[Any]) -> Self:
        """What a row of the table holds."""
        values = {each.name: getattr(row, each.name) for each in fields(cls)}
        return cls(**{name: cls.READ.get(name, _as_it_is)(values[name]) for name in values})


def _as_it_is(value: Any) -> Any:
    return value


@dataclass(frozen=True, kw_only=True)
class Study(_Row):
    """A study as the queue knows it.

    Attributes:
        number: Number of arrival, by which studies are ordered and named.
        study_uid: Study Instance UID.
        state: Place of the study on its path.
        revision: Grows with late images and with each wish to grade again.
        priority: Studies of a higher one are graded and sent first.
        source: Door that its images came by: ``inbox`` or the address of an Orthanc.
        calling_title: Title of the machine that sent it; empty where that is not known.
        patient_id: PatientID of its headers.
        patient_name: PatientName of its headers.
        study_date: StudyDate of its headers.
        description: StudyDescription and SeriesDescriptions of its headers.
        modalities: Modalities of its images, with commas.
        instances: Number of its images, of every modality.
        pet_instances: Number of those that are PET.
        series: PET that a person chose; None where the study decides.
        tracer: BIDS label of the tracer that a person or a rule names; None where the study does.
        reason: Why it is held, ignored or failed.
        attempts: How often a process ended while it graded the study.
        lease_owner: Node that works on it; None where none does.
        lease_beat: Counter that the node raises as long as it lives.
        files_removed: Whether its images were removed to make room.
        overridden: Whether a person had it graded although a rule or a title leaves it out.
        received_at: Seconds since 1970 at which its first image came.
        changed_at: Seconds since 1970 of its last change.
    """

    number: int
    study_uid: str
    state: StudyState
    revision: int
    priority: int
    source: str
    calling_title: str
    patient_id: str
    patient_name: str
    study_date: str
    description: str
    modalities: str
    instances: int
    pet_instances: int
    series: str | None
    tracer: str | None
    reason: tuple[Finding, ...]
    attempts: int
    lease_owner: str | None
    lease_beat: int
    files_removed: bool
    overridden: bool
    received_at: float
    changed_at: float

    READ: ClassVar = {"state": StudyState, "reason": from_text}


@dataclass(frozen=True, kw_only=True)
class StudyResult(_Row):
    """A result of a study.

    Attributes:
        number: Number of the result.
        study: Number of the study.
        revision: Revision of the study that was graded.
        current: Whether it is the study's newest; an older one is superseded.
        status: Status of the result: ``graded``, ``needs_reader`` or ``refused``.
        grade: Most probable grade, 1 to 3; None where refused.
        centiloid: Centiloid; None where refused.
        reason: Refusals and doubts of the result.
        folder: Folder of its files, relative to the node's data.
        images: SHA-256 over the content of the images that were graded.
        seconds: Seconds that grading took.
        quality: Measures of the scan, by name; empty where refused.
        bundle: SHA-256 of the bundle that graded; empty where that is not known.
        made_at: Seconds since 1970 at which it was made.
    """

    number: int
    study: int
    revision: int
    current: bool
    status: str
    grade: int | None
    centiloid: float | None
    reason: tuple[Finding, ...]
    folder: Path
    images: str
    seconds: float
    quality: dict[str, float]
    bundle: str
    made_at: float

    READ: ClassVar = {"folder": Path, "reason": from_text, "quality": json.loads}


@dataclass(frozen=True, kw_only=True)
class Delivery(_Row):
    """A result on its path to one destination.

    Attributes:
        number: Number of the delivery.
        result: Number of the result.
        destination: Name of the destination in the config.
        state: Place of the delivery on its path.
        attempts: How often the destination did not take it.
        error: What the destination answered the last time.
        transaction_uid: Transaction UID of the storage commitment that was asked for.
        changed_at: Seconds since 1970 of its last change.
    """

    number: int
    result: int
    destination: str
    state: DeliveryState
    attempts: int
    error: str
    transaction_uid: str | None
    changed_at: float

    READ: ClassVar = {"state": DeliveryState}


def study_of(connection: Connection, number: int, *, locked: bool = False) -> Study:
    """One study.

    Args:
        connection: Open transaction.
        number: Number of the study.
        locked: Whether others wait with changing it until the transaction ends.

    Raises:
        UserError: If there is none.
    """
    query: Select[Any] = select(studies).where(studies.c.number == number)
    row = connection.execute(query.with_for_update() if locked else query).first()
    if row is None:
        raise UserError(f"found no study {number} in the queue; needed the number of one")
    return Study.of(row)


def current_result(connection: Connection, study: int) -> StudyResult | None:
    """The newest result of a study; None where it has none that still holds."""
    query = select(results).where(results.c.study == study, results.c.current)
    row = connection.execute(query).first()
    return None if row is None else StudyResult.of(row)


def deliveries_of(connection: Connection, result: int) -> list[Delivery]:
    """The deliveries of a result, in their order."""
    query = select(deliveries).where(deliveries.c.result == result).order_by(deliveries.c.number)
    return [Delivery.of(row) for row in connection.execute(query)]


def set_state(
    connection: Connection,
    study: Study,
    state: StudyState,
    at: float,
    reason: Iterable[Finding] = (),
    *,
    same_images: bool = False,
    **more: Any,
) -> bool:
    """Move a study on, unless it was moved or changed by somebody else meanwhile.

    Args:
        connection: Open transaction.
        study: The study as it was seen.
        state: Next state of the study.
        at: Seconds since 1970.
        reason: Why, for a person.
        same_images: Whether it stays where one more image of any modality came meanwhile.
        **more: Other columns that change with it.

    Returns:
        Whether it was moved.

    Raises:
        ValueError: If the state cannot follow.
    """
    if state != study.state and not may_follow(study.state, state):
        raise ValueError(f"study {study.number} cannot go from {study.state} to {state}")
    values = {"state": state, "changed_at": at, "reason": as_text(reason), **more}
    query = update(studies).where(
        studies.c.number == study.number,
        studies.c.state == study.state,
        studies.c.revision == study.revision,
    )
    if same_images:
        query = query.where(studies.c.instances == study.instances)
    return connection.execute(query.values(**values)).rowcount == 1


def images_of(connection: Connection, study: int) -> list[tuple[str, str | None, str]]:
    """Digest, file and series of the PET images of a study, in the order of their UIDs."""
    query = (
        select(instances.c.digest, instances.c.file, instances.c.series_uid)
        .where(instances.c.study == study, instances.c.modality == "PT")
        .order_by(instances.c.sop_uid)
    )
    return [(row.digest, row.file, row.series_uid) for row in connection.execute(query)]
