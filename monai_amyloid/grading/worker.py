"""One study in a process of its own or in this one: graded, written, and never an exception."""

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from monai_amyloid.bundle.integrity import ANY, Trust
from monai_amyloid.errors import is_full, one_line
from monai_amyloid.findings.finding import Finding, StudyRefused, Term, refusal
from monai_amyloid.grading.grader import Graded, Grader
from monai_amyloid.grading.outputs import cleaned, write_outputs
from monai_amyloid.grading.privacy import Privacy
from monai_amyloid.grading.task import GradingSettings, Task
from monai_amyloid.pet.files.fingerprint import check_unchanged
from monai_amyloid.result.result import Result
from monai_amyloid.work.engine import Crash
from monai_amyloid.work.loading import keep_freed_memory, lasting


@lru_cache(maxsize=2)
def loaded_grader(
    bundle: Path, device: str | None, placed_on: Path | None, trust: Trust = ANY
) -> Grader:
    """A bundle, and a map where there is one, loaded once in this process."""
    keep_freed_memory()
    with lasting():
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
    graded = graded_or_failed(task, grader, settings.output)
    try:
        return _write(graded, task, settings)
    except Exception as error:
        if is_full(error):
            raise  # a full disk will not take the next result either
        found = refusal(
            "report_failed",
            "graded, but its report could not be made ({kind}: {error})",
            kind=Term(type(error).__name__),
            error=one_line(error),
            where=task.study,
        )
        return _write_or_tell(_failed(task, found, grader), task, settings)


def graded_or_failed(task: Task, grader: Grader, output: Path | None = None) -> Graded:
    """Grade a study under the name of its task; an error becomes a refusal.

    Args:
        task: Study to grade.
        grader: Bundle that grades it.
        output: Folder of the results, which are no part of a study that it lies in.
    """
    if task.refused is not None:
        return _failed(task, task.refused, grader)
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
    try:
        check_unchanged(task.study, task.content, output)
    except StudyRefused as changed:
        refused = _failed(task, changed.findings[0], grader)
        return replace(refused, result=replace(refused.result, made_from={}))
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
    return _write_or_tell(Graded(_refused(task, found, {})), task, settings)


def _write_or_tell(refused: Graded, task: Task, settings: GradingSettings) -> Result:
    """Write a refusal; where its folder does not take it, say so in what the table holds."""
    try:
        return _write(refused, task, settings)
    except OSError as error:
        if is_full(error):
            raise
        found = refusal(
            "results_not_written",
            "its results cannot be written ({reason}); see to its folder among the results and "
            "run the same command again",
            reason=str(error.strerror or error),
        )
        result = replace(refused.result, findings=(found,), made_from={})
        return cleaned(result, task.study, settings.options, Privacy(task.identity))


def _write(graded: Graded, task: Task, settings: GradingSettings) -> Result:
    folder = settings.output / task.name
    return write_outputs(graded, task.study, folder, settings.options, Privacy(task.identity))
