"""Many studies: over processes, resumable, each on its own."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from functools import partial
from pathlib import Path

from monai_amyloid.bundle.integrity import Trust, read_bundle
from monai_amyloid.grading.ledger import MANIFEST, SUMMARY, TABLE, of_earlier_runs
from monai_amyloid.grading.listing import NamedStudy
from monai_amyloid.grading.many.kept import GradedStudies, KeptResult, Listed, Shelf
from monai_amyloid.grading.many.looks import LookTimes, look_at_all
from monai_amyloid.grading.many.manifest import Manifest
from monai_amyloid.grading.names import check_apart, name_tasks, write_key
from monai_amyloid.grading.options import PAGE, OutputOptions
from monai_amyloid.grading.sites import sites_of
from monai_amyloid.grading.task import GradingSettings, Task, crashed_there, grade_there
from monai_amyloid.output import refuse_link, remove_partials
from monai_amyloid.output_lock import alone_in
from monai_amyloid.pet.files.fingerprint import NOTHING
from monai_amyloid.report.summary.page import load_page, write_summary_page
from monai_amyloid.result.result import Result, read_result
from monai_amyloid.result.result_table import write_results
from monai_amyloid.result.same_scan import SameScans
from monai_amyloid.work.cluster.choice import LOCAL, Cluster, lasting_engine
from monai_amyloid.work.engine import Engine
from monai_amyloid.work.many import Done, make_each
from monai_amyloid.work.progress import SILENT, Progress

# Fewer are graded in one process before others have started: each loads torch and the bundle first.
_LEAST_FOR_PROCESSES = 5
# Fewer are looked at before a cluster has brought a worker.
_MANY = 100


def grade_studies(
    bundle: Path,
    studies: Sequence[NamedStudy | Path],
    output: Path,
    *,
    device: str | None = None,
    options: OutputOptions | None = None,
    workers: int = 0,
    cluster: Cluster = LOCAL,
    again: bool = False,
    key: Path | None = None,
    require_bundle: str | None = None,
    trust_config: bool = False,
    finished: Callable[[Result], None] = lambda result: None,
    looking: Progress = SILENT,
    progress: Progress = SILENT,
) -> GradedStudies:
    """Grade studies and write the results of each.

    A study that an earlier run finished is not repeated, unless the content of its files, the
    program, the bundle or an option changed: after a kill or an interrupt, the same call goes on.
    A name in ``output`` belongs to one study for ever, and the results of other studies there stay.
    After an interrupt, the table, the summary and the record are of the studies that were finished.

    Args:
        bundle: Folder of the trained classifier.
        studies: Studies to grade. One that fails, even by a crash of its process, does not stop
            the others.
        output: Folder of the results: a folder for each study, and ``results.csv``,
            ``summary.html`` and ``run.json`` for all.
        device: ``"cuda"``, ``"cpu"`` or None for the bundle's own choice.
        options: What is written of each study; None for the usual.
        workers: Number of processes; fewer than five studies are graded in one. With 0 everything
            runs in this process, and a crash there (of a decoder, or for want of memory) ends
            the run.
        cluster: Machines that grade studies, in place of so many processes of this machine.
        again: Whether finished studies are repeated.
        key: Table of which result is of which study, to add to before any is graded; None for
            none.
        require_bundle: SHA-256 of the only bundle that may grade; None for any.
        trust_config: Whether what export never wrote into the bundle's config may run.
        finished: Called with each result in brief, see :mod:`monai_amyloid.result.brief`, in the
            order in which they are ready.
        looking: Shows how many studies were looked at, before the first is graded.
        progress: Shows how many studies are done.

    Returns:
        The results, in the order of the studies, which are read from the disk when they are asked
        for; of a scan that the folder holds under another name too, with a warning that says so.

    Raises:
        UserError: If ``output`` or the folder of a study is a link.
        RunError: If ``output`` cannot be written, another run is writing there, or the bundle
            cannot be used or is another than the one required.
    """
    # Every process grades with the bundle that is there when the run begins, or not at all.
    sha256 = read_bundle(bundle, Trust.of(require_bundle)).sha256
    trust = Trust(sha256, trust_config)
    named = [each if isinstance(each, NamedStudy) else NamedStudy(each) for each in studies]
    check_apart([each.path for each in named], output)
    with alone_in(output, "infer"), ExitStack() as stack:
        remove_partials(output)
        options = options or OutputOptions()
        settings = GradingSettings(bundle, device, output, options, trust)
        manifest = Manifest(settings, workers)
        engine = stack.enter_context(
            lasting_engine(cluster, workers, output, least=_LEAST_FOR_PROCESSES)
        )
        times, who = LookTimes(), _who_looks(engine, cluster, len(named))
        looks = look_at_all(named, output, looking, who, times)
        with times.beside():
            tasks = name_tasks(named, looks, output, sha256, options)
            del looks
            for task in tasks:
                refuse_link(output / task.name)
        sites = sites_of(named, tasks, identify=options.identify)
        if key is not None:
            write_key(key, output, [(task.name, task.study) for task in tasks])
        shelf, same = stack.enter_context(closing(Shelf(output))), SameScans(())

        def put(kept: KeptResult) -> None:
            finished(kept.in_brief())
            shelf.put(kept)

        def write(done: Sequence[Done[KeptResult]]) -> None:
            nonlocal same
            of_this = [each.made for each in done]
            earlier = of_earlier_runs(output, [each.name for each in of_this], shelf.found)
            same = SameScans((each.name, each.scan) for each in (*of_this, *earlier))
            results = Listed(of_this, shelf, same, sites)
            write_results(results, output / TABLE, Listed(earlier, shelf, same, {}))
            if options.blind:
                # It lists every grade, also those of an earlier run.
                (output / SUMMARY).unlink(missing_ok=True)
            elif options.report:
                with_page = [each for each in earlier if (output / each.name / PAGE).is_file()]
                others = Listed(with_page, shelf, same, {})
                write_summary_page(results, output / SUMMARY, options.language, others)
            kept = [each.finished_before for each in done]
            manifest.write(output / MANIFEST, of_this, kept, len(named) - len(done), times)

        def finished_before(task: Task) -> KeptResult | None:
            with times.beside():
                return None if again else _finished(task, settings)

        if options.report and not options.blind:
            load_page()  # while the first process still loads the bundle
        done = make_each(
            partial(grade_there, settings=settings),
            tasks,
            engine,
            crashed=partial(crashed_there, settings=settings),
            finished_before=finished_before,
            finished=put,
            ended=write,
            called=lambda task: task.name,
            progress=progress,
        )
        return GradedStudies([each.made for each in done], output, same, times)


def _who_looks(engine: Engine, cluster: Cluster, studies: int) -> Engine | None:
    """Who reads all files of all studies: of many, each machine of a cluster its share."""
    return None if cluster.is_local or studies < _MANY else engine


def _finished(task: Task, settings: GradingSettings) -> KeptResult | None:
    """The result of an earlier run of the same study with the same settings, if it finished."""
    folder = settings.output / task.name
    earlier = read_result(folder)
    if earlier is None or earlier.made_from != task.made_from:
        return None
    if task.content == NOTHING:  # which has no content to be known by
        return None
    if any(each.code == "disk_full" for each in earlier.findings):  # of a machine, for a while
        return None
    whole = not settings.options.report or (folder / PAGE).is_file()
    return KeptResult.of(earlier) if whole else None
