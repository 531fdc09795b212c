"""What is drawn on a scan, and how it lies on the slices of the source series."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as DicomSequence
from pydicom.uid import PositronEmissionTomographyImageStorage
from scipy import ndimage

from monai_amyloid.errors import UserError
from monai_amyloid.pacs.headers import whole_number
from monai_amyloid.pacs.planes import ImagePlane, Place
from monai_amyloid.pacs.references import reference
from monai_amyloid.pacs.study_module import Making
from monai_amyloid.pet.dicom.grid import POSITION_TOLERANCE

# DICOM is LPS+, the maps RAS+ (PS3.3 C.7.6.2.1.1).
_LPS_TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])


@dataclass(frozen=True, eq=False)
class ScanMaps:
    """What is drawn on a scan, on its own grid ``(X, Y, Z)``.

    Attributes:
        affine: Voxel index to RAS+ mm ``(4, 4)``.
        activation: What drove the grade, 0 to 255, uint8.
        suvr: SUVR over the whole cerebellum, float32, 0 outside the brain.
        regions: Mask of each region that was measured, by name: ``cortex``, ``cerebellum`` and
            each read region by its side; True inside.
    """

    affine: NDArray[np.float64]
    activation: NDArray[np.uint8]
    suvr: NDArray[np.float32]
    regions: Mapping[str, NDArray[np.bool_]]

    @property
    def strongest(self) -> NDArray[np.float64] | None:
        """Where the map of what drove the grade is strongest, LPS+ mm ``(3,)``; None if nowhere."""
        if not self.activation.any():
            return None
        voxel = np.unravel_index(int(self.activation.argmax()), self.activation.shape)
        there = _LPS_TO_RAS @ self.affine @ [*voxel, 1.0]
        return np.asarray(there[:3])


def on_slices(
    places: Sequence[Place], volume: NDArray[Any], affine: NDArray[np.float64]
) -> NDArray[np.float32]:
    """Lay a volume onto the slices of a series.

    Where the volume's grid is that of the slices, turned or cut, each voxel keeps its value.

    Args:
        places: Places of the slices in the series.
        volume: Volume that is laid, ``(X, Y, Z)``.
        affine: Affine from voxel index of ``volume`` to RAS+ mm, ``(4, 4)``.

    Returns:
        ``(slice, row, column)``, 0 outside the volume.
    """
    to_voxel = np.asarray(np.linalg.inv(affine) @ _LPS_TO_RAS, np.float64)
    return np.stack([_on_slice(place.first, volume, to_voxel) for place in places])


def _on_slice(
    plane: ImagePlane, volume: NDArray[Any], to_voxel: NDArray[np.float64]
) -> NDArray[np.float32]:
    """The values at the voxels of a slice ``(row, column)``, 0 outside the volume."""
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
            ndimage.map_coordinates(volume.astype(np.float32), np.array(points), order=1)
        )
    index = [c + row * r + column * k for c, r, k in whole.T]
    inside = np.ones((rows, columns), np.bool_)
    for axis, length in zip(index, volume.shape, strict=True):
        inside &= (axis >= 0) & (axis < length)
    values = np.zeros((rows, columns), np.float32)
    if inside.any():
        values[inside] = volume[tuple(axis[inside] for axis in index)]
    return values


def _shape(plane: ImagePlane) -> tuple[int, int]:
    rows, columns = (whole_number(plane.image, keyword) for keyword in ("Rows", "Columns"))
    if rows < 1 or columns < 1:
        raise UserError(
            f"SOP instance {plane.image.SOPInstanceUID}: has {rows} rows and {columns} columns, "
            "needed a slice; leave DICOM results out"
        )
    return rows, columns


def as_slices(places: Sequence[Place], making: Making) -> list[Dataset]:
    """The places as classic slices, which is what highdicom takes for any series.

    Args:
        places: Places of the slices in the series, those that are drawn on.
        making: What the object is made of.
    """
    first, last = places[0].first, places[-1].first
    between = (last.place - first.place) / max(len(places) - 1, 1) or float(first.spacing[0])
    slices = []
    for number, place in enumerate(places, start=1):
        one = Dataset()
        one.StudyInstanceUID = str(first.image.StudyInstanceUID)
        one.SeriesInstanceUID = str(first.image.SeriesInstanceUID)
        one.SOPClassUID = PositronEmissionTomographyImageStorage
        one.SOPInstanceUID = f"2.25.{number}"  # never written: see refer_to_planes
        one.Modality = "PT"
        one.PatientID = one.PatientName = one.PatientBirthDate = one.PatientSex = ""
        one.AccessionNumber = one.StudyID = ""
        one.StudyDate = one.StudyTime = None
        one.FrameOfReferenceUID = making.frame_of_reference
        one.PositionReferenceIndicator = ""
        one.Rows, one.Columns = _shape(place.first)
        one.PixelSpacing = first.spacing.tolist()
        one.SliceThickness = round(between, 6)
        one.ImageOrientationPatient = first.orientation.tolist()
        one.ImagePositionPatient = place.first.position.tolist()
        slices.append(one)
    return slices


def refer_to_planes(made: Dataset, places: Sequence[Place]) -> None:
    """Let each frame refer to every image and frame at its place, of all time frames.

    Args:
        made: New image, which is changed in place.
        places: Places of the slices in the series.
    """
    at = {tuple(place.first.position.tolist()): place for place in places}
    for item in made.PerFrameFunctionalGroupsSequence:
        position = [float(x) for x in item.PlanePositionSequence[0].ImagePositionPatient]
        planes = at[tuple(position)].planes
        template = item.DerivationImageSequence[0].SourceImageSequence[0]
        purpose = template.PurposeOfReferenceCodeSequence
        # An item a frame: highdicom reads no item that names several.
        found = [
            reference(
                str(plane.image.SOPClassUID),
                str(plane.image.SOPInstanceUID),
                PurposeOfReferenceCodeSequence=purpose,
                SpatialLocationsPreserved="YES",
                **({} if plane.frame is None else {"ReferencedFrameNumber": plane.frame}),
            )
            for plane in planes
        ]
        item.DerivationImageSequence[0].SourceImageSequence = DicomSequence(found)


def finish_dimensions(made: Dataset, making: Making, kind: str) -> None:
    """Give the dimensions of a multi-frame image a UID that is the same in each run.

    Args:
        made: New image, which is changed in place.
        making: What it is made of.
        kind: Name of its file.
    """
    uid = making.identity.uid(kind, "dimensions")
    for keyword in ("DimensionOrganizationSequence", "DimensionIndexSequence"):
        for item in made[keyword].value:
            item.DimensionOrganizationUID = uid
    if making.acquired is not None:
        made.AcquisitionDate = f"{making.acquired:%Y%m%d}"
        made.AcquisitionTime = f"{making.acquired:%H%M%S}"
