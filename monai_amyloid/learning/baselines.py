"""What a network has to beat: the commonest grade, and SUVR with a logistic regression."""

from typing import Any

import numpy as np
import pandas as pd

from monai_amyloid.brain.template import READ_REGIONS

# Of participants.tsv: the whole cortex and the regions a reader grades, not their parts.
SUVR_COLUMNS = tuple(f"suvr_{name}" for name in ("cortex", *READ_REGIONS))


def majority(train: pd.DataFrame, test: pd.DataFrame) -> pd.DataFrame:
    """Say the commonest grade of the training rows of every scan.

    Args:
        train: Rows with ``bapl``.
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
    """Names of the columns of regional SUVR that hold any value."""
    return [name for name in SUVR_COLUMNS if name in cohort and cohort[name].notna().any()]


def suvr_regression(train: pd.DataFrame, test: pd.DataFrame) -> pd.DataFrame:
    """Ordinal logistic regression on regional SUVR.

    Continuation ratios as in the network: one regression for grade 2 or more, one for
    grade 3 among those. Grades weigh alike in each, for a rare grade would else never
    be said; a region without a value gets the training rows' median.

    Args:
        train: Rows with ``bapl`` and :data:`SUVR_COLUMNS`; each grade at least once.
        test: Rows with the same columns.

    Returns:
        ``p_bapl1 p_bapl2 p_bapl3``, indexed as ``test``.
    """
    from sklearn.impute import SimpleImputer

    columns = suvr_columns(train)
    grade = train["bapl"].to_numpy(int)
    median = SimpleImputer(strategy="median").fit(train[columns].to_numpy())
    features, unseen = (median.transform(rows[columns].to_numpy()) for rows in (train, test))
    positive = grade >= 2
    first = _regression().fit(features, positive).predict_proba(unseen)[:, 1]
    second = _regression().fit(features[positive], grade[positive] == 3)
    late = second.predict_proba(unseen)[:, 1]
    return _as_table(np.stack([1 - first, first * (1 - late), first * late], axis=1), test)


def _regression() -> Any:
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return make_pipeline(
        StandardScaler(), LogisticRegression(class_weight="balanced", max_iter=1000)
    )


def _as_table(probabilities: "np.ndarray[Any, Any]", test: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(probabilities, index=test.index, columns=["p_bapl1", "p_bapl2", "p_bapl3"])
