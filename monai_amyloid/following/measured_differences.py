"""What was measured differently on two scans of one person: one rule each."""

from collections.abc import Iterator

from monai_amyloid.findings.bounds import (
    MOST_COVERAGE_DIFFERENCE,
    MOST_DURATION_DIFFERENCE_MIN,
    MOST_FWHM_DIFFERENCE_MM,
    MOST_MOTION_DIFFERENCE_MM,
    MOST_NOISE_DIFFERENCE_CV,
    MOST_START_DIFFERENCE_MIN,
    MOST_ZOOM_DIFFERENCE_MM,
)
from monai_amyloid.findings.finding import Finding, note, phrase, warning
from monai_amyloid.following.pair import Pair, apart

_REGIONS = {
    "cerebellum_covered": phrase("covered_cerebellum", "the cerebellum"),
    "cortex_covered": phrase("covered_cortex", "the cortex"),
}


def voxels(pair: Pair) -> Iterator[Finding]:
    """Warn of voxels of two sizes."""
    one, other = (tuple(map(float, image.zooms)) for image in (pair.earlier, pair.later))
    if any(map(apart, one, other, [MOST_ZOOM_DIFFERENCE_MM] * 3)):
        yield warning(
            "voxels_differ",
            "the voxels were {earlier_mm:x:.1f} mm, then {later_mm:x:.1f} mm, as of two ways to "
            "reconstruct: the resolution may differ with them",
            earlier_mm=one,
            later_mm=other,
        )


def start(pair: Pair) -> Iterator[Finding]:
    """Warn of scans that began at two times after the injection; note where one is not known."""
    one, other = pair.numbers("start_minutes")
    if one is None or other is None:
        yield note(
            "scan_start_not_known",
            "it is not known of both scans how long after the injection they began; SUVR drifts "
            "with that time",
        )
    elif apart(one, other, MOST_START_DIFFERENCE_MIN):
        yield warning(
            "scan_start_differs",
            "the scan began {earlier_min:.0f} min, then {later_min:.0f} min after the injection: "
            "SUVR drifts with that time, more where there is more amyloid",
            earlier_min=one,
            later_min=other,
        )


def duration(pair: Pair) -> Iterator[Finding]:
    """Note scans that took two times, for the noise of both is measured."""
    one, other = pair.numbers("duration_minutes")
    if one is not None and other is not None and apart(one, other, MOST_DURATION_DIFFERENCE_MIN):
        yield note(
            "scan_duration_differs",
            "the scan took {earlier_min:.0f} min, then {later_min:.0f} min: the shorter one has "
            "more noise",
            earlier_min=one,
            later_min=other,
        )


def resolution(pair: Pair) -> Iterator[Finding]:
    """Warn of two resolutions."""
    one, other = pair.measured("fwhm_mm")
    if one is not None and other is not None and apart(one, other, MOST_FWHM_DIFFERENCE_MM):
        yield warning(
            "resolution_differs",
            "the resolution was {earlier_mm:.1f} mm, then {later_mm:.1f} mm (FWHM): the coarser "
            "scan has a lower SUVR in thin cortex with amyloid, and a higher one without",
            earlier_mm=one,
            later_mm=other,
        )


def noise(pair: Pair) -> Iterator[Finding]:
    """Note two levels of noise."""
    one, other = pair.measured("noise_cv")
    if one is not None and other is not None and apart(one, other, MOST_NOISE_DIFFERENCE_CV):
        yield note(
            "noise_differs",
            "the noise was {earlier_cv:.0%}, then {later_cv:.0%}: the noisier scan is measured "
            "less exactly",
            earlier_cv=one,
            later_cv=other,
        )


def motion(pair: Pair) -> Iterator[Finding]:
    """Warn of a head that moved in one scan more than in the other."""
    one, other = pair.measured("motion_mm")
    if one is not None and other is not None and apart(one, other, MOST_MOTION_DIFFERENCE_MM):
        yield warning(
            "motion_differs",
            "the head moved by {earlier_mm:.1f} mm, then by {later_mm:.1f} mm between frames: "
            "motion blurs the cortex and shifts the attenuation correction",
            earlier_mm=one,
            later_mm=other,
        )


def coverage(pair: Pair) -> Iterator[Finding]:
    """Warn of a region that is cut in one scan more than in the other."""
    for name, region in _REGIONS.items():
        one, other = pair.measured(name)
        if one is not None and other is not None and apart(one, other, MOST_COVERAGE_DIFFERENCE):
            yield warning(
                "coverage_differs",
                "{region} was {earlier:.0%}, then {later:.0%} inside the field of view: what is "
                "not seen in one scan is not compared with what is seen in the other",
                region=region,
                earlier=one,
                later=other,
            )
