"""Grades that the scans themselves speak against, the most doubtful first.

Confident learning: every scan is told by models that did not learn from that participant, and the
given grade is weighed against the others, each by how sure the models usually are of it. Models
learn from the doubtful grades as well; few errors do not mislead them much.

References:
    Northcutt, Jiang, Chuang 2021, confident learning, doi:10.1613/jair.1.12125
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
        coordinates: ``(N, K)``.
        bapl: 1, 2 or 3, ``(N,)``.
        participants: Who each scan is of, ``(N,)``.
        seed: Of the folds.

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
    """How much speaks against each given grade; the more, the higher.

    Args:
        probabilities: As :func:`cross_validated` gives them.
        bapl: The given grades, ``(N,)``.

    Returns:
        By how much another grade is more probable than the given one, each measured from what is
        usual for scans of it, ``(N,)``, -1 to 1 and a little beyond.
    """
    labels = bapl - 1
    own = probabilities[np.arange(len(labels)), labels]
    usual = np.array([own[labels == grade].mean() for grade in range(len(GRADES))])
    beyond = probabilities - usual
    of_label = beyond[np.arange(len(labels)), labels]
    beyond[np.arange(len(labels)), labels] = -np.inf
    return np.asarray(beyond.max(axis=1) - of_label)
