"""What is known of people besides their scans, so that it is not taken for their site's camera."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from monai_amyloid.cohort.datalist import CohortError
from monai_amyloid.harmonizing.scans import Scans, is_unknown

GRADE = "bapl"
# What says nothing of how much amyloid a person has.
_NOT_OF_AMYLOID = frozenset({"age", "sex"})
_MOST_LEVELS = 20
# Of a covariate's variance, how much sites may explain before its effect is hardly seen: a variance
# inflation of 10, the usual limit.
_MOST_EXPLAINED = 0.9


@dataclass(frozen=True)
class Covariates:
    """Covariates of a cohort's scans.

    Attributes:
        names: Columns of the table.
        design: Standardised numbers, and one column for each level but the first, ``(N, K)``.
        warnings: What to know of them, a line each.
    """

    names: tuple[str, ...]
    design: NDArray[np.float64]
    warnings: tuple[str, ...] = ()

    @property
    def tell_amyloid(self) -> bool:
        """Whether one of them says how much amyloid a person has."""
        return not _NOT_OF_AMYLOID.issuperset(self.names)


def read_covariates(scans: Scans, names: Sequence[str]) -> Covariates:
    """Read the covariates that are kept; the grade is one wherever every scan has it.

    Args:
        scans: Scans to harmonise.
        names: Columns of their table.

    Raises:
        CohortError: If a column is not there, unknown of a scan, the same in all, or cannot be
            separated from the sites.
    """
    graded = GRADE in scans.table and not is_unknown(scans.table[GRADE]).any()
    chosen = tuple(dict.fromkeys([*names, *([GRADE] if graded else [])]))
    sites = pd.get_dummies(scans.table[scans.site]).to_numpy(float)
    design, columns, warnings = sites, [], []
    for name in chosen:
        column = _columns(scans, name)
        wider = np.column_stack([design, column])
        if np.linalg.matrix_rank(wider) < wider.shape[1]:
            raise CohortError(
                f"{scans.file}: the covariate {name} cannot be separated from {scans.site} and the "
                f"other covariates ({_by_site(scans, name)}); leave it out, or add scans of people "
                "who differ in it at one site"
            )
        explained = _explained(column, sites)
        if explained > _MOST_EXPLAINED:
            warnings.append(
                f"{name} is almost the same as {scans.site}, which explains {explained:.0%} of it: "
                "what is the camera's and what is the people's is hardly known"
            )
        design = wider
        columns.append(column)
    everything = np.column_stack(columns) if columns else np.zeros((len(sites), 0))
    return Covariates(chosen, everything, tuple(warnings))


def _columns(scans: Scans, name: str) -> NDArray[np.float64]:
    """A covariate as numbers: itself, or a column for each level but the first."""
    if name not in scans.table or name == scans.site:
        found = "is the site itself" if name == scans.site else "is no column of the table"
        raise CohortError(f"{scans.file}: the covariate {name} {found}; name what people differ by")
    text = scans.table[name].astype(str).str.strip()
    if (unknown := is_unknown(scans.table[name])).any():
        raise CohortError(
            f"{scans.file}: the covariate {name} is unknown of {scans.names(unknown)}; add it, "
            "take these rows out of the table, or leave the covariate out"
        )
    levels = sorted(set(text))
    if len(levels) == 1:
        raise CohortError(
            f"{scans.file}: the covariate {name} is {levels[0]} in every scan; leave it out"
        )
    numbers = pd.to_numeric(text, errors="coerce").to_numpy(float)
    if np.isfinite(numbers).all() and name != GRADE:
        return np.asarray((numbers - numbers.mean())[:, None] / numbers.std())
    if len(levels) > _MOST_LEVELS:
        raise CohortError(
            f"{scans.file}: the covariate {name} has {len(levels)} different texts, such as "
            f"{levels[0]}; needed numbers, or at most {_MOST_LEVELS} groups"
        )
    return np.stack([(text == level).to_numpy(float) for level in levels[1:]], axis=1)


def _explained(column: NDArray[np.float64], sites: NDArray[np.float64]) -> float:
    """Share of a covariate's variance that the sites' means explain, the largest of its columns."""
    centred = column - column.mean(axis=0)
    left = column - sites @ np.linalg.lstsq(sites, column, rcond=None)[0]
    return float((1 - np.square(left).sum(axis=0) / np.square(centred).sum(axis=0)).max())


def _by_site(scans: Scans, name: str) -> str:
    """The values of a covariate at each site, in a few words."""
    groups = scans.table.groupby(scans.site)[name]
    return "; ".join(
        f"{site}: {', '.join(sorted(set(values.astype(str)))[:3])}" for site, values in groups
    )
