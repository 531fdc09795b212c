"""How soon the node's alarm of drift comes after a change, and how seldom where nothing changed.

    python -m benchmarks.studies.drift [--runs 400]

Months of results are drawn with numbers alone, after a reference of 100: no scan is made. Half of
the people have no amyloid (Centiloid 0, SD 12), half have some (80, SD 30), a tenth of the results
are doubtful, and the noise is drawn about its middle. Then one of these changes. What is counted is
the number of studies until the alarm of six measures with one false alarm in five years, and the
share of twenty years without a change in which there was one.
"""

import argparse
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from benchmarks.figures import record
from monai_amyloid.evaluation.drift import evidence, log_bets

REFERENCE, A_MONTH, MEASURES, YEARS = 100, 20, 6, 5
ALARM = 12 * MEASURES * YEARS
MOST = 400
Draw = Callable[[np.random.Generator, int], NDArray[np.float64]]


def centiloids(shift: float = 0.0) -> Draw:
    """Centiloids, all of which are shifted as by another reconstruction."""

    def draw(random: np.random.Generator, count: int) -> NDArray[np.float64]:
        some = random.uniform(size=count) < 0.5
        return np.where(some, random.normal(80, 30, count), random.normal(0, 12, count)) + shift

    return draw


def normal(shift: float = 0.0, spread: float = 1.0) -> Draw:
    """A measure of quality, in standard deviations."""
    return lambda random, count: random.normal(shift, spread, count)


def doubtful(share: float) -> Draw:
    """Whether results are doubtful."""
    return lambda random, count: (random.uniform(size=count) < share).astype(float)


# What is followed before and after the change.
CHANGES: dict[str, tuple[Draw, Draw]] = {
    "Centiloid, all +15": (centiloids(), centiloids(15)),
    "Centiloid, all +30": (centiloids(), centiloids(30)),
    "a measure of quality, +0.5 SD": (normal(), normal(0.5)),
    "a measure of quality, +1 SD": (normal(), normal(1.0)),
    "a measure of quality, +2 SD": (normal(), normal(2.0)),
    "doubt, 10 % to 25 %": (doubtful(0.1), doubtful(0.25)),
    "doubt, 10 % to 50 %": (doubtful(0.1), doubtful(0.5)),
}


def until_alarm(before: Draw, after: Draw, random: np.random.Generator, count: int) -> float:
    """Number of studies until the alarm of one measure; infinite where it does not come."""
    values = after(random, count).tolist()
    ties = random.uniform(size=count).tolist()
    bets = log_bets(before(random, REFERENCE).tolist(), values, ties)
    found = evidence(bets, [f"{place // A_MONTH:04}" for place in range(count)])
    return float(np.argmax(found >= ALARM)) + 1 if (found >= ALARM).any() else np.inf


def main() -> None:
    """Print a row a change."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--runs", type=int, default=400)
    runs = parser.parse_args().runs
    random = np.random.default_rng(0)
    years = 20
    false = np.mean([np.isfinite(until_alarm(normal(), normal(), random, 12 * years * A_MONTH))
                     for _ in range(max(20, runs // 10))])  # fmt: skip
    print(f"| nothing, one measure, {years} years | {false:.0%} with an alarm | |")
    record(f"drift: share of {years} years with a false alarm of one measure", float(false))
    for name, (before, after) in CHANGES.items():
        counts = np.array([until_alarm(before, after, random, MOST) for _ in range(runs)])
        middle, most = np.quantile(counts, [0.5, 0.9], method="higher")
        print(f"| {name} | {middle:.0f} | {most:.0f} |")
        if np.isfinite(middle):
            record(f"drift: studies to the alarm, {name}", float(middle), "studies")


if __name__ == "__main__":
    main()
