"""A study to grade, and how: what is sent to a process, without what the process loads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from monai_amyloid.bundle.integrity import ANY, Trust
from monai_amyloid.work.loading import keep_freed_memory, lasting

if TYPE_CHECKING:
    from monai_amyloid.findings.finding import Finding
    from monai_amyloid.grading.many.kept import KeptResult
    from monai_amyloid.grading.options import OutputOptions
    from monai_amyloid.work.engine import Crash

# Name, number and dates of a person, by DICOM keyword; None where no header can be read.
Identity = Mapping[str, str] | None


@dataclass(frozen=True, kw_only=True)
class Task:
    """A study to grade.

    Attributes:
        study: Path of the study.
        name: Name of the folder that its results are written to.
        identity: Name, number and dates of the person, by DICOM keyword; None where no header
            can be read.
        tracer: BIDS label of the tracer, for a study that names none.
        series: Number, end of the UID, description or file name of the image to take, for a study
            that has several; None where the study decides.
        tracer_is_really: Whether the tracer counts against what the study names.
        content: Checksum of the study's content.
        made_from: Checksums of that, with which image of it is taken where that is chosen
            (``scan``), and of what grades it (``by``), by which a later run knows that the result
            still holds.
        refused: Why the list that names the study does not let it be read; None where it does.
    """

    study: Path
    name: str
    identity: Identity
    tracer: str | None
    series: str | None
    tracer_is_really: bool
    content: str
    made_from: Mapping[str, str]
    refused: Finding | None = None


@dataclass(frozen=True)
class GradingSettings:
    """How every study of a run is graded.

    Attributes:
        bundle: Folder of the trained classifier.
        device: ``"cuda"``, ``"cpu"`` or None for the bundle's own choice.
        output: Folder of the run, in which each study has a folder.
        options: What is written of each study.
        trust: How far the bundle is trusted.
    """

    bundle: Path
    device: str | None
    output: Path
    options: OutputOptions
    trust: Trust = ANY


# What the processes that grade run. The one that sends studies there needs neither PyTorch nor the
# bundle, which saves it a third of a gigabyte and some seconds.


def load_all() -> None:
    """Load PyTorch, the program and the template, before it is known what is graded."""
    keep_freed_memory()
    with lasting():
        import monai_amyloid.grading.worker  # noqa: F401 (it is kept)
        from monai_amyloid.brain.registration.register import load_template

        load_template()


def grade_there(task: Task, settings: GradingSettings) -> KeptResult:
    """Grade a study and write its results, see :mod:`monai_amyloid.grading.worker`."""
    from monai_amyloid.grading.many.kept import KeptResult
    from monai_amyloid.grading.worker import grade_one

    return KeptResult.of(grade_one(task, settings))


def crashed_there(task: Task, crash: Crash, settings: GradingSettings) -> KeptResult:
    """Write the result of a study whose process ended without a word."""
    from monai_amyloid.grading.many.kept import KeptResult
    from monai_amyloid.grading.worker import write_crashed

    return KeptResult.of(write_crashed(task, settings, crash))
