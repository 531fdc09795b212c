"""A prepared cohort of two sites on disk, from its volumes to its tables."""

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from commands import program as run
from scipy import ndimage

from monai_amyloid.brain.quantities.centiloid import centiloid
from monai_amyloid.brain.quantities.suvr import regional_suvr, suvr
from monai_amyloid.brain.template import TEMPLATE_AFFINE, pet_templates, voi
from monai_amyloid.cohort.datalist import read_cohort
from monai_amyloid.errors import UserError
from monai_amyloid.harmonizing.harmonize import apply, harmonize
from monai_amyloid.pet.image import PetImage
from monai_amyloid.pet.widths import FWHM_PER_SIGMA
from monai_amyloid.writing.nifti import write_nifti

pytestmark = pytest.mark.slow

LOADS = (0.0, 0.1, 0.2, 0.9, 1.0, 1.1)
# Site, resolution in mm, and the background that its scatter correction leaves, in SUVR.
CAMERAS = (("새 camera", 5.0, 0.0), ("old", 7.0, 0.08))


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six people, each on both cameras, as ``prepare`` writes them."""
    folder = tmp_path_factory.mktemp("harmonize") / "prepared"
    negative, positive = pet_templates()
    rows = []
    for number, load in enumerate(LOADS):
        for site, fwhm_mm, background in CAMERAS:
            volume = negative + load * (positive - negative) + background
            volume = ndimage.gaussian_filter(volume, fwhm_mm / FWHM_PER_SIGMA / 2, mode="nearest")
            volume = suvr(volume.astype(np.float32), voi("whole_cerebellum"))
            name = f"sub-{number}_{fwhm_mm:g}"
            write_nifti(
                PetImage(volume, TEMPLATE_AFFINE, "18FFBB", "SUVR"), folder / f"{name}.nii.gz"
            )
            regions = regional_suvr(volume)
            rows.append(
                {"participant_id": f"sub-{number}", "session_id": f"ses-{fwhm_mm:g}",
                 "path": f"{name}.nii.gz", "tracer": "18FFBB", "bapl": 1 if load < 0.5 else 3,
                 "site": site, "reference": "whole_cerebellum", "fwhm_mm": fwhm_mm,
                 "centiloid": centiloid(regions["cortex"], "18FFBB"),
                 "age": "=1+1", **{f"suvr_{key}": value for key, value in regions.items()}}
            )  # fmt: skip
    pd.DataFrame(rows).to_csv(folder / "participants.tsv", sep="\t", index=False)
    return folder


@pytest.fixture(scope="module")
def harmonized(prepared: Path) -> Path:
    harmonize(prepared, prepared.parent / "harmonized")
    return prepared.parent / "harmonized"


def apart(table: pd.DataFrame, column: str) -> "pd.Series[float]":
    """What the cameras differ by, in each person."""
    by = table.pivot(index="participant_id", columns="site", values=column)
    return by[CAMERAS[1][0]] - by[CAMERAS[0][0]]


def test_two_cameras_read_the_same_people_alike_and_groups_stay_apart(harmonized: Path) -> None:
    table = pd.read_csv(harmonized / "participants.tsv", sep="\t")
    before, after = apart(table, "measured_centiloid"), apart(table, "centiloid")
    assert before.abs().max() > 5
    assert after.abs().mean() < 0.1 * before.abs().mean()
    means = {
        name: table.groupby("bapl")[name].mean() for name in ("measured_centiloid", "centiloid")
    }
    effects = [means[name][3] - means[name][1] for name in ("measured_centiloid", "centiloid")]
    assert effects[1] == pytest.approx(effects[0], rel=0.05)


def test_matching_brings_the_sharper_camera_to_the_coarser_one(harmonized: Path) -> None:
    table = pd.read_csv(harmonized / "participants.tsv", sep="\t")
    assert set(table.fwhm_mm) == {7.0} and set(table.measured_fwhm_mm) == {5.0, 7.0}
    old = table.site == "old"
    np.testing.assert_allclose(
        table.matched_suvr_putamen_left[old], table.measured_suvr_putamen_left[old], rtol=1e-4
    )
    sharp = table[~old].set_index("participant_id")
    assert (sharp.matched_suvr_putamen_left != sharp.measured_suvr_putamen_left).all()


def test_what_is_written_is_a_cohort_whose_scans_are_found(
    harmonized: Path, prepared: Path
) -> None:
    table, source = (read_cohort(f / "participants.tsv") for f in (harmonized, prepared))
    assert [Path(path).resolve() for path in table.path] == [Path(p).resolve() for p in source.path]
    np.testing.assert_allclose(table.suvr_cerebellum, source.suvr_cerebellum, rtol=1e-5)
    assert "\t'=1+1\t" in (harmonized / "participants.tsv").read_text()
    changed = pd.read_csv(harmonized / "changes.tsv", sep="\t").set_index(["column", "value"])
    sites = changed.loc["site", "centiloid_harmonized"]
    assert sites.max() - sites.min() < 1
    assert changed.loc[("bapl", "3"), "scans"] == 6


def test_new_scans_of_a_known_site_are_harmonised_by_the_model_alone(
    harmonized: Path, prepared: Path, tmp_path: Path
) -> None:
    new = shutil.copytree(prepared, tmp_path / "new")
    table = pd.read_csv(new / "participants.tsv", sep="\t")
    one = table[table.site == "old"].iloc[[2]].drop(columns="bapl")
    one.to_csv(new / "participants.tsv", sep="\t", index=False)
    found = apply(new, tmp_path / "out", harmonized / "harmonization.json").table
    before = pd.read_csv(harmonized / "participants.tsv", sep="\t")
    same = before[(before.site == "old") & (before.participant_id == one.participant_id.iloc[0])]
    assert found.centiloid.iloc[0] == pytest.approx(same.centiloid.iloc[0], abs=1e-3)


def test_what_is_refused_leaves_nothing(prepared: Path, harmonized: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is there already"):
        harmonize(prepared, harmonized)
    with pytest.raises(UserError, match="harmonised already"):
        harmonize(harmonized, tmp_path / "twice")
    bad = shutil.copytree(prepared, tmp_path / "bad")
    (bad / "sub-3_5.nii.gz").write_bytes(b"no volume")
    with pytest.raises(UserError, match=r"sub-3_5\.nii\.gz: cannot be measured again"):
        harmonize(bad, tmp_path / "bad_out")
    table = pd.read_csv(prepared / "participants.tsv", sep="\t")
    table.loc[4, "tracer"] = "18FAV45"
    table.to_csv(bad / "participants.tsv", sep="\t", index=False)
    with pytest.raises(UserError, match="found tracer 18FAV45, 18FFBB, needed one"):
        harmonize(bad, tmp_path / "bad_out")
    assert not (tmp_path / "bad_out").exists() and not (tmp_path / "twice").exists()


def test_a_scan_coarser_than_the_common_resolution_stays_and_is_named(
    prepared: Path, tmp_path: Path
) -> None:
    done = run("harmonize", prepared, "--output", tmp_path / "out", "--fwhm-mm", "6")
    assert done.returncode == 0, done.stderr
    assert "6 of 12 scans are coarser than 6 mm" in done.stderr
    assert "old: 6 scans, 6 people scanned elsewhere too" in done.stdout
    model = json.loads((tmp_path / "out" / "harmonization.json").read_text(encoding="utf-8"))
    assert model["fwhm_mm"] == 6 and list(model["sites"]) == ["old", "새 camera"]
