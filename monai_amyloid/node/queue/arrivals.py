"""Images come in: each is counted once, and late ones begin the study anew."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

from monai_amyloid.checksum import sha256
from monai_amyloid.findings.finding import as_text
from monai_amyloid.node.queue.arrived import FOUND, Arrived, Position, TakenFile
from monai_amyloid.node.queue.database import Database
from monai_amyloid.node.queue.states import DeliveryState, StudyState
from monai_amyloid.node.queue.studies import Study, study_of
from monai_amyloid.node.queue.tables import (
    deliveries,
    instances,
    objects,
    positions,
    results,
    studies,
    taken_files,
)
from monai_amyloid.node.words import LATE_IMAGES

_LONGEST_TEXT, _LONGEST_WORD = 500, 64


class Arrivals:
    """What came in, kept once.

    Args:
        database: Database of the queue.
        now: Clock for people, in seconds since 1970.
    """

    def __init__(self, database: Database, now: Any) -> None:
        self._database, self._now = database, now

    def add(
        self,
        arrived: Sequence[Arrived],
        *,
        source: str = "",
        position: Position | None = None,
        taken: Iterable[TakenFile] = (),
    ) -> int:
        """Keep images, and how far their source was followed, as a whole or not at all.

        An image that is there already changes nothing. One with another content replaces it.

        Args:
            arrived: Images, in any order, of any studies.
            source: Name of the source whose position it is.
            position: Position of the source after them.
            taken: Files of a watched folder that they were read from.

        Returns:
            Number of images that were new or other than before.
        """
        studies_of = defaultdict[str, list[Arrived]](list)
        for image in arrived:
            studies_of[image.study_uid].append(image)
        with self._database.writing() as connection:
            changed = sum(
                self._add_to_study(connection, uid, images)
                for uid, images in sorted(studies_of.items())
            )
            if position is not None:
                _keep_position(connection, source, position)
            for file in taken:
                _keep_file(connection, file)
        return changed

    def _add_to_study(self, connection: Connection, uid: str, images: list[Arrived]) -> int:
        study = self._study(connection, uid, images[0])
        query = select(instances.c.sop_uid, instances.c.digest).where(
            instances.c.study == study.number,
            instances.c.sop_uid.in_({image.sop_uid for image in images}),
        )
        there = {row.sop_uid: row.digest for row in connection.execute(query)}
        new = [image for image in images if there.get(image.sop_uid) != image.digest]
        for image in new:
            values = {
                "series_uid": image.series_uid,
                "modality": image.modality[:16],
                "digest": image.digest,
                "file": image.file,
                "source_key": image.source_key,
            }
            if image.sop_uid in there:
                same = instances.c.study == study.number, instances.c.sop_uid == image.sop_uid
                connection.execute(update(instances).where(*same).values(**values))
            else:
                key = {"study": study.number, "sop_uid": image.sop_uid}
                connection.execute(insert(instances).values(**key, **values))
            there[image.sop_uid] = image.digest
        if study.source == FOUND != images[0].source:
            found = studies.c.number == study.number
            door = {"source": images[0].source, "calling_title": images[0].calling_title}
            connection.execute(update(studies).where(found).values(**door))
        if study.files_removed and any(image.file for image in images):
            study = self._here_again(connection, study)
        if new:
            self._changed(connection, study, new)
        return len(new)

    def _here_again(self, connection: Connection, study: Study) -> Study:
        """A study whose images had been removed and come again; one that waits for them goes on."""
        values: dict[str, Any] = {"files_removed": False}
        if study.state == StudyState.HELD:
            values["state"] = StudyState.RECEIVED
        same = studies.c.number == study.number
        connection.execute(update(studies).where(same).values(**values))
        return study_of(connection, study.number)

    def _study(self, connection: Connection, uid: str, first: Arrived) -> Study:
        query = select(studies).where(studies.c.study_uid == uid).with_for_update()
        row = connection.execute(query).first()
        if row is None:
            values = {
                "study_uid": uid,
                "state": StudyState.RECEIVED,
                "revision": 1,
                "source": first.source,
                "calling_title": first.calling_title[:_LONGEST_WORD],
                "patient_id": first.patient_id[:_LONGEST_TEXT],
                "patient_name": first.patient_name[:_LONGEST_TEXT],
                "study_date": first.study_date[:8],
                "received_at": self._now(),
                "changed_at": self._now(),
            }
            connection.execute(insert(studies).values(**values))
            row = connection.execute(query).one()
        return Study.of(row)

    def _changed(self, connection: Connection, study: Study, new: list[Arrived]) -> None:
        query = (
            select(instances.c.modality, func.count())
            .where(instances.c.study == study.number)
            .group_by(instances.c.modality)
        )
        counts = {row.modality: row[1] for row in connection.execute(query)}
        described = dict.fromkeys(filter(None, study.description.split("\n")))
        described |= dict.fromkeys(image.description for image in new if image.description)
        values: dict[str, Any] = {
            "instances": sum(counts.values()),
            "pet_instances": counts.get("PT", 0),
            "modalities": ",".join(sorted(filter(None, counts)))[:_LONGEST_WORD],
            "description": "\n".join(described)[:_LONGEST_TEXT],
            "changed_at": self._now(),
        }
        if study.state != StudyState.RECEIVED and any(image.modality == "PT" for image in new):
            supersede(connection, study.number, self._now())
            values |= {
                "state": StudyState.RECEIVED,
                "revision": study.revision + 1,
                "attempts": 0,
                "lease_owner": None,
                "reason": as_text([LATE_IMAGES]),
            }
        same = studies.c.number == study.number
        connection.execute(update(studies).where(same).values(**values))

    def own(self, sop_uids: Iterable[str]) -> set[str]:
        """Which of these objects the node made itself."""
        query = select(objects.c.sop_uid).where(objects.c.sop_uid.in_({*sop_uids}))
        with self._database.reading() as connection:
            return {row.sop_uid for row in connection.execute(query)}

    def knows(self, image: Arrived) -> bool:
        """Whether an image of this UID is there, whatever it holds."""
        query = (
            select(instances.c.number)
            .join(studies, studies.c.number == instances.c.study)
            .where(studies.c.study_uid == image.study_uid, instances.c.sop_uid == image.sop_uid)
        )
        with self._database.reading() as connection:
            return connection.execute(query).first() is not None

    def title_of(self, study_uid: str) -> str | None:
        """Title of the machine that began a study; None where there is no such study."""
        query = select(studies.c.calling_title).where(studies.c.study_uid == study_uid)
        with self._database.reading() as connection:
            row = connection.execute(query).first()
        return None if row is None else str(row.calling_title)

    def known_keys(self, source_keys: Iterable[str]) -> set[str]:
        """Which of these identifiers of a source are of images that are here."""
        query = select(instances.c.source_key).where(instances.c.source_key.in_({*source_keys}))
        with self._database.reading() as connection:
            return {row.source_key for row in connection.execute(query)}

    def position(self, source: str) -> Position:
        """How far a source was followed; nowhere at first."""
        query = select(positions).where(positions.c.source == source)
        with self._database.reading() as connection:
            row = connection.execute(query).first()
        return Position(0) if row is None else Position(row.sequence, row.anchor)

    def is_taken(self, file: TakenFile) -> bool:
        """Whether a file was taken as it is now."""
        query = select(taken_files).where(taken_files.c.path == sha256(file.path))
        with self._database.reading() as connection:
            row = connection.execute(query).first()
        return row is not None and (row.size, row.modified_ns) == (file.size, file.modified_ns)

    def forget(self, file: TakenFile) -> None:
        """Forget a file that was removed."""
        with self._database.writing() as connection:
            connection.execute(delete(taken_files).where(taken_files.c.path == sha256(file.path)))


def supersede(connection: Connection, study: int, at: float) -> None:
    """Mark the results of a study as superseded, and what was not sent of them as not to be sent.

    Args:
        connection: Open transaction.
        study: Number of the study.
        at: Seconds since 1970.
    """
    of_study = select(results.c.number).where(results.c.study == study)
    open_states = (DeliveryState.HELD, DeliveryState.PENDING, DeliveryState.FAILED)
    connection.execute(
        update(deliveries)
        .where(deliveries.c.result.in_(of_study), deliveries.c.state.in_(open_states))
        .values(state=DeliveryState.SUPERSEDED, changed_at=at)
    )
    connection.execute(update(results).where(results.c.study == study).values(current=False))


def _keep_position(connection: Connection, source: str, position: Position) -> None:
    values = {"sequence": position.sequence, "anchor": position.anchor}
    same = positions.c.source == source
    if not connection.execute(update(positions).where(same).values(**values)).rowcount:
        connection.execute(insert(positions).values(source=source, **values))


def _keep_file(connection: Connection, file: TakenFile) -> None:
    path = sha256(file.path)  # a path may name a person
    values = {"size": file.size, "modified_ns": file.modified_ns}
    same = taken_files.c.path == path
    if not connection.execute(update(taken_files).where(same).values(**values)).rowcount:
        connection.execute(insert(taken_files).values(path=path, **values))
