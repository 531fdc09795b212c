"""A study to grade, and how: what is sent to a process, without what the process loads."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from monai_amyloid.grading.options import OutputOptions


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
        made_from: Checksums of the study's files and of what grades them, by which a later run
            knows that the result still holds.
    """

    study: Path
    name: str
    identity: Mapping[str, str] | None
    tracer: str | None
    series: str | None
    tracer_is_really: bool
    made_from: Mapping[str, str]


@dataclass(frozen=True)
class GradingSettings:
    """How every study of a run is graded.

    Attributes:
        bundle: Folder of the trained classifier.
        device: ``"cuda"``, ``"cpu"`` or None for the bundle's own choice.
        output: Folder of the run, in which each study has a folder.
        options: What is written of each study.
    """

    bundle: Path
    device: str | None
    output: Path
    options: OutputOptions
