"""A fast model of the errors of changes, held against whole pairs, and what the intervals hold.

    python -m benchmarks.studies.change.fast LEARNT.tsv CHECKED.tsv --people 4000

LEARNT and CHECKED are tables of whole simulated pairs of different people, as ``measure_changes``
and ``benchmarks.studies.change.measured`` make them. The model learns from the first what each
cause does to a change; bias and SD of its errors stand beside those of the second. Then it draws
people of another seed, without scans, of whom every class has thousands of changes.
"""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from benchmarks.figures import record
from benchmarks.studies.change.measured import KINDS, print_coverage
from monai_amyloid.phantom.cohorts.fast_changes import FastErrors, drawn_pairs, errors

Array = NDArray[np.float64]


def print_check(model: FastErrors, checked: pd.DataFrame, fast: pd.DataFrame) -> None:
    """Errors of the fast model beside those of whole pairs that it never saw."""
    of_whole, of_fast, explained = errors(checked), errors(fast), model.explained(checked)
    print("| pairs | whole: number, bias, SD | fast: number, bias, SD | explained | p |")
    print("|---|---|---|---|---|")
    for kind, words in KINDS.items():
        use, also = ((each["kind"] == kind).to_numpy() for each in (checked, fast))
        one, other = of_whole[use], of_fast[also]
        share = 1 - float(np.var(one - explained[use]) / np.var(one))
        alike = stats.ks_2samp(one, other).pvalue
        print(
            f"| {words} | {len(one)}, {one.mean():+.2f}, {one.std():.2f} "
            f"| {len(other)}, {other.mean():+.2f}, {other.std():.2f} | {share:.0%} | {alike:.2f} |"
        )
        record(f"SD of the change's error, whole pairs, {words}", float(one.std()), "Centiloid")
        record(f"SD of the change's error, fast model, {words}", float(other.std()), "Centiloid")


def main() -> None:
    """Learn, compare, and print what the intervals hold."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("learnt", type=Path, help="whole pairs that the model learns from")
    parser.add_argument("checked", type=Path, help="whole pairs of other people")
    parser.add_argument("--people", type=int, default=4000)
    parser.add_argument("--seed", type=int, default=7901, help="of the people without scans")
    options = parser.parse_args()
    whole, checked = (pd.read_csv(path, sep="\t") for path in (options.learnt, options.checked))
    model = FastErrors.learnt(whole)
    fast = model.measured(drawn_pairs(options.seed, options.people), options.seed)
    print_check(model, checked, fast)
    print("\nWhole pairs that nothing was fitted to:")
    print_coverage(checked, (checked["true_1"] - checked["true_0"]).to_numpy(float))
    print("\nThe fast model:")
    print_coverage(fast, (fast["true_1"] - fast["true_0"]).to_numpy(float), "fast model, ")


if __name__ == "__main__":
    main()
