"""Many studies: over processes, resumable, each on its own."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from monai_amyloid.bundle.integrity import Trust, read_bundle
from monai_amyloid.grading.listing import NamedStudy
from monai_amyloid.grading.manifest import Manifest
from monai_amyloid.grading.names import name_tasks
from monai_amyloid.grading.options import PAGE, OutputOptions
from monai_amyloid.grading.task import GradingSettings, Task
from monai_amyloid.output import writable_folder
from monai_amyloid.report.summary.page import write_summary_page
from monai_amyloid.result.result import Result, read_result, write_results
from monai_amyloid.work.engine import Crash
from monai_amyloid.work.local_engine import LocalEngine
from monai_amyloid.work.many import make_each
from monai_amyloid.work.progress import SILENT, Progress

TABLE, SUMMARY, MANIFEST = "results.csv", "summary.html", "run.json"
# Fewer are graded in this process before others have started: each loads torch and the bundle
# first, and the modules that this process has.
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
    require_bundle: str | None = None,
    trust_config: bool = False,
    finished: Callable[[Result], None] = lambda result: None,
    progress: Progress = SILENT,
) -> list[Result]:
    """Grade studies and write the results of each.

    A study that an earlier run finished is not repeated, unless its files, the bundle or an
    option changed: after a kill or an interrupt, the same call goes on.

    Args:
        bundle: Folder of the trained classifier.
        studies: Studies to grade. One that fails, even by a crash of its process, does not stop
            the others.
        output: Folder of the results: a folder for each study, and ``results.csv``,
            ``summary.html`` and ``run.json`` for all.
        device: ``"cuda"``, ``"cpu"`` or None for the bundle's own choice.
        options: What is written of each study; None for the usual.
        workers: Number of processes. With one, or fewer than five studies to grade, everything
            runs in this process, and a crash there (of a decoder, or for want of memory) ends
            the run.
        again: Whether finished studies are repeated.
        require_bundle: SHA-256 of the only bundle that may grade; None for any.
        trust_config: Whether what export never wrote into the bundle's config may run.
        finished: Called with each result, in the order in which they are ready.
        progress: Shows how many studies are done.

    Returns:
        The results, in the order of the studies.

    Raises:
        UserError: If ``output`` cannot be written, or the bundle cannot be used or is another than
            the one required.
    """
    # Every process grades with the bundle that is there when the run begins, or not at all.
    trust = Trust(read_bundle(bundle, Trust.of(require_bundle)).sha256, trust_config)
    writable_folder(output)
    options = options or OutputOptions()
    settings = GradingSettings(bundle, device, output, options, trust)
    manifest = Manifest(settings, workers)
    named = [each if isinstance(each, NamedStudy) else NamedStudy(each) for each in studies]
    done = make_each(
        partial(_grade, settings=settings),
        name_tasks(named, output, bundle, options),
        LocalEngine(workers, _LEAST_FOR_PROCESSES),
        crashed=partial(_crashed, settings=settings),
        finished_before=lambda task: None if again else _finished(task, settings),
        finished=finished,
        progress=progress,
    )
    results = [each.made for each in done]
    write_results(results, output / TABLE)
    if options.report:
        write_summary_page(results, output / SUMMARY, options.language)
    manifest.write(output / MANIFEST, results, [each.finished_before for each in done])
    return results


def _grade(task: Task, settings: GradingSettings) -> Result:
    # Loaded in the process that grades: the one that sends studies there needs neither torch nor
    # the bundle, which saves it a third of a gigabyte and some seconds.
    from monai_amyloid.grading.worker import grade_one

    return grade_one(task, settings)


def _crashed(task: Task, crash: Crash, settings: GradingSettings) -> Result:
    from monai_amyloid.grading.worker import write_crashed

    return write_crashed(task, settings, crash)


def _finished(task: Task, settings: GradingSettings) -> Result | None:
    """The result of an earlier run of the same study with the same settings, if it finished."""
    folder = settings.output / task.name
    earlier = read_result(folder)
    if earlier is None or earlier.made_from != task.made_from:
        return None
    whole = not settings.options.report or (folder / PAGE).is_file()
    return earlier if whole else None
