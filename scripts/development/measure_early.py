"""Measure how the chance to lie beyond the mark of early amyloid becomes that of such a load.

python scripts/development/measure_early.py COHORT PREPARED, with a simulated cohort and what
`monai-amyloid prepare` made of it; not one that is reported. Prints the numbers of
``exploring/early.py``.
"""

import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression

from monai_amyloid.exploring.early import _SHIFT, _SLOPE, EARLY_CENTILOID
from monai_amyloid.exploring.exploration import explore
from monai_amyloid.exploring.features import Networks
from monai_amyloid.installed import shipped_bundle

KEY = ["participant_id", "session_id"]

if __name__ == "__main__":
    cohort, prepared = map(Path, sys.argv[1:3])
    with tempfile.TemporaryDirectory() as temporary:
        (Path(temporary) / "features").mkdir()
        found = explore(prepared, Networks(shipped_bundle(), (), None), Path(temporary))
    truth = pd.read_csv(cohort / "truth.tsv", sep="\t", keep_default_na=False)
    truth = found.cohort[KEY].merge(truth, on=KEY, how="left", validate="one_to_one")
    load = truth["latent_centiloid"].to_numpy(float)
    # The logarithm of the odds to lie beyond the mark, from the chance that was made of them.
    beyond = (np.log(found.early / (1 - found.early)) - _SHIFT) / _SLOPE
    fit = LogisticRegression(C=1e6).fit(beyond[:, None], load >= EARLY_CENTILOID)
    sys.stdout.write(f"slope {fit.coef_[0, 0]:.2f}, shift {fit.intercept_[0]:.2f}\n")
