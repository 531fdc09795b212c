"""The scans of a cohort, measured again at one resolution."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from monai_amyloid.brain.quantities.centiloid import centiloid
from monai_amyloid.brain.quantities.matched_resolution import matched_resolution
from monai_amyloid.brain.quantities.suvr import regional_suvr, suvr
from monai_amyloid.brain.template import voi
from monai_amyloid.cohort.datalist import CohortError
from monai_amyloid.cohort.prepared_volume import load_suvr
from monai_amyloid.errors import one_line
from monai_amyloid.harmonizing.scans import RESOLUTION, Scans
from monai_amyloid.work.engine import Crash
from monai_amyloid.work.local_engine import LocalEngine
from monai_amyloid.work.many import make_each
from monai_amyloid.work.progress import SILENT, Progress

# The common resolution is chosen in steps of, and no coarser than: beyond it little of the cortex
# is left to tell from white matter.
_STEP_MM, COARSEST_MM = 0.5, 10.0
_FEWEST_PER_WORKER = 32


@dataclass(frozen=True)
class Matched:
    """Scans at one resolution.

    Attributes:
        scans: Scans with what was measured again, and ``fwhm_mm`` as it is now.
        coarser: True for each scan that was left as it is, because it is coarser already, or
            its resolution is not known, ``(N,)``.
    """

    scans: Scans
    coarser: "pd.Series[bool]"


def common_resolution(scans: Scans) -> float:
    """The resolution of the coarsest site, half of whose scans are sharper, in mm.

    Raises:
        CohortError: If the resolution of no scan at a site is known.
    """
    medians = scans.table.groupby(scans.site)[RESOLUTION].median()
    if medians.isna().any():
        raise CohortError(
            f"{scans.file}: {RESOLUTION} is unknown of every scan of "
            f"{medians.index[medians.isna()][0]}; leave the site out, or name --fwhm-mm"
        )
    return min(math.ceil(float(medians.max()) / _STEP_MM) * _STEP_MM, COARSEST_MM)


def match_resolution(
    scans: Scans, common_mm: float, workers: int = 0, progress: Progress = SILENT
) -> Matched:
    """Smooth each scan to a common resolution and measure it again.

    Args:
        scans: Scans of a prepared cohort.
        common_mm: Full width at half maximum that they all get. A scan that is coarser stays as
            it is.
        workers: Number of processes; with 0 everything runs in this one.
        progress: Shows how many scans are done.

    Raises:
        CohortError: If a volume cannot be read or measured.
    """
    table = scans.table
    coarser = ~(table[RESOLUTION] <= common_mm)
    sharper = table[~coarser]
    jobs = list(zip(map(Path, sharper["path"]), sharper[RESOLUTION].tolist(), strict=True))
    done = make_each(
        partial(_measure, common_mm=common_mm, tracer=scans.tracer, reference=scans.reference),
        jobs,
        LocalEngine(min(workers, len(jobs) // _FEWEST_PER_WORKER)),
        crashed=_crashed,
        progress=progress,
    )
    again = pd.DataFrame([each.made for each in done], index=sharper.index)
    changed = table.copy()
    for column in scans.measured:
        if column in again:
            changed.loc[sharper.index, column] = again[column]
    changed.loc[sharper.index, RESOLUTION] = common_mm
    return Matched(replace(scans, table=changed), coarser)


def _measure(
    scan: tuple[Path, float], common_mm: float, tracer: str, reference: str
) -> dict[str, float]:
    """Measure a scan at a common resolution: the columns that ``prepare`` writes."""
    path, fwhm_mm = scan
    try:
        volume = matched_resolution(load_suvr(path), fwhm_mm, common_mm)
        over_cerebellum = suvr(volume, voi("whole_cerebellum"))
        regions = regional_suvr(suvr(volume, voi(reference)))
    except Exception as error:  # nibabel has its own for every way in which a file is broken
        raise CohortError(f"{path}: cannot be measured again: {one_line(error)}") from error
    cortex = float(over_cerebellum[voi("cortex")].mean(dtype=np.float64))
    return {
        "centiloid": centiloid(cortex, tracer),
        **{f"suvr_{name}": value for name, value in regions.items()},
    }


def _crashed(scan: tuple[Path, float], crash: Crash) -> dict[str, float]:
    raise CohortError(f"{scan[0]}: the process that measured it again ended ({crash})")


def coarser_in_words(matched: Matched, common_mm: float) -> Sequence[str]:
    """A line about the scans that could not be matched; none where there are none."""
    count = int(matched.coarser.sum())
    if not count:
        return ()
    return (
        f"{count} of {len(matched.coarser)} scans are coarser than {common_mm:g} mm or of unknown "
        f"resolution and stay as they are: {matched.scans.names(matched.coarser)}",
    )
