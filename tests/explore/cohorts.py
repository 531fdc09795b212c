"""Cohorts of numbers whose truth is known, for the tests of what is found in them."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

import nibabel as nib
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import ndimage

from monai_amyloid.brain.quantities.suvr import region_labels
from monai_amyloid.brain.template import READ_REGIONS, TEMPLATE_AFFINE, pet_templates

PARTS = [name for name, labels in region_labels().items() if len(labels) == 1]
EARLY = [place for place, name in enumerate(PARTS) if "cingulate" in name or "orbito" in name]
LATE = [place for place, name in enumerate(PARTS) if "sensori" in name or "calcarine" in name]


@dataclass(frozen=True)
class Cohort:
    """Regional SUVR and what made it.

    Attributes:
        stage: 0 to 1, of whom 0 is half of all.
        suvr: One row a scan.
        sites: Three of them, each with its own shift.
        acquisition: Resolution and noise.
        bapl: By stage.
    """

    stage: NDArray[np.float64]
    suvr: pd.DataFrame
    sites: NDArray[np.str_]
    acquisition: NDArray[np.float64]
    bapl: NDArray[np.int64]

    @property
    def amount(self) -> NDArray[np.float64]:
        """Mean SUVR of all regions."""
        return self.suvr.to_numpy().mean(axis=1)


def make_cohort(scans: int = 300, seed: int = 0, anatomy: float = 0.05) -> Cohort:
    """Scans whose early regions fill first, beneath an anatomy that shifts all regions alike."""
    random = np.random.default_rng(seed)
    stage = np.where(random.uniform(size=scans) < 0.5, 0.15, 1) * random.uniform(size=scans)
    power = np.ones(len(PARTS))
    power[EARLY], power[LATE] = 0.5, 3.0
    excess = 0.6 * stage[:, None] ** power
    suvr = 1 + excess + random.normal(0, 0.02, excess.shape)
    suvr += random.normal(0, anatomy, (scans, 1))
    fwhm = random.normal(6, 1, scans)
    suvr -= 0.01 * (fwhm - 6)[:, None] * np.linspace(-1, 1, len(PARTS))
    sites = random.choice(["A", "B", "C"], scans)
    shift = random.normal(0, 0.03, (3, len(PARTS)))
    suvr += shift[np.searchsorted(["A", "B", "C"], sites)]
    bapl = 1 + (stage > 0.2).astype(int) + (stage > 0.5)
    acquisition = np.column_stack([fwhm, np.full(scans, 0.1)])
    return Cohort(stage, pd.DataFrame(suvr, columns=PARTS), sites, acquisition, bapl)


@contextmanager
def without_umap() -> Iterator[None]:
    """Let two axes stand for UMAP's map, which each process compiles for many seconds first."""
    with patch("monai_amyloid.exploring.reduction._umap", lambda axes, seed: axes[:, :2]):
        yield


def write_prepared(folder: Path, scans: int) -> pd.DataFrame:
    """A cohort as ``prepare`` leaves it; ten files serve all scans, by their stage."""
    made = make_cohort(scans)
    negative, positive = pet_templates()
    random = np.random.default_rng(3)
    for tenth in range(10):
        volume = negative + tenth / 9 * (positive - negative)
        volume *= 1 + ndimage.zoom(random.normal(0, 0.1, (7, 9, 7)), (13, 109 / 9, 13), order=1)
        image = nib.Nifti1Image(volume.astype(np.float32), TEMPLATE_AFFINE)
        nib.save(image, folder / f"{tenth}.nii")
    table = made.suvr.add_prefix("suvr_")
    for region in READ_REGIONS:
        for side in ("left", "right"):
            table[f"suvr_{region}_{side}"] = made.amount + random.normal(0, 0.02, scans)
    table["suvr_cortex"], table["centiloid"] = made.amount, 100 * made.stage
    table[["fwhm_mm", "noise_cv"]] = made.acquisition
    table.insert(0, "participant_id", [f"sub-{number:02d}" for number in range(scans)])
    table.insert(1, "session_id", "ses-01")
    table["path"] = [f"{int(10 * stage)}.nii" for stage in made.stage]
    table["tracer"], table["site"], table["bapl"] = "18FFBB", made.sites, made.bapl
    table.loc[:4, "bapl"] = np.nan
    table["stage"] = made.stage  # of no account to the program
    table.to_csv(folder / "participants.tsv", sep="\t", index=False, na_rep="n/a")
    return table


def agreement(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    """Spearman's correlation."""
    from scipy.stats import spearmanr

    return float(spearmanr(first, second).statistic)
