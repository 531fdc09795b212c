"""Why a person must read a scan."""

from collections.abc import Sequence

from monai_amyloid.cohort.datalist import GRADES
from monai_amyloid.evaluation.decision import Decision
from monai_amyloid.findings.bounds import (
    CENTILOID_CERTAIN,
    CENTILOID_EXCLUDED,
    LEAST_PROBABLE,
    MOST_LEFT_OUT,
)


def why_in_doubt(most: int, likely: tuple[int, ...], decision: Decision) -> str | None:
    """What is doubtful about a most probable grade and its prediction set; None for nothing.

    Args:
        most: The most probable grade.
        likely: The prediction set.
        decision: That made it.
    """
    if likely == (most,):
        return None
    thresholds = zip(GRADES, decision.set_thresholds, strict=True)
    always = [str(grade) for grade, least in thresholds if least <= 0 and grade != most]
    if always and {str(grade) for grade in likely} - {*always} <= {str(most)}:
        named = " or ".join(always)
        return f"BAPL {named} cannot be left out: too few such scans calibrated this bundle"
    if not likely:
        return f"BAPL {most} is the most probable grade, but less so than in most scans of it"
    if len(likely) == 1:  # a rare grade enters a set at a lower probability
        return f"BAPL {most} is the most probable grade, but the scan may well be BAPL {likely[0]}"
    return f"more than one grade is likely: BAPL {' or '.join(map(str, likely))}"


def too_unsure(most: int, probabilities: Sequence[float]) -> str | None:
    """Why the most probable grade is not probable enough to stand alone; None where it is.

    Args:
        most: The most probable grade, 1, 2 or 3.
        probabilities: Calibrated probabilities of BAPL 1, 2 and 3.
    """
    others = [(chance, grade) for grade, chance in zip(GRADES, probabilities, strict=True)]
    own, (second, other) = probabilities[most - 1], max(o for o in others if o[1] != most)
    if own >= LEAST_PROBABLE and second < MOST_LEFT_OUT:
        return None
    return (
        f"BAPL {most} has a probability of {own:.0%} and BAPL {other} of {second:.0%}; a grade "
        f"stands alone from {LEAST_PROBABLE:.0%} on, where no other has {MOST_LEFT_OUT:.0%}"
    )


def contradiction(grade: int, centiloid: float) -> str | None:
    """How a grade and Centiloid contradict each other; None where they do not.

    Args:
        grade: BAPL 1, 2 or 3.
        centiloid: Of the same scan.
    """
    if grade == 1 and centiloid > CENTILOID_CERTAIN:
        return (
            f"BAPL 1, no amyloid, but Centiloid {centiloid:.0f} is above "
            f"{CENTILOID_CERTAIN:.0f}, where amyloid is certain"
        )
    if grade > 1 and centiloid < CENTILOID_EXCLUDED:
        return (
            f"BAPL {grade}, but Centiloid {centiloid:.0f} is below "
            f"{CENTILOID_EXCLUDED:.0f}, where little amyloid is there on the "
            "whole: a small area may be affected"
        )
    return None
