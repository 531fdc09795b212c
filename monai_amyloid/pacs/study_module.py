"""What every object of a result has in common: whose it is, what made it, and of what."""

import copy
import re
import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from itertools import groupby
from typing import Any

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence as DicomSequence
from pydicom.sr.coding import Code
from pydicom.uid import ExplicitVRLittleEndian

from monai_amyloid.findings.finding import Phrase, phrase
from monai_amyloid.pacs import concepts
from monai_amyloid.pacs.identity import Earlier, Identity
from monai_amyloid.pacs.kinds import SERIES_NUMBERS
from monai_amyloid.pacs.wording import Wording
from monai_amyloid.result.result import Result
from monai_amyloid.version import __version__

MANUFACTURER = "monai-amyloid"
RESEARCH_ONLY = phrase(
    "dicom_research_only", "Research software, not for clinical use: not a diagnosis."
)

# PS3.3 C.7.1.1, C.7.2.1, C.7.2.2 and C.7.1.3: type 2 must be there, though empty.
_TYPE_2 = (
    *("PatientName", "PatientID", "PatientBirthDate", "PatientSex"),
    *("StudyDate", "StudyTime", "ReferringPhysicianName", "StudyID", "AccessionNumber"),
)
PATIENT_AND_STUDY = (
    "StudyInstanceUID",
    *_TYPE_2,
    *("SpecificCharacterSet", "IssuerOfPatientID", "IssuerOfPatientIDQualifiersSequence"),
    *("TypeOfPatientID", "OtherPatientIDsSequence", "OtherPatientNames", "PatientBirthTime"),
    *("EthnicGroup", "QualityControlSubject", "PatientIdentityRemoved"),
    *("DeidentificationMethod", "DeidentificationMethodCodeSequence", "PatientSpeciesDescription"),
    *("IssuerOfAccessionNumberSequence", "StudyDescription", "ProcedureCodeSequence"),
    *("PatientAge", "PatientSize", "PatientWeight", "ClinicalTrialSponsorName"),
    *("ClinicalTrialProtocolID", "ClinicalTrialProtocolName", "ClinicalTrialSiteID"),
    *("ClinicalTrialSiteName", "ClinicalTrialSubjectID", "ClinicalTrialSubjectReadingID"),
    *("ClinicalTrialTimePointID", "ClinicalTrialTimePointDescription", "TimezoneOffsetFromUTC"),
)
_ACQUIRED = ("AcquisitionDate", "AcquisitionTime")
# Dates of an image, each with its time, that say when something of it was made.
MOMENTS = (
    _ACQUIRED,
    ("ContentDate", "ContentTime"),
    ("SeriesDate", "SeriesTime"),
    ("StudyDate", "StudyTime"),
)
ACQUIRED_AT = "AcquisitionDateTime"
_DATE, _TIME = re.compile(r"[12]\d{7}"), re.compile(r"([01]\d|2[0-3])([0-5]\d)?([0-5]\d)?")
# Where the source has no date at all, an object must have one (type 1): the usual stand-in.
_NO_MOMENT = datetime(1900, 1, 1)
_MOST_SERIES_NUMBER = 2_000_000


@dataclass(frozen=True, kw_only=True)
class Making:
    """What the objects of one result are made of.

    Attributes:
        source: Headers of the files of the series in whose study the objects lie.
        patient: What those say of patient and study, in the objects' character set.
        result: Result that names the trained model.
        identity: What the objects are known by.
        wording: Language of their texts.
    """

    source: Sequence[Dataset]
    patient: Dataset
    result: Result
    identity: Identity
    wording: Wording

    @cached_property
    def frame_of_reference(self) -> str:
        """UID of the space that the source lies in; one of our own where it names none."""
        named = str(self.source[0].get("FrameOfReferenceUID") or "")
        return named or self.identity.uid("frame of reference")

    @cached_property
    def moments(self) -> list[datetime]:
        """When the source was made, every moment that its headers name, in order.

        Objects have no clock of their own: the same content gives the same bytes.
        """
        return sorted(each for image in self.source for each in _moments(image)) or [_NO_MOMENT]

    @cached_property
    def acquired(self) -> datetime | None:
        """When the source's acquisition began; None where no header says."""
        found = [each for image in self.source for each in _moments(image, [_ACQUIRED])]
        return min(found, default=None)

    @property
    def model_name(self) -> str:
        """Name of the trained model, 64 characters at most."""
        return self.wording.short(self.result.model.get("name", MANUFACTURER))

    @property
    def serial_number(self) -> str:
        """What tells one trained model from another, 64 characters at most."""
        return self.result.model.get("sha256", "unknown")[:64]


def series_number(source: Dataset, kind: str) -> int:
    """A number for a new series beside the source's.

    Args:
        source: Header of the graded series.
        kind: Name of the object's file.
    """
    number = whole_number(source, "SeriesNumber")
    own = number if 0 < number < _MOST_SERIES_NUMBER else 0
    return 1000 * own + SERIES_NUMBERS[kind]


def whole_number(source: Dataset, keyword: str) -> int:
    """A number of a header, 0 where it is missing or broken.

    Args:
        source: Header of a file of the graded series.
        keyword: DICOM keyword of the number.
    """
    try:
        return int(source.get(keyword) or 0)
    except (TypeError, ValueError, OverflowError):
        return 0


def patient_of(source: Dataset) -> Dataset:
    """What an image says of the patient and the study.

    It is taken as it stands, in its character set, so that an archive finds the same patient. A
    value that cannot be read is left out.

    Args:
        source: Header of an image of the study.
    """
    patient = Dataset()
    for keyword in PATIENT_AND_STUDY:
        # pydicom raises whatever the broken bytes lead it to, and warns of odd values.
        with suppress(Exception), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if keyword in source:
                patient.add(copy.deepcopy(source[keyword]))
    for keyword in _TYPE_2:
        if keyword not in patient:
            setattr(patient, keyword, "")
    return patient


def finish(made: Dataset, making: Making, kind: str, description: Phrase) -> Dataset:
    """Make an object one of the source's patient and study, with its UIDs, dates and language.

    Args:
        made: New object, which is changed in place.
        making: What it is made of.
        kind: Name of its file.
        description: Description of its series.
    """
    for keyword in ("InstanceCreationDate", "InstanceCreationTime", *PATIENT_AND_STUDY):
        if keyword in made:
            del made[keyword]
    for equipment in made.get("ContributingEquipmentSequence") or ():
        equipment.pop("ContributionDateTime", None)
    made.update(copy.deepcopy(making.patient))
    made.ContentQualification = "RESEARCH"
    made.SOPInstanceUID = making.identity.uid(kind)
    made.SeriesInstanceUID = making.identity.uid(kind, "series")
    made.SeriesNumber, made.InstanceNumber = series_number(making.source[0], kind), 1
    made.Manufacturer, made.ManufacturerModelName = MANUFACTURER, making.model_name
    made.SoftwareVersions, made.DeviceSerialNumber = __version__, making.serial_number
    last = making.moments[-1]
    made.SeriesDate = made.ContentDate = f"{last:%Y%m%d}"
    made.SeriesTime = made.ContentTime = f"{last:%H%M%S}"
    if making.identity.replaced:
        description = phrase(
            "dicom_replaces", "{description}, replaces an earlier one", description=description
        )
    made.SeriesDescription = making.wording.short(description)
    made.file_meta.MediaStorageSOPInstanceUID = made.SOPInstanceUID
    making.wording.translate(made)
    return made


def refer_to_earlier_image(made: Dataset, making: Making, kind: str) -> None:
    """Say which image an image replaces (General Reference, PS3.3 C.12.4).

    Args:
        made: New image, which is changed in place.
        making: What it is made of.
        kind: Name of its file.
    """
    earlier = making.identity.replaced.get(kind)
    if earlier is not None:
        purpose = DicomSequence([code_item(concepts.REPLACED)])
        item = reference(
            earlier.sop_class, earlier.instance, PurposeOfReferenceCodeSequence=purpose
        )
        made.ReferencedImageSequence = DicomSequence([item])


def refer_to_earlier_document(made: Dataset, making: Making, kind: str) -> None:
    """Say which document a document replaces (Predecessor Documents, PS3.3 C.17.2).

    Args:
        made: New document, which is changed in place.
        making: What it is made of.
        kind: Name of its file.
    """
    earlier = making.identity.replaced.get(kind)
    if earlier is not None:
        made.PredecessorDocumentsSequence = DicomSequence([_in_study(earlier)])


def _in_study(earlier: Earlier) -> Dataset:
    series, study = Dataset(), Dataset()
    series.SeriesInstanceUID = earlier.series
    series.ReferencedSOPSequence = DicomSequence([reference(earlier.sop_class, earlier.instance)])
    study.StudyInstanceUID = earlier.study
    study.ReferencedSeriesSequence = DicomSequence([series])
    return study


def _moments(image: Dataset, pairs: Sequence[tuple[str, str]] = MOMENTS) -> Iterator[datetime]:
    """The moments that a header names and that can be read."""
    for date, time in (*pairs, (ACQUIRED_AT, "")):
        with suppress(Exception), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            whole = str(image.get(date) or "") + (str(image.get(time) or "") if time else "")
            if not _DATE.fullmatch(whole[:8]):
                continue
            clock = _TIME.match(whole[8:])
            written = whole[:8] + (clock[0] if clock else "").ljust(6, "0")
            yield datetime.strptime(written, "%Y%m%d%H%M%S")


def new_object(*, sop_class: str, modality: str) -> Dataset:
    """Begin an object; :func:`finish` ends it.

    Args:
        sop_class: SOP Class UID of the new object.
        modality: Modality of the new series.
    """
    made = Dataset()
    made.file_meta = FileMetaDataset()
    made.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    made.SOPClassUID, made.Modality = sop_class, modality
    return made


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
