"""The part of the brain that drove the grade, as a DICOM segmentation."""

from collections.abc import Sequence

import numpy as np
from highdicom import AlgorithmIdentificationSequence
from highdicom.seg import SegmentAlgorithmTypeValues, Segmentation, SegmentDescription
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as DicomSequence
from pydicom.sr.codedict import codes
from pydicom.uid import PositronEmissionTomographyImageStorage, generate_uid
from scipy import ndimage

from monai_amyloid.errors import UserError
from monai_amyloid.pacs import concepts
from monai_amyloid.pacs.planes import ImagePlane, Place, places_of
from monai_amyloid.pacs.study_module import (
    MANUFACTURER,
    put_into_study,
    refer_to_series,
    reference,
    references,
    serial_number,
    series_number,
    whole_number,
)
from monai_amyloid.pet.dicom.grid import POSITION_TOLERANCE
from monai_amyloid.result.result import Result
from monai_amyloid.version import __version__

# Of the map's maximum: what is shown.
SHOWN_SHARE = 0.5
# DICOM is LPS+, the map RAS+ (PS3.3 C.7.6.2.1.1).
_LPS_TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])


def segmentation(
    source: Sequence[Dataset],
    result: Result,
    activation: NDArray[np.uint8],
    affine: NDArray[np.float64],
) -> Dataset | None:
    """Mark where the map of what drove the grade is at least half of its maximum.

    The segment lies on the slices of the source, so that a viewer lays it over them.

    Args:
        source: Headers of the files of the graded series.
        result: Result of the study, which names the model.
        activation: What drove the grade, 0 to 255 ``(X, Y, Z)``, on the scan's own grid.
        affine: Affine from voxel index of ``activation`` to RAS+ mm, ``(4, 4)``.

    Returns:
        The segmentation, or None where the map is empty.

    Raises:
        UserError: If the source does not say where its slices lie.
    """
    places = places_of(source)
    mask = shown_on_slices(places, activation, affine)
    if not mask.any():
        return None
    frame_of_reference = str(source[0].get("FrameOfReferenceUID") or generate_uid())
    made = Segmentation(
        source_images=_slices(places, frame_of_reference),
        pixel_array=mask.astype(np.uint8),
        segmentation_type="BINARY",
        segment_descriptions=[_segment(result)],
        series_instance_uid=generate_uid(),
        series_number=series_number(source[0], "SEG"),
        sop_instance_uid=generate_uid(),
        instance_number=1,
        manufacturer=MANUFACTURER,
        manufacturer_model_name=result.model.get("name", MANUFACTURER)[:64],
        software_versions=__version__,
        device_serial_number=serial_number(result),
        content_label="DROVE_GRADE",
        content_description="Where the activation map is at least half of its maximum",
        series_description="What drove the grade (research)",
        coding_schemes=[concepts.scheme()],
    )
    _refer_to_planes(made, places)
    made.SourceImageSequence = references(source)
    refer_to_series(made, source)
    put_into_study(made, source[0])
    return made


def shown_on_slices(
    places: Sequence[Place], activation: NDArray[np.uint8], affine: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """Lay the shown part of a map onto the slices of a series.

    Where the map's grid is that of the slices, turned or cut, each voxel keeps its value.

    Args:
        places: Places of the slices in the series.
        activation: What drove the grade, 0 to 255 ``(X, Y, Z)``, on the scan's own grid.
        affine: Affine from voxel index of ``activation`` to RAS+ mm, ``(4, 4)``.

    Returns:
        ``(slice, row, column)``, False outside the map.
    """
    least = SHOWN_SHARE * max(float(activation.max()), 1.0)
    to_voxel = np.asarray(np.linalg.inv(affine) @ _LPS_TO_RAS, np.float64)
    return np.stack([_on_slice(place.first, activation, to_voxel) >= least for place in places])


def _on_slice(
    plane: ImagePlane, activation: NDArray[np.uint8], to_voxel: NDArray[np.float64]
) -> NDArray[np.float32]:
    """The map's values at the voxels of a slice ``(row, column)``, 0 outside the map."""
    rows, columns = _shape(plane)
    corner = to_voxel[:3, :3] @ plane.position + to_voxel[:3, 3]
    next_row = to_voxel[:3, :3] @ plane.orientation[3:] * plane.spacing[0]
    next_column = to_voxel[:3, :3] @ plane.orientation[:3] * plane.spacing[1]
    row, column = np.arange(rows)[:, None], np.arange(columns)
    vectors = np.array([corner, next_row, next_column])
    whole = np.rint(vectors).astype(np.intp)
    off = np.abs(vectors - whole) * [[1], [rows], [columns]]
    if off.sum(axis=0).max() > POSITION_TOLERANCE:
        points = [c + row * r + column * k for c, r, k in vectors.T]
        return np.asarray(
            ndimage.map_coordinates(activation, np.array(points), np.float32, order=1)
        )
    index = [c + row * r + column * k for c, r, k in whole.T]
    inside = np.ones((rows, columns), np.bool_)
    for axis, length in zip(index, activation.shape, strict=True):
        inside &= (axis >= 0) & (axis < length)
    values = np.zeros((rows, columns), np.float32)
    if inside.any():
        values[inside] = activation[tuple(axis[inside] for axis in index)]
    return values


def _shape(plane: ImagePlane) -> tuple[int, int]:
    rows, columns = (whole_number(plane.image, keyword) for keyword in ("Rows", "Columns"))
    if rows < 1 or columns < 1:
        raise UserError(
            f"SOP instance {plane.image.SOPInstanceUID}: has {rows} rows and {columns} columns, "
            "needed a slice; leave DICOM results out"
        )
    return rows, columns


def _slices(places: Sequence[Place], frame_of_reference: str) -> list[Dataset]:
    """The places as classic slices, which is what highdicom takes for any series."""
    first, last = places[0].first, places[-1].first
    between = (last.place - first.place) / max(len(places) - 1, 1) or float(first.spacing[0])
    slices = []
    for number, place in enumerate(places, start=1):
        one = Dataset()
        one.StudyInstanceUID = str(first.image.StudyInstanceUID)
        one.SeriesInstanceUID = str(first.image.SeriesInstanceUID)
        one.SOPClassUID = PositronEmissionTomographyImageStorage
        one.SOPInstanceUID = f"2.25.{number}"  # never written: see _refer_to_planes
        one.Modality = "PT"
        one.PatientID = one.PatientName = one.PatientBirthDate = one.PatientSex = ""
        one.AccessionNumber = one.StudyID = ""
        one.StudyDate = one.StudyTime = None
        one.FrameOfReferenceUID = frame_of_reference
        one.PositionReferenceIndicator = ""
        one.Rows, one.Columns = _shape(place.first)
        one.PixelSpacing = first.spacing.tolist()
        one.SliceThickness = round(between, 6)
        one.ImageOrientationPatient = first.orientation.tolist()
        one.ImagePositionPatient = place.first.position.tolist()
        slices.append(one)
    return slices


def _segment(result: Result) -> SegmentDescription:
    return SegmentDescription(
        segment_number=1,
        segment_label="Region that drove the grade",
        segmented_property_category=codes.cid7150.SpatialAndRelationalConcept,
        segmented_property_type=concepts.DROVE_THE_GRADE,
        algorithm_type=SegmentAlgorithmTypeValues.AUTOMATIC,
        algorithm_identification=AlgorithmIdentificationSequence(
            name=result.model.get("name", MANUFACTURER)[:64],
            family=codes.cid7162.ArtificialIntelligence,
            version=result.model.get("version", __version__)[:64],
            source=MANUFACTURER,
        ),
        tracking_uid=generate_uid(),
        tracking_id="region that drove the grade",
    )


def _refer_to_planes(made: Dataset, places: Sequence[Place]) -> None:
    """Let each frame refer to every image and frame at its place, of all time frames."""
    at = {tuple(place.first.position.tolist()): place for place in places}
    for item in made.PerFrameFunctionalGroupsSequence:
        position = [float(x) for x in item.PlanePositionSequence[0].ImagePositionPatient]
        planes = at[tuple(position)].planes
        template = item.DerivationImageSequence[0].SourceImageSequence[0]
        purpose = template.PurposeOfReferenceCodeSequence
        found = []
        for image in {id(plane.image): plane.image for plane in planes}.values():
            frames = [plane.frame for plane in planes if plane.image is image and plane.frame]
            more = {"ReferencedFrameNumber": frames} if frames else {}
            found.append(
                reference(
                    str(image.SOPClassUID),
                    str(image.SOPInstanceUID),
                    PurposeOfReferenceCodeSequence=purpose,
                    SpatialLocationsPreserved="YES",
                    **more,
                )
            )
        item.DerivationImageSequence[0].SourceImageSequence = DicomSequence(found)
