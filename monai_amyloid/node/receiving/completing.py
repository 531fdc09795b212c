"""When a study is complete, and what is done with it then."""

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

from monai_amyloid.findings.finding import Finding
from monai_amyloid.node.operating.logs import Log
from monai_amyloid.node.queue.queue import Queue
from monai_amyloid.node.queue.states import StudyState
from monai_amyloid.node.queue.studies import Study
from monai_amyloid.node.receiving.counting import expected_pet_images
from monai_amyloid.node.receiving.priors import STUDIES, PriorFetcher
from monai_amyloid.node.rules import fitting_rule
from monai_amyloid.node.settings import Complete, NodeSettings
from monai_amyloid.node.words import (
    IMAGES_REMOVED,
    NO_PET,
    ignored_by_rule,
    incomplete,
    unknown_title,
)
from monai_amyloid.pet.header.tracer_names import tracer_label

Expected = Callable[[Study], int | None]


class CompletionWatch:
    """Watches the studies of which images come, by a clock that nobody sets.

    After a restart the quiet times begin anew.

    Args:
        settings: Config of the node.
        queue: Queue of the node's studies.
        log: Log of the node.
        expected: Tells how many PET images the source of a study has; None where nobody is asked.
        monotonic: Clock that nobody sets, in seconds.
    """

    def __init__(
        self,
        settings: NodeSettings,
        queue: Queue,
        log: Log,
        expected: Expected | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings, self._queue, self._log = settings, queue, log
        self._monotonic = monotonic
        self._priors = PriorFetcher(settings, log, monotonic)
        remote = settings.complete.counts
        if expected is None and remote is not None:

            def expected(study: Study) -> int | None:
                own = queue.line.own_series(study)
                return expected_pet_images(remote, study.study_uid, settings.title, own)

        self._expected = expected
        self._watched: dict[int, _Watched] = {}

    def step(self) -> int:
        """Look at every study once.

        Returns:
            Number of studies that are ready to be graded now.
        """
        received = self._queue.line.in_state(StudyState.RECEIVED)
        numbers = {study.number for study in received}
        self._watched = {
            number: watched for number, watched in self._watched.items() if number in numbers
        }
        for study in received:
            self._look(study)
        return sum(map(self._prepare, self._queue.line.in_state(StudyState.COMPLETE)))

    def close(self) -> None:
        """Fetch no more earlier studies."""
        self._priors.close()

    def _look(self, study: Study) -> None:
        now = self._monotonic()
        watched = self._watched.get(study.number)
        if watched is None or watched.revision != study.revision:
            watched = self._watched[study.number] = _Watched(study, now)
        watched.see(study, now)
        how = watched.complete(self._settings.complete, now, self._ask(study, watched, now))
        if how:
            if self._queue.line.complete(study, how):
                self._log.info("complete", study=study.number, how=how, images=study.instances)
        elif now - watched.since >= self._settings.complete.longest_wait_s:
            reason = incomplete(study.pet_instances, watched.expected)
            if self._queue.line.move(study, StudyState.HELD, [reason]):
                self._log.warning("held", study=study.number, reason=reason.code)

    def _ask(self, study: Study, watched: "_Watched", now: float) -> bool:
        """Whether the source counts its images; asked once in a while."""
        if self._expected is None:
            return False
        if watched.asked is None or now - watched.asked >= self._settings.complete.ask_s:
            watched.asked, watched.expected = now, self._expected(study)
        return watched.expected is not None

    def _prepare(self, study: Study) -> bool:
        """Put a complete study into the line, or say why not; the same when it is done twice."""
        reason, state = self._reason_against(study)
        if reason is None and not self._priors.ready(study):
            return False
        if reason is None and not self._freeze(study):
            reason, state = IMAGES_REMOVED, StudyState.HELD
        if reason is not None:
            gone = True if reason is IMAGES_REMOVED else None
            if self._queue.line.move(study, state, [reason], files_removed=gone):
                self._log.info(str(state), study=study.number, reason=reason.code)
            return False
        rule = fitting_rule(self._settings, study, None)
        return self._queue.line.move(
            study,
            StudyState.WAITING,
            priority=rule.priority if rule and not study.priority else None,
            tracer=tracer_label(rule.use_tracer) if rule and not study.tracer else None,
        )

    def _reason_against(self, study: Study) -> tuple[Finding | None, StudyState]:
        titles = self._settings.orthanc.calling_titles if self._settings.orthanc else ()
        if not study.pet_instances:
            return NO_PET, StudyState.IGNORED
        if study.overridden:
            return None, StudyState.HELD
        if titles and study.source != "inbox" and study.calling_title not in titles:
            return unknown_title(study.calling_title), StudyState.IGNORED
        rule = fitting_rule(self._settings, study, None)
        if rule is not None and rule.ignore:
            number = self._settings.rule.index(rule) + 1
            return ignored_by_rule(number), StudyState.IGNORED
        return None, StudyState.HELD

    def _freeze(self, study: Study) -> bool:
        """Lay the images of this revision into a folder that later ones do not change."""
        data = self._settings.data
        folder = data / frozen_folder(study)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        for place, (_, file, _) in enumerate(self._queue.line.images(study)):
            if file is None or not (data / file).is_file():
                return False
            _link(data / file, folder / f"{place:05}.dcm")
        return True


class _Watched:
    """What is known of a study of which images come."""

    def __init__(self, study: Study, now: float) -> None:
        self.revision, self.since = study.revision, now
        self.counts = (study.instances, study.pet_instances)
        self.changed = self.pet_changed = now
        self.asked: float | None = None
        self.expected: int | None = None

    def see(self, study: Study, now: float) -> None:
        """Keep when its images changed."""
        counts = (study.instances, study.pet_instances)
        if counts[0] != self.counts[0]:
            self.changed = now
        if counts[1] != self.counts[1]:
            self.pet_changed = now
        self.counts = counts

    def complete(self, settings: Complete, now: float, counted: bool) -> str:
        """How it is known that a study is complete; empty where it is not."""
        if counted:
            return "counted" if self.counts[1] >= (self.expected or 0) else ""
        if now - self.changed >= settings.study_quiet_s:
            return "study quiet"
        if self.counts[1] and now - self.pet_changed >= settings.series_quiet_s:
            return "series quiet"
        return ""


def frozen_folder(study: Study) -> Path:
    """Folder of the images that are graded, relative to the node's data."""
    name = f"study-{study.number:06}"
    return STUDIES / f"{study.number:06}" / str(study.revision) / name


def _link(file: Path, place: Path) -> None:
    try:
        os.link(file, place)
    except OSError:  # a file system without links
        shutil.copyfile(file, place)
