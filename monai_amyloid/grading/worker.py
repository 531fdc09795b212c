"""One study in a process of its own or in this one: graded, written, and never an exception."""

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from monai_amyloid.bundle.integrity import ANY, Trust
from monai_amyloid.errors import one_line
from monai_amyloid.findings.finding import Finding, Term, refusal
from monai_amyloid.grading.grader import Graded, Grader
from monai_amyloid.grading.outputs import write_outputs
from monai_amyloid.grading.privacy import Privacy
from monai_amyloid.grading.task import GradingSettings, Task
from monai_amyloid.result.result import Result
from monai_amyloid.work.engine import Crash


@lru_cache(maxsize=2)
def loaded_grader(
    bundle: Path, device: str | None, placed_on: Path | None, trust: Trust = ANY
) -> Grader:
    """A bundle, and a map where there is one, loaded once in this process."""
    return Grader(
        bundle,
        device,
        placed_on,
        require_bundle=trust.required,
        trust_config=trust.config,
    )


def grade_one(task: Task, settings: GradingSettings) -> Result:
    """Grade a study and write its results; an error that nobody foresaw becomes a reason."""
    grader = loaded_grader(
        settings.bundle, settings.device, settings.options.placed_on, settings.trust
    )
    graded = graded_or_failed(task, grader)
    try:
        return _write(graded, task, settings)
    except OSError:
        raise  # a full disk will not take the next result either
    except Exception as error:
        found = refusal(
            "report_failed",
            "graded, but its report could not be made ({kind}: {error})",
            kind=Term(type(error).__name__),
            error=one_line(error),
            where=task.study,
        )
        return _write(_failed(task, found, grader), task, settings)


def graded_or_failed(task: Task, grader: Grader) -> Graded:
    """Grade a study under the name of its task; an error becomes a refusal."""
    try:
        graded = grader.grade(
            task.study, task.tracer, task.series, tracer_is_really=task.tracer_is_really
        )
    except Exception as error:
        found = refusal(
            "unforeseen_error",
            "could not be graded ({kind}: {error})",
            kind=Term(type(error).__name__),
            error=one_line(error),
            where=task.study,
        )
        graded = _failed(task, found, grader)
    result = replace(graded.result, name=task.name, made_from=task.made_from)
    return replace(graded, result=result)


def _failed(task: Task, found: Finding, grader: Grader) -> Graded:
    return Graded(_refused(task, found, grader.model))


def _refused(task: Task, found: Finding, model: Mapping[str, str]) -> Result:
    return Result(
        name=task.name,
        status="refused",
        findings=(found,),
        model=model,
        made_from=task.made_from,
    )


def write_crashed(task: Task, settings: GradingSettings, crash: Crash) -> Result:
    """Write the result of a study whose process ended without a word."""
    found = refusal(
        "process_ended",
        "the process that graded it ended without a word ({crash}), also when it was tried again "
        "alone: a decoder crashed on its files, or the memory was full; {option} tries it once "
        "more",
        crash=Term(str(crash)),
        option=Term("--again"),
        where=task.study,
    )
    return _write(Graded(_refused(task, found, {})), task, settings)


def _write(graded: Graded, task: Task, settings: GradingSettings) -> Result:
    folder = settings.output / task.name
    return write_outputs(graded, task.study, folder, settings.options, Privacy(task.identity))
