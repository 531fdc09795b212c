"""The answers that score best on average, by the chance of each grade.

Which answer is best depends on what is scored: the most probable grade is right most often, but F1
asks more often for a rare grade, and kappa for one in the middle. For each score the answers here
are those of an observer who plays for it, so that nobody who knows no more can expect a higher one.

Each score is a ratio, or a sum of ratios, of sums over the scans. A ratio is largest where a
weighted difference of its two sums is (Dinkelbach 1967, doi:10.1287/mnsc.13.7.492), and that is
found scan by scan.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from monai_amyloid.phantom.cohorts.readers import GRADES, Chances, Grades

_STEPS = 60
_RANKS = np.array(GRADES)
# Squared steps between an answer and a grade.
_DISAGREEMENT = np.subtract.outer(_RANKS, _RANKS).astype(float) ** 2
# Where the search for the best macro-F1, which may have several peaks, begins: how much more than
# its chance the middle grade counts.
_STARTS = (0.1, 0.5, 1.0, 1.5, 2.5, 10.0)
_LEAST_GAIN = 1e-12


def most_accurate(chances: Chances) -> Grades:
    """The most probable grade of each scan, ``(scans,)``."""
    return np.asarray(_RANKS[chances.argmax(axis=1)])


def best_middle_f1(chances: Chances) -> Grades:
    """The answers of the highest F1 of BAPL 2, ``(scans,)``.

    It is answered wherever it is more probable than half of the F1 that this gives.
    """
    middle = chances[:, 1]
    score = 0.0
    for _ in range(_STEPS):
        answered = middle > score / 2
        score = 2 * middle[answered].sum() / max(answered.sum() + middle.sum(), 1e-12)
    others = np.where(chances[:, 0] >= chances[:, 2], 1, 3)
    return np.where(answered, 2, others)


def best_kappa(chances: Chances) -> Grades:
    """The answers of the highest kappa with quadratic weights, ``(scans,)``."""
    observed = chances @ _DISAGREEMENT
    expected = chances.mean(axis=0) @ _DISAGREEMENT
    ratio = 1.0
    for _ in range(_STEPS):
        places = (observed - ratio * expected).argmin(axis=1)
        by_chance = expected[places].sum()
        if by_chance == 0:
            break
        ratio = float(observed[np.arange(len(places)), places].sum() / by_chance)
    return np.asarray(_RANKS[places])


def best_macro_f1(chances: Chances) -> Grades:
    """The answers of the highest mean F1 of the three grades, ``(scans,)``.

    Answers are changed one at a time, the one first that gains most, until none gains: from
    several beginnings, of which the best is kept.
    """
    best, highest = np.zeros(len(chances), int), -1.0
    for start in _STARTS:
        places = (chances * np.array([1.0, start, 1.0])).argmax(axis=1)
        score = -1.0
        while True:
            changed = _scores_of_changes(chances, places)
            scan, answer = np.unravel_index(changed.argmax(), changed.shape)
            if changed[scan, answer] <= score + _LEAST_GAIN:
                break
            score, places[scan] = changed[scan, answer], answer
        if score > highest:
            best, highest = places, score
    return np.asarray(_RANKS[best])


def _scores_of_changes(chances: Chances, places: NDArray[np.intp]) -> NDArray[np.float64]:
    """Macro-F1 after each scan alone gets each answer, ``(scans, 3)``."""
    now = np.eye(3)[places]
    hits, both = (now * chances).sum(axis=0), now.sum(axis=0) + chances.sum(axis=0)

    def f1(more_hits: NDArray[np.float64], more: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(2 * (hits + more_hits) / np.maximum(both + more, 1e-12))

    kept, lost = f1(np.zeros(3), np.zeros(3)), f1(-chances, -np.ones(3))
    gained = f1(chances, np.ones(3))
    # The grade that is answered now loses this scan, another gains it.
    without = (now * (lost - kept)).sum(axis=1, keepdims=True)
    change = np.where(now > 0, 0.0, without + gained - kept)
    return np.asarray((kept.sum() + change) / 3)


BEST_ANSWERS: dict[str, Callable[[Chances], NDArray[np.int64]]] = {
    "accuracy": most_accurate,
    "macro_f1": best_macro_f1,
    "bapl2_f1": best_middle_f1,
    "quadratic_kappa": best_kappa,
}
