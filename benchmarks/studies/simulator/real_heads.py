"""What the statistics of :mod:`head_statistics` are on the few real amyloid PET images there are.

Values of single people were measured on real individuals: four patients, the pictures of a study's
slides, and one florbetapir scan of the public Centiloid calibration set (https://www.gaain.org).
The images themselves are not carried: what more can be measured on the florbetapir scan and on the
real florbetaben group means (https://github.com/LeoIacca/rPOP, CC BY-NC-SA 4.0) is measured where
they lie, in the folder that MONAI_AMYLOID_SHARED_DATA names, or ../shared/data.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy import ndimage

from benchmarks.figures import ROOT
from benchmarks.studies.simulator.group_means import real_mean
from benchmarks.studies.simulator.head_places import ZOOM_MM
from benchmarks.studies.simulator.head_statistics import (
    FITTED,
    REPORTED,
    Volume,
    head_statistics,
    quality_statistics,
)
from monai_amyloid.brain.normalization import normalize
from monai_amyloid.pet.study import read_study
from monai_amyloid.pet.widths import FWHM_PER_SIGMA

# The program's own measure of resolution finds 9.2 to 9.7 mm in the real group means.
MEANS_FWHM_MM = 9.5
GROUPS = {"neg": 1, "pos": 3}
FLORBETAPIR_SCAN = "florbetapir scan"


@dataclass(frozen=True)
class RealValue:
    """One statistic of one real image.

    Attributes:
        statistic: Name of the statistic.
        value: What it is on the image.
        source: What image it is.
        grade: Grade of the image; None where it is not known.
        tracer: BIDS label of the image's tracer.
        blurred: Whether the image is a group mean, so that scans blurred alike are compared.
    """

    statistic: str
    value: float
    source: str
    grade: int | None = None
    tracer: str = "18FFBB"
    blurred: bool = False

    @property
    def column(self) -> str:
        """Column of a table of simulated scans."""
        return blurred_name(self.statistic) if self.blurred else self.statistic


# Measured on real individuals, in the slice z = 16 mm.
INDIVIDUALS = (
    *(RealValue("dark area, cm2", value, "a patient") for value in (25.5, 28.5, 34.5, 29.9)),
    RealValue("scalp ring", 1.61, "a person of grade 1", 1),
    RealValue("scalp ring", 0.62, "a person of grade 2", 2),
    RealValue("scalp ring", 0.72, "a person of grade 3", 3),
    *(RealValue("scalp ring", value, "pictures of slides, an end") for value in (0.57, 0.72)),
    *(RealValue("just outside", value, "individuals, an end") for value in (0.60, 1.16)),
    *(
        RealValue("cortex over inner", value, f"a person of grade {grade}", grade)
        for grade, value in ((1, 0.53), (2, 0.66), (3, 0.87))
    ),
    *(
        RealValue(name, value, FLORBETAPIR_SCAN, tracer="18FAV45")
        for name, value in (("match", 0.82), ("FWHM, mm", 9.4), ("noise CV", 0.147))
    ),
)


def blurred_name(statistic: str) -> str:
    """Name of a statistic of scans that are as blurred as the group means."""
    return f"{statistic}, at {MEANS_FWHM_MM:g} mm"


def as_group_means(volume: Volume, fwhm_mm: float) -> Volume:
    """Blur a scan of a resolution to that of the group means."""
    extra = np.sqrt(max(MEANS_FWHM_MM**2 - fwhm_mm**2, 0.0)) / FWHM_PER_SIGMA / ZOOM_MM
    return np.asarray(ndimage.gaussian_filter(volume, extra), np.float32)


def shared_data() -> Path | None:
    """Folder of the real images, where there is one."""
    folder = Path(os.environ.get("MONAI_AMYLOID_SHARED_DATA", ROOT.parent / "shared" / "data"))
    return folder if folder.is_dir() else None


def measured_values(folder: Path) -> Iterator[RealValue]:
    """What is measured on the real images of a folder, besides :data:`INDIVIDUALS`."""
    known = {each.statistic for each in INDIVIDUALS if each.source == FLORBETAPIR_SCAN}
    brain = normalize(read_study(folder / "scans" / "gaain_florbetapir.nii.gz", "18FAV45"))
    found = head_statistics(brain.suvr) | quality_statistics(brain.quality)
    for name, value in found.items():
        if name not in known:
            yield RealValue(name, value, FLORBETAPIR_SCAN, tracer="18FAV45")
    for group, grade in GROUPS.items():
        mean = real_mean(folder / "templates" / f"florbetaben_{group}.nii.gz")
        for name, each in (FITTED | REPORTED).items():
            if each.linear:
                value = each.of_volume(mean)
                yield RealValue(name, value, f"mean of {group}", grade, blurred=True)
