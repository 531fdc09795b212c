"""A decision fitted to a hospital's own graded scans, of which there are few.

Twenty scans a grade say little; the many simulated ones that a bundle was calibrated on say much,
but of other scanners and readers. So each number is drawn from the bundle's own towards what the
hospital's scans teach, the more of them the further. One thing is not drawn back: where they call
for larger sets, the sets grow as far as they call for, or the promised coverage would not hold.
"""

import math
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from monai_amyloid.evaluation.deciding.calibration import fit_temperature, temper
from monai_amyloid.evaluation.deciding.conformal import (
    covered,
    prediction_sets,
    set_thresholds,
    shares_of,
)
from monai_amyloid.evaluation.deciding.decision import Decision, Predictions
from monai_amyloid.evaluation.deciding.operating_point import positive_threshold
from monai_amyloid.evaluation.deciding.standing import MOST_WRONG, least_probabilities
from monai_amyloid.evaluation.intervals import Estimate, percentile_interval, resample, share_of
from monai_amyloid.findings.rules import GRADES

Array = NDArray[np.float64]

# The shipped numbers count as much as so many scans.
SHIPPED_COUNTS_AS = 30
# Fewer promise no coverage of 90 %, and their grade's threshold stays the shipped one.
LEAST_OF_A_GRADE = 9
# People are dealt into so many parts to judge what was learnt from the others.
PARTS = 10


def adapted(shipped: Decision, probabilities: Array, truth: ArrayLike) -> Decision:
    """The numbers of a decision, drawn towards what a hospital's graded scans teach.

    Args:
        shipped: The bundle's own decision.
        probabilities: Uncalibrated probabilities of the network for the hospital's scans,
            ``(N, 3)``.
        truth: Grades of the hospital's scans, 1, 2 or 3, ``(N,)``.
    """
    grades = np.asarray(truth, int)
    labels = shares_of(grades)
    weight = len(grades) / (len(grades) + SHIPPED_COUNTS_AS)
    own = fit_temperature(probabilities, labels)
    temperature = math.exp(weight * math.log(own) + (1 - weight) * math.log(shipped.temperature))
    calibrated = temper(probabilities, temperature)
    thresholds = _thresholds(shipped, calibrated, grades)
    alone = prediction_sets(calibrated, thresholds).sum(axis=1) == 1
    positive = shipped.positive_threshold
    count = int((grades >= 2).sum())
    if count >= LEAST_OF_A_GRADE:
        weight = count / (count + SHIPPED_COUNTS_AS)
        found = positive_threshold(1 - calibrated[:, 0], grades)
        positive = weight * found + (1 - weight) * positive
    return replace(
        shipped,
        temperature=temperature,
        set_thresholds=thresholds,
        least_probable=_least_probable(shipped, calibrated, alone, labels),
        positive_threshold=positive,
    )


def _thresholds(
    shipped: Decision, calibrated: Array, grades: NDArray[np.int64]
) -> tuple[float, float, float]:
    own = set_thresholds(calibrated, shares_of(grades))
    found = []
    for grade in GRADES:
        before, taught = shipped.set_thresholds[grade - 1], own[grade - 1]
        count = int((grades == grade).sum())
        if count < LEAST_OF_A_GRADE:
            found.append(before)
        elif taught >= before:
            found.append(taught)
        else:
            weight = count / (count + SHIPPED_COUNTS_AS)
            found.append(weight * taught + (1 - weight) * before)
    first, second, third = found
    return first, second, third


def _least_probable(
    shipped: Decision, calibrated: Array, alone: NDArray[np.bool_], labels: Array
) -> tuple[float, float, float]:
    """The shipped bounds, raised where the hospital's scans show that one is broken."""
    own = least_probabilities(calibrated, alone, labels)
    answered = calibrated.argmax(axis=1)
    found = []
    for place in range(len(GRADES)):
        least = shipped.least_probable[place]
        stands = alone & (answered == place) & (calibrated[:, place] >= least)
        wrong = labels[stands, place] < 0.5
        # Fewer scans than this cannot tell a bound of 5 % from one that is broken.
        broken = share_of(wrong, np.arange(len(wrong))).low > MOST_WRONG if len(wrong) else False
        found.append(max(least, own[place]) if broken else least)
    first, second, third = found
    return first, second, third


@dataclass(frozen=True)
class Adaptation:
    """What an adaptation changes, judged on scans that it did not learn from.

    Attributes:
        scans: Number of graded scans.
        people: Number of people among them.
        before: Log loss of the shipped decision, nats, with its 95 % interval over people.
        after: Log loss of the adapted decision, each scan by what the people of other parts teach.
        difference: ``after`` less ``before``, with the interval of the paired difference.
        table: A row a grade: number of scans ``n``, and ``coverage_before``, ``coverage_after``,
            ``graded_before``, ``graded_after`` (shares), ``wrong_before``, ``wrong_after`` (share
            of wrong ones among those that are told this grade without a reader).
    """

    scans: int
    people: int
    before: Estimate
    after: Estimate
    difference: Estimate
    table: pd.DataFrame

    @property
    def worth_it(self) -> bool:
        """Whether the adapted decision is to be preferred.

        It is where probabilities are better beyond chance, or a grade that lost its promised
        coverage gets it back.
        """
        gained = self.table["coverage_after"] - self.table["coverage_before"]
        missed = (self.table["coverage_before"] < _PROMISED_AT_LEAST) & (gained > 0)
        return bool(self.difference.high < 0 or missed.any())

    def verdict(self) -> str:
        """One sentence: whether to use it."""
        if self.worth_it and self.difference.low > 0:
            return (
                "The sets of grades hold their promise better, but the probabilities are worse "
                "beyond chance: have a look at both before you use it."
            )
        if self.worth_it:
            return "Worth using: better on your own scans that it did not learn from."
        if self.difference.low > 0:
            return "Not worth using: worse on your own scans; keep the bundle as it was."
        return "No difference beyond chance on your own scans: either bundle will do."


# What sets promise less what chance takes in some dozens of scans.
_PROMISED_AT_LEAST = 0.88


def judge(
    shipped: Decision,
    probabilities: Array,
    truth: ArrayLike,
    participants: ArrayLike,
    measurements: pd.DataFrame | None = None,
    changed: Array | None = None,
    measured_anew: pd.DataFrame | None = None,
    seed: int = 0,
) -> Adaptation:
    """Compare the shipped and the adapted decision on people that the latter did not learn from.

    Args:
        shipped: The bundle's own decision.
        probabilities: Uncalibrated probabilities of the bundle's network, ``(N, 3)``.
        truth: Grades of the scans, 1, 2 or 3, ``(N,)``.
        participants: Name of each scan's person, ``(N,)``.
        measurements: Rows of the prepared cohort, N, by which grading, too, asks for a reader; None
            where nothing was measured.
        changed: Probabilities of the network with statistics of the hospital's scans, ``(N, 3)``;
            None where the network stays as it is.
        measured_anew: Rows of the cohort, N, with what the changed network measures; None where the
            network stays as it is.
        seed: Seed of the parts and of the intervals.
    """
    grades, people = np.asarray(truth, int), np.asarray(participants, str)
    after = probabilities if changed is None else changed
    before = shipped.apply(probabilities, measurements)
    rows = measurements if measured_anew is None else measured_anew
    others = _of_the_others(shipped, after, grades, people, rows, seed)
    of_truth = [
        found.probabilities[np.arange(len(grades)), grades - 1] for found in (before, others)
    ]
    first, second = -np.log(np.clip(of_truth, 1e-9, 1))

    def losses(weights: Array) -> dict[str, Array]:
        counted = weights.sum(axis=1)
        return {
            "before": weights @ first / counted,
            "after": weights @ second / counted,
            "difference": weights @ (second - first) / counted,
        }

    values, draws = resample(people, losses, seed)
    estimates = {name: percentile_interval(values[name], draws[name]) for name in values}
    return Adaptation(
        scans=len(grades),
        people=len(set(people.tolist())),
        table=_table(grades, before, others),
        **estimates,
    )


def _of_the_others(
    shipped: Decision,
    probabilities: Array,
    grades: NDArray[np.int64],
    people: NDArray[np.str_],
    measurements: pd.DataFrame | None,
    seed: int,
) -> Predictions:
    """Each scan as the decision says that was fitted to the people of the other parts."""
    names = np.unique(people)
    dealt = np.random.default_rng(seed).permutation(len(names)) % min(PARTS, len(names))
    part_of = dict(zip(names.tolist(), dealt.tolist(), strict=True))
    parts = np.array([part_of[name] for name in people.tolist()])
    found = shipped.apply(probabilities, measurements)
    for part in np.unique(parts):
        here, others = parts == part, parts != part
        decision = adapted(shipped, probabilities[others], grades[others])
        rows = None if measurements is None else measurements[here]
        for name, values in vars(decision.apply(probabilities[here], rows)).items():
            getattr(found, name)[here] = values
    return found


def _table(grades: NDArray[np.int64], before: Predictions, after: Predictions) -> pd.DataFrame:
    rows = []
    for grade in GRADES:
        of = grades == grade
        row: dict[str, float] = {"bapl": grade, "n": int(of.sum())}
        for name, found in (("before", before), ("after", after)):
            stands = ~found.needs_reader & (found.probabilities.argmax(axis=1) + 1 == grade)
            row[f"coverage_{name}"] = _share(covered(found.sets, grades)[of])
            row[f"graded_{name}"] = _share(~found.needs_reader[of])
            row[f"wrong_{name}"] = _share(grades[stands] != grade)
        rows.append(row)
    return pd.DataFrame(rows)


def _share(chosen: NDArray[np.bool_]) -> float:
    return float(chosen.mean()) if chosen.size else math.nan
