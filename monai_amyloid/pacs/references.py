"""Items of DICOM sequences that refer to other objects, and codes."""

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any

from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as DicomSequence
from pydicom.sr.coding import Code


def code_item(code: Code) -> Dataset:
    """A code as an item of a sequence.

    Args:
        code: Code, its scheme and its meaning.
    """
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator = code.value, code.scheme_designator
    item.CodeMeaning = code.meaning
    return item


def references(images: Iterable[Dataset]) -> list[Dataset]:
    """Items that refer to images, each once.

    Args:
        images: Headers of the files that are referred to.
    """
    classes = {str(image.SOPInstanceUID): str(image.SOPClassUID) for image in images}
    return [reference(sop_class, instance) for instance, sop_class in classes.items()]


def reference(sop_class: str, instance: str, **more: Any) -> Dataset:
    """An item that refers to an image.

    Args:
        sop_class: SOP Class UID of the object.
        instance: SOP Instance UID of the object.
        more: Other attributes of the item, by keyword.
    """
    item = Dataset()
    item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = sop_class, instance
    for keyword, value in more.items():
        setattr(item, keyword, value)
    return item


def evidence(sources: Iterable[Sequence[Dataset]]) -> list[Dataset]:
    """Refer to every image of some series, by study (PS3.3 C.17.2).

    Args:
        sources: Headers of the files of each series.
    """
    studies = []
    for uid, of_study in groupby(sorted(sources, key=study_uid), study_uid):
        study = Dataset()
        study.StudyInstanceUID = uid
        study.ReferencedSeriesSequence = DicomSequence(map(_series, of_study))
        studies.append(study)
    return studies


def study_uid(source: Sequence[Dataset]) -> str:
    """UID of the study of a series."""
    return str(source[0].StudyInstanceUID)


def _series(source: Sequence[Dataset]) -> Dataset:
    series = Dataset()
    series.SeriesInstanceUID = str(source[0].SeriesInstanceUID)
    series.ReferencedSOPSequence = DicomSequence(references(source))
    return series


def refer_to_series(made: Dataset, source: Sequence[Dataset]) -> None:
    """Say which series an object is of (Common Instance Reference, PS3.3 C.12.2).

    Args:
        made: New object, which is changed in place.
        source: Headers of the files of the series.
    """
    item = Dataset()
    item.SeriesInstanceUID = source[0].SeriesInstanceUID
    item.ReferencedInstanceSequence = DicomSequence(references(source))
    made.ReferencedSeriesSequence = DicomSequence([item])
