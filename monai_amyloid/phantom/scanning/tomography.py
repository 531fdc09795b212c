"""A small real scanner: projections of slices, photons that are counted, and OSEM.

Slow beside :mod:`monai_amyloid.phantom.scanning.noise`, and the judge of it: parallel beams in two
dimensions, attenuation, Poisson counts with a background, and ordered-subsets expectation
maximisation (Hudson and Larkin 1994, doi:10.1109/42.363108).
"""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage, sparse

from monai_amyloid.pet.widths import FWHM_PER_SIGMA

# Scatter and randoms on a line of response over the trues on the line with most of them: about
# 0.5 and 0.3 of all trues, spread over a field of view of 256 mm of which the head fills half.
BACKGROUND_TO_TRUES = 0.3
# Directions over half a turn for each voxel across the image; pi / 2 would sample the whole
# spectrum of a disc as wide as the image, and a head is narrower.
_VIEWS_PER_VOXEL = 1.3


def view_count(size: int, subsets: int) -> int:
    """Directions of a scan of ``size`` voxels across, a multiple of ``subsets``."""
    return subsets * int(np.ceil(_VIEWS_PER_VOXEL * size / subsets))


@lru_cache(maxsize=4)
def projector(size: int, views: int) -> sparse.csr_array:
    """Matrix from the voxels of a slice to line integrals in units of a voxel's width.

    An entry is the area of a voxel inside the strip of a detector bin, which is as wide as a
    voxel.

    Args:
        size: Voxels and bins across; voxels outside the inscribed circle are not seen.
        views: Directions over half a turn.

    Returns:
        ``(views * size, size * size)`` float32, rows by view, then bin.
    """
    x, y = np.meshgrid(*(np.arange(size) - (size - 1) / 2,) * 2, indexing="ij")
    seen = np.flatnonzero(np.hypot(x, y) <= size / 2 - 1.5)
    rows, columns, values = [], [], []
    for view in range(views):
        # A quarter of a step off the axes, where a square's shadow has no slopes to divide by.
        angle = np.pi * (view + 0.25) / views
        along = np.abs([np.cos(angle), np.sin(angle)])
        centre = x.ravel()[seen] * np.cos(angle) + y.ravel()[seen] * np.sin(angle)
        bins = np.floor(centre + (size - 1) / 2 - 0.5).astype(int)
        for neighbour in range(3):
            # A voxel's shadow reaches 0.71 bins to either side: three bins hold all of it.
            left = bins + neighbour - size / 2 - centre
            area = _shadow(left + 1, *along) - _shadow(left, *along)
            rows.append(view * size + bins + neighbour)
            columns.append(seen)
            values.append(area)
    entries = np.concatenate(values).astype(np.float32)
    places = (np.concatenate(rows), np.concatenate(columns))
    matrix = sparse.csr_array((entries, places), shape=(views * size, size * size))
    matrix.eliminate_zeros()
    return matrix


def _shadow(edge: NDArray[np.float64], cosine: float, sine: float) -> NDArray[np.float64]:
    """Area of a unit square's projection below ``edge``: a trapezium's integral."""

    def ramp(place: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.square(np.clip(place, 0, None)) / 2

    wide, narrow = (cosine + sine) / 2, abs(cosine - sine) / 2
    area = ramp(edge + wide) - ramp(edge + narrow) - ramp(edge - narrow) + ramp(edge - wide)
    return np.asarray(area / (cosine * sine))


def reconstruct(
    activity: NDArray[np.float32],
    mu: NDArray[np.float32],
    voxel_mm: float,
    counts: float,
    *,
    subsets: int = 21,
    iterations: int = 4,
    post_filter_mm: float = 0.0,
    psf_mm: tuple[float, float] = (0.0, 0.0),
    slice_mm: float | None = None,
    random: np.random.Generator | None = None,
    ct_mu: NDArray[np.float32] | None = None,
    scatter: NDArray[np.float32] | None = None,
) -> NDArray[np.float32]:
    """Scan slices and reconstruct each by OSEM, corrected for attenuation and background.

    Args:
        activity: Uptake at the detectors' resolution ``(N, N, S)``, inside the inscribed circle;
            the same slice several times gives several realisations.
        mu: Attenuation in 1/mm ``(N, N, S)``, or ``(N, N, 1)`` for all slices.
        voxel_mm: Size of a voxel.
        counts: True coincidences expected in a slice, on average over the slices.
        subsets: Number of subsets of the views.
        iterations: Passes over all subsets.
        post_filter_mm: FWHM of a Gaussian applied in each slice.
        psf_mm: FWHM of the detectors' blur that the projector holds, in the slices and along z.
        slice_mm: Distance of the slices, where the blur along z is not 0.
        random: Source of randomness of the counts; None gives the expected counts, a scan without
            noise.
        ct_mu: What attenuation is corrected with, where that is not ``mu``.
        scatter: Counts that nobody subtracts, for each line in units of the trues on the line
            with most of them, ``(views * N, S)``.

    Returns:
        Uptake ``(N, N, S)`` in the units of ``activity``.
    """
    size, _, slices = activity.shape
    views = view_count(size, subsets)
    matrix = projector(size, views)
    survival = _survival(matrix, mu, voxel_mm)
    trues = (matrix @ _columns(activity)) * survival
    scale = counts * slices / trues.sum(dtype=float)
    # Scatter and randoms are broad: the same on every line, and known to the reconstruction.
    background = np.float32(BACKGROUND_TO_TRUES * trues.max() * scale)
    expected = trues * np.float32(scale) + background
    if scatter is not None:
        expected = expected + scatter * (trues.max() * np.float32(scale))
    measured = expected if random is None else random.poisson(expected).astype(np.float32)
    if ct_mu is not None:
        survival = _survival(matrix, ct_mu, voxel_mm)
    axial_mm = voxel_mm if slice_mm is None else slice_mm
    psf = tuple(
        mm / FWHM_PER_SIGMA / step
        for mm, step in zip((psf_mm[0], *psf_mm), (voxel_mm, voxel_mm, axial_mm), strict=True)
    )
    image = _osem(
        measured, survival * np.float32(scale), background, size, subsets, iterations, psf
    ).reshape(activity.shape)
    sigma = post_filter_mm / FWHM_PER_SIGMA / voxel_mm
    return np.asarray(ndimage.gaussian_filter(image, sigma, axes=(0, 1)), np.float32)


def _columns(slices: NDArray[np.float32]) -> NDArray[np.float32]:
    return slices.reshape(-1, slices.shape[-1]).astype(np.float32)


def _survival(
    matrix: sparse.csr_array, mu: NDArray[np.float32], voxel_mm: float
) -> NDArray[np.float32]:
    """Share of the photon pairs of each line that leave the body."""
    return np.asarray(np.exp(-np.float32(voxel_mm) * (matrix @ _columns(mu))))


def _osem(
    measured: NDArray[np.float32],
    weight: NDArray[np.float32],
    background: np.float32,
    size: int,
    subsets: int,
    iterations: int,
    psf: tuple[float, ...],
) -> NDArray[np.float32]:
    """The image whose projections times ``weight`` plus ``background`` explain the counts.

    The projections are those of the image blurred by ``psf``, sigma in voxels.
    """

    def blurred(image: NDArray[np.float32]) -> NDArray[np.float32]:
        if not any(psf):
            return image
        slices = image.reshape(size, size, -1)
        return np.asarray(
            ndimage.gaussian_filter(slices, psf, mode="constant").reshape(image.shape)
        )

    parts = _subset_matrices(size, len(measured) // size, subsets)
    # Neighbouring subsets hold nearly the same information: the golden ratio takes distant ones
    # in turn.
    order = np.argsort(np.arange(subsets) * 0.6180339887 % 1)
    image = np.ones((size * size, measured.shape[1]), np.float32)
    sensitivity = {}
    for _ in range(iterations):
        for subset in order:
            lines, forward, backward = parts[subset]
            weights = weight[lines]
            if subset not in sensitivity:
                sensitivity[subset] = blurred(backward @ weights)
            ratio = measured[lines] / (weights * (forward @ blurred(image)) + background)
            change = blurred(backward @ (weights * ratio))
            image *= np.divide(
                change, sensitivity[subset], out=np.zeros_like(change), where=change > 0
            )
    return image


@lru_cache(maxsize=2)
def _subset_matrices(
    size: int, views: int, subsets: int
) -> list[tuple[NDArray[np.int_], sparse.csr_array, sparse.csr_array]]:
    """Rows of each subset, their part of the projector, and its transpose."""
    matrix = projector(size, views)
    rows = np.arange(views * size).reshape(views, size)
    parts = []
    for first in range(subsets):
        lines = rows[first::subsets].ravel()
        forward = matrix[lines]
        parts.append((lines, forward, sparse.csr_array(forward.T)))
    return parts
