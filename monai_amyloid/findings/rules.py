"""When a reader must look at a scan that was graded: the one rule, whoever asks.

Grading a study, evaluating a cross-validation, MONAI Label and a bundle's own run all call
:func:`doubts`. A new rule is one function in :data:`_RULES`.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

from monai_amyloid.findings.bounds import (
    CENTILOID_CERTAIN,
    CENTILOID_EXCLUDED,
)
from monai_amyloid.findings.finding import Finding, Phrase, Term, doubt, phrase

GRADES = (1, 2, 3)
POSITIVE_GRADES = GRADES[1:]  # a reader who gives one of them calls the scan positive
# Name of the measure of how far the network's features lie from those of its training.
FEATURES_APART = "features_apart"
# Measures by which a scan may be unlike those that calibrated the bundle, and whether the bound is
# the least (else it is the most).
GATES: Mapping[str, bool] = {
    "registration": True,
    "fwhm_mm": False,
    "noise_cv": False,
    FEATURES_APART: False,
}
# Names of the grades, lowest first, where a bundle does not give its own.
BAPL_NAMES = ("BAPL 1", "BAPL 2", "BAPL 3")


@dataclass(frozen=True, kw_only=True)
class GradedScan:
    """What is known of a scan when it is decided whether a reader must look at it.

    Attributes:
        probabilities: Calibrated probabilities of the three grades, lowest first.
        prediction_set: The likely grades, each 1, 2 or 3, ascending; the most probable one is
            among them.
        centiloid: Centiloid of the scan; None for a picture, which has none.
        quality: Measures by name, see :mod:`monai_amyloid.brain.quality.measures`; empty for a
            picture.
        usual_quality: Bound of each of :data:`GATES` that nearly all scans keep to that calibrated
            the bundle, as far as that is known.
        never_left_out: Grades that are in every set, for too few scans of them calibrated the
            bundle.
        least_probable: Probability of each grade from which it may stand without a reader.
        usual_centiloid: Lowest and highest Centiloid that scans of each grade usually have; empty
            where that is not known.
        grade_names: Names of the three grades, lowest first.
    """

    probabilities: Sequence[float]
    prediction_set: Collection[int]
    least_probable: Sequence[float]
    centiloid: float | None = None
    usual_centiloid: Sequence[tuple[float, float]] = ()
    quality: Mapping[str, float | None] = field(default_factory=dict)
    usual_quality: Mapping[str, float] = field(default_factory=dict)
    never_left_out: Collection[int] = ()
    grade_names: Sequence[str] = BAPL_NAMES

    @property
    def grade(self) -> int:
        """The most probable grade, 1, 2 or 3; of equally probable ones the lowest."""
        return max(GRADES, key=lambda grade: (self.probabilities[grade - 1], -grade))

    def named(self, *grades: int) -> Phrase:
        """Grades by their names, such as ``BAPL 2 or 3``."""
        return grades_named(self.grade_names, grades)


def grades_named(names: Sequence[str], grades: Sequence[int]) -> Phrase:
    """Grades by their names, joined by "or".

    Args:
        names: Names of the three grades, lowest first.
        grades: Grades to name, each 1, 2 or 3.
    """
    if tuple(names) == BAPL_NAMES:
        return phrase("bapl_grades", "BAPL {grades:or}", grades=tuple(grades))
    return phrase("named_grades", "{names:or}", names=tuple(Term(names[g - 1]) for g in grades))


def doubts(scan: GradedScan) -> tuple[Finding, ...]:
    """Why a reader must look at a scan; nothing where its grade can stand.

    Args:
        scan: The scan and what was predicted of it.
    """
    return tuple(found for rule in _RULES if (found := rule(scan)) is not None)


def _of_the_set(scan: GradedScan) -> Finding | None:
    """The prediction set holds more than the most probable grade."""
    most, likely = scan.grade, tuple(scan.prediction_set)
    if likely == (most,):
        return None
    always = [grade for grade in scan.never_left_out if grade != most]
    if always and {*likely} - {*always} <= {most}:
        return doubt(
            "grade_not_calibrated",
            "{grades} cannot be left out: too few such scans calibrated this bundle",
            grades=scan.named(*always),
        )
    return doubt(
        "several_grades_likely",
        "more than one grade is likely: {grades}",
        grades=scan.named(*likely),
    )


def _too_unsure(scan: GradedScan) -> Finding | None:
    """The most probable grade alone is likely, but too many scans as sure are read otherwise."""
    own, least = scan.probabilities[scan.grade - 1], scan.least_probable[scan.grade - 1]
    if own >= least or len(scan.prediction_set) > 1:
        return None
    if least > 1:
        return doubt(
            "grade_never_alone",
            "{grade} is the likely grade, but readers differ too often about such scans for any "
            "of them to go without one",
            grade=scan.named(scan.grade),
        )
    return doubt(
        "grade_too_unsure",
        "{grade} has a probability of {probability:.1%}; it stands without a reader from "
        "{least:.1%} on",
        grade=scan.named(scan.grade),
        probability=own,
        least=least,
    )


def _unusual_centiloid(scan: GradedScan) -> Finding | None:
    """The Centiloid is one that scans of the grade hardly ever have."""
    load = scan.centiloid
    if load is None or not scan.usual_centiloid or _centiloid_contradicts(scan) is not None:
        return None
    low, high = scan.usual_centiloid[scan.grade - 1]
    if low <= load <= high:
        return None
    return doubt(
        "centiloid_unusual_of_grade",
        "{grade}, but Centiloid {centiloid:.0f} is not between {low:.0f} and {high:.0f}, as in "
        "nearly all scans that were told this grade",
        grade=scan.named(scan.grade),
        centiloid=load,
        low=low,
        high=high,
    )


def _centiloid_contradicts(scan: GradedScan) -> Finding | None:
    """Grade and Centiloid contradict each other."""
    load = scan.centiloid
    if load is None:
        return None
    if scan.grade == 1 and load > CENTILOID_CERTAIN:
        return doubt(
            "negative_with_high_centiloid",
            "{grade}, no amyloid, but Centiloid {centiloid:.0f} is above {certain:.0f}, where "
            "amyloid is certain",
            grade=scan.named(1),
            centiloid=load,
            certain=CENTILOID_CERTAIN,
        )
    if scan.grade > 1 and load < CENTILOID_EXCLUDED:
        return doubt(
            "positive_with_low_centiloid",
            "{grade}, but Centiloid {centiloid:.0f} is below {excluded:.0f}, where little amyloid "
            "is there on the whole: a small area may be affected",
            grade=scan.named(scan.grade),
            centiloid=load,
            excluded=CENTILOID_EXCLUDED,
        )
    return None


_MEASURES = {
    "registration": phrase("gate_registration", "the match to the template"),
    "fwhm_mm": phrase("gate_resolution", "the resolution in mm"),
    "noise_cv": phrase("gate_noise", "the noise of single voxels"),
    FEATURES_APART: phrase("gate_features", "the distance of what the network sees"),
}


def _unlike_others(scan: GradedScan) -> Finding | None:
    """The scan is unlike those that calibrated the bundle, so that nothing is promised for it."""
    for name, bound in scan.usual_quality.items():
        value = scan.quality.get(name)
        if value is None or not (value < bound if GATES[name] else value > bound):
            continue
        if GATES[name]:
            return doubt(
                "unlike_others_below",
                "{measure} is {value:.2f}, below {bound:.2f}, which nearly all scans reach that "
                "calibrated this bundle: its probabilities were not measured on such scans",
                measure=_MEASURES[name],
                value=value,
                bound=bound,
            )
        return doubt(
            "unlike_others_above",
            "{measure} is {value:.2f}, above {bound:.2f}, within which nearly all scans are that "
            "calibrated this bundle: its probabilities were not measured on such scans",
            measure=_MEASURES[name],
            value=value,
            bound=bound,
        )
    return None


# In the order of their weight, which is the order in which every page shows them: what takes the
# ground from under all numbers, then which grade it is, then what speaks against it.
_RULES: tuple[Callable[[GradedScan], Finding | None], ...] = (
    _unlike_others,
    _of_the_set,
    _too_unsure,
    _centiloid_contradicts,
    _unusual_centiloid,
)
