"""How often the intervals of Centiloid and SUVR hold the truth, and the value of a second scan.

    python -m benchmarks.studies.intervals COHORT=PREPARED … [--again PREPARED]

COHORT is what `monai-amyloid simulate` wrote, PREPARED what `prepare` made of it; people whom the
intervals were not fitted to. `--again` takes people with two visits a month or less apart. Printed
is the share that holds, with its 95 % interval (Wilson), in all and by classes of quality.
"""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks.figures import record
from monai_amyloid.brain.quantities.uncertainty import (
    INTERVAL_SHARE,
    centiloid_interval,
    suvr_intervals,
    suvr_spreads,
)
from monai_amyloid.brain.template import READ_REGIONS
from monai_amyloid.evaluation.intervals import wilson
from monai_amyloid.phantom.cohorts.true_regions import true_suvr, truth_of

Array = NDArray[np.float64]


def prepared_rows(folder: Path) -> pd.DataFrame:
    """Rows of a prepared cohort."""
    return pd.read_csv(folder / "participants.tsv", sep="\t", na_values="n/a")


def intervals(rows: pd.DataFrame) -> dict[str, Array]:
    """Ends of each interval of every scan, ``(N, 2)`` by name, ``centiloid`` among them."""
    found: dict[str, list[tuple[float, float]]] = {}
    for row in rows.to_dict("records"):
        regions = {
            str(name).removeprefix("suvr_"): value
            for name, value in row.items()
            if str(name).startswith("suvr_")
        }
        quality = {str(name): value for name, value in row.items()}
        spreads = suvr_spreads(row["centiloid"], quality, row["tracer"])
        of_scan = suvr_intervals(regions, spreads)
        of_scan["centiloid"] = centiloid_interval(of_scan["cortex"], row["tracer"])
        for name, ends in of_scan.items():
            found.setdefault(name, []).append(ends)
    return {name: np.array(ends) for name, ends in found.items()}


def classes(rows: pd.DataFrame) -> dict[str, "pd.Series[str]"]:
    """Thirds of the scans by what was measured on them, and their amyloid load."""
    thirds = ["low", "middle", "high"]
    return {
        "load": pd.cut(rows["centiloid"], [-100, 10, 30, 300], labels=thirds).astype(str),
        "noise": pd.qcut(rows["noise_cv"], 3, thirds).astype(str),
        "resolution": pd.qcut(rows["fwhm_mm"], 3, thirds).astype(str),
        "match": pd.qcut(rows["registration"], 3, thirds).astype(str),
        "site": rows["site"].astype(str),
    }


def printed(name: str, holds: NDArray[np.bool_]) -> None:
    """A row, and whether the promise lies in its interval."""
    found = wilson(float(holds.mean()), len(holds))
    kept = "" if found.low <= INTERVAL_SHARE <= found.high else " (90 % lies outside)"
    print(
        f"| {name} | {len(holds)} | {found.value:.3f} [{found.low:.3f}, {found.high:.3f}]{kept} |"
    )
    record(f"interval holds: {name}", found.value, low=found.low, high=found.high)


def main() -> None:
    """Print a row a class."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("cohorts", nargs="+", metavar="COHORT=PREPARED")
    parser.add_argument("--again", type=Path, metavar="PREPARED")
    options = parser.parse_args()
    print("| scans | number | the interval holds the truth |\n|---|---|---|")
    for pair in options.cohorts:
        cohort, prepared = map(Path, pair.split("=", maxsplit=1))
        rows = prepared_rows(prepared)
        truth = truth_of(rows, cohort)
        ends = intervals(rows)
        true = truth["centiloid"].to_numpy(float)
        holds = (ends["centiloid"][:, 0] <= true) & (true <= ends["centiloid"][:, 1])
        printed(f"{cohort.name}, Centiloid", holds)
        width = np.diff(ends["centiloid"]).mean()
        print(f"| {cohort.name}, mean width | | {width:.1f} Centiloid |")
        for name in READ_REGIONS:
            suvr = true_suvr(truth, name)
            printed(
                f"{cohort.name}, SUVR of {name}",
                (ends[name][:, 0] <= suvr) & (suvr <= ends[name][:, 1]),
            )
        for kind, labels in classes(rows).items():
            for label in sorted(set(labels)):
                printed(f"{cohort.name}, {kind} {label}", holds[(labels == label).to_numpy()])
    if options.again:
        rows = prepared_rows(options.again)
        low, high = intervals(rows)["centiloid"].T
        rows = rows.assign(low=low, high=high).sort_values(["participant_id", "session_id"])
        one, other = (rows.groupby("participant_id", sort=True).nth(n) for n in (0, 1))
        both = one.merge(other, on="participant_id", suffixes=("", "_again"))
        held = both["centiloid_again"].between(both["low"], both["high"]).to_numpy()
        printed("the second scan's Centiloid, by the first one's interval", held)
        difference = both["centiloid_again"] - both["centiloid"]
        print(f"| coefficient of repeatability | | {1.96 * difference.std():.1f} Centiloid |")


if __name__ == "__main__":
    main()
