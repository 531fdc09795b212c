"""Room is made: what is finished goes after some days, or where the disk fills, oldest first.

Results, their DICOM objects and the queue stay; images go, for their source has them. What still
waits for anything is never touched.
"""

import shutil
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from sqlalchemy import select, update

from monai_amyloid.node.grading import remove_unfinished
from monai_amyloid.node.operating.logs import Log
from monai_amyloid.node.queue.arrived import FOUND
from monai_amyloid.node.queue.audit import AuditEvent, AuditMessage, write_audit
from monai_amyloid.node.queue.queue import Queue
from monai_amyloid.node.queue.states import FINISHED, DeliveryState, StudyState
from monai_amyloid.node.queue.studies import Study
from monai_amyloid.node.queue.tables import deliveries, instances, results, studies
from monai_amyloid.node.receiving.completing import frozen_folder
from monai_amyloid.node.receiving.images import IMAGES, read_image
from monai_amyloid.node.receiving.priors import STUDIES
from monai_amyloid.node.receiving.room import Room
from monai_amyloid.node.settings import Retention

_DAY_S = 86400.0
_TOGETHER = 20


class Cleaner:
    """Removes the images of finished studies.

    Args:
        settings: When images are removed.
        queue: Queue of the node's studies.
        data: Folder of the node's data.
        room: Room on the disk.
        log: Log of the node.
        now: Clock for people, in seconds since 1970; set back, it removes less.
    """

    def __init__(
        self,
        settings: Retention,
        queue: Queue,
        data: Path,
        room: Room,
        log: Log,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._settings, self._queue, self._data = settings, queue, data
        self._room, self._log, self._now = room, log, now

    def step(self) -> int:
        """Remove what may go.

        Returns:
            Number of studies whose images were removed.
        """
        removed = 0
        if self._settings.days > 0:
            before = self._now() - self._settings.days * _DAY_S
            while found := self._finished(before):
                removed += sum(map(self._remove, found))
        while self._is_short() and (found := self._finished(None)):
            for study in found:
                if not self._is_short():
                    break
                removed += self._remove(study)
        if removed:
            self._log.info("images_removed", studies=removed)
        return removed

    def tidy(self) -> None:
        """Put right what a killed process left; before anything else begins.

        Images that were kept and are not in the queue, as after a restore of its backup, are taken
        in anew; those of studies that were removed are removed.
        """
        query = select(instances.c.file, studies.c.files_removed).join(
            studies, studies.c.number == instances.c.study
        )
        waiting = select(studies).where(studies.c.state == StudyState.WAITING)
        with self._queue.database.reading() as connection:
            removed = {row.file: row.files_removed for row in connection.execute(query)}
            folders = {frozen_folder(Study.of(row)).parent for row in connection.execute(waiting)}
        for file in (self._data / IMAGES).glob("*/*.dcm"):
            name = file.relative_to(self._data).as_posix()
            if name not in removed:
                self._take_in(file)
            elif removed[name]:
                file.unlink(missing_ok=True)
        for folder in (self._data / STUDIES).glob("*/*"):
            if folder.relative_to(self._data) not in folders:
                shutil.rmtree(folder, ignore_errors=True)

    def remove_unfinished(self, node: str) -> None:
        """Remove results that a killed process of this node had not finished.

        Args:
            node: Name of the node.
        """
        with self._queue.database.reading() as connection:
            known = {Path(row.folder) for row in connection.execute(select(results.c.folder))}
        remove_unfinished(self._data, node, known)

    def _take_in(self, file: Path) -> None:
        """Take in an image that the queue does not know; another version of one goes."""
        with suppress(ValueError):
            image = read_image(file.read_bytes(), self._data, FOUND, None, "")
            if self._queue.arrivals.knows(image):
                file.unlink(missing_ok=True)
            else:
                self._queue.arrivals.add([image])

    def _is_short(self) -> bool:
        return (
            self._room.used_share() > self._settings.most_share
            or self._room.free_mb() < self._settings.least_free_mb
        )

    def _finished(self, before: float | None) -> list[Study]:
        """Finished studies that still have images, the oldest first."""
        waiting = (
            select(results.c.study)
            .join(deliveries, deliveries.c.result == results.c.number)
            .where(deliveries.c.state == DeliveryState.PENDING)
        )
        query = (
            select(studies)
            .where(
                studies.c.state.in_([*FINISHED]),
                studies.c.files_removed.is_(False),
                studies.c.number.not_in(waiting),
            )
            .order_by(studies.c.number)
            .limit(_TOGETHER)
        )
        if before is not None:
            query = query.where(studies.c.changed_at < before)
        with self._queue.database.reading() as connection:
            return [Study.of(row) for row in connection.execute(query)]

    def _remove(self, study: Study) -> bool:
        """Remove images; first it is written that they are gone, so that nobody waits for them."""
        same = (
            studies.c.number == study.number,
            studies.c.state == study.state,
            studies.c.revision == study.revision,
        )
        with self._queue.database.writing() as connection:
            change = update(studies).where(*same).values(files_removed=True)
            if not connection.execute(change).rowcount:
                return False
            query = select(instances.c.file).where(
                instances.c.study == study.number, instances.c.file.is_not(None)
            )
            files = [row.file for row in connection.execute(query)]
            write_audit(
                connection,
                AuditMessage(
                    event=AuditEvent.REMOVED,
                    who=self._queue.node,
                    at=self._now(),
                    study_uid=study.study_uid,
                    patient_id=study.patient_id,
                ),
            )
        for file in files:
            (self._data / file).unlink(missing_ok=True)
        shutil.rmtree(self._data / STUDIES / f"{study.number:06}", ignore_errors=True)
        return True
