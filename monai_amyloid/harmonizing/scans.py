"""The scans of a prepared cohort that are harmonised together, checked."""

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from monai_amyloid.brain.quantities.suvr import USUAL_REFERENCE
from monai_amyloid.cohort.datalist import UNKNOWN, CohortError, read_cohort, some_of
from monai_amyloid.pet.tracers import TRACERS

TABLE = "participants.tsv"
RESOLUTION = "fwhm_mm"
# What is harmonised: the names that ``prepare`` gives, and no column of somebody's own.
MEASURED = re.compile(r"centiloid|suvr_[a-z_]{1,60}")
# What SUVR is over is 1 in every scan: no camera shows there.
_IN_REFERENCE = {
    "whole_cerebellum": "suvr_cerebellum",
    "cerebellar_grey": "suvr_cerebellum",
    "pons": "suvr_brainstem",
}


@dataclass(frozen=True)
class Scans:
    """A prepared cohort of one tracer over one reference region.

    Attributes:
        table: One row a scan, as ``prepare`` wrote it; ``path`` is absolute.
        file: Path of the table, for messages.
        site: Column that names the site of each scan.
        tracer: BIDS label of the tracer of all scans.
        reference: Reference region of all SUVR.
        measured: Columns that are harmonised: ``centiloid`` and ``suvr_*``.
    """

    table: pd.DataFrame
    file: Path
    site: str
    tracer: str
    reference: str
    measured: tuple[str, ...]

    def names(self, rows: "pd.Series[bool]") -> str:
        """The first of some scans, by participant and session."""
        found = self.table[rows]
        return some_of([f"{row.participant_id} {row.session_id}" for row in found.itertuples()])

    def values(self) -> NDArray[np.float64]:
        """What was measured, one row a scan and one column each of ``measured``."""
        return self.table[list(self.measured)].to_numpy(float)

    @property
    def sites(self) -> tuple[str, ...]:
        """Names of the sites, sorted."""
        return tuple(sorted(set(self.table[self.site])))

    @property
    def people(self) -> NDArray[np.intp]:
        """Number of the person of each scan."""
        return np.unique(self.table["participant_id"].to_numpy(str), return_inverse=True)[1]


def is_unknown(column: "pd.Series[str]") -> "pd.Series[bool]":
    """Where a column of a cohort's table holds nothing."""
    return column.isna() | column.astype(str).str.strip().isin(["", UNKNOWN, "<NA>"])


def read_scans(prepared: Path, site: str) -> Scans:
    """Read the table of a prepared cohort.

    Args:
        prepared: Folder that ``prepare`` wrote, or the table in it.
        site: Column that names the site of each scan.

    Raises:
        CohortError: If the table cannot be used, lacks the column or what ``prepare`` measures,
            leaves a site or a number unknown, or mixes tracers or reference regions.
    """
    file = prepared / TABLE if prepared.is_dir() else prepared
    table = read_cohort(file)
    _require(site, table, file, "--site names the column with the site of each scan")
    for column in ("centiloid", "suvr_cortex", RESOLUTION, "tracer"):
        _require(column, table, file, "harmonise what `monai-amyloid prepare` wrote")
    table[RESOLUTION] = pd.to_numeric(table[RESOLUTION], errors="coerce")
    if "reference" not in table:
        table["reference"] = USUAL_REFERENCE
    tracer, reference = (_only(column, table, file) for column in ("tracer", "reference"))
    if tracer not in TRACERS or reference not in _IN_REFERENCE:
        raise CohortError(
            f"{file}: found tracer {tracer!r} and reference {reference!r}; needed one of "
            f"{', '.join(TRACERS)} over one of {', '.join(_IN_REFERENCE)}"
        )
    measured = tuple(
        column
        for column in map(str, table.columns)
        if MEASURED.fullmatch(column) and column != _IN_REFERENCE[reference]
    )
    scans = Scans(table, file, site, tracer, reference, measured)
    for column in (site, *measured):
        unknown = is_unknown(table[column])
        if column in measured:
            unknown |= ~np.isfinite(table[column].to_numpy(float))
        if unknown.any():
            raise CohortError(
                f"{file}: {column} is unknown of {scans.names(unknown)}; add it, or take these "
                "rows out of the table"
            )
    return scans


def _require(column: str, table: pd.DataFrame, file: Path, advice: str) -> None:
    if column not in table:
        raise CohortError(
            f"{file}: found no column {column}, needed it of every scan; {advice}; its columns: "
            f"{', '.join(table.columns)}"
        )


def _only(column: str, table: pd.DataFrame, file: Path) -> str:
    """The one value of a column."""
    found = sorted(set(table[column].astype(str)))
    if len(found) > 1:
        raise CohortError(
            f"{file}: found {column} {', '.join(found)}, needed one: SUVR of different ones are on "
            "scales of their own; harmonise the scans of each by itself"
        )
    return found[0]
