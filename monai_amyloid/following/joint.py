"""All scans of one person measured as one head, so that what they share cancels in a difference.

Four things part two scans of an unchanged brain, and each is met here: the place of the regions, by
one registration for all (:mod:`monai_amyloid.brain.registration.one_head`); the resolution, by
smoothing every scan to the coarsest one's; the part of the brain in view, by what is in view in
all; and the reference's own uptake, which differs from day to day, by a second reference, the deep
white matter, which is far from the cerebellum and subject to other errors.

References:
    Landau et al. 2015, doi:10.2967/jnumed.114.148981 (white matter in the reference makes change
    over time less noisy).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from monai_amyloid.brain.normalization import BrainPet
from monai_amyloid.brain.quantities.centiloid import centiloid
from monai_amyloid.brain.quantities.matched_resolution import matched_resolution
from monai_amyloid.brain.quantities.references import WHITE_SHARE, white_over_cerebellum
from monai_amyloid.brain.quantities.suvr import regional_suvr
from monai_amyloid.brain.registration.one_head import register_visits
from monai_amyloid.brain.registration.resampling import in_view, resample
from monai_amyloid.brain.template import voi


@dataclass(frozen=True, kw_only=True)
class Joint:
    """All scans of one person, measured on one head.

    Attributes:
        suvr: SUVR of each scan over the joint reference on the template grid, ``(91, 109, 91)``,
            all at one resolution.
        regions: Mean SUVR of each scan by region, as
            :func:`~monai_amyloid.brain.quantities.suvr.regional_suvr` names them, of the voxels
            that are in view in all.
        centiloids: Centiloid of each scan, by its tracer's own line; of the scans of one tracer,
            the mean reference is the whole cerebellum.
        fwhm_mm: Resolution that all scans were smoothed to.
        in_view: Share of the cortex' region that is in view in all scans, 0 to 1.
    """

    suvr: tuple[NDArray[np.float32], ...]
    regions: tuple[dict[str, float], ...]
    centiloids: tuple[float, ...]
    fwhm_mm: float
    in_view: float


def join(scans: Sequence[BrainPet]) -> Joint:
    """Measure all scans of one person together.

    Args:
        scans: Normalised scans of one person, each with the tracer known.

    Returns:
        What was measured, in the order of the scans.
    """
    images = [scan.source for scan in scans]
    registrations = register_visits(images, [scan.registration for scan in scans])
    widths = np.array([scan.quality["fwhm_mm"] for scan in scans])
    coarsest = float(np.nanmax(widths)) if np.isfinite(widths).any() else float("nan")
    volumes, seen = [], np.ones_like(voi("cortex"))
    for image, registration, width in zip(images, registrations, widths, strict=True):
        laid = resample(image, registration)
        # One whose resolution is not known stays as it is.
        known = np.isfinite(width)
        volumes.append(matched_resolution(laid, float(width), coarsest) if known else laid)
        seen = seen & in_view(image, registration)
    references = _references(volumes, seen, [str(image.tracer) for image in images])
    suvr = tuple(
        np.asarray(volume / np.float32(reference), np.float32)
        for volume, reference in zip(volumes, references, strict=True)
    )
    regions = tuple(regional_suvr(volume, seen) for volume in suvr)
    loads = (
        centiloid(means["cortex"], str(image.tracer))
        for means, image in zip(regions, images, strict=True)
    )
    cortex = voi("cortex")
    return Joint(
        suvr=suvr,
        regions=regions,
        centiloids=tuple(loads),
        fwhm_mm=coarsest,
        in_view=float(seen[cortex].mean()),
    )


def _references(
    volumes: Sequence[NDArray[np.float32]], seen: NDArray[np.bool_], tracers: Sequence[str]
) -> NDArray[np.float64]:
    """Uptake that each scan is divided by, ``(V,)``, in the scan's unit.

    The whole cerebellum's, drawn towards what the white matter says of the same scan: by how much
    the two part in this scan from how they part in all scans of the same tracer on average.
    """
    cerebellum = voi("whole_cerebellum") & seen
    of_cerebellum = [float(volume[cerebellum].mean(dtype=np.float64)) for volume in volumes]
    towards = np.log([white_over_cerebellum(volume, seen) for volume in volumes])
    for tracer in set(tracers):
        same = np.array([each == tracer for each in tracers])
        towards[same] -= towards[same].mean()
    return np.asarray(np.array(of_cerebellum) * np.exp(WHITE_SHARE * towards))
