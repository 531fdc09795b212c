"""What every object of a result has in common: whose it is, what made it, and of what."""

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence as DicomSequence
from pydicom.uid import ExplicitVRLittleEndian

from monai_amyloid.findings.finding import Phrase, phrase
from monai_amyloid.pacs import concepts
from monai_amyloid.pacs.headers import ACQUIRED, PATIENT_AND_STUDY, moments_of, whole_number
from monai_amyloid.pacs.identity import Earlier, Identity
from monai_amyloid.pacs.kinds import SERIES_NUMBERS
from monai_amyloid.pacs.references import code_item, reference
from monai_amyloid.pacs.wording import Wording
from monai_amyloid.result.result import Result
from monai_amyloid.version import __version__

MANUFACTURER = "monai-amyloid"
RESEARCH_ONLY = phrase(
    "dicom_research_only", "Research software, not for clinical use: not a diagnosis."
)

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
        return sorted(each for image in self.source for each in moments_of(image)) or [_NO_MOMENT]

    @cached_property
    def acquired(self) -> datetime | None:
        """When the source's acquisition began; None where no header says."""
        found = [each for image in self.source for each in moments_of(image, [ACQUIRED])]
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
