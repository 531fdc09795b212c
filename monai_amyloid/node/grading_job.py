"""What the process that grades does with a study: its result, and the objects for the PACS."""

import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Any

import pydicom

from monai_amyloid.bundle.integrity import Trust, read_bundle
from monai_amyloid.installed import shipped_bundle
from monai_amyloid.node.comparing import Comparison, compare
from monai_amyloid.node.queue.outcome import Graded, MadeObject
from monai_amyloid.node.settings import Grading, NodeSettings
from monai_amyloid.pet.private import private
from monai_amyloid.result.result import Result


@dataclass(frozen=True, kw_only=True)
class Job:
    """A study to grade, as a process takes it.

    Attributes:
        images: Folder of the images.
        data: Folder of the node's data.
        output: Folder for the result, relative to ``data``; it is not there yet.
        earlier: Folder of an earlier result of the study, relative to ``data``, whose objects the
            new ones say that they replace; None where there is none.
        earlier_studies: Folders of earlier studies of the person, which are compared with.
        series: PET to take; None where the study decides.
        tracer: BIDS label of the tracer where the study names none; None to refuse it then.
    """

    images: Path
    data: Path
    output: Path
    earlier: Path | None
    series: str | None
    tracer: str | None
    earlier_studies: tuple[Path, ...] = ()


@dataclass(frozen=True)
class GradedStudy:
    """What a process answers.

    Attributes:
        graded: Result of the study.
        tracer: BIDS label of its tracer; None where it has none.
    """

    graded: Graded
    tracer: str | None = None


# A function that another process can import, or a partial of one.
Grade = Callable[[Job], GradedStudy]


def grade_job(job: Job, settings: Grading, dicom: bool, unnamed: bool = False) -> GradedStudy:
    """Grade a study with the bundle of the config.

    Args:
        job: Study to grade.
        settings: How studies are graded.
        dicom: Whether DICOM objects are made, which name the patient.
        unnamed: Whether a report that does not name the patient is written beside one that does.
    """
    from monai_amyloid.grading.listing import NamedStudy
    from monai_amyloid.grading.options import OutputOptions
    from monai_amyloid.grading.outputs import DICOM_FOLDER
    from monai_amyloid.grading.run import grade_studies

    begin = time.monotonic()
    before = job.data / job.output / job.images.name
    bundle = settings.bundle or shipped_bundle()
    options = OutputOptions(
        language=settings.language,
        identify=dicom or settings.identify,
        dicom=dicom,
        unnamed=unnamed,
    )
    if job.earlier is not None:
        # Under the name that the study would have: its result gets a number, and finds it.
        shutil.copytree(job.data / job.earlier / DICOM_FOLDER, before / DICOM_FOLDER)
    [result] = grade_studies(
        bundle,
        [NamedStudy(job.images, job.tracer, job.series)],
        job.data / job.output,
        device=settings.device or None,
        options=options,
        require_bundle=settings.require_bundle or None,
    )
    folder = job.output / result.name
    if job.earlier is not None:
        shutil.rmtree(before)
    change = Comparison()
    if job.earlier_studies:
        change = compare(
            job.images,
            job.earlier_studies,
            job.data / job.output,
            bundle,
            tracer=job.tracer,
            series=job.series,
            language=settings.language,
            dicom=dicom,
            identify=options.identify,
        )
    folders = [folder]
    if change.folder is not None:
        folders.append(change.folder.relative_to(job.data))
    return GradedStudy(
        Graded(
            status=result.status,
            grade=result.grade,
            centiloid=result.centiloid,
            # Shown to people who need not know whose study it is.
            reason=tuple(
                private(each, job.images)
                for each in (*result.of_level("refusal", "doubt"), *change.findings)
            ),
            folder=folder,
            seconds=time.monotonic() - begin,
            objects=tuple(made for each in folders for made in made_objects(job.data, each)),
            quality=measured(result),
            bundle=result.model.get("bundle_sha256", ""),
        ),
        result.study.get("tracer"),
    )


def measured(result: Result) -> dict[str, float]:
    """The measures of a scan's quality that are numbers, by their names.

    Args:
        result: Result of the study.
    """
    found = (result.quality or {}).items()
    return {name: value for name, value in found if value is not None and isfinite(value)}


def made_objects(data: Path, folder: Path) -> tuple[MadeObject, ...]:
    """The DICOM objects of a result's folder.

    Args:
        data: Folder of the node's data.
        folder: Folder of the result, relative to it.
    """
    found = []
    for file in sorted((data / folder / "dicom").glob("*.dcm")):
        header = pydicom.dcmread(file, stop_before_pixels=True)
        made = MadeObject(
            str(header.SOPInstanceUID),
            str(header.SOPClassUID),
            str(header.SeriesInstanceUID),
            folder / "dicom" / file.name,
        )
        found.append(made)
    return tuple(found)


def usual_grade(settings: NodeSettings) -> Grade:
    """The function that grades as the config says; the bundle is checked first.

    Raises:
        RunError: If the bundle cannot be used.
    """
    read_bundle(settings.grading.bundle or shipped_bundle())
    unnamed = settings.page is not None and not settings.page.show_patients
    return UsualGrade(settings.grading, bool(settings.destination), unnamed)


class UsualGrade:
    """Grades with the bundle of the config, which a process loads before it says that it is ready.

    Args:
        settings: How studies are graded.
        dicom: Whether DICOM objects are made, which name the patient.
        unnamed: Whether a report that does not name the patient is written beside one that does.
    """

    def __init__(self, settings: Grading, dicom: bool, unnamed: bool) -> None:
        self._settings, self._dicom, self._unnamed = settings, dicom, unnamed

    def __call__(self, job: Job) -> GradedStudy:
        """Grade a study."""
        return grade_job(job, self._settings, self._dicom, self._unnamed)

    def __reduce__(self) -> tuple[Any, ...]:
        """Sent to another process, where it is loaded."""
        return _loaded, (self._settings, self._dicom, self._unnamed)


def _loaded(settings: Grading, dicom: bool, unnamed: bool) -> UsualGrade:
    """The same in another process, with all that the first study would wait for."""
    from monai_amyloid.grading.worker import loaded_grader

    if dicom:
        import monai_amyloid.pacs.writing  # noqa: F401 (loaded for the first study)
    bundle = settings.bundle or shipped_bundle()
    trust = Trust(read_bundle(bundle, Trust.of(settings.require_bundle or None)).sha256)
    loaded_grader(bundle, settings.device or None, None, trust)
    return UsualGrade(settings, dicom, unnamed)
