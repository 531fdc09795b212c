"""What the processes that grade run: they load what it needs, and may begin before they know what.

The one that sends studies there needs neither PyTorch nor the bundle, which saves it a third of a
gigabyte and some seconds; they need not what it writes tables with.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from monai_amyloid.work.loading import keep_freed_memory, lasting

if TYPE_CHECKING:
    from monai_amyloid.grading.task import GradingSettings, Task
    from monai_amyloid.result.result import Result
    from monai_amyloid.work.engine import Crash


def load_all() -> None:
    """Load PyTorch, the program and the template."""
    keep_freed_memory()
    with lasting():
        import monai_amyloid.grading.worker  # noqa: F401 (it is kept)
        from monai_amyloid.brain.registration.register import load_template

        load_template()


def grade_there(task: Task, settings: GradingSettings) -> Result:
    """Grade a study and write its results, see :mod:`monai_amyloid.grading.worker`."""
    from monai_amyloid.grading.worker import grade_one

    return grade_one(task, settings)


def crashed_there(task: Task, crash: Crash, settings: GradingSettings) -> Result:
    """Write the result of a study whose process ended without a word."""
    from monai_amyloid.grading.worker import write_crashed

    return write_crashed(task, settings, crash)
