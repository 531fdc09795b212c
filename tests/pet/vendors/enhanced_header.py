"""What an enhanced PET file tells once, for all of its frames (PS3.3 A.56)."""

from typing import Any

from pydicom.datadict import tag_for_keyword
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import EnhancedPETImageStorage

from .header import code_sequence, isotope, set_time
from .patterns import VENDORS, stamp
from .truth import Truth

# (0018,9759) to (0018,9768) without attenuation; whether a usual scan has it.
_CORRECTIONS = {
    "ScatterCorrected": "YES",
    "DeadTimeCorrected": "YES",
    "GantryMotionCorrected": "NO",
    "PatientMotionCorrected": "NO",
    "CountLossNormalizationCorrected": "YES",
    "RandomsCorrected": "YES",
    "NonUniformRadialSamplingCorrected": "NO",
    "SensitivityCalibrated": "YES",
    "DetectorNormalizationCorrection": "YES",
}


def item(**values: Any) -> Sequence:
    """Make a sequence of one item."""
    item = Dataset()
    for keyword, value in values.items():
        setattr(item, keyword, value)
    return Sequence([item])


def set_series(image: Dataset, truth: Truth, decay: str, attenuation: bool) -> None:
    """Set what is told once: series, equipment, isotope, acquisition and corrections."""
    pattern = VENDORS["philips"]
    image.SOPClassUID = EnhancedPETImageStorage
    image.Manufacturer, image.ManufacturerModelName = pattern.manufacturer, pattern.model
    image.DeviceSerialNumber, image.SoftwareVersions = "1", "1"
    set_time(image, truth, truth.starts[0], "Study", "Series")
    set_time(image, truth, truth.starts[-1] + truth.durations[-1], "Content")
    image.AcquisitionDateTime = stamp(truth.time(truth.starts[0]))
    image.AcquisitionDuration = float(sum(truth.durations))
    image.InstanceNumber = 1
    image.ImageType = [
        "ORIGINAL",
        "PRIMARY",
        "DYNAMIC" if len(truth.starts) > 1 else "STATIC",
        "NONE",
    ]
    image.PixelPresentation, image.VolumetricProperties = "MONOCHROME", "VOLUME"
    image.VolumeBasedCalculationTechnique, image.ContentQualification = "NONE", "RESEARCH"
    image.PresentationLUTShape, image.BurnedInAnnotation = "IDENTITY", "NO"
    image.LossyImageCompression = "00"
    image.AcquisitionContextSequence = Sequence()
    agent = isotope(truth, "Florbetaben", ("712736002", "SCT", "Florbetaben (18F)"))
    del agent.RadiopharmaceuticalStartTime  # the enhanced IOD has the date and time alone
    agent.RadiopharmaceuticalAgentNumber = 1
    agent.AdministrationRouteCodeSequence = code_sequence("47625008", "SCT", "Intravenous route")
    image.RadiopharmaceuticalInformationSequence = Sequence([agent])
    image.TableMotion, image.TypeOfDetectorMotion, image.CollimatorType = "STATIC", "NONE", "NONE"
    image.DetectorGeometry, image.TimeOfFlightInformationUsed = "CYLINDRICAL_RING", "TRUE"
    image.SliceProgressionDirection = "BASE_TO_APEX"
    image.ViewCodeSequence = code_sequence("24422004", "SCT", "Axial")
    image.CountsSource = "EMISSION"
    image.DecayCorrected = "NO" if decay == "NONE" else "YES"
    if decay != "NONE":
        corrected_to = 0.0 if decay == "ADMIN" else truth.starts[0]
        image.DecayCorrectionDateTime = stamp(truth.time(corrected_to))
    image.AttenuationCorrected = "YES" if attenuation else "NO"
    if attenuation:
        image.AttenuationCorrectionSource = "CT"
        image.AttenuationCorrectionTemporalRelationship = "SEQUENTIAL"
    for keyword, value in _CORRECTIONS.items():
        setattr(image, keyword, value)
    image.RandomsCorrectionMethod, image.ScatterCorrectionMethod = "DLYD", "MODEL BASED"


def set_dimensions(image: Dataset, uid: str) -> None:
    """Say that a frame's index is its time, then its place in the stack."""
    image.DimensionOrganizationSequence = item(DimensionOrganizationUID=uid)
    image.DimensionIndexSequence = Sequence()
    for keyword in ("TemporalPositionIndex", "InStackPositionNumber"):
        image.DimensionIndexSequence += item(
            DimensionOrganizationUID=uid,
            DimensionIndexPointer=tag_for_keyword(keyword),
            FunctionalGroupPointer=tag_for_keyword("FrameContentSequence"),
            DimensionDescriptionLabel=keyword,
        )
