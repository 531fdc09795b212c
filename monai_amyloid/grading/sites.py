"""Which site each study of a run is of, as a list says, for the run's summary and table."""

from collections.abc import Sequence

from monai_amyloid.grading.listing import NamedStudy
from monai_amyloid.grading.task import Task


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
