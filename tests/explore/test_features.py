"""What networks see of scans, kept on disk."""

import os
from pathlib import Path

import nibabel as nib
import numpy as np
import pandas as pd
import pytest
import torch
from conftest import CountedProgress

from monai_amyloid.brain.template import TEMPLATE_AFFINE, pet_templates
from monai_amyloid.bundle.networks.trained import TrainedNetwork
from monai_amyloid.cohort.datalist import CohortError
from monai_amyloid.cohort.prepared_volume import load_suvr
from monai_amyloid.errors import UserError
from monai_amyloid.exploring.features import (
    Networks,
    fold_weights,
    network_features,
    regional_features,
)
from monai_amyloid.exploring.groups.clusters import Clusters
from monai_amyloid.exploring.groups.subtype_maps import mean_suvr

from .cohorts import PARTS

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    """Three scans between the template's negative and positive."""
    folder = tmp_path_factory.mktemp("scans")
    negative, positive = pet_templates()
    rows = []
    for number, part in enumerate((0.0, 0.4, 1.0)):
        volume = (1 - part) * negative + part * positive
        path = folder / f"{number}.nii"
        nib.save(nib.Nifti1Image(volume.astype(np.float32), TEMPLATE_AFFINE), path)
        rows.append({"path": str(path), "tracer": "18FFBB" if number else "18FAV45"})
    return pd.DataFrame(rows)


@pytest.mark.slow
def test_features_are_what_the_last_layer_is_given(
    cohort: pd.DataFrame, bundle: Path, tmp_path: Path
) -> None:
    found = network_features(cohort, Networks(bundle), tmp_path)["network"]
    loaded = TrainedNetwork(bundle)
    batch = torch.stack(
        [loaded.network_input(load_suvr(Path(row.path)), row.tracer) for row in cohort.itertuples()]
    )
    head = loaded.network.fc
    said = head(torch.from_numpy(found))
    assert found.shape == (3, head.in_features)
    assert said.detach().numpy() == pytest.approx(loaded.logits(batch).numpy(), abs=1e-4)


@pytest.mark.slow
def test_what_was_seen_is_not_looked_at_again_unless_scan_or_weights_change(
    cohort: pd.DataFrame,
    bundle: Path,
    untrained_run: Path,
    tmp_path: Path,
    progress: CountedProgress,
) -> None:
    networks = Networks(bundle)
    first = network_features(cohort, networks, tmp_path, progress)
    before = {file: file.stat().st_mtime_ns for file in tmp_path.iterdir()}
    again = network_features(cohort, networks, tmp_path, progress)
    assert progress.reports == [3, *["made"] * 3, 3, *["kept"] * 3] and len(before) == 3
    assert {file: file.stat().st_mtime_ns for file in tmp_path.iterdir()} == before
    assert np.array_equal(first["network"], again["network"])
    scan = Path(cohort["path"][0])
    os.utime(scan, ns=(1, 1))
    network_features(cohort, networks, tmp_path)
    assert len(list(tmp_path.iterdir())) == 3
    image = nib.load(scan)
    nib.save(nib.Nifti1Image(np.asarray(image.dataobj) * 1.01, TEMPLATE_AFFINE), scan)
    os.utime(scan, ns=(1, 1))  # of the same name, size and time
    network_features(cohort, networks, tmp_path)
    assert len(list(tmp_path.iterdir())) == 4
    weights = untrained_run / "model.pt"
    seen = network_features(cohort, Networks(bundle, (weights, weights)), tmp_path)
    assert set(seen) == {"network0", "network1"} and len(list(tmp_path.iterdir())) == 7


def test_weights_that_are_missing_or_of_another_network_are_refused(
    bundle: Path, tmp_path: Path
) -> None:
    other = tmp_path / "fold0" / "model.pt"
    other.parent.mkdir()
    torch.save({"weight": torch.zeros(1)}, other)
    with pytest.raises(UserError, match="weights of another network"):
        Networks(bundle, (other,)).check()
    with pytest.raises(UserError, match=r"needed model\.pt"):
        Networks(bundle, self_supervised=tmp_path / "none.pt").check()
    with pytest.raises(UserError, match=r"folds \[0\], needed those of all folds"):
        fold_weights(tmp_path)
    (tmp_path / "fold1").mkdir()
    (tmp_path / "fold1" / "model.pt").touch()
    assert fold_weights(tmp_path) == (other, tmp_path / "fold1" / "model.pt")


def test_regional_features_are_on_one_scale_and_none_may_be_missing() -> None:
    table = pd.DataFrame({f"suvr_{name}": [1.2, 1.2] for name in PARTS})
    table["tracer"] = ["18FFBB", "18FAV45"]
    found = regional_features(table)
    assert list(found.columns) == PARTS
    assert found.iloc[0].to_numpy() == pytest.approx(1.2)
    # Centiloid of 18FAV45 175.2 SUVR - 182.2, of 18FFBB 153.4 SUVR - 154.9 (docs of the lines).
    same = (175.2 * 1.2 - 182.2 + 154.9) / 153.4
    assert found.iloc[1].to_numpy() == pytest.approx(same, abs=0.01)
    with pytest.raises(CohortError, match="is missing, needed for every scan"):
        regional_features(table.drop(columns=f"suvr_{PARTS[3]}"))


def test_a_scan_on_another_grid_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "scan.nii"
    nib.save(nib.Nifti1Image(np.zeros((4, 5, 6), np.float32), np.eye(4)), path)
    with pytest.raises(UserError, match="found 4 x 5 x 6 voxels, needed a scan on the template"):
        load_suvr(path)


def test_a_groups_mean_is_that_of_its_scans(cohort: pd.DataFrame) -> None:
    florbetaben = cohort.assign(tracer="18FFBB")
    labels = np.array([0, 1, 1])
    groups = Clusters("any", labels, 2, (2,), (1.0,))
    [[first, second]] = mean_suvr(florbetaben, [groups])
    volumes = [load_suvr(Path(path)) for path in cohort["path"]]
    assert np.allclose(first, volumes[0], atol=1e-6)
    assert np.allclose(second, (volumes[1] + volumes[2]) / 2, atol=1e-6)
