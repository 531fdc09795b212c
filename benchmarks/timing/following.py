"""What one visit more costs in ``follow``, beside ``infer`` of one study, in one run.

    python -m benchmarks.timing.following --rounds 3

Simulates three visits of one person, and times ``infer`` of the three and ``follow`` of two and of
three of them, with reports, in this process and warm.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from benchmarks.figures import record
from monai_amyloid.grading.following.listing import list_people
from monai_amyloid.grading.following.people import follow_people
from monai_amyloid.grading.run import grade_studies
from monai_amyloid.installed import shipped_bundle
from monai_amyloid.phantom.cohorts.cohort import simulate
from monai_amyloid.phantom.cohorts.plan import Plan


def seconds(work: Callable[[Path], object]) -> float:
    """Seconds that work takes which writes into a new folder."""
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        work(Path(folder) / "results")
        return time.perf_counter() - began


def main() -> None:
    """Print the medians and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        cohort = Path(folder)
        simulate(cohort, 1, Plan(seed=5, sessions=3, months_between_sessions=12.0))
        visits = sorted((cohort / "scans").glob("*.nii.gz"))

        def follow(count: int) -> Callable[[Path], object]:
            return lambda output: follow_people(
                shipped_bundle(), list_people(visits[:count], besides=output), output
            )

        def infer(output: Path) -> object:
            return grade_studies(shipped_bundle(), visits, output)

        seconds(infer)
        seconds(follow(2))
        rounds = [
            (seconds(infer) / 3, seconds(follow(2)), seconds(follow(3)))
            for _ in range(options.rounds)
        ]
    one, two, three = np.median(rounds, axis=0)
    more = np.median([(c - b) / a for a, b, c in rounds])
    print(f"infer of one study {one:.2f} s, follow of two {two:.2f} s, of three {three:.2f} s")
    print(f"one visit more in follow: {more:.2f} of the seconds of infer (asked: 1.3)")
    record("one visit more in follow over infer", float(more))


if __name__ == "__main__":
    main()
