"""Grading in a process of its own, which may crash or hang without the node."""

import os
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from multiprocessing.connection import wait
from pathlib import Path
from typing import Any

import pydicom

from monai_amyloid.bundle.integrity import read_bundle
from monai_amyloid.errors import is_full
from monai_amyloid.installed import shipped_bundle
from monai_amyloid.node.durable import on_disk
from monai_amyloid.node.operating.logs import Log
from monai_amyloid.node.queue.grading_line import Graded, MadeObject
from monai_amyloid.node.queue.queue import Queue
from monai_amyloid.node.queue.studies import Study
from monai_amyloid.node.receiving.completing import frozen_folder
from monai_amyloid.node.rules import sending_plan
from monai_amyloid.node.settings import Grading, NodeSettings
from monai_amyloid.node.words import not_graded
from monai_amyloid.pet.header.tracer_names import tracer_label
from monai_amyloid.pet.private import private
from monai_amyloid.work.engine import Crash
from monai_amyloid.work.worker import Answer, Worker

# Below the node's data.
RESULTS = Path("results")
_LOOK_S = 0.5
# A process has so long to begin; what it loads for its first study counts with that.
_LOADING_S = 300.0
_GRACE_S = 5.0
_ENDED_TOGETHER_S = 1.5


@dataclass(frozen=True, kw_only=True)
class Job:
    """A study to grade, as a process takes it.

    Attributes:
        images: Folder of the images.
        data: Folder of the node's data.
        output: Folder for the result, relative to ``data``; it is not there yet.
        earlier: Folder of an earlier result of the study, relative to ``data``, whose objects the
            new ones say that they replace; None where there is none.
        series: PET to take; None where the study decides.
        tracer: BIDS label of the tracer where the study names none; None to refuse it then.
    """

    images: Path
    data: Path
    output: Path
    earlier: Path | None
    series: str | None
    tracer: str | None


@dataclass(frozen=True)
class GradedStudy:
    """What a process answers.

    Attributes:
        graded: Result of the study.
        tracer: BIDS label of its tracer; None where it has none.
    """

    graded: Graded
    tracer: str | None = None


# A function that another process can import, or a partial of one.
Grade = Callable[[Job], GradedStudy]


def grade_job(job: Job, settings: Grading, dicom: bool, unnamed: bool = False) -> GradedStudy:
    """Grade a study with the bundle of the config.

    Args:
        job: Study to grade.
        settings: How studies are graded.
        dicom: Whether DICOM objects are made, which name the patient.
        unnamed: Whether a report that does not name the patient is written beside one that does.
    """
    from monai_amyloid.grading.listing import NamedStudy
    from monai_amyloid.grading.options import OutputOptions
    from monai_amyloid.grading.outputs import DICOM_FOLDER
    from monai_amyloid.grading.run import grade_studies

    begin = time.monotonic()
    before = job.data / job.output / job.images.name
    if job.earlier is not None:
        # Under the name that the study would have: its result gets a number, and finds it.
        shutil.copytree(job.data / job.earlier / DICOM_FOLDER, before / DICOM_FOLDER)
    [result] = grade_studies(
        settings.bundle or shipped_bundle(),
        [NamedStudy(job.images, job.tracer, job.series)],
        job.data / job.output,
        device=settings.device or None,
        options=OutputOptions(
            language=settings.language,
            identify=dicom or settings.identify,
            dicom=dicom,
            unnamed=unnamed,
        ),
        require_bundle=settings.require_bundle or None,
    )
    folder = job.output / result.name
    if job.earlier is not None:
        shutil.rmtree(before)
    return GradedStudy(
        Graded(
            status=result.status,
            grade=result.grade,
            centiloid=result.centiloid,
            # Shown to people who need not know whose study it is.
            reason=tuple(private(each, job.images) for each in result.of_level("refusal", "doubt")),
            folder=folder,
            seconds=time.monotonic() - begin,
            objects=made_objects(job.data, folder),
        ),
        result.study.get("tracer"),
    )


def made_objects(data: Path, folder: Path) -> tuple[MadeObject, ...]:
    """The DICOM objects of a result's folder.

    Args:
        data: Folder of the node's data.
        folder: Folder of the result, relative to it.
    """
    found = []
    for file in sorted((data / folder / "dicom").glob("*.dcm")):
        header = pydicom.dcmread(file, stop_before_pixels=True)
        made = MadeObject(
            str(header.SOPInstanceUID),
            str(header.SOPClassUID),
            str(header.SeriesInstanceUID),
            folder / "dicom" / file.name,
        )
        found.append(made)
    return tuple(found)


def usual_grade(settings: NodeSettings) -> Grade:
    """The function that grades as the config says; the bundle is checked first.

    Raises:
        RunError: If the bundle cannot be used.
    """
    read_bundle(settings.grading.bundle or shipped_bundle())
    return partial(
        grade_job,
        settings=settings.grading,
        dicom=bool(settings.destination),
        unnamed=settings.page is not None and not settings.page.show_patients,
    )


class GradingThread:
    """Takes studies out of the line, one after the other, and grades them in one process.

    The process lasts: what it loaded serves the next study too.

    Args:
        grade: What the process does.
        settings: Config of the node.
        queue: Queue of the node's studies.
        log: Log of the node.
    """

    def __init__(self, grade: Grade, settings: NodeSettings, queue: Queue, log: Log) -> None:
        self._grade, self._settings, self._queue, self._log = grade, settings, queue, log
        self._worker: Worker[Job, GradedStudy] | None = None
        self._stopping = False

    def step(self) -> bool:
        """Grade the next study.

        Returns:
            Whether there was one.
        """
        study = self._queue.line.take(self._queue.node)
        if study is None:
            return False
        try:
            self._grade_one(study)
        except BaseException:
            self._queue.line.give_back(study)
            raise
        return True

    def stop(self) -> None:
        """Break off what is being graded; the study is graded when the node runs again."""
        self._stopping = True

    def close(self) -> None:
        """End the process."""
        if self._worker is not None:
            self._worker.interrupt()
            self._worker.end(time.monotonic() + _GRACE_S)
            self._worker = None

    def _grade_one(self, study: Study) -> None:
        job = self._job(study)
        answer = self._answer(job)
        if isinstance(answer, Crash) and self._stops_soon():
            # Ctrl-C ends the node's processes with it: that says nothing of the study.
            answer = None
        if answer is None:
            self._queue.line.give_back(study)
            shutil.rmtree(self._settings.data / job.output, ignore_errors=True)
            return
        if isinstance(answer, Crash):
            shutil.rmtree(self._settings.data / job.output, ignore_errors=True)
            most = self._settings.grading.attempts
            failed = self._queue.line.ended(study, str(answer), most)
            self._log.warning("process_ended", study=study.number, how=answer, failed=failed)
            return
        if answer.error is not None:
            shutil.rmtree(self._settings.data / job.output, ignore_errors=True)
            if is_full(answer.error):
                raise answer.error
            self._log.error("not_graded", answer.error, study=study.number)
            self._queue.line.fail(study, not_graded(type(answer.error).__name__))
            return
        self._keep(study, job, answer)

    def _keep(self, study: Study, job: Job, answer: Answer[GradedStudy]) -> None:
        made = answer.made
        assert made is not None  # noqa: S101 (the first answer alone has none)
        # What the queue knows of is there after a power loss.
        for each in made.graded.objects:
            on_disk(self._settings.data / each.file)
            on_disk((self._settings.data / each.file).parent)
        plan = sending_plan(self._settings, study, made.graded, made.tracer)
        kept = self._queue.line.finish(study, made.graded, plan)
        self._log.info(
            "graded",
            study=study.number,
            status=made.graded.status,
            seconds=made.graded.seconds,
            objects=len(made.graded.objects),
            kept=kept,
        )
        if not kept:
            shutil.rmtree(self._settings.data / job.output, ignore_errors=True)

    def _stops_soon(self) -> bool:
        end = time.monotonic() + _ENDED_TOGETHER_S
        while not self._stopping and time.monotonic() < end:
            time.sleep(0.05)
        return self._stopping

    def _job(self, study: Study) -> Job:
        tracer = study.tracer or self._settings.grading.tracer
        # Each try has a folder of its own: two nodes that both take a study for theirs never
        # write into one.
        try_ = f"{study.number:06}-{study.revision}-{os.urandom(4).hex()}"
        name = f"{try_}.{self._queue.node}"
        return Job(
            images=self._settings.data / frozen_folder(study),
            data=self._settings.data,
            output=RESULTS / name,
            earlier=self._earlier(study),
            series=study.series,
            tracer=tracer_label(tracer) if tracer else None,
        )

    def _earlier(self, study: Study) -> Path | None:
        """The newest result of a study that has DICOM objects."""
        folders = (each.folder for each in self._queue.worklist.results(study.number))
        data = self._settings.data
        return next((each for each in folders if (data / each / "dicom").is_dir()), None)

    def _answer(self, job: Job) -> Answer[GradedStudy] | Crash | None:
        """What the process answers; None where the node stops."""
        if self._worker is None:
            self._worker = Worker(self._grade)
            ready = self._heard(self._worker, _LOADING_S)
            if not isinstance(ready, Answer):
                return ready
        self._worker.give(0, job)
        return self._heard(self._worker, self._settings.grading.timeout_s)

    def _heard(
        self, worker: Worker[Job, GradedStudy], most_s: float
    ) -> Answer[GradedStudy] | Crash | None:
        until = time.monotonic() + most_s
        pipe: Any = worker.pipe
        while not self._stopping and time.monotonic() < until:
            if wait([pipe], _LOOK_S):
                answer = worker.receive()
                if isinstance(answer, Crash):
                    self._worker = None
                return answer
        self.close()
        return None if self._stopping else Crash(-9)


def remove_unfinished(data: Path, node: str, known: set[Path]) -> None:
    """Remove folders of results that a killed process of a node left, and nobody knows of.

    Args:
        data: Folder of the node's data.
        node: Name of the node.
        known: Folders of the results in the queue, relative to it.
    """
    tops = {folder.parts[1] for folder in known if len(folder.parts) > 1}
    for folder in (data / RESULTS).glob(f"*.{node}"):
        if folder.name not in tops:
            shutil.rmtree(folder, ignore_errors=True)
