"""A prepared cohort explored by the command, from table to page and back to a new scan."""

from pathlib import Path

import nibabel as nib
import numpy as np
import pandas as pd
import pytest
import torch
from typer.testing import CliRunner, Result

from monai_amyloid.brain.template import brain_mask
from monai_amyloid.cli import app
from monai_amyloid.cohort.datalist import UNKNOWN, CohortError
from monai_amyloid.errors import UserError
from monai_amyloid.exploring import exploration as room
from monai_amyloid.exploring.exploration import explore, numbered_sites
from monai_amyloid.exploring.features import Networks
from monai_amyloid.exploring.saved_map import read_map
from monai_amyloid.learning.pretraining.self_supervised import cells

from .cohorts import agreement, without_umap, write_prepared

pytestmark = pytest.mark.slow

SCANS = 90


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A table as ``prepare`` writes it, and two folds of those who have a grade."""
    folder = tmp_path_factory.mktemp("prepared")
    table = write_prepared(folder, SCANS)
    folds = table.loc[5:, ["participant_id"]].assign(fold=np.arange(SCANS - 5) % 2)
    folds.to_csv(folder / "splits.tsv", sep="\t", index=False)
    return folder


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Weights as a self-supervised training leaves them, of an eighth of the width."""
    from monai.networks.nets import resnet50

    torch.manual_seed(0)
    network = resnet50(
        spatial_dims=3, n_input_channels=1, conv1_t_stride=2, widen_factor=0.125,
        num_classes=cells([2, 2, 2]), bias_downsample=False,
    )  # fmt: skip
    path = tmp_path_factory.mktemp("encoder") / "model.pt"
    torch.save(network.state_dict(), path)
    return path


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("explored")


@pytest.fixture(scope="module")
def said(prepared: Path, bundle: Path, untrained_run: Path, encoder: Path, output: Path) -> Result:
    """What the command says that explores it by networks of two folds and by that encoder."""
    run = output / "run"
    for fold in (0, 1):
        (run / f"fold{fold}").mkdir(parents=True)
        (run / f"fold{fold}" / "model.pt").write_bytes((untrained_run / "model.pt").read_bytes())
    arguments = ["explore", prepared, "--bundle", bundle, "--output", output, "--run", run]
    arguments += ["--self-supervised", encoder]
    with without_umap():
        return CliRunner().invoke(app, [str(each) for each in arguments])


def test_the_command_says_what_it_found_and_where_it_lies(said: Result, output: Path) -> None:
    assert said.exit_code == 0, said.output
    assert f"{SCANS} scans; median score by grade: BAPL 1" in said.output
    names = ("explore.html", "map.npz", "scans.tsv", "clusters.tsv", "label_errors.tsv")
    assert all((output / name).is_file() for name in names)
    assert list((output / "groups").glob("cluster*_mean_suvr.nii.gz"))


def test_the_table_has_a_row_a_scan_and_its_score_follows_the_stage(
    said: Result, output: Path, prepared: Path
) -> None:
    table = pd.read_csv(output / "scans.tsv", sep="\t")
    stage = pd.read_csv(prepared / "participants.tsv", sep="\t")["stage"].to_numpy()
    assert len(table) == SCANS
    assert agreement(table["score"].to_numpy(), stage) > 0.9
    assert ((table["score_low"] <= table["score"]) & (table["score"] <= table["score_high"])).all()
    wanted = {f"{kind}_umap_x" for kind in ("regional", "network", "self_supervised")}
    assert wanted | {"network_score", "doubt", "share_as_far", "near_edge"} <= set(table)
    assert table["doubt"].isna().sum() == 5
    nearest = table["nearest_graded"].str.split("; ").str[0]
    assert not (nearest == table["participant_id"] + " ses-01").any()
    ungraded = {f"sub-0{number} ses-01" for number in range(5)}
    assert not ungraded & set("; ".join(table["nearest_graded"]).split("; "))


def test_no_mean_of_a_group_has_a_face(said: Result, output: Path) -> None:
    for file in (output / "groups").glob("*.nii.gz"):
        mean = np.asarray(nib.load(file).dataobj)
        assert mean[brain_mask()].mean() > 0.5 and not mean[:, 83:, :16].any()


def test_sites_are_numbers_unless_their_names_are_asked_for() -> None:
    sites = pd.Series(["Willow", UNKNOWN, "Ash", "Willow", ""])
    assert numbered_sites(sites).tolist() == ["site-2", UNKNOWN, "site-1", "site-2", UNKNOWN]


def test_the_list_of_doubtful_grades_is_ranked(said: Result, output: Path) -> None:
    table = pd.read_csv(output / "label_errors.tsv", sep="\t")
    assert table["rank"].tolist() == list(range(1, SCANS - 4))
    assert table["doubt"].is_monotonic_decreasing
    chances = table[["p_bapl1", "p_bapl2", "p_bapl3"]].to_numpy()
    assert chances.sum(axis=1) == pytest.approx(np.ones(len(table)), abs=1e-3)
    assert (table["more_likely"].to_numpy() == chances.argmax(axis=1) + 1).all()


def test_tensorboards_projector_finds_every_scan(said: Result, output: Path) -> None:
    config = (output / "tensorboard" / "projector_config.pbtxt").read_text()
    for name in ("regional", "network", "self_supervised"):
        assert f"{name}" in config
    rows = next((output / "tensorboard").rglob("metadata.tsv")).read_text().splitlines()
    assert rows[0].startswith("participant_id\tsession_id\tbapl") and len(rows) == SCANS + 1


def test_the_saved_map_places_its_own_scans(said: Result, output: Path, prepared: Path) -> None:
    cohort = pd.read_csv(prepared / "participants.tsv", sep="\t")
    table = pd.read_csv(output / "scans.tsv", sep="\t")
    saved = read_map(output / "map.npz")
    row = cohort.iloc[40]
    regions = {name: float(row[f"suvr_{name}"]) for name in saved.representation.names}
    quality = {"fwhm_mm": float(row["fwhm_mm"]), "noise_cv": float(row["noise_cv"])}
    # As a scan of an unknown site: what its own site changed is not known.
    assert saved.place(regions, quality, "18FFBB").score == pytest.approx(
        table["score"][40], abs=12
    )


def test_a_second_run_looks_at_no_scan_again_and_finds_the_same(
    said: Result, prepared: Path, bundle: Path, untrained_run: Path, encoder: Path, output: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    def never(*arguments: object) -> None:
        raise AssertionError("a network was loaded")

    monkeypatch.setattr("monai_amyloid.exploring.features._Seeing", never)
    run = output / "run"
    weights = (run / "fold0" / "model.pt", run / "fold1" / "model.pt")
    with without_umap():
        again = explore(prepared, Networks(bundle, weights, encoder), output)
    table = pd.read_csv(output / "scans.tsv", sep="\t")
    assert again.main.score == pytest.approx(table["score"].to_numpy(), abs=1e-3)
    assert set(again.views) == {"regional", "network", "self_supervised"}


def test_what_cannot_be_explored_is_said_in_one_line(
    prepared: Path, bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = pd.read_csv(prepared / "participants.tsv", sep="\t", dtype=str, keep_default_na=False)
    table["path"] = [str(prepared / path) for path in table["path"]]
    for changed, message in (
        (table.head(20), "found 20 scans, needed 50 or more"),
        (table.drop(columns="centiloid"), "not a prepared cohort"),
        (table.drop(columns="suvr_brainstem"), "suvr_brainstem is missing"),
        (table.drop(columns="suvr_frontal_left"), "suvr_frontal_left is missing"),
        (table.assign(centiloid="n/a"), "not a prepared cohort"),
        (table.assign(reference="pons"), "prepared over pons, needed whole_cerebellum"),
    ):
        changed.to_csv(tmp_path / "participants.tsv", sep="\t", index=False)
        with pytest.raises(CohortError, match=message):
            explore(tmp_path, Networks(bundle), tmp_path)
    monkeypatch.setattr("monai_amyloid.exploring.reduction.find_spec", lambda name: None)
    with pytest.raises(UserError, match=r"pip install 'monai-amyloid\[explore\]'"):
        room.explore(prepared, Networks(bundle), tmp_path)


def test_networks_of_another_cross_validation_are_refused(
    prepared: Path, bundle: Path, untrained_run: Path, tmp_path: Path
) -> None:
    with pytest.raises(CohortError, match="it has 2 folds, but the run has networks of 1"):
        explore(prepared, Networks(bundle, (untrained_run / "model.pt",)), tmp_path)


def test_a_cohort_that_is_not_prepared_is_prepared_first(
    bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from monai_amyloid.phantom.cohorts.cohort import simulate
    from monai_amyloid.phantom.cohorts.plan import Plan

    simulate(tmp_path / "cohort", 2, Plan(seed=3, sites=("site-1",)))
    arguments = ["explore", str(tmp_path / "cohort"), "--bundle", str(bundle)]
    found = CliRunner().invoke(app, [*arguments, "--output", str(tmp_path / "out"), "--workers=1"])
    assert (tmp_path / "out" / "prepared" / "participants.tsv").is_file()
    assert found.exit_code == 1 and "found 2 scans, needed 50 or more" in str(found.exception)
    assert "\n" not in str(found.exception)
