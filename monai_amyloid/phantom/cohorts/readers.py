"""Many readers of one scan: how likely each grade is, by what the scan shows.

A reader's threshold varies between scans and between regions by normal deviates, so that the
chance of each grade is an integral over one of them: no reader has to be drawn.
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtr
from scipy.stats import binom

from monai_amyloid.brain.template import READ_REGIONS
from monai_amyloid.phantom.cohorts.reader import REGION_NOISE, SCAN_NOISE, THRESHOLDS

Grades = NDArray[np.int64]
Chances = NDArray[np.float64]

GRADES = (1, 2, 3)
_NODES = 40


def reader_chances(truth: pd.DataFrame) -> Chances:
    """Chance that a reader gives each grade, by the evidence of the scans.

    Args:
        truth: Table with the columns ``evidence_*`` of a ``truth.tsv``.

    Returns:
        Chances of BAPL 1, 2 and 3, ``(scans, 3)``.
    """
    # Hermite's nodes integrate over the noise that all regions of a scan share.
    nodes, weights = np.polynomial.hermite_e.hermegauss(_NODES)
    weights = weights / weights.sum()
    shared = SCAN_NOISE * nodes
    below = []
    for what in ("smaller_area", "confluent"):
        all_below = np.ones((len(truth), _NODES))
        for name in READ_REGIONS:
            seen = truth[f"evidence_{name}_{what}"].to_numpy(float)[:, None]
            all_below *= ndtr((THRESHOLDS[name] + shared - seen) / REGION_NOISE)
        below.append(all_below @ weights)
    return _between(below[0], below[1])


def panel_chances(chances: Chances, readers: int) -> Chances:
    """Chance of each grade by a panel, whose grade is the one in the middle.

    Args:
        chances: Chances of each grade by one reader, ``(scans, 3)``.
        readers: Number of readers of the panel; of an even number the lower middle counts.

    Returns:
        Chances of each grade by the panel, ``(scans, 3)``.
    """
    middle = (readers - 1) // 2
    up_to = np.cumsum(chances, axis=1)[:, :2]
    # The middle is at most a grade where more than half of the readers give at most it.
    below = binom.sf(middle, readers, np.clip(up_to, 0, 1))
    return _between(below[:, 0], below[:, 1])


def _between(at_most_1: Chances, at_most_2: Chances) -> Chances:
    return np.clip(np.stack([at_most_1, at_most_2 - at_most_1, 1 - at_most_2], axis=1), 0, 1)


def draw_grades(chances: Chances, count: int, random: np.random.Generator) -> Grades:
    """Draw the grades of new readers.

    Args:
        chances: Chances of each grade, ``(scans, 3)``.
        count: Number of readers that grade all scans.
        random: Source of randomness.

    Returns:
        BAPL, ``(scans, count)``.
    """
    drawn = random.uniform(size=(len(chances), count))
    up_to = np.cumsum(chances, axis=1)
    grade: Grades = 1 + (drawn > up_to[:, :1]).astype(np.int64) + (drawn > up_to[:, 1:2])
    return grade


def weights_of_grades(truth: pd.DataFrame) -> NDArray[np.float64]:
    """How much more often each grade occurs in a cohort than in the population it is drawn from.

    People are drawn until a panel gives the grade that is wanted, so that the chance of a grade,
    given the scan, is proportional to this weight times the chance that a panel gives it.

    Args:
        truth: Rows of first visits, with the columns ``panel_bapl`` and ``draws_bapl_*``.

    Returns:
        Weights of BAPL 1, 2 and 3, ``(3,)``; 1 where the grades came as they did.
    """
    drawn = np.array([truth[f"draws_bapl_{grade}"].sum() for grade in GRADES], float)
    kept = np.array([(truth["panel_bapl"] == grade).sum() for grade in GRADES], float)
    natural, here = drawn / drawn.sum(), kept / kept.sum()
    return np.asarray(np.divide(here, natural, out=np.ones(3), where=natural > 0))


def grade_chances(truth: pd.DataFrame) -> Chances:
    """Chance of each grade of a cohort's own table, given what each scan shows.

    Args:
        truth: Table ``truth.tsv`` of a cohort. Of a person's later visits, which are taken as
            they come, the chances are the panel's.

    Returns:
        Chances of BAPL 1, 2 and 3, ``(scans, 3)``.
    """
    readers = sum(f"reader_{number}_bapl" in truth for number in range(1, len(truth.columns)))
    chances = panel_chances(reader_chances(truth), readers)
    first = ~truth["participant_id"].duplicated().to_numpy()
    weighted = chances[first] * weights_of_grades(truth[first])
    chances[first] = weighted / weighted.sum(axis=1, keepdims=True)
    return chances
