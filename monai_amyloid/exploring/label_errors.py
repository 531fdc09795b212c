"""Grades that do not fit their scans, the most doubtful first.

Every scan is predicted by models that did not learn from that participant, and the grade in the
table is compared with what they say. Models learn from the doubtful grades as well; few errors do
not mislead them much. Errors are of neighbouring grades: each probability relative to that which is
usual of its grade (confident learning, doi:10.1613/jair.1.12125) lists the rare middle grade first,
and a third of what this order finds.
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from monai_amyloid.cohort.datalist import GRADES

Array = NDArray[np.float64]

_FOLDS = 5
_REPEATS = 4
_FEWEST = 10  # participants of each grade


def cross_validated(
    coordinates: Array, bapl: NDArray[np.int64], participants: NDArray[np.str_], seed: int = 0
) -> Array | None:
    """Probabilities of the grades, of each scan by models that did not see its participant.

    Args:
        coordinates: Coordinates of the scans, ``(N, K)``.
        bapl: Grade of each scan in the table, 1, 2 or 3, ``(N,)``.
        participants: Participant of each scan, ``(N,)``.
        seed: Seed of the folds.

    Returns:
        ``(N, 3)``, the mean of :data:`_REPEATS` cross-validations; None where a grade has too few
        participants.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedGroupKFold
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    people = pd.DataFrame({"who": participants, "bapl": bapl}).groupby("bapl")["who"].nunique()
    if people.reindex(GRADES, fill_value=0).min() < _FEWEST:
        return None
    total = np.zeros((len(bapl), len(GRADES)))
    for repeat in range(_REPEATS):
        folds = StratifiedGroupKFold(_FOLDS, shuffle=True, random_state=seed + repeat)
        for known, unseen in folds.split(coordinates, bapl, participants):
            model = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=2000))
            model.fit(coordinates[known], bapl[known])
            total[unseen] += model.predict_proba(coordinates[unseen])
    return total / _REPEATS


def doubt(probabilities: Array, bapl: NDArray[np.int64]) -> Array:
    """Evidence against the grade of each scan; the higher, the more doubtful.

    Args:
        probabilities: Probabilities of the grades from :func:`cross_validated`, ``(N, 3)``.
        bapl: Grade of each scan in the table, 1, 2 or 3, ``(N,)``.

    Returns:
        How much more probable another grade is than the one in the table, ``(N,)``, -1 to 1.
    """
    rows, labels = np.arange(len(bapl)), bapl - 1
    others = probabilities.copy()
    others[rows, labels] = -np.inf
    return np.asarray(others.max(axis=1) - probabilities[rows, labels])
