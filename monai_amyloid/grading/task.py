"""A study to grade, and how: what is sent to a process, without what the process loads.

The process that sends them loads neither torch nor a bundle, which saves a third of a gigabyte.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from monai_amyloid.grading.options import OutputOptions
from monai_amyloid.result.result import Result


@dataclass(frozen=True)
class Task:
    """A study to grade.

    Attributes:
        study: Where it is.
        name: That its results are written under.
        identity: Who it is of; None where no header can be read.
        tracer: BIDS label, where it names none.
        series: Which image to take where it has several.
        made_from: As :class:`~monai_amyloid.result.result.Result` has it.
    """

    study: Path
    name: str
    identity: Mapping[str, str] | None
    tracer: str | None
    series: str | None
    made_from: Mapping[str, str]


@dataclass(frozen=True)
class GradingSettings:
    """How every study of a run is graded.

    Attributes:
        bundle: The trained classifier.
        device: ``"cuda"``, ``"cpu"`` or None for the bundle's own choice.
        output: Folder of the run.
        options: What is written.
    """

    bundle: Path
    device: str | None
    output: Path
    options: OutputOptions


def grade_task(task: Task, settings: GradingSettings) -> Result:
    """:func:`~monai_amyloid.grading.worker.grade_one`, loaded in the process that does it."""
    from monai_amyloid.grading.worker import grade_one

    return grade_one(task, settings)
