"""One study in a process of its own or in this one: graded, written, and never an exception."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import torch

from monai_amyloid.grading.grader import Graded, Grader
from monai_amyloid.grading.outputs import Wanted, write_outputs
from monai_amyloid.grading.privacy import Privacy
from monai_amyloid.report.result import Result


@dataclass(frozen=True)
class Task:
    """A study to grade.

    Attributes:
        study: Where it is.
        name: That its results are written under.
        identity: Who it is of; None where no header can be read.
        tracer: BIDS label, where it names none.
        series: Which image to take where it has several.
        made_from: As :class:`~monai_amyloid.report.result.Result` has it.
    """

    study: Path
    name: str
    identity: Mapping[str, str] | None
    tracer: str | None
    series: str | None
    made_from: Mapping[str, str]


@dataclass(frozen=True)
class Way:
    """How every study of a run is graded.

    Attributes:
        bundle: The trained classifier.
        device: ``"cuda"``, ``"cpu"`` or None for the bundle's own choice.
        output: Folder of the run.
        wanted: What is written.
    """

    bundle: Path
    device: str | None
    output: Path
    wanted: Wanted


@lru_cache(maxsize=2)
def loaded_grader(bundle: Path, device: str | None) -> Grader:
    """A bundle, loaded once in this process."""
    return Grader(bundle, device)


def use_threads(count: int) -> None:
    """Share the cores among processes: two that each take all slow each other down tenfold."""
    torch.set_num_threads(count)


def threads_for(workers: int) -> int:
    """Threads of each of some processes."""
    return max(1, (os.cpu_count() or 1) // workers)


def grade_one(task: Task, way: Way) -> Result:
    """Grade a study and write what is said of it; what nobody foresaw becomes its reason."""
    grader = loaded_grader(way.bundle, way.device)
    graded = graded_or_failed(task, grader)
    try:
        return _write(graded, task, way)
    except OSError:
        raise  # a full disk will not take the next result either
    except Exception as error:
        reason = f"{task.study}: graded, but its report could not be made"
        return _write(_failed(task, reason, error, grader), task, way)


def graded_or_failed(task: Task, grader: Grader) -> Graded:
    """Grade a study under the name of the task; an error is a refusal."""
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


def _write(graded: Graded, task: Task, way: Way) -> Result:
    folder = way.output / task.name
    return write_outputs(graded, task.study, folder, way.wanted, Privacy(task.identity))
