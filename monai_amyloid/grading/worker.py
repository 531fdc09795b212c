"""One study in a process of its own or in this one: graded, written, and never an exception."""

from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from monai_amyloid.grading.grader import Graded, Grader
from monai_amyloid.grading.outputs import write_outputs
from monai_amyloid.grading.privacy import Privacy
from monai_amyloid.grading.task import GradingSettings, Task
from monai_amyloid.result.result import Result


@lru_cache(maxsize=2)
def loaded_grader(bundle: Path, device: str | None, placed_on: Path | None) -> Grader:
    """A bundle, and a map where there is one, loaded once in this process."""
    return Grader(bundle, device, placed_on)


def grade_one(task: Task, settings: GradingSettings) -> Result:
    """Grade a study and write its results; an error that nobody foresaw becomes a reason."""
    grader = loaded_grader(settings.bundle, settings.device, settings.options.placed_on)
    graded = graded_or_failed(task, grader)
    try:
        return _write(graded, task, settings)
    except OSError:
        raise  # a full disk will not take the next result either
    except Exception as error:
        reason = f"{task.study}: graded, but its report could not be made"
        return _write(_failed(task, reason, error, grader), task, settings)


def graded_or_failed(task: Task, grader: Grader) -> Graded:
    """Grade a study under the name of its task; an error becomes a refusal."""
    try:
        graded = grader.grade(task.study, task.tracer, task.series)
    except Exception as error:
        graded = _failed(task, f"{task.study}: could not be graded", error, grader)
    result = replace(graded.result, name=task.name, made_from=task.made_from)
    return replace(graded, result=result)


def _failed(task: Task, what: str, error: Exception, grader: Grader) -> Graded:
    reason = f"{what} ({type(error).__name__}: {error})"
    result = Result(task.name, "refused", (reason,), model=grader.model, made_from=task.made_from)
    return Graded(result)


def write_crashed(task: Task, settings: GradingSettings, reason: str) -> Result:
    """Write the result of a study whose process ended without a word."""
    result = Result(task.name, "refused", (reason,), made_from=task.made_from)
    return _write(Graded(result), task, settings)


def _write(graded: Graded, task: Task, settings: GradingSettings) -> Result:
    folder = settings.output / task.name
    return write_outputs(graded, task.study, folder, settings.options, Privacy(task.identity))
