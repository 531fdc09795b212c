import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from commands import program

from monai_amyloid.bundle.adapt import REPORT, Adapted, adapt, next_version
from monai_amyloid.bundle.files import CALIBRATION, METADATA, MODEL
from monai_amyloid.bundle.integrity import ExportedBundle, read_bundle
from monai_amyloid.bundle.verify import verify
from monai_amyloid.errors import RunError, UserError
from monai_amyloid.evaluation.deciding.decision_file import read_decision
from monai_amyloid.learning.network.head import ScoredHead
from monai_amyloid.learning.network.statistics import (
    TRAINED_COUNT_AS,
    learn_features,
    with_statistics_of,
)

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def cohort(prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Seven prepared scans a grade, some of them twice; one more has no grade."""
    folder = tmp_path_factory.mktemp("hospital") / "prepared"
    shutil.copytree(prepared, folder)
    table = pd.read_csv(folder / "participants.tsv", sep="\t")
    again = table.head(6).assign(participant_id=table["participant_id"].head(6) + "x")
    more = table.head(1).assign(participant_id="sub-new", bapl="n/a")
    pd.concat([table, again, more]).to_csv(folder / "participants.tsv", sep="\t", index=False)
    return folder


@pytest.fixture(scope="module")
def before(bundle: Path) -> ExportedBundle:
    return read_bundle(bundle)


@pytest.fixture(scope="module")
def adapted(
    bundle: Path, before: ExportedBundle, cohort: Path, tmp_path_factory: pytest.TempPathFactory
) -> Adapted:
    """The bundle adapted to that hospital."""
    return adapt(bundle, cohort, tmp_path_factory.mktemp("adapted") / "ours", device="cpu")


def test_a_new_version_is_written_and_the_old_bundle_stays(
    bundle: Path, before: ExportedBundle, adapted: Adapted
) -> None:
    found = adapted
    assert read_bundle(bundle) == before
    after = read_bundle(found.folder)
    assert after.metadata["version"] == next_version(before.metadata["version"])
    assert after.metadata["changelog"].keys() > before.metadata["changelog"].keys()
    described = after.metadata["adapted"]
    assert described["from_bundle_sha256"] == before.sha256
    assert described["graded_scans"] == {"1": 7, "2": 7, "3": 7} and described["scans"] == 22
    assert after.content[CALIBRATION] != before.content[CALIBRATION]
    if not described["network_statistics"]:
        assert after.content[MODEL] == before.content[MODEL]
    read_decision(found.folder / CALIBRATION)
    assert not [each for each in verify(found.folder) if each.wrong]
    report = (found.folder / REPORT).read_text(encoding="utf-8")
    assert found.judged.verdict() in report and "21 graded scans of 21 people" in report
    card = (found.folder / "docs" / "README.md").read_text(encoding="utf-8")
    assert after.sha256 in card and REPORT in card


def test_what_cannot_be_adapted_is_refused_and_nothing_is_left(
    bundle: Path, cohort: Path, prepared: Path, tmp_path: Path
) -> None:
    with pytest.raises(UserError, match="found 15 graded scans of 3 grades, needed 20"):
        adapt(bundle, prepared, tmp_path / "ours", device="cpu")
    (tmp_path / "there").mkdir()
    with pytest.raises(UserError, match="is there already"):
        adapt(bundle, cohort, tmp_path / "there", device="cpu")
    changed = Path(shutil.copytree(bundle, tmp_path / "changed"))
    metadata = json.loads((changed / METADATA).read_text(encoding="utf-8"))
    (changed / CALIBRATION).write_text("{}", encoding="utf-8")
    assert metadata["sha256"]
    with pytest.raises(RunError):
        adapt(changed, cohort, tmp_path / "ours", device="cpu")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["changed", "there"]


def test_the_command_adapts_what_was_adapted_once_more_and_prints_the_report(
    adapted: Adapted, cohort: Path, tmp_path: Path
) -> None:
    place = tmp_path / "again"
    done = program("adapt", adapted.folder, cohort, "--output", place, "--device", "cpu")
    assert done.returncode == 0, done.stderr
    assert "| grade | scans |" in done.stdout and (place / REPORT).is_file()
    assert read_bundle(place).metadata["version"] == "0.1.2"


def test_statistics_are_those_of_old_and_new_scans_together() -> None:
    torch.manual_seed(0)
    network = torch.nn.Sequential(torch.nn.BatchNorm1d(2)).eval()
    batches = [torch.randn(50, 2) * 2 + 5 for _ in range(4)]
    changed, apart = with_statistics_of(network, batches)
    seen = torch.cat(batches)
    weight = 200 / (200 + TRAINED_COUNT_AS)
    norm = changed[0]
    torch.testing.assert_close(norm.running_mean, weight * seen.mean(0), atol=1e-4, rtol=0)
    within = weight * torch.stack([each.var(0) for each in batches]).mean(0) + (1 - weight)
    between = weight * (1 - weight) * seen.mean(0) ** 2
    torch.testing.assert_close(norm.running_var, within + between, atol=1e-4, rtol=0)
    assert apart == pytest.approx(float(seen.mean(0).abs().mean()), rel=1e-3)
    assert not network[0].running_mean.any() and not changed.training
    assert np.isfinite(changed(batches[0]).detach().numpy()).all()


def test_features_that_a_hospital_shows_are_usual_of_it() -> None:
    torch.manual_seed(1)
    head = ScoredHead(3, 2)
    network = torch.nn.Sequential()
    network.add_module("fc", head)
    head.know_features(torch.randn(400, 3) * torch.tensor([1.0, 2.0, 0.0]))
    own = torch.randn(300, 3) + 6
    before = head.apart(own).median()
    batches = list(own.split(50))
    learn_features(network.eval(), batches)
    assert before > 4 and 0.5 < float(head.apart(own).median()) < 1.5
    # The third feature said nothing of the training's scans.
    assert not head.features_spread[2]
    weight = 300 / (300 + TRAINED_COUNT_AS)
    assert float(head.features_mean[0]) == pytest.approx(weight * 6, abs=0.2)


def test_a_network_that_knows_no_usual_features_is_left_as_it_is() -> None:
    network = torch.nn.Sequential()
    network.add_module("fc", ScoredHead(3, 2))
    learn_features(network.eval(), [torch.randn(5, 3)])
    assert not network.fc.features_spread.any()


def test_the_next_version_is_one_higher() -> None:
    assert [next_version(each) for each in ("0.1.0", "3", "1.2-rc")] == ["0.1.1", "4", "1.2-rc.1"]
