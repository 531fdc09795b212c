"""Centiloid over each reference: which is best for one scan, and which for a change.

    python -m benchmarks.studies.references COHORT=PREPARED [--means FOLDER]

COHORT is what `monai-amyloid simulate` wrote, PREPARED what `prepare` made of it. Printed are bias
and SD of the error of one scan's Centiloid against the noise-free one over the whole cerebellum;
with two visits a person, the coefficient of repeatability of each. FOLDER holds the real group
means (`florbetaben_neg.nii.gz` …), whose Centiloid by GAAIN's own volumes is 2, 42 and 83.
"""

import argparse
from pathlib import Path

import nibabel as nib
import numpy as np
import pandas as pd

from benchmarks.figures import record
from monai_amyloid.brain.normalization import normalize
from monai_amyloid.brain.quantities.references import over_references
from monai_amyloid.pet.study import read_study
from monai_amyloid.pet.tracers import FLORBETABEN
from monai_amyloid.phantom.cohorts.true_regions import truth_of

_WHOLE = "whole_cerebellum"


def measured(cohort: Path, prepared: Path) -> pd.DataFrame:
    """Centiloid of each scan over each reference, and the true one."""
    rows = pd.read_csv(prepared / "participants.tsv", sep="\t", na_values="n/a")
    found = rows[["participant_id"]].copy()
    found["true"] = truth_of(rows, cohort)["centiloid"].to_numpy(float)
    found[_WHOLE] = rows["centiloid"]
    loads = [
        over_references(np.asarray(nib.load(prepared / path).dataobj, np.float32), FLORBETABEN)
        for path in rows["path"]
    ]
    for name in loads[0]:
        found[name] = [each[name].centiloid for each in loads]
    return found


def main() -> None:
    """Print a row a reference."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("cohort", metavar="COHORT=PREPARED")
    parser.add_argument("--means", type=Path)
    options = parser.parse_args()
    cohort, prepared = map(Path, options.cohort.split("=", maxsplit=1))
    found = measured(cohort, prepared)
    names = [name for name in found if name not in ("participant_id", "true")]
    print("| reference | bias | SD of the error | R² |\n|---|---|---|---|")
    for name in names:
        error = found[name] - found["true"]
        square = float(np.corrcoef(found[name], found["true"])[0, 1] ** 2)
        print(f"| {name} | {error.mean():+.1f} | {error.std():.1f} | {square:.3f} |")
        record(f"SD of one scan's Centiloid over {name}", float(error.std()), "Centiloid")
    twice = found.groupby("participant_id").filter(lambda visits: len(visits) == 2)
    if len(twice):
        print("\n| reference | coefficient of two visits |\n|---|---|")
        first, second = (twice.groupby("participant_id").nth(place) for place in (0, 1))
        for name in names:
            apart = second[name].to_numpy() - first[name].to_numpy()
            print(f"| {name} | {1.96 * apart.std():.1f} |")
            record(f"coefficient over {name}", float(1.96 * apart.std()), "Centiloid")
    for group in ("neg", "all", "pos") if options.means else ():
        path = options.means / f"florbetaben_{group}.nii.gz"
        brain = normalize(read_study(path, tracer=FLORBETABEN))
        over = over_references(brain.suvr, FLORBETABEN)
        loads = ", ".join(f"{name} {each.centiloid:.1f}" for name, each in over.items())
        print(f"real mean {group}: {_WHOLE} {brain.centiloid:.1f}, {loads}")


if __name__ == "__main__":
    main()
