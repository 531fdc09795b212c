"""A prepared cohort of several sites, harmonised: its tables and its model."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from monai_amyloid.cohort.datalist import CohortError
from monai_amyloid.errors import UserError
from monai_amyloid.harmonizing.changes import changes
from monai_amyloid.harmonizing.covariates import read_covariates
from monai_amyloid.harmonizing.fitting import (
    SiteOffset,
    check_sites,
    doubts,
    fit_harmonization,
)
from monai_amyloid.harmonizing.model import MODEL, Harmonization, read_harmonization
from monai_amyloid.harmonizing.resolution import (
    Matched,
    coarser_in_words,
    common_resolution,
    match_resolution,
)
from monai_amyloid.harmonizing.scans import RESOLUTION, TABLE, Scans, read_scans
from monai_amyloid.output import refuse_link, writable_folder, write_table
from monai_amyloid.version import __version__
from monai_amyloid.work.progress import SILENT, Progress

CHANGES = "changes.tsv"
# Before these, a column keeps what was measured, and what was measured at one resolution.
MEASURED, MATCHED = "measured_", "matched_"


@dataclass(frozen=True)
class Harmonized:
    """What became of a cohort.

    Attributes:
        table: One row a scan, as written to ``participants.tsv``.
        changes: Mean Centiloid of each site and group before and after, as written to
            ``changes.tsv``.
        offsets: What each site read before; empty where a model was applied.
        warnings: What to know of the numbers, a line each.
    """

    table: pd.DataFrame
    changes: pd.DataFrame
    offsets: Sequence[SiteOffset]
    warnings: Sequence[str]


def harmonize(
    prepared: Path,
    output: Path,
    *,
    site: str = "site",
    covariates: Sequence[str] = (),
    common_mm: float | None = None,
    workers: int = 0,
    progress: Progress = SILENT,
) -> Harmonized:
    """Bring scans of several sites to one resolution and take away what their cameras add.

    Args:
        prepared: Folder that ``prepare`` wrote.
        output: Folder for ``participants.tsv``, ``harmonization.json`` and ``changes.tsv``.
        site: Column that names the site of each scan.
        covariates: Columns whose effects are kept; ``bapl`` is one of them wherever every scan has
            a grade.
        common_mm: Resolution of all scans in mm; None for that of the coarsest site.
        workers: Number of processes; with 0 everything runs in this one.
        progress: Shows how many scans are measured again.

    Raises:
        CohortError: If the cohort cannot be harmonised.
        UserError: If ``output`` holds something already.
        RunError: If it cannot be written.
    """
    _require_new(output)
    scans = _not_yet_harmonized(read_scans(prepared, site))
    check_sites(scans)
    known = read_covariates(scans, covariates)
    common_mm = common_resolution(scans) if common_mm is None else common_mm
    matched = match_resolution(scans, common_mm, workers, progress)
    model, offsets = fit_harmonization(matched.scans, known, common_mm)
    warnings = [*known.warnings, *coarser_in_words(matched, common_mm), *doubts(offsets)]
    return _write(scans, matched, model, output, offsets, warnings)


def apply(
    prepared: Path,
    output: Path,
    model: Path,
    *,
    workers: int = 0,
    progress: Progress = SILENT,
) -> Harmonized:
    """Harmonise new scans of known sites by a model of other scans.

    Args:
        prepared: Folder that ``prepare`` wrote.
        output: Folder for ``participants.tsv``, ``changes.tsv`` and the same model.
        model: Path of ``harmonization.json``, from whomever.
        workers: Number of processes; with 0 everything runs in this one.
        progress: Shows how many scans are measured again.

    Raises:
        CohortError: If a site, the tracer or the reference region is not the model's.
        UserError: If the model cannot be used, or ``output`` holds something already.
        RunError: If ``output`` cannot be written.
    """
    found = read_harmonization(model)
    _require_new(output)
    scans = _not_yet_harmonized(read_scans(prepared, found.site_column))
    found.check(scans)
    scans = replace(scans, measured=found.measured)
    matched = match_resolution(scans, found.fwhm_mm, workers, progress)
    warnings = list(coarser_in_words(matched, found.fwhm_mm))
    if found.version != __version__:
        warnings.append(
            f"the model was fitted by version {found.version} and this is {__version__}: prepare "
            "and fit its scans again if the normalisation has changed since"
        )
    return _write(scans, matched, found, output, (), warnings)


def _require_new(output: Path) -> None:
    """Refuse a folder that holds something."""
    refuse_link(output)
    if output.exists() and (not output.is_dir() or any(output.iterdir())):
        raise UserError(f"{output}: is there already; choose another --output")


def _not_yet_harmonized(scans: Scans) -> Scans:
    if f"{MEASURED}centiloid" in scans.table:
        raise CohortError(
            f"{scans.file}: is harmonised already; harmonise what `monai-amyloid prepare` wrote"
        )
    return scans


def _write(
    scans: Scans,
    matched: Matched,
    model: Harmonization,
    output: Path,
    offsets: Sequence[SiteOffset],
    warnings: Sequence[str],
) -> Harmonized:
    """Write the model and the tables, that of the scans last."""
    columns = list(model.measured)
    table = scans.table.copy()
    table[columns] = model.harmonized(matched.scans)
    table[RESOLUTION] = matched.scans.table[RESOLUTION]
    before = scans.table[[*columns, RESOLUTION]].add_prefix(MEASURED)
    between = matched.scans.table[columns].add_prefix(MATCHED)
    table = pd.concat([table, before, between], axis=1)
    changed = changes(table, model.site_column, model.covariates)
    writable_folder(output)
    table["path"] = [_from(output, path) for path in table["path"]]
    model.write(output / MODEL)
    write_table(changed, output / CHANGES)
    write_table(table, output / TABLE)
    return Harmonized(table, changed, offsets, warnings)


def _from(output: Path, path: str) -> str:
    """Path of a volume as the table of another folder names it."""
    try:
        return Path(os.path.relpath(path, output.resolve())).as_posix()
    except ValueError:  # on another drive of Windows
        return path
