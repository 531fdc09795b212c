"""What each measure of a scan's quality is called, and what it means to a reader."""

from collections.abc import Mapping
from math import isnan

from monai_amyloid.findings.bounds import (
    MINIMUM_CEREBELLUM_COVERED,
    MINIMUM_CORTEX_COVERED,
    MINIMUM_MATCH,
    MINIMUM_PONS_SUVR,
    MOST_ASYMMETRY,
    TRIED_FWHM_MM,
    TRIED_NOISE_CV,
)
from monai_amyloid.findings.finding import Phrase, phrase

# Format and unit of the value, name, meaning.
_MEASURES: Mapping[str, tuple[str, str, Phrase, Phrase]] = {
    "registration": (
        "{:.2f}",
        "",
        phrase("measure_registration", "Match to the template"),
        phrase(
            "meaning_registration",
            "correlation with the template; {least:.2f} needed",
            least=MINIMUM_MATCH,
        ),
    ),
    "cerebellum_covered": (
        "{:.0%}",
        "",
        phrase("measure_cerebellum", "Cerebellum in view"),
        phrase(
            "meaning_cerebellum",
            "SUVR is divided by its mean; {least:.0%} needed",
            least=MINIMUM_CEREBELLUM_COVERED,
        ),
    ),
    "cortex_covered": (
        "{:.0%}",
        "",
        phrase("measure_cortex", "Cortex in view"),
        phrase(
            "meaning_cortex",
            "Centiloid is measured in it; {least:.0%} needed",
            least=MINIMUM_CORTEX_COVERED,
        ),
    ),
    "fwhm_mm": (
        "{:.1f}",
        " mm",
        phrase("measure_resolution", "Resolution"),
        phrase(
            "meaning_resolution",
            "full width at half maximum; tested up to {tried_mm:.1f} mm",
            tried_mm=TRIED_FWHM_MM,
        ),
    ),
    "noise_cv": (
        "{:.0%}",
        "",
        phrase("measure_noise", "Noise"),
        phrase(
            "meaning_noise",
            "coefficient of variation of single voxels; tested up to {tried:.0%}",
            tried=TRIED_NOISE_CV,
        ),
    ),
    "asymmetry": (
        "{:.0%}",
        "",
        phrase("measure_asymmetry", "Left-right difference"),
        phrase("meaning_asymmetry", "of the mean; usually up to {usual:.0%}", usual=MOST_ASYMMETRY),
    ),
    "motion_mm": (
        "{:.1f}",
        " mm",
        phrase("measure_motion", "Head motion"),
        phrase("meaning_motion", "largest between time frames; corrected"),
    ),
    "head_scale": (
        "{:.2f}",
        "",
        phrase("measure_size", "Size of the brain"),
        phrase("meaning_size", "edge length over the template's"),
    ),
    "pons_suvr": (
        "{:.2f}",
        "",
        phrase("measure_pons", "Pons"),
        phrase(
            "meaning_pons", "SUVR; at least {least:.2f} in amyloid PET", least=MINIMUM_PONS_SUVR
        ),
    ),
    "amyloid_load": (
        "{:.0f}",
        "",
        phrase("measure_load", "Second Centiloid"),
        phrase("meaning_load", "by the template's weights, as a cross-check"),
    ),
}


def quality_rows(quality: Mapping[str, float | None]) -> list[tuple[Phrase, str, Phrase]]:
    """Name, value with its unit, and meaning of each measure that a reader can use.

    Args:
        quality: Values by the measures' names, as a result holds them.
    """
    return [
        (name, _with_unit(quality[key], form, unit), meaning)
        for key, (form, unit, name, meaning) in _MEASURES.items()
        if key in quality
    ]


def _with_unit(value: float | None, form: str, unit: str) -> str:
    """A value, or a dash where a scan does not allow the measure."""
    return "\N{EN DASH}" if value is None or isnan(value) else form.format(value) + unit
