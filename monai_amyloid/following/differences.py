"""What differs between two scans of one person besides the amyloid, and what that may do.

A rule is a function of a :class:`~monai_amyloid.following.pair.Pair` in :data:`RULES`; its text
says what was found in both and what it may do to the change.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from monai_amyloid.findings.finding import Finding
from monai_amyloid.following import header_differences as header
from monai_amyloid.following import measured_differences as measured
from monai_amyloid.following.pair import Pair
from monai_amyloid.pet.image import PetImage

RULES: tuple[Callable[[Pair], Iterable[Finding]], ...] = (
    header.tracer,
    header.scanner,
    header.software,
    header.reconstruction,
    header.reconstruction_settings,
    header.reconstruction_filter,
    measured.voxels,
    header.attenuation_correction,
    header.scatter_correction,
    measured.start,
    measured.duration,
    measured.resolution,
    measured.noise,
    measured.motion,
    measured.coverage,
    header.position,
)
# Codes of the findings that each answer of :class:`Differences` rests on.
_SCANNER = {"scanner_differs", "scanner_of_another_machine"}
_RECONSTRUCTION = {
    *("reconstruction_differs", "reconstruction_settings_differ", "reconstruction_filter_differs"),
    *("time_of_flight_differs", "voxels_differ"),
}
_CORRECTION = {"attenuation_correction_differs", "scatter_correction_differs"}


@dataclass(frozen=True, kw_only=True)
class Differences:
    """What differs between two scans, by which the interval of a change is widened.

    Attributes:
        scanner: Whether the scanners are of two models, or two machines of one.
        reconstruction: Whether method, settings, filter or voxels differ.
        correction: Whether attenuation or scatter were corrected in two ways.
        tracer: Whether two tracers were injected.
        resolution_mm: Resolution (FWHM) of the later scan less that of the earlier one; None where
            it was not measured on both.
        minutes: Start of the later scan after the injection less that of the earlier one; None
            where it is not known of both.
        findings: Everything that differs, in words.
    """

    scanner: bool
    reconstruction: bool
    correction: bool
    tracer: bool
    resolution_mm: float | None
    minutes: float | None
    findings: tuple[Finding, ...]


def differences(
    earlier: PetImage,
    later: PetImage,
    quality_earlier: Mapping[str, float | None],
    quality_later: Mapping[str, float | None],
) -> Differences:
    """Compare how two scans of one person were made.

    Args:
        earlier: Earlier scan as it was read.
        later: Later scan as it was read.
        quality_earlier: Measures of the earlier scan, see
            :mod:`monai_amyloid.brain.quality.measures`.
        quality_later: Measures of the later scan.

    Returns:
        What differs; where a header is silent, nothing is known to differ.
    """
    pair = Pair(earlier, later, quality_earlier, quality_later)
    findings = tuple(finding for rule in RULES for finding in rule(pair))
    codes = {finding.code for finding in findings}
    return Differences(
        scanner=bool(codes & _SCANNER),
        reconstruction=bool(codes & _RECONSTRUCTION),
        correction=bool(codes & _CORRECTION),
        tracer="tracer_differs" in codes,
        resolution_mm=_less(*pair.measured("fwhm_mm")),
        minutes=_less(*pair.numbers("start_minutes")),
        findings=findings,
    )


def _less(earlier: float | None, later: float | None) -> float | None:
    return None if earlier is None or later is None else later - earlier
