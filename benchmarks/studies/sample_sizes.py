"""How many scans a clinical study of the program needs, question by question.

    python -m benchmarks.studies.sample_sizes

Nothing is measured here: the sizes follow from formulae, which docs/explanation/clinical_study.md
states with their sources, and from what is expected, which stands in each row.
"""

from collections.abc import Iterator
from math import ceil, sqrt
from typing import NamedTuple

from scipy.stats import beta, binom, norm

# Grades of the original study's 603 patients; a hospital's own may be others.
PREVALENCE = {1: 291 / 603, 2: 78 / 603, 3: 234 / 603}


class Size(NamedTuple):
    """One question of a study, and how many scans answer it."""

    question: str
    expected: str
    asked: str
    scans: int
    recruited: int


def for_share(share: float, half_width: float, confidence: float = 0.95) -> int:
    """Scans for a share whose interval is as narrow as asked for.

    Args:
        share: Share that is expected, 0 to 1.
        half_width: Half the width of its interval, by the normal approximation.
        confidence: Confidence of the interval.
    """
    z = norm.ppf((1 + confidence) / 2)
    return ceil(z**2 * share * (1 - share) / half_width**2)


def below(bound: float, share: float, power: float, confidence: float = 0.95) -> int:
    """Scans that show, one-sided and exactly, that errors are rarer than a bound.

    The exact upper limit falls in steps, so that a few more scans may have less power: the number
    is the first from which on the power holds for the next fifty.

    Args:
        bound: Share of errors that must be excluded.
        share: Share that is expected, below the bound.
        power: Probability that the study shows it.
        confidence: Confidence of the upper limit (Clopper and Pearson).
    """
    good = 0
    number = 1
    while good < 50:
        number += 1
        most = -1
        while beta.ppf(confidence, most + 2, number - most - 1) < bound:
            most += 1
        good = good + 1 if most >= 0 and binom.cdf(most, number, share) >= power else 0
    return number - 49


def not_worse(margin: float, discordant: float, power: float, error: float = 0.025) -> int:
    """Scans that show that the program is right no more rarely than a reader, less a margin.

    Args:
        margin: Difference of the two shares that is too much.
        discordant: Share of the scans of which one of the two alone is right.
        power: Probability that the study shows it, where both are right equally often.
        error: One-sided error.
    """
    z = norm.ppf(1 - error) + norm.ppf(power)
    return ceil(z**2 * discordant / margin**2)


def for_limits(sd: float, half_width: float, confidence: float = 0.95) -> int:
    """Scans for limits of agreement that are as certain as asked for.

    Args:
        sd: SD of the differences that is expected.
        half_width: Half the width of the interval of either limit, in the same unit.
        confidence: Confidence of the interval.
    """
    z = norm.ppf((1 + confidence) / 2)
    return ceil(3 * (z * sd / half_width) ** 2)


def for_repeatability(relative: float, confidence: float = 0.95) -> int:
    """People scanned twice for a repeatability coefficient with a relative half-width.

    Args:
        relative: Half the width of the coefficient's interval over the coefficient.
        confidence: Confidence of the interval.
    """
    z = norm.ppf((1 + confidence) / 2)
    return ceil(1 + z**2 / (2 * relative**2))


def for_kappa(agreement: float, chance: float, half_width: float, confidence: float = 0.95) -> int:
    """Scans for Cohen's kappa with an interval as narrow as asked for.

    Args:
        agreement: Share of scans that both give the same grade.
        chance: Share that they would by chance.
        half_width: Half the width of kappa's interval.
        confidence: Confidence of the interval.
    """
    z = norm.ppf((1 + confidence) / 2)
    error = sqrt(agreement * (1 - agreement)) / (1 - chance)
    return ceil((z * error / half_width) ** 2)


def sizes() -> Iterator[Size]:
    """Every row of the table."""
    positive = PREVALENCE[2] + PREVALENCE[3]
    rows = (
        ("sensitivity for amyloid (BAPL 2 or 3)", "95 %", "± 3 %", for_share(0.95, 0.03), positive),
        ("specificity", "90 %", "± 4 %", for_share(0.90, 0.04), PREVALENCE[1]),
        ("BAPL 2 in its set of grades", "90 %", "± 6 %", for_share(0.90, 0.06), PREVALENCE[2]),
        ("read otherwise, of those graded without a reader", "2 %", "below 5 %, power 90 %",
         below(0.05, 0.02, 0.90), 0.66),
        ("agreement with a panel, beside one reader's", "equal; one alone right: 15 %",
         "not 5 % worse, power 90 %", not_worse(0.05, 0.15, 0.90), 1.0),
        ("kappa between program and panel, three grades", "85 % alike, 40 % by chance", "± 0.06",
         for_kappa(0.85, 0.40, 0.06), 1.0),
        ("Centiloid beside an MRI-based pipeline", "SD of the difference 6", "limits ± 1.5",
         for_limits(6.0, 1.5), 1.0),
        ("Centiloid of the same person twice", "", "coefficient ± 20 %",
         for_repeatability(0.20), 1.0),
    )  # fmt: skip
    for question, expected, asked, scans, share in rows:
        yield Size(question, expected, asked, scans, ceil(scans / share))


def table() -> str:
    """Markdown of the table."""
    lines = [
        "| question | expected | asked | scans that count | scans of all comers |",
        "|---|---|---|---|---|",
    ]
    return "\n".join([*lines, *(f"| {' | '.join(map(str, each))} |" for each in sizes())])


if __name__ == "__main__":
    print(table())
