"""What was found in a cohort, as tables and as points for TensorBoard's projector."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from monai_amyloid.exploring.early import NEAR_EDGE
from monai_amyloid.exploring.exploration import Exploration
from monai_amyloid.exploring.groups.clusters import Clusters
from monai_amyloid.exploring.groups.patterns import PATTERNS
from monai_amyloid.output import write_table

SCANS, DOUBTS, CLUSTERS, PROBES = "scans.tsv", "label_errors.tsv", "clusters.tsv", "probes.tsv"
_DIGITS = 4


def write_tables(exploration: Exploration, folder: Path) -> None:
    """Write :data:`SCANS`, :data:`CLUSTERS`, :data:`PROBES` and, with grades, :data:`DOUBTS`."""
    write_table(scan_table(exploration).round(_DIGITS), folder / SCANS)
    write_table(cluster_table(exploration).round(_DIGITS), folder / CLUSTERS)
    write_table(probe_table(exploration).round(_DIGITS), folder / PROBES)
    doubts = doubt_table(exploration)
    if doubts is not None:
        write_table(doubts.round(_DIGITS), folder / DOUBTS)


def scan_table(exploration: Exploration) -> pd.DataFrame:
    """One row a scan, in the cohort's order."""
    cohort, main = exploration.cohort, exploration.main
    named = cohort[["participant_id", "session_id", "bapl", "centiloid", "site"]].copy()
    columns: dict[str, Any] = {
        "score": main.score,
        "score_low": main.interval[:, 0],
        "score_high": main.interval[:, 1],
        "early_amyloid_chance": exploration.early,
        "near_edge": near_edge(exploration),
        "share_as_far": main.surroundings.share_as_far,
    }
    for name, view in exploration.views.items():
        columns[f"{name}_score"] = view.score
        columns |= {f"{name}_{each.method}": each.labels for each in view.clusters.values()}
        for chart, place in view.maps.items():
            columns |= {f"{name}_{chart}_{axis}": place[:, at] for at, axis in enumerate("xy")}
    subtypes = exploration.patterns.subtypes
    if subtypes is not None:
        columns["subtype"] = subtypes.labels
    for name, led in zip(PATTERNS, exploration.patterns.deviations.T, strict=True):
        columns[f"leads_{name.replace(' ', '_')}"] = led
    columns |= _neighbours(exploration)
    if exploration.probabilities is not None and exploration.doubt is not None:
        columns |= {f"p_bapl{g}": exploration.probabilities[:, g - 1] for g in (1, 2, 3)}
        columns["doubt"] = exploration.doubt
    return named.assign(**columns)


def near_edge(exploration: Exploration) -> "pd.Series[bool]":
    """BAPL 1 scans that may well be beyond the mark of early amyloid."""
    return (exploration.cohort["bapl"] == 1).fillna(False) & (exploration.early >= NEAR_EDGE)


def _neighbours(exploration: Exploration) -> dict[str, Any]:
    """The nearest graded scans of other participants and their grades."""
    graded = exploration.cohort["bapl"].notna().to_numpy()
    if not graded.any():
        return {}
    near = exploration.nearest_graded()
    names = exploration.cohort["participant_id"] + " " + exploration.cohort["session_id"]
    grades = exploration.cohort["bapl"].fillna(0).to_numpy(int)
    return {
        "nearest_graded": ["; ".join(names.iloc[row]) for row in near],
        "nearest_grades": [" ".join(map(str, grades[row])) for row in near],
    }


def cluster_table(exploration: Exploration) -> pd.DataFrame:
    """One row a grouping: how many groups, how sure that is, and whether they come again."""
    rows = [
        {"features": name, **_described(each, exploration)}
        for name, view in exploration.views.items()
        for each in view.clusters.values()
    ]
    if exploration.patterns.subtypes is not None:
        rows.append(
            {"features": "patterns", **_described(exploration.patterns.subtypes, exploration)}
        )
    return pd.DataFrame(rows)


def _described(clusters: Clusters, exploration: Exploration) -> dict[str, object]:
    from sklearn.metrics import adjusted_rand_score

    grades = exploration.cohort["bapl"]
    known = grades.notna().to_numpy() & (
        clusters.labels >= 0 if clusters.method == "subtypes" else True
    )
    agrees = (
        adjusted_rand_score(grades[known].to_numpy(int), clusters.labels[known])
        if known.any()
        else np.nan
    )
    low, middle, high = np.percentile(clusters.stability, [2.5, 50, 97.5])
    return {
        "method": clusters.method,
        "number": clusters.number,
        "number_and_resamples": str(clusters.number_text),
        "stability": middle,
        "stability_low": low,
        "stability_high": high,
        "in_no_group": int((clusters.labels < 0).sum()),
        "agreement_with_grades": agrees,
    }


def probe_table(exploration: Exploration) -> pd.DataFrame:
    """How well coordinates predict sites and grades, one row for each question."""
    rows = [
        {
            "features": name,
            "asked": each.asked,
            "kinds": each.kinds,
            "balanced_accuracy": each.balanced_accuracy,
            "chance": each.chance,
        }
        for name, found in exploration.probes.items()
        for each in found
    ]
    columns = ["features", "asked", "kinds", "balanced_accuracy", "chance"]
    return pd.DataFrame(rows, columns=columns)


def doubt_table(exploration: Exploration) -> pd.DataFrame | None:
    """Graded scans, the grade that most speaks against first; None without such a ranking."""
    if exploration.doubt is None or exploration.probabilities is None:
        return None
    columns = ["participant_id", "session_id", "bapl", "centiloid", "site"]
    rows = exploration.cohort[columns].assign(
        score=exploration.main.score,
        doubt=exploration.doubt,
        **{f"p_bapl{grade}": exploration.probabilities[:, grade - 1] for grade in (1, 2, 3)},
    )
    rows = rows[rows["doubt"].notna()].sort_values("doubt", ascending=False, kind="stable")
    more_likely = rows[["p_bapl1", "p_bapl2", "p_bapl3"]].to_numpy().argmax(axis=1) + 1
    rows.insert(3, "more_likely", more_likely)
    rows.insert(0, "rank", np.arange(1, len(rows) + 1))
    return rows
