"""What tells a real person's scan from a simulated one, measured on the template's grid.

Each statistic is a ratio or a size that depends on no scale and no unit. They are measured in the
same masks of the template on real and on simulated scans, after the program's own normalisation,
so that whatever registration does to a head is done to both. The cortex of a read slice, a ring of
scalp and a dark area of ventricles are measured in slice z = 16 mm, where pictures of scans are
usually taken.

Half of them may be used to fit a simulator, and the other half reports on it: :data:`FITTED` and
:data:`REPORTED`. Each half has ventricles, scalp, fluid, uptake and noise.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from benchmarks.studies.simulator.head_places import (
    SECTORS,
    SLICE,
    ZOOM_MM,
    Mask,
    between_heights,
    deep_white,
    depth,
    height,
    in_region,
    sector,
    slice_depth,
)
from monai_amyloid.brain.template import TEMPLATE_AFFINE, TEMPLATE_SHAPE, brain_mask, voi

Volume = NDArray[np.float32]

# Inside the brain by this much, the brightest is white matter and no scalp that a fit let in.
INNER_MM = 4.0
# Darker than this share of the inner 95th percentile, and this deep, is ventricle and no sulcus:
# heads simulated before their ventricles were widened have 9 to 25 cm² of it, real means 12 to 15.
DARK_SHARE, DEEP_MM = 0.4, 16.0
# Where the scalp lies outside the template's brain.
SCALP_MM = (4.0, 20.0)
JUST_OUTSIDE_MM = 4.0
PROFILE_MM = (0, 4, 8, 12, 16, 20, 24)
# Waves of noise between two Gaussian filters, by the SD of each in mm.
BANDS_MM = {"fine": (0.0, 2.0), "middle": (2.0, 4.0), "coarse": (4.0, 8.0)}
MAD_TO_SD = 1.4826


def inner_95(volume: Volume) -> float:
    """95th percentile of the slice's brain, but for its edge."""
    return float(np.percentile(volume[..., SLICE][slice_depth() > INNER_MM], 95))


def brain_median(volume: Volume) -> float:
    """Median of the brain between the heights."""
    return float(np.median(volume[brain_mask() & between_heights()]))


def dark(volume: Volume) -> Mask:
    """Ventricle-like pixels of the slice, ``(91, 109)``."""
    return np.asarray(
        (volume[..., SLICE] < DARK_SHARE * inner_95(volume)) & (slice_depth() > DEEP_MM)
    )


def dark_area_cm2(volume: Volume) -> float:
    """Ventricle-like area of the slice."""
    return float(np.count_nonzero(dark(volume)) * ZOOM_MM**2 / 100)


def largest_dark_cm2(volume: Volume) -> float:
    """Area of the largest connected ventricle-like patch of the slice."""
    patches, count = ndimage.label(dark(volume))
    if not count:
        return 0.0
    return float(np.bincount(patches.ravel())[1:].max() * ZOOM_MM**2 / 100)


def dark_volume_cm3(volume: Volume) -> float:
    """Ventricle-like volume deep in the brain, between the heights."""
    low = volume < DARK_SHARE * inner_95(volume)
    return float(
        np.count_nonzero(low & (depth() > DEEP_MM) & between_heights()) * ZOOM_MM**3 / 1000
    )


def darkest(volume: Volume) -> float:
    """2nd percentile of the slice's deep brain over the inner 95th: what a ventricle holds."""
    deep = volume[..., SLICE][slice_depth() > DEEP_MM]
    return float(np.percentile(deep, 2)) / inner_95(volume)


def scalp_ring(volume: Volume) -> float:
    """99th percentile of the slice's ring of scalp over the inner 95th."""
    outside = -slice_depth()
    ring = (outside > SCALP_MM[0]) & (outside <= SCALP_MM[1])
    return float(np.percentile(volume[..., SLICE][ring], 99)) / inner_95(volume)


def around(volume: Volume) -> NDArray[np.float64]:
    """Mean by sector and by steps of 2 mm outward from the slice's brain, ``(36, 10)``."""
    steps = int(SCALP_MM[1] / ZOOM_MM)
    outside = -slice_depth()
    ring = (outside > 0) & (outside <= SCALP_MM[1])
    step = np.minimum((outside[ring] / ZOOM_MM).astype(np.intp), steps - 1)
    place = sector()[ring] * steps + step
    count = np.bincount(place, minlength=SECTORS * steps)
    total = np.bincount(place, volume[..., SLICE][ring], minlength=SECTORS * steps)
    return np.asarray(np.where(count, total / np.maximum(count, 1), np.nan)).reshape(SECTORS, steps)


def scalp_unevenness(volume: Volume) -> float:
    """SD over mean, around the head, of the brightest scalp in each direction."""
    brightest = np.nanmax(around(volume)[:, int(SCALP_MM[0] / ZOOM_MM) :], axis=1)
    return float(brightest.std() / brightest.mean())


def skull_gap(volume: Volume) -> float:
    """Darkest between brain and scalp over the scalp, the median of all directions."""
    profiles = around(volume)
    scalp = np.nanargmax(profiles[:, 2:], axis=1) + 2
    found = [np.nanmin(one[: at + 1]) / one[at] for one, at in zip(profiles, scalp, strict=True)]
    return float(np.median(found))


def just_outside(volume: Volume) -> float:
    """Mean of the slice within 4 mm outside the brain over the median of its brain."""
    outside, pixels = -slice_depth(), volume[..., SLICE]
    rim = (outside > 0) & (outside <= JUST_OUTSIDE_MM)
    return float(pixels[rim].mean() / np.median(pixels[slice_depth() > 0]))


def profile_at(distance_mm: float) -> Callable[[Volume], float]:
    """Mean at a distance outside the brain, 2 mm to either side, over the brain's median."""

    def measured(volume: Volume) -> float:
        band = (np.abs(depth() + distance_mm) <= ZOOM_MM) & between_heights()
        return float(volume[band].mean()) / brain_median(volume)

    return measured


def fluid_share(volume: Volume) -> float:
    """Share of the brain's outer 12 mm that is as dark as a ventricle."""
    rim = (depth() > 0) & (depth() <= 12) & between_heights()
    return float((volume[rim] < DARK_SHARE * inner_95(volume)).mean())


def vertex_rim(volume: Volume) -> float:
    """Mean of the outermost 6 mm of the brain above z = 40 mm over the brain's median."""
    rim = (depth() > 0) & (depth() <= 6) & (height() >= 40)
    return float(volume[rim].mean()) / brain_median(volume)


def midline(volume: Volume) -> float:
    """Mean between the hemispheres above z = 30 mm over the cortex beside it."""
    from_middle = np.abs(ZOOM_MM * np.arange(TEMPLATE_SHAPE[0]) + TEMPLATE_AFFINE[0, 3])
    high = (depth() > 4) & (height() >= 30)
    across = from_middle.reshape(-1, 1, 1)
    beside = high & (across > 4) & (across <= 16)
    return float(volume[high & (across <= 2)].mean() / volume[beside].mean())


def insula_over_cortex(volume: Volume) -> float:
    """Insula, beside the Sylvian fissure, over the GAAIN cortex."""
    return float(volume[in_region("insula")].mean() / volume[voi("cortex")].mean())


def cortex_over_inner(volume: Volume) -> float:
    """GAAIN cortex over the inner 95th percentile, both of the slice."""
    return float(volume[..., SLICE][voi("cortex")[..., SLICE]].mean()) / inner_95(volume)


def cerebellar_contrast(volume: Volume) -> float:
    """Whole cerebellum without its grey matter over its grey matter."""
    white = voi("whole_cerebellum") & ~voi("cerebellar_grey")
    return float(volume[white].mean() / volume[voi("cerebellar_grey")].mean())


def white_over_cerebellum(volume: Volume) -> float:
    """Deep white matter over the whole cerebellum."""
    return float(volume[deep_white()].mean() / volume[voi("whole_cerebellum")].mean())


def thalamus_over_white(volume: Volume) -> float:
    """Thalamus, beside the third ventricle, over deep white matter."""
    return float(volume[in_region("thalamus")].mean() / volume[deep_white()].mean())


def histogram_spread(volume: Volume) -> float:
    """From the 10th to the 90th percentile of the brain, over its median."""
    low, middle, high = np.percentile(volume[brain_mask() & between_heights()], [10, 50, 90])
    return float((high - low) / middle)


def histogram_lean(volume: Volume) -> float:
    """How much farther the 90th percentile of the brain is from its median than the 10th."""
    low, middle, high = np.percentile(volume[brain_mask() & between_heights()], [10, 50, 90])
    return float((high + low - 2 * middle) / (high - low))


def waves(band: str) -> Callable[[Volume], float]:
    """SD of a band of waves in deep white matter, over its mean."""
    narrow, wide = np.divide(BANDS_MM[band], ZOOM_MM)

    def measured(volume: Volume) -> float:
        fine = ndimage.gaussian_filter(volume, narrow) if narrow else volume
        left = (fine - ndimage.gaussian_filter(volume, wide))[deep_white()]
        # The median is blind to vessels and lesions.
        return float(MAD_TO_SD * np.median(np.abs(left - np.median(left)))) / float(
            volume[deep_white()].mean()
        )

    return measured


@dataclass(frozen=True)
class Statistic:
    """One thing that is measured on a scan.

    Attributes:
        kind: What of a head it shows.
        of_volume: Measures it on SUVR on the template's grid.
        linear: Whether the mean of many people has about the mean of their values, if their scans
            are as blurred as the mean: then real group means can be held against it.
    """

    kind: str
    of_volume: Callable[[Volume], float]
    linear: bool = False


# A simulator may be tuned until these agree.
FITTED = {
    "dark area, cm2": Statistic("ventricles", dark_area_cm2),
    "darkest deep": Statistic("ventricles", darkest),
    "scalp ring": Statistic("scalp", scalp_ring),
    "skull gap": Statistic("scalp", skull_gap),
    "profile 4 mm": Statistic("scalp", profile_at(4), linear=True),
    "profile 12 mm": Statistic("scalp", profile_at(12), linear=True),
    "profile 20 mm": Statistic("scalp", profile_at(20), linear=True),
    "fluid share": Statistic("fluid", fluid_share),
    "insula over cortex": Statistic("fluid", insula_over_cortex, linear=True),
    "cerebellar contrast": Statistic("uptake", cerebellar_contrast, linear=True),
    "histogram spread": Statistic("uptake", histogram_spread),
    "middle waves": Statistic("noise", waves("middle")),
}
# Nothing is tuned on these.
REPORTED = {
    "dark volume, cm3": Statistic("ventricles", dark_volume_cm3),
    "largest dark patch, cm2": Statistic("ventricles", largest_dark_cm2),
    "thalamus over white": Statistic("ventricles", thalamus_over_white, linear=True),
    "just outside": Statistic("scalp", just_outside, linear=True),
    "scalp unevenness": Statistic("scalp", scalp_unevenness),
    "profile 0 mm": Statistic("scalp", profile_at(0), linear=True),
    "profile 8 mm": Statistic("scalp", profile_at(8), linear=True),
    "profile 16 mm": Statistic("scalp", profile_at(16), linear=True),
    "profile 24 mm": Statistic("scalp", profile_at(24), linear=True),
    "vertex rim": Statistic("fluid", vertex_rim, linear=True),
    "midline": Statistic("fluid", midline, linear=True),
    "cortex over inner": Statistic("uptake", cortex_over_inner, linear=True),
    "white over cerebellum": Statistic("uptake", white_over_cerebellum, linear=True),
    "histogram lean": Statistic("uptake", histogram_lean),
    "fine waves": Statistic("noise", waves("fine")),
    "coarse waves": Statistic("noise", waves("coarse")),
}
# What the program's own normalisation measures on a scan, by its name there.
FITTED_QUALITY = {"match": "registration", "noise CV": "noise_cv"}
REPORTED_QUALITY = {"FWHM, mm": "fwhm_mm", "asymmetry": "asymmetry", "head scale": "head_scale"}


def head_statistics(volume: Volume) -> dict[str, float]:
    """Every statistic of a volume.

    Args:
        volume: SUVR on the template's grid ``(91, 109, 91)``.

    Returns:
        Value by name, those of :data:`FITTED` first.
    """
    return {name: each.of_volume(volume) for name, each in (FITTED | REPORTED).items()}


def quality_statistics(quality: Mapping[str, float]) -> dict[str, float]:
    """What the program's normalisation measured, by the names of this study."""
    return {name: quality[key] for name, key in (FITTED_QUALITY | REPORTED_QUALITY).items()}
