"""Whether coordinates tell a scan's site, which they should not, and its grade, which they should.

References:
    Alain, Bengio 2017, linear probes, arXiv:1610.01644
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from monai_amyloid.cohort.datalist import UNKNOWN
from monai_amyloid.explore.representation import fit_representation
from monai_amyloid.explore.view import Scanned

_FOLDS = 5
_FEWEST = 10  # scans of each kind


@dataclass(frozen=True)
class Probe:
    """What a linear classifier reads from coordinates.

    Attributes:
        asked: ``site`` or ``bapl``.
        kinds: How many there are to tell apart.
        balanced_accuracy: Cross-validated.
        chance: Of as many kinds.
    """

    asked: str
    kinds: int
    balanced_accuracy: float

    @property
    def chance(self) -> float:
        """Balanced accuracy of guessing."""
        return 1 / self.kinds


def probe(
    asked: str, kinds: "pd.Series[str]", features: pd.DataFrame, scanned: Scanned, seed: int = 0
) -> Probe | None:
    """Ask coordinates for something, by a classifier that did not learn from the scans asked of.

    The representation is fitted without those scans as well; else what was taken off for their
    site would be known.

    Args:
        asked: The name of what is asked for.
        kinds: Of each scan; ``n/a`` where unknown.
        features: Of all scans.
        scanned: Of all scans.
        seed: Of the folds.

    Returns:
        None where fewer than two kinds have :data:`_FEWEST` scans.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import balanced_accuracy_score
    from sklearn.model_selection import StratifiedGroupKFold
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    counts = kinds.value_counts()
    common = [kind for kind, count in counts.items() if count >= _FEWEST and kind != UNKNOWN]
    if len(common) < 2:
        return None
    used = np.flatnonzero(kinds.isin(common).to_numpy())
    kind_of = kinds.to_numpy(str)[used]
    predicted = np.empty_like(kind_of)
    folds = StratifiedGroupKFold(_FOLDS, shuffle=True, random_state=seed)
    for known, unseen in folds.split(kind_of, kind_of, scanned.participants[used]):
        rows = used[known]
        found = fit_representation(
            features.iloc[rows], scanned.acquisition[rows], scanned.sites[rows],
            scanned.amount[rows],
        )  # fmt: skip
        coordinates = found.coordinates(
            features.to_numpy(float), scanned.acquisition, scanned.sites
        )
        model = make_pipeline(
            StandardScaler(), LogisticRegression(class_weight="balanced", max_iter=2000)
        )
        model.fit(coordinates[rows], kind_of[known])
        predicted[unseen] = model.predict(coordinates[used[unseen]])
    return Probe(asked, len(common), float(balanced_accuracy_score(kind_of, predicted)))
