"""The phantom's grids, and how an anatomy is written for the package to read."""

import gzip
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
from nibabel.processing import resample_from_to
from numpy.typing import NDArray
from scipy import ndimage

from monai_amyloid.phantom.people.geometry.anatomy import DATA, WARP_AFFINE

# The phantom's grid: 2 mm like the template's, longer towards the neck and the scalp.
SHAPE = (104, 128, 128)
AFFINE = np.array([[2, 0, 0, -104], [0, 2, 0, -138], [0, 0, 2, -138], [0, 0, 0, 1]], float)
# Its voxels cut into eight.
FINE_SHAPE = (208, 256, 256)
FINE_AFFINE = np.array(
    [[1, 0, 0, -104.5], [0, 1, 0, -138.5], [0, 0, 1, -138.5], [0, 0, 0, 1]], float
)
# Fractions are kept in steps of 15/255: half the file, and finer than any tissue map is sure.
STEP = 15


def on_grid(image: nib.Nifti1Image, order: int) -> NDArray[np.float64]:
    """Resample to the phantom's grid; blur first where it is finer, against aliasing."""
    if order:
        data = ndimage.gaussian_filter(np.asarray(image.dataobj, float), 0.6)
        image = nib.Nifti1Image(data, image.affine)
    return np.asarray(resample_from_to(image, (SHAPE, AFFINE), order=order).dataobj)


def nearest_labels(seeds: NDArray[np.int_]) -> NDArray[np.int_]:
    """Give each voxel the label of the nearest labelled one."""
    nearest = ndimage.distance_transform_edt(
        seeds == 0, return_distances=False, return_indices=True
    )
    return seeds[tuple(nearest)]


def closed(mask: NDArray[np.bool_], iterations: int) -> NDArray[np.bool_]:
    """Close and fill a mask; the grid's edge is no wall."""
    padded = ndimage.binary_closing(np.pad(mask, iterations), iterations=iterations)
    inner = slice(iterations, -iterations)
    return ndimage.binary_fill_holes(padded[inner, inner, inner])


def signed_distance(mask: NDArray[np.bool_], spacing: float) -> NDArray[np.float32]:
    """Millimetres from the surface of a mask, negative inside."""
    outside = ndimage.distance_transform_edt(~mask, sampling=spacing)
    inside = ndimage.distance_transform_edt(mask, sampling=spacing)
    # Distances run between voxel middles: the surface lies half a voxel before the other side.
    half = spacing / 2
    return np.where(mask, half - inside, outside - half).astype(np.float32)


def quantised(fractions: NDArray[np.floating[Any]]) -> NDArray[np.uint8]:
    """Fractions ``(6, X, Y, Z)`` to stored bytes whose sum stays at most 255.

    What rounding takes from or adds to a full voxel goes to its largest tissue.
    """
    levels = 255 // STEP
    scaled = np.clip(fractions, 0, 1) * levels
    steps = np.rint(scaled).astype(int)
    total = np.rint(scaled.sum(axis=0)).astype(int)
    largest = np.argmax(scaled, axis=0)[None]
    rest = np.take_along_axis(steps, largest, axis=0) + total - steps.sum(axis=0)
    np.put_along_axis(steps, largest, rest.clip(0), axis=0)
    return (steps * STEP).clip(0, 255).astype(np.uint8)


def save(data: NDArray[np.generic], affine: NDArray[np.float64], path: Path) -> int:
    """Write a NIfTI map, its gzip without a time, and return its size in bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    image = nib.Nifti1Image(data, affine)
    image.header.set_xyzt_units("mm")
    # Without a time and a name in the gzip header, the same data gives the same bytes.
    path.write_bytes(gzip.compress(image.to_bytes(), compresslevel=9, mtime=0))
    return path.stat().st_size


def save_anatomy(
    name: str,
    fractions: NDArray[np.floating[Any]],
    labels: NDArray[np.int_],
    from_template: NDArray[np.float32],
    folder: Path = DATA,
) -> None:
    """Write one anatomy; its depth follows from its fractions."""
    stored = quantised(fractions)
    hull = closed((stored[0].astype(int) + stored[1]) > 0.4 * 255, 5)
    depth = ndimage.distance_transform_edt(hull, sampling=2)
    steps = np.rint(np.moveaxis(from_template, 0, -1) * 100).astype(np.int16)
    size = sum(
        save(data, affine, folder / name / f"{kind}.nii.gz")
        for kind, data, affine in (
            ("tissue_fractions", np.moveaxis(stored, 0, -1), AFFINE),
            ("nearest_region", labels.astype(np.uint8), AFFINE),
            ("depth", np.rint(depth * 10).clip(0, 255).astype(np.uint8), AFFINE),
            ("from_template", steps, WARP_AFFINE),
        )
    )
    print(f"{name}: {size / 1e6:.2f} MB")
