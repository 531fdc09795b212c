"""Which site each study of a run is of, as a list says, for the run's summary and table."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from monai_amyloid.grading.listing import NamedStudy
from monai_amyloid.grading.task import Task
from monai_amyloid.result.result import Result


def sites_of(
    studies: Sequence[NamedStudy], tasks: Sequence[Task], *, identify: bool
) -> dict[str, str]:
    """Site of each study whose list names one, by the name of its results.

    Args:
        studies: Studies in the order of the results.
        tasks: Tasks of the same studies.
        identify: Whether sites are called as the list calls them; else by number, in the order in
            which they come.
    """
    numbers: dict[str, str] = {}
    for study in studies:
        if study.site:
            numbers.setdefault(study.site, f"site-{len(numbers) + 1}")
    return {
        task.name: study.site if identify else numbers[study.site]
        for study, task in zip(studies, tasks, strict=True)
        if study.site
    }


def with_sites(results: Iterable[Result], sites: dict[str, str]) -> list[Result]:
    """Results that say their site; it is of the run, so ``result.json`` does not have it.

    Args:
        results: Results of a run.
        sites: What :func:`sites_of` found.
    """
    return [
        replace(each, study={**each.study, "site": sites[each.name]})
        if each.name in sites
        else each
        for each in results
    ]
