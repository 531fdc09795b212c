"""When a normalised scan cannot be trusted, and what makes its numbers less certain.

A check is a few lines here and its text in the catalogues. Its bound stands here where nobody else
reads it, and in :mod:`monai_amyloid.findings.bounds` where pages and other rooms do.
"""

from collections.abc import Mapping

from monai_amyloid.findings.bounds import (
    LEAST_HEAD_SCALE,
    MINIMUM_CEREBELLUM_COVERED,
    MINIMUM_CORTEX_COVERED,
    MINIMUM_MATCH,
    MINIMUM_PONS_SUVR,
    MOST_ASYMMETRY,
    MOST_FWHM_MM,
    MOST_HEAD_SCALE,
    MOST_LOAD_DIFFERENCE,
    MOST_NOISE_CV,
    MOST_UNEVEN_GROWTH,
    TRIED_FWHM_MM,
    TRIED_NOISE_CV,
    WHOLE,
)
from monai_amyloid.findings.finding import Finding, StudyRefused, warning


def refuse_poor_quality(quality: Mapping[str, float]) -> None:
    """Refuse a scan whose numbers would be wrong.

    Raises:
        StudyRefused: If no brain was found, or a region that is measured is not in view.
    """
    match, scale = quality["registration"], quality["head_scale"]
    if not (match >= MINIMUM_MATCH and LEAST_HEAD_SCALE <= scale <= MOST_HEAD_SCALE):
        raise StudyRefused(
            "poor_match",
            "no amyloid brain PET was recognised: match to the template {match:.2f} (needed "
            "{least_match:.2f}), size of the brain {head_scale:.2f} of the template's (needed "
            "{least_scale} to {most_scale}); check that this is a brain PET in a usual orientation",
            match=match,
            least_match=MINIMUM_MATCH,
            head_scale=scale,
            least_scale=LEAST_HEAD_SCALE,
            most_scale=MOST_HEAD_SCALE,
        )
    least, most = quality["jacobian_min"], quality["jacobian_max"]
    if not 0 < most <= MOST_UNEVEN_GROWTH * least:
        raise StudyRefused(
            "uneven_growth",
            "the template fits only if parts of it grow to {most_growth:.2f} and others to "
            "{least_growth:.2f} of their volume, needed at most {most_ratio} times as much; check "
            "the picture of the scan for a large lesion or a part that is missing",
            most_growth=most,
            least_growth=least,
            most_ratio=MOST_UNEVEN_GROWTH,
        )
    covered = quality["cerebellum_covered"]
    if covered < MINIMUM_CEREBELLUM_COVERED:
        raise StudyRefused(
            "cerebellum_cut",
            "the cerebellum, which SUVR is divided by, is {covered:.0%} inside the field of view, "
            "needed {least:.0%}; use a scan that covers it",
            covered=covered,
            least=MINIMUM_CEREBELLUM_COVERED,
        )
    covered = quality["cortex_covered"]
    if covered < MINIMUM_CORTEX_COVERED:
        raise StudyRefused(
            "cortex_cut",
            "the cortex that Centiloid is measured in is {covered:.0%} inside the field of view, "
            "needed {least:.0%}; use a scan that covers the whole brain",
            covered=covered,
            least=MINIMUM_CORTEX_COVERED,
        )
    if quality["pons_suvr"] < MINIMUM_PONS_SUVR:
        raise StudyRefused(
            "pons_too_dark",
            "the pons has {pons_suvr:.2f} of the cerebellum's uptake, needed {least} as in every "
            "amyloid PET; is this an MRI or another tracer?",
            pons_suvr=quality["pons_suvr"],
            least=MINIMUM_PONS_SUVR,
        )


def quality_warnings(quality: Mapping[str, float], centiloid: float) -> tuple[Finding, ...]:
    """What makes the numbers of a scan less certain.

    Args:
        quality: Measures from :func:`~monai_amyloid.brain.quality.measures.measure_quality`.
        centiloid: Centiloid as measured in the cortex.
    """
    found = []
    if quality["cerebellum_covered"] < WHOLE:
        found.append(
            warning(
                "cerebellum_partly_seen",
                "the cerebellum is only {covered:.0%} inside the field of view",
                covered=quality["cerebellum_covered"],
            )
        )
    if quality["cortex_covered"] < WHOLE:
        found.append(
            warning(
                "cortex_partly_seen",
                "the cortex is only {covered:.0%} inside the field of view",
                covered=quality["cortex_covered"],
            )
        )
    if quality["fwhm_mm"] > MOST_FWHM_MM:
        found.append(
            warning(
                "coarse_resolution",
                "the resolution seems to be {fwhm_mm:.1f} mm, tried were up to {tried_mm} mm: a "
                "coarse or moved scan, or a poor registration",
                fwhm_mm=quality["fwhm_mm"],
                tried_mm=TRIED_FWHM_MM,
            )
        )
    if quality["noise_cv"] > MOST_NOISE_CV:
        found.append(
            warning(
                "noisy",
                "the noise is {noise_cv:.0%}, tried was up to {tried_cv:.0%}",
                noise_cv=quality["noise_cv"],
                tried_cv=TRIED_NOISE_CV,
            )
        )
    if quality["asymmetry"] > MOST_ASYMMETRY:
        found.append(
            warning(
                "asymmetric",
                "left and right differ by {asymmetry:.0%} of the mean, usual is at most {most:.0%}:"
                " a lesion, a one-sided pattern, motion or a poor registration",
                asymmetry=quality["asymmetry"],
                most=MOST_ASYMMETRY,
            )
        )
    if abs(quality["amyloid_load"] - centiloid) > MOST_LOAD_DIFFERENCE:
        found.append(
            warning(
                "second_centiloid_differs",
                "the template's weights suggest a Centiloid of {second:.0f} where the cortex gives "
                "{centiloid:.0f}",
                second=quality["amyloid_load"],
                centiloid=centiloid,
            )
        )
    return tuple(found)
