"""Everything that is written of an explored cohort."""

import shutil
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from monai_amyloid.brain.template import TEMPLATE_AFFINE
from monai_amyloid.cohort.datalist import GRADES
from monai_amyloid.exploring.exploration import Exploration
from monai_amyloid.exploring.groups.clusters import Clusters
from monai_amyloid.exploring.groups.subtype_maps import mean_suvr
from monai_amyloid.exploring.projector import write_projector
from monai_amyloid.exploring.saved_map import write_map
from monai_amyloid.exploring.tables import DOUBTS, scan_table, write_tables
from monai_amyloid.findings.finding import Phrase, phrase
from monai_amyloid.output import remove_partials, writable_folder
from monai_amyloid.pet.image import PetImage
from monai_amyloid.pictures.cut_brain import without_face
from monai_amyloid.pictures.thumbnails import group_picture
from monai_amyloid.report.explore.page import write_explore_page
from monai_amyloid.report.explore.words import EXPLORE_WORDS
from monai_amyloid.work.progress import SILENT, Progress
from monai_amyloid.writing.nifti import write_nifti

PAGE, MAP, PROJECTOR, GROUPS = "explore.html", "map.npz", "tensorboard", "groups"
# Means are on the scale of one tracer, whatever was scanned with.
_TRACER = "18FFBB"


def write_outputs(
    exploration: Exploration,
    folder: Path,
    progress: Progress = SILENT,
) -> Path:
    """Write tables, map, mean SUVR of the groups, projector and page.

    Args:
        exploration: An explored cohort.
        folder: Folder to write everything into; it is made where it does not exist.
        progress: Shows how many scans are in the means, then on the page.

    Returns:
        Path of the page.

    Raises:
        UserError: If ``folder`` cannot be written, or bokeh or Jinja is not installed.
    """
    for each in (folder, writable_folder(folder / GROUPS)):
        remove_partials(each)
    _remove_earlier(folder)
    progress.start(2 * len(exploration.cohort))
    write_tables(exploration, folder)
    write_map(exploration.saved_map(), folder / MAP)
    pictures = _groups(exploration, folder / GROUPS, progress)
    write_projector(exploration, scan_table(exploration), folder / PROJECTOR)
    return write_explore_page(exploration, folder / PAGE, groups=pictures, progress=progress)


def _remove_earlier(folder: Path) -> None:
    """Remove what an earlier run may have written and this one may not."""
    for file in (folder / GROUPS).glob("*_mean_suvr.*"):
        file.unlink()
    (folder / DOUBTS).unlink(missing_ok=True)
    shutil.rmtree(folder / PROJECTOR, ignore_errors=True)  # TensorBoard's writer appends to it


def _groups(
    exploration: Exploration, folder: Path, progress: Progress
) -> list[tuple[Phrase, bytes]]:
    """Write the mean SUVR of each cluster and subtype; caption and picture of each."""
    groupings: list[tuple[str, Phrase, Clusters]] = [
        ("cluster", EXPLORE_WORDS["cluster"], exploration.main.clusters["gaussian_mixture"])
    ]
    if exploration.patterns.subtypes is not None:
        groupings.append(("subtype", EXPLORE_WORDS["subtype"], exploration.patterns.subtypes))
    means = mean_suvr(exploration.cohort, [each for *_, each in groupings], progress)
    pictures = []
    for (kind, name, clusters), volumes in zip(groupings, means, strict=True):
        for number, volume in enumerate(map(without_face, volumes)):
            image = PetImage(volume, TEMPLATE_AFFINE, _TRACER, "SUVR")
            write_nifti(image, folder / f"{kind}{number}_mean_suvr.nii.gz")
            caption = _caption(name, number, clusters.labels == number, exploration)
            pictures.append((caption, group_picture(volume)))
    return pictures


def _caption(
    name: Phrase, number: int, inside: NDArray[np.bool_], exploration: Exploration
) -> Phrase:
    """What a group is, in a line."""
    rows = exploration.cohort[inside]
    grades = [
        phrase("group_grade", "{count:d} BAPL {grade:d}", count=count, grade=grade)
        for grade in GRADES
        if (count := int((rows["bapl"] == grade).sum()))
    ]
    ungraded = int(rows["bapl"].isna().sum())
    if ungraded:
        grades.append(phrase("group_ungraded", "{count:d} without a grade", count=ungraded))
    return phrase(
        "group_caption",
        "{group} {number:d}: {scans:d} scans ({grades}), Centiloid {centiloid:.0f}, score "
        "{score:.0f}",
        group=name,
        number=number,
        scans=len(rows),
        grades=tuple(grades),
        centiloid=rows["centiloid"].mean(),
        score=exploration.main.score[inside].mean(),
    )
