"""The voxels of a DICOM series: stored slices, scaled and laid along RAS+."""

from collections.abc import Iterator, Sequence
from itertools import groupby

import nibabel as nib
import numpy as np
from numpy.typing import NDArray

from monai_amyloid.pet.dicom.pixels.jpeg_process import JpegProcess
from monai_amyloid.pet.dicom.pixels.layout import PixelLayout
from monai_amyloid.pet.dicom.pixels.slice_scale import check_scales
from monai_amyloid.pet.dicom.pixels.stored import stored_values
from monai_amyloid.pet.dicom.slices import PetSlice, slope_not_positive


class StoredVolume:
    """How the stored slices ``(column, row, slice)`` become a RAS+ volume.

    Args:
        layout: How the pixels of the series are stored.
        slices: Number of slices of a time frame.
        affine: Index (column, row, slice) to RAS+ millimetres ``(4, 4)``.

    Attributes:
        ras_affine: Voxel index of the volume to RAS+ millimetres ``(4, 4)``.
        spacing_mm: Distance of the slices.
        ras_shape: Voxels ``(X, Y, Z)`` of the volume, whose axes run closest to RAS+.
    """

    def __init__(self, layout: PixelLayout, slices: int, affine: NDArray[np.float64]) -> None:
        self.layout = layout
        self.shape = shape = (layout.columns, layout.rows, slices)
        orientation = nib.orientations.io_orientation(affine)
        self.spacing_mm = float(np.linalg.norm(affine[:3, 2]))
        self.flips = orientation[:, 1].astype(int)
        self.axes = np.argsort(orientation[:, 0])
        self.ras_affine = affine @ nib.orientations.inv_ornt_aff(orientation, shape)
        x, y, z = (shape[axis] for axis in self.axes)
        self.ras_shape = (x, y, z)

    def loader(self, frame: Sequence[PetSlice]) -> "_Loader":
        """Give the function that reads one time frame.

        Args:
            frame: Slices of the frame along their normal.
        """
        return _Loader(self, tuple(frame))


class _Loader:
    """Reads the voxels of one time frame when it is called."""

    def __init__(self, volume: StoredVolume, slices: tuple[PetSlice, ...]) -> None:
        self.volume, self.slices = volume, slices

    def __call__(self) -> NDArray[np.float32]:
        """Read the voxels ``(X, Y, Z)``, RAS+, each slice scaled by its own slope."""
        columns, rows, count = self.volume.shape
        flip_columns, flip_rows, flip_slices = self.volume.flips
        # Slice by slice in the order of memory, turned on the way: no second copy.
        data = np.empty((count, rows, columns), np.float32)
        places = range(count)[::flip_slices]
        for place, one, stored in self._stored(places):
            # Some programs scale a blank slice by its maximum, which is 0.
            if one.slope == 0 and stored.any():
                raise slope_not_positive(one.slope, one.header.file)
            np.multiply(
                stored[::flip_rows, ::flip_columns],
                np.float32(one.slope),
                out=data[place],
                casting="unsafe",
            )
            if one.intercept:
                data[place] += np.float32(one.intercept)
        inside = [self.slices[index] for index in places]
        check_scales(
            data,
            [one.header.file for one in inside],
            [one.slope for one in inside],
            self.volume.spacing_mm,
        )
        return data.transpose(2, 1, 0).transpose(self.volume.axes)

    def _stored(self, places: Sequence[int]) -> Iterator[tuple[int, PetSlice, NDArray[np.int_]]]:
        """Give place, slice and stored values, the slices of one file together."""
        pairs = sorted(
            zip(places, self.slices, strict=True), key=lambda pair: str(pair[1].header.file)
        )
        with JpegProcess() as jpeg:
            for _, group in groupby(pairs, key=lambda pair: pair[1].header.file):
                together = list(group)
                header = together[0][1].header
                frames = [one.frame for _, one in together]
                images = stored_values(header, self.volume.layout, frames, jpeg)
                for (place, one), stored in zip(together, images, strict=True):
                    yield place, one, stored
