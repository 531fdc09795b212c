"""UIDs that follow from what an object is made of, and the earlier object that it replaces."""

import json
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pydicom
from pydicom.dataset import Dataset
from pydicom.uid import generate_uid

from monai_amyloid.checksum import sha256
from monai_amyloid.pacs import kinds
from monai_amyloid.study_names import names_before

# What tells of an earlier object which it is, what it is of and what it replaced.
_READ = (
    *("SOPClassUID", "SOPInstanceUID", "SeriesInstanceUID", "StudyInstanceUID"),
    *("SourceInstanceSequence", "PredecessorDocumentsSequence", "ReferencedImageSequence"),
    "PertinentOtherEvidenceSequence",
    "CurrentRequestedProcedureEvidenceSequence",
)


@dataclass(frozen=True)
class Earlier:
    """An object of an earlier run.

    Attributes:
        sop_class: SOP Class UID of the object.
        instance: SOP Instance UID of the object.
        series: UID of its series.
        study: UID of its study.
    """

    sop_class: str
    instance: str
    series: str
    study: str


@dataclass(frozen=True)
class EarlierSet:
    """The objects of an earlier run of one study.

    Attributes:
        objects: Each object by the name of its file.
        replaced: What each of them replaced, by the same names.
        sources: SOP Instance UIDs of the images that they are of.
    """

    objects: Mapping[str, Earlier]
    replaced: Mapping[str, Earlier]
    sources: frozenset[str]


@dataclass(frozen=True)
class Identity:
    """What the objects of one result are known by.

    Attributes:
        key: Checksum of all that they are made of.
        lasting: UID of the series that was measured, by which findings are tracked.
        replaced: Object that each replaces, by the name of its file.
    """

    key: str
    lasting: str
    replaced: Mapping[str, Earlier]

    def uid(self, *what: str) -> str:
        """The UID of a part of these objects, the same in each run.

        Args:
            what: Words that name the part.
        """
        return str(generate_uid(entropy_srcs=["\n".join([self.key, *what])]))

    def tracking(self, name: str) -> str:
        """The UID by which a finding is followed through objects that replace one another.

        Args:
            name: Tracking identifier of the finding.
        """
        return str(generate_uid(entropy_srcs=["\n".join([self.lasting, name])]))


def identity_of(
    made_from: Mapping[str, Any],
    sources: Sequence[Sequence[Dataset]],
    earlier: Sequence[EarlierSet],
    marker: str,
) -> Identity:
    """Know the objects by their content, and find what they replace.

    The same content, bundle, program and options give the same UIDs. Where an earlier set is of
    other ones, what it is goes into the UIDs too: an object that says what it replaces is another
    than one that replaces nothing.

    Args:
        made_from: All that the objects are made of beside the images, as JSON can hold it.
        sources: Headers of the files of each series that was measured, the last in whose study the
            objects lie.
        earlier: Sets of earlier runs, from :func:`earlier_sets`, the nearest first.
        marker: Name of the file that every such set has, by which one set is told from another.
    """
    images = [sorted(str(image.SOPInstanceUID) for image in source) for source in sources]
    content = json.dumps([made_from, images], sort_keys=True, default=str)
    lasting = str(sources[-1][0].SeriesInstanceUID)
    own = {uid for source in images for uid in source}
    found = next((each for each in earlier if marker in each.objects and each.sources & own), None)
    if found is None:
        return Identity(sha256(content), lasting, {})
    before = found.replaced.get(marker)
    again = Identity(_after(content, before), lasting, found.replaced)
    if again.uid(marker) == found.objects[marker].instance:
        return again
    return Identity(_after(content, found.objects[marker]), lasting, found.objects)


def _after(content: str, earlier: Earlier | None) -> str:
    return sha256(content) if earlier is None else sha256(content + earlier.instance)


def earlier_sets(folder: Path, dicom_folder: str) -> list[EarlierSet]:
    """Read what earlier runs wrote for the PACS of a study, before it is written over.

    A study that was exported again with more slices is another scan: its results bear the same name
    with a number (:func:`~monai_amyloid.study_names.numbered`), beside the earlier ones.

    Args:
        folder: Folder of the study's results.
        dicom_folder: Name of the folder of the objects in it.

    Returns:
        The sets, the study's own first, then those of lower numbers from the highest.
    """
    before = [folder.with_name(name) for name in names_before(folder.name)]
    # Studies that are called S-1, S-2 and so on by their hospital are not one study.
    before = before if before and before[-1].is_dir() else []
    found = [_read_set(place / dicom_folder) for place in (folder, *before)]
    return [each for each in found if each.objects]


def _read_set(folder: Path) -> EarlierSet:
    objects, replaced, sources = {}, {}, set[str]()
    for name in kinds.SERIES_NUMBERS:
        path = folder / name
        if path.is_symlink() or not path.is_file():
            continue
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                header = pydicom.dcmread(path, stop_before_pixels=True, specific_tags=list(_READ))
                objects[name] = Earlier(
                    str(header.SOPClassUID),
                    str(header.SOPInstanceUID),
                    str(header.SeriesInstanceUID),
                    str(header.StudyInstanceUID),
                )
                before = _replaced(header)
                if before is not None:
                    replaced[name] = before
                sources |= set(_sources(header))
        except Exception:  # noqa: S112 (pydicom raises whatever broken bytes lead it to)
            continue
    return EarlierSet(objects, replaced, frozenset(sources))


def _replaced(header: Dataset) -> Earlier | None:
    """What an object says that it replaces."""
    for study in header.get("PredecessorDocumentsSequence") or ():
        for series in study.ReferencedSeriesSequence:
            for item in series.ReferencedSOPSequence:
                place = str(series.SeriesInstanceUID), str(study.StudyInstanceUID)
                return Earlier(*_referenced(item), *place)
    for item in header.get("ReferencedImageSequence") or ():
        return Earlier(*_referenced(item), "", "")  # an image has no place for more
    return None


def _referenced(item: Dataset) -> tuple[str, str]:
    return str(item.ReferencedSOPClassUID), str(item.ReferencedSOPInstanceUID)


def _sources(header: Dataset) -> Iterator[str]:
    """SOP Instance UIDs of the images that a document is of."""
    for item in header.get("SourceInstanceSequence") or ():
        yield str(item.ReferencedSOPInstanceUID)
    for keyword in ("CurrentRequestedProcedureEvidenceSequence", "PertinentOtherEvidenceSequence"):
        for study in header.get(keyword) or ():
            for series in study.ReferencedSeriesSequence:
                for item in series.ReferencedSOPSequence:
                    yield str(item.ReferencedSOPInstanceUID)
