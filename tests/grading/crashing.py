"""What a process of a run does in a test, without loading what a process that grades loads."""

import os

from monai_amyloid.grading.many.kept import KeptResult
from monai_amyloid.grading.task import GradingSettings, Task
from monai_amyloid.result.result import Result


def crash_or_refuse(task: Task, settings: GradingSettings) -> KeptResult:
    """Crash as a decoder does on the files of ``sub-0002``, and refuse every other study."""
    if task.name == "sub-0002":
        os.abort()
    return KeptResult.of(Result(name=task.name, status="refused"))
