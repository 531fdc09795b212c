"""Many studies: over processes, resumable, each on its own."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

from monai_amyloid.grading.listing import NamedStudy
from monai_amyloid.grading.manifest import Manifest
from monai_amyloid.grading.names import name_tasks
from monai_amyloid.grading.options import PAGE, OutputOptions
from monai_amyloid.grading.task import GradingSettings, Task, grade_task
from monai_amyloid.output import writable_folder
from monai_amyloid.report.summary.page import write_summary_page
from monai_amyloid.result.result import Result, read_result, write_results
from monai_amyloid.work.pool import each_in_a_pool

TABLE, SUMMARY, MANIFEST = "results.csv", "summary.html", "run.json"
# Fewer are graded here before processes have started: each loads torch and the bundle first.
_LEAST_FOR_PROCESSES = 5


def grade_studies(
    bundle: Path,
    studies: Sequence[NamedStudy | Path],
    output: Path,
    *,
    device: str | None = None,
    options: OutputOptions | None = None,
    workers: int = 1,
    again: bool = False,
    started: Callable[[int], None] = lambda total: None,
    finished: Callable[[Result], None] = lambda result: None,
) -> list[Result]:
    """Grade studies and write what is said of each.

    A study that an earlier run finished is not repeated, unless its files, the bundle or an
    option changed: after a kill, the same call goes on.

    Args:
        bundle: The trained classifier.
        studies: One that fails does not stop the others.
        output: A folder for each study is written here, ``results.csv``, ``summary.html`` and
            ``run.json`` for all.
        device: ``"cuda"``, ``"cpu"`` or None for the bundle's own choice.
        options: What is written of each.
        workers: Processes; with one, or fewer than five studies, it is this one.
        again: Whether finished studies are repeated.
        started: Called once with the number of studies.
        finished: Called with each result, in the order in which they are ready.

    Returns:
        The results, in the order of the studies.

    Raises:
        UserError: If ``output`` cannot be written, or the bundle cannot be used.
    """
    writable_folder(output)
    options = options or OutputOptions()
    settings = GradingSettings(bundle, device, output, options)
    manifest = Manifest(settings, workers)
    named = [each if isinstance(each, NamedStudy) else NamedStudy(each) for each in studies]
    tasks = name_tasks(named, output, bundle, options)
    started(len(tasks))
    results: dict[int, Result] = {}
    for place, task in enumerate(tasks):
        earlier = None if again else _finished(task, settings)
        if earlier is not None:
            results[place] = earlier
            finished(earlier)
    waiting = [place for place in range(len(tasks)) if place not in results]
    repeated = set(results)
    for number, result in _grade([tasks[place] for place in waiting], settings, workers):
        results[waiting[number]] = result
        finished(result)
    in_order = [results[place] for place in range(len(tasks))]
    write_results(in_order, output / TABLE)
    if options.report:
        write_summary_page(in_order, output / SUMMARY, options.language)
    manifest.write(output / MANIFEST, in_order, [place in repeated for place in range(len(tasks))])
    return in_order


def _finished(task: Task, settings: GradingSettings) -> Result | None:
    """What an earlier run made of the same study with the same settings, if it finished."""
    folder = settings.output / task.name
    earlier = read_result(folder)
    if earlier is None or earlier.made_from != task.made_from:
        return None
    whole = not settings.options.report or (folder / PAGE).is_file()
    return earlier if whole else None


def _grade(
    tasks: Sequence[Task], settings: GradingSettings, workers: int
) -> Iterator[tuple[int, Result]]:
    workers = min(workers, len(tasks))
    if workers <= 1 or len(tasks) < _LEAST_FOR_PROCESSES:
        yield from enumerate(grade_task(task, settings) for task in tasks)
        return
    for number, result in each_in_a_pool(partial(grade_task, settings=settings), tasks, workers):
        yield number, result if result is not None else _crashed(tasks[number], settings)


def _crashed(task: Task, settings: GradingSettings) -> Result:
    from monai_amyloid.grading.worker import write_crashed

    return write_crashed(task, settings)
