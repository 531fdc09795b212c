"""Baselines without an image, which a network has to exceed, and their joining with it."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from monai_amyloid.brain.template import READ_REGIONS
from monai_amyloid.evaluation.held_out import PROBABILITIES, HeldOut

Array = NDArray[np.float64]

# Of participants.tsv: the whole cortex and the regions a reader grades, not their parts.
SUVR_COLUMNS = tuple(f"suvr_{name}" for name in ("cortex", *READ_REGIONS))

# Small trees that learn slowly, as fits some hundred scans; set before anything was measured
# and the same for every cohort, for a baseline that is tuned on what is reported is none.
BOOSTING = {
    "learning_rate": 0.05,
    "max_iter": 150,
    "max_leaf_nodes": 8,
    "min_samples_leaf": 10,
    "l2_regularization": 1.0,
}

# Of a probability before its logarithm; predictions are stored with six digits.
_SMALLEST = 1e-6


def majority(train: pd.DataFrame, test: pd.DataFrame) -> pd.DataFrame:
    """Predict the commonest grade of the training rows for every scan.

    Args:
        train: Training rows with the column ``bapl``.
        test: Rows to grade.

    Returns:
        ``p_bapl1 p_bapl2 p_bapl3``, indexed as ``test``.
    """
    # The lower grade where two are equally common.
    grade = int(np.bincount(train["bapl"].to_numpy(int)).argmax())
    probabilities = np.zeros((len(test), 3))
    probabilities[:, grade - 1] = 1
    return _as_table(probabilities, test)


def suvr_columns(cohort: pd.DataFrame) -> list[str]:
    """Names of the columns that :func:`suvr_regression` reads and that hold any value."""
    return [name for name in SUVR_COLUMNS if name in cohort and cohort[name].notna().any()]


def suvr_regression(train: pd.DataFrame, test: pd.DataFrame) -> pd.DataFrame:
    """Ordinal logistic regression on regional SUVR.

    Continuation ratios as in the network: one regression for grade 2 or more, one for
    grade 3 among those. Grades weigh alike in each, because a rare grade would never be
    predicted otherwise; a region without a value gets the median of the training rows.

    Args:
        train: Rows with ``bapl`` and :data:`SUVR_COLUMNS`; each grade at least once.
        test: Rows with the same columns.

    Returns:
        ``p_bapl1 p_bapl2 p_bapl3``, indexed as ``test``.
    """
    columns = suvr_columns(train)
    features, unseen = (rows[columns].to_numpy(float) for rows in (train, test))
    return _as_table(_ordinal(features, train["bapl"].to_numpy(int), unseen), test)


def regional_boosting(train: pd.DataFrame, test: pd.DataFrame) -> pd.DataFrame:
    """Gradient boosted trees on the SUVR of every region, settings :data:`BOOSTING`.

    Args:
        train: Rows with ``bapl`` and columns ``suvr_*``.
        test: Rows with the same columns; a missing value takes a branch of its own in the trees.

    Returns:
        ``p_bapl1 p_bapl2 p_bapl3``, indexed as ``test``.

    References:
        Ke et al. 2017, LightGBM: a highly efficient gradient boosting decision tree.
    """
    from sklearn.ensemble import HistGradientBoostingClassifier

    columns = [
        str(name) for name in train if str(name).startswith("suvr_") and train[name].notna().any()
    ]
    model = HistGradientBoostingClassifier(**BOOSTING, class_weight="balanced", random_state=0)
    model.fit(train[columns].to_numpy(float), train["bapl"].to_numpy(int))
    probabilities = np.zeros((len(test), 3))
    predicted = model.predict_proba(test[columns].to_numpy(float))
    probabilities[:, np.asarray(model.classes_, int) - 1] = predicted
    return _as_table(probabilities, test)


def network_with_suvr(held_out: HeldOut) -> Array:
    """The network's probabilities and regional SUVR, joined by an ordinal logistic regression.

    Stacked: the regression for a fold learns from the other folds' held-out predictions, never
    from a network's predictions of scans that it was trained on.

    Args:
        held_out: Held-out predictions with two folds or more in each repeat.

    Returns:
        Probabilities ``(N, 3)`` of the rows of ``held_out``.

    References:
        Wolpert 1992, doi:10.1016/S0893-6080(05)80023-1
    """
    rows = held_out.rows
    suvr = rows[suvr_columns(rows)].to_numpy(float)
    features = np.column_stack([log_odds(rows[PROBABILITIES].to_numpy(float)), suvr])
    grade = rows["bapl"].to_numpy(int)
    predicted = np.zeros((len(rows), 3))
    for repeat, fold, part in held_out.parts():
        others = held_out.other_parts(repeat, fold)
        predicted[part] = _ordinal(features[others], grade[others], features[part])
    return predicted


def log_odds(probabilities: Array) -> Array:
    """Log-odds of grade 2 or more, and of grade 3 against 2: ``(N, 3)`` to ``(N, 2)``."""
    first, second, third = np.log(np.clip(probabilities, _SMALLEST, 1)).T
    return np.stack([np.logaddexp(second, third) - first, third - second], axis=1)


def _ordinal(features: Array, grade: NDArray[np.int64], unseen: Array) -> Array:
    """Continuation ratios, ``(N, F)`` features, probabilities ``(M, 3)`` of the unseen."""
    from sklearn.impute import SimpleImputer

    median = SimpleImputer(strategy="median", keep_empty_features=True).fit(features)
    features, unseen = median.transform(features), median.transform(unseen)
    positive = grade >= 2
    first = _regression().fit(features, positive).predict_proba(unseen)[:, 1]
    second = _regression().fit(features[positive], grade[positive] == 3)
    late = second.predict_proba(unseen)[:, 1]
    return np.stack([1 - first, first * (1 - late), first * late], axis=1)


def _regression() -> Any:
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return make_pipeline(
        StandardScaler(), LogisticRegression(class_weight="balanced", max_iter=1000)
    )


def _as_table(probabilities: Array, test: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(probabilities, index=test.index, columns=PROBABILITIES)
