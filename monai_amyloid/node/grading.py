"""Grading in a process of its own, which may crash or hang without the node."""

import os
import shutil
import time
from multiprocessing.connection import wait
from pathlib import Path
from typing import Any

from monai_amyloid.errors import is_full
from monai_amyloid.node.durable import on_disk
from monai_amyloid.node.grading_job import Grade, GradedStudy, Job
from monai_amyloid.node.operating.logs import Log
from monai_amyloid.node.queue.queue import Queue
from monai_amyloid.node.queue.studies import Study
from monai_amyloid.node.receiving.completing import frozen_folder
from monai_amyloid.node.receiving.priors import prior_folder
from monai_amyloid.node.rules import sending_plan
from monai_amyloid.node.settings import NodeSettings
from monai_amyloid.node.words import not_graded
from monai_amyloid.pet.header.tracer_names import tracer_label
from monai_amyloid.work.engine import Crash
from monai_amyloid.work.worker import Answer, Worker

# Below the node's data.
RESULTS = Path("results")
_LOOK_S = 0.5
# A process has so long to begin; what it loads for its first study counts with that.
_LOADING_S = 300.0
_GRACE_S = 5.0
_ENDED_TOGETHER_S = 1.5


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
        self._stopping = self._loaded = False

    def step(self) -> bool:
        """Grade the next study.

        Returns:
            Whether there was one.
        """
        study = self._queue.line.take(self._queue.node)
        if study is None:
            self._load()
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
        data = self._settings.data
        return Job(
            images=data / frozen_folder(study),
            data=data,
            output=RESULTS / name,
            earlier=self._earlier(study),
            series=study.series,
            earlier_studies=tuple(sorted((data / prior_folder(study)).glob("earlier-*"))),
            tracer=tracer_label(tracer) if tracer else None,
        )

    def _earlier(self, study: Study) -> Path | None:
        """The newest result of a study that has DICOM objects."""
        folders = (each.folder for each in self._queue.worklist.results(study.number))
        data = self._settings.data
        return next((each for each in folders if (data / each / "dicom").is_dir()), None)

    def _load(self) -> None:
        """Load the bundle before the first study comes; what goes wrong shows when one is here."""
        if not self._loaded:
            self._loaded = True
            self._ready()

    def _ready(self) -> Crash | None:
        """Begin a process where there is none; how it ended, where it did; None where it works."""
        if self._worker is None:
            self._worker = Worker(self._grade)
            ready = self._heard(self._worker, _LOADING_S)
            return ready if isinstance(ready, Crash) else None
        return None

    def _answer(self, job: Job) -> Answer[GradedStudy] | Crash | None:
        """What the process answers; None where the node stops."""
        crash = self._ready()
        if crash is not None or self._worker is None:
            return crash
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
