"""Whether one model is better than another on the same scans, or by chance."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from monai_amyloid.evaluation.intervals import percentile_interval
from monai_amyloid.evaluation.metrics import Measured

Array = NDArray[np.float64]

# What models are compared by: the rare grade weighs as much as the others.
MEASURE = "macro_f1"


def compare(model: Measured, other: Measured) -> dict[str, float]:
    """Paired bootstrap of the macro-F1 of two models.

    Args:
        model: Measures of one model on some participants.
        other: Measures of the other model, with the same bootstrap draws of the participants.

    Returns:
        ``difference difference_low difference_high p``, model less other.

    References:
        Efron and Tibshirani 1993, An Introduction to the Bootstrap, chapter 16.
    """
    draws = model.draws[MEASURE] - other.draws[MEASURE]
    seen = model.estimates[MEASURE].value - other.estimates[MEASURE].value
    estimate = percentile_interval(seen, draws)
    return {
        "difference": estimate.value,
        "difference_low": estimate.low,
        "difference_high": estimate.high,
        "p": two_sided_p(draws),
    }


def compare_accuracy(rows: pd.DataFrame, model: Array, other: Array) -> dict[str, float]:
    """McNemar's exact test of two models.

    Each scan counts once, as the first repeat predicted it. The test takes scans as independent,
    which sessions of one person are not quite.

    Args:
        rows: Columns ``repeat`` and ``bapl`` of N held-out predictions.
        model: Probabilities of one model, ``(N, 3)``.
        other: Probabilities of the model that it is compared with, ``(N, 3)``.

    Returns:
        ``right_alone wrong_alone p_mcnemar``: scans that only one of them predicted right.

    References:
        McNemar 1947, doi:10.1007/BF02295996
    """
    repeats, truth = rows["repeat"].to_numpy(int), rows["bapl"].to_numpy(int)
    first = repeats == repeats.min()
    right, other_right = (each.argmax(1)[first] + 1 == truth[first] for each in (model, other))
    alone, against = int((right & ~other_right).sum()), int((other_right & ~right).sum())
    return {
        "right_alone": alone,
        "wrong_alone": against,
        "p_mcnemar": mcnemar_p(alone, against),
    }


def two_sided_p(differences: Array) -> float:
    """Twice the share of bootstrap differences on the rarer side of 0; ties count on both.

    One is added to both counts, so that it is never 0 (Davison and Hinkley 1997, chapter 4).
    """
    rarer = min((differences <= 0).sum(), (differences >= 0).sum())
    return float(min(1.0, 2 * (rarer + 1) / (len(differences) + 1)))


def mcnemar_p(right_alone: int, wrong_alone: int) -> float:
    """Exact two-sided p of McNemar's test; 1 where the models are right on the same scans."""
    apart = right_alone + wrong_alone
    # Its import takes as long as a study's grade, which needs nothing of it.
    from scipy.stats import binomtest

    return float(binomtest(right_alone, apart).pvalue) if apart else 1.0


def holm(p: ArrayLike) -> Array:
    """Holm's correction of p-values for their number, ``(N,)``.

    References:
        Holm 1979, https://www.jstor.org/stable/4615733
    """
    values = np.asarray(p, float)
    order = np.argsort(values, kind="stable")
    scaled = np.minimum(1, values[order] * np.arange(len(values), 0, -1))
    corrected = np.empty(len(values))
    corrected[order] = np.maximum.accumulate(scaled)
    return corrected


def comparison_table(
    rows: pd.DataFrame,
    models: Mapping[str, Array],
    measured: Mapping[str, Measured],
    tested: Sequence[str],
) -> pd.DataFrame:
    """Each tested model against every baseline and the tested ones before it.

    Args:
        rows: Held-out predictions, as :func:`compare_accuracy` takes them.
        models: Probabilities of each model, ``(N, 3)``, by its name.
        measured: Measures of each model, by its name.
        tested: Names of the models that see the image.

    Returns:
        ``model against``, the columns of both tests, and ``p_holm``: of the macro-F1,
        corrected for the number of rows; empty where a model stands alone.
    """
    pairs = [
        (model, other)
        for place, model in enumerate(tested)
        for other in models
        if other not in tested[place:]
    ]
    if not pairs:
        return pd.DataFrame()
    table = pd.DataFrame(
        {
            "model": model,
            "against": other,
            **compare(measured[model], measured[other]),
            **compare_accuracy(rows, models[model], models[other]),
        }
        for model, other in pairs
    )
    table.insert(6, "p_holm", holm(table["p"]))
    return table
