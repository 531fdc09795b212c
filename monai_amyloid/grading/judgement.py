"""Why a person must read a scan."""

from monai_amyloid.cohort.datalist import GRADES
from monai_amyloid.evaluation.decision import Decision

# Centiloid below which amyloid is excluded, and above which it is certain (AMYPAD, Collij et al.
# 2024, doi:10.1002/alz.14336): a measurement beyond them contradicts the grade.
EXCLUDED, CERTAIN = 10.0, 30.0


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


def contradiction(grade: int, centiloid: float) -> str | None:
    """How a grade and Centiloid contradict each other; None where they do not.

    Args:
        grade: BAPL 1, 2 or 3.
        centiloid: Of the same scan.
    """
    if grade == 1 and centiloid > CERTAIN:
        return (
            f"BAPL 1, no amyloid, but Centiloid {centiloid:.0f} is above {CERTAIN:.0f}, where "
            "amyloid is certain"
        )
    if grade > 1 and centiloid < EXCLUDED:
        return (
            f"BAPL {grade}, but Centiloid {centiloid:.0f} is below {EXCLUDED:.0f}, where little "
            "amyloid is there on the whole: a small area may be affected"
        )
    return None
