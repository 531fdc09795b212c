"""Whether coordinates predict the site of a scan (they should not) and its grade (they should).

References:
    Alain, Bengio 2017, linear probes, arXiv:1610.01644
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from monai_amyloid.cohort.datalist import UNKNOWN
from monai_amyloid.exploring.representation import fit_representation
from monai_amyloid.exploring.view import Scanned

_FOLDS = 5
_FEWEST = 10  # scans of each kind


@dataclass(frozen=True)
class Probe:
    """What a linear classifier reads from coordinates.

    Attributes:
        asked: Property that is predicted, ``site`` or ``bapl``.
        kinds: Number of kinds to tell apart.
        balanced_accuracy: Cross-validated balanced accuracy, 0 to 1.
        chance: Balanced accuracy of guessing, one over the number of kinds.
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
    """Predict a property from coordinates, by a classifier that did not learn from these scans.

    The representation is fitted without those scans as well; otherwise the correction for their
    site would be known.

    Args:
        asked: Name of the property that is predicted.
        kinds: Kind of each scan, ``(N,)``; ``n/a`` where unknown.
        features: Features of the same scans, one row for each scan.
        scanned: Acquisition, sites and participants of the same scans.
        seed: Seed of the folds.

    Returns:
        Result of the probe; None where fewer than two kinds have :data:`_FEWEST` scans.
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
