"""The bundle that export writes."""

import errno
import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from conftest import CONFIGS, CONFIGS_3D
from monai.bundle import ConfigParser

from benchmarks.untrained import write_untrained_run
from monai_amyloid.bundle.card import LARGE_BYTES
from monai_amyloid.bundle.export import export
from monai_amyloid.bundle.verify import loaded_network
from monai_amyloid.errors import RunError, UserError
from monai_amyloid.evaluation.deciding.decision import Decision, fit_decision
from monai_amyloid.evaluation.deciding.decision_file import read_decision, write_decision
from monai_amyloid.evaluation.deciding.standing import NEVER
from monai_amyloid.evaluation.held_out import fingerprint
from monai_amyloid.grading.grader import Grader

pytestmark = pytest.mark.slow


def metadata_of(bundle: Path) -> dict:
    return json.loads((bundle / "configs" / "metadata.json").read_text(encoding="utf-8"))


@pytest.fixture
def run(untrained_run: Path, tmp_path: Path) -> Path:
    """A copy of the trained fold, to be spoiled."""
    return Path(shutil.copytree(untrained_run, tmp_path / "run" / "fold0"))


@pytest.fixture(scope="module")
def wide_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fold of the usual width, which is large."""
    folder = tmp_path_factory.mktemp("wide") / "fold0"
    return write_untrained_run(folder, CONFIGS_3D, {"spacing_mm": 8.0})


@pytest.fixture(scope="module")
def wide(wide_run: Path) -> Path:
    return export(wide_run, CONFIGS_3D, wide_run.parent / "bundle")


def test_the_settings_that_were_trained_with_are_in_the_bundle(bundle: Path) -> None:
    for name in ("train.json", "evaluate.json", "inference.json"):
        assert json.loads((bundle / "configs" / name).read_text())["spacing_mm"] == 8.0


def test_metadata_pins_what_is_installed_and_what_was_measured(bundle: Path) -> None:
    metadata = metadata_of(bundle)
    assert metadata["pytorch_version"] == torch.__version__.split("+")[0]
    assert set(metadata["required_packages_version"]) > {"monai-amyloid", "nibabel", "pydicom"}
    own = metadata["eval_metrics_of_this_network"]
    assert own["n"] == 30 and own["macro_f1"] == 1 and own["accuracy_low"] <= 1
    assert metadata["network_data_format"]["inputs"]["image"]["modality"] == "PT"


def test_the_calibration_is_what_the_held_out_scans_teach(bundle: Path, run: Path) -> None:
    table = pd.read_csv(run / "predictions.tsv", sep="\t")
    chances = table[["p_bapl1", "p_bapl2", "p_bapl3"]].to_numpy()
    expected = fit_decision(chances, table["bapl"])
    assert read_decision(bundle / "models" / "calibration.json") == expected


def test_a_cross_validation_is_calibrated_by_all_its_folds(run: Path) -> None:
    table = pd.read_csv(run / "predictions.tsv", sep="\t")
    other = table.assign(fold=1, participant_id=table["participant_id"] + "b")
    (run.parent / "fold1").mkdir()
    other.to_csv(run.parent / "fold1" / "predictions.tsv", sep="\t", index=False)
    bundle = export(run.parent, CONFIGS_3D, run.parent / "bundle")
    learned = json.loads((bundle / "models" / "calibration.json").read_text())
    assert (learned["scans"], learned["folds"]) == (60, [0, 1])
    assert metadata_of(bundle)["eval_metrics_of_this_network"]["n"] == 30


@pytest.mark.parametrize("names", [["HC", "MCI", "AD"], ["정상군", "초중기", "후기"]])
def test_a_bundle_of_diagnoses_says_its_own_names_and_never_bapl(
    run: Path, names: list[str]
) -> None:
    settings = json.loads((run / "settings.json").read_text(encoding="utf-8"))
    (run / "settings.json").write_text(json.dumps({**settings, "grade_names": names}))
    bundle = export(run, CONFIGS_3D, run.parent / "bundle")
    metadata = metadata_of(bundle)
    assert metadata["grade_names"] == names
    stated = {name: text for name, text in metadata.items() if name not in ("name", "references")}
    assert "BAPL" not in json.dumps(stated)
    card = (bundle / "docs" / "README.md").read_text(encoding="utf-8")
    assert f"| {names[1]} |" in card and "BAPL" not in card
    grader = Grader(bundle, device="cpu")
    assert grader.grade_names == tuple(names)


def test_a_cross_validation_carries_the_decision_that_was_evaluated(run: Path) -> None:
    table = pd.read_csv(run / "predictions.tsv", sep="\t")
    decision = Decision(1.25, (0.1, 0.2, 0.3), (0.9, NEVER, 0.8), 0.4)
    evaluated = run.parent / "calibration.json"
    described = {"scans": len(table), "folds": [0], "predictions_sha256": fingerprint(table)}
    write_decision(decision, evaluated, described)
    bundle = export(run, CONFIGS_3D, run.parent / "bundle")
    assert read_decision(bundle / "models" / "calibration.json") == decision
    write_decision(decision, evaluated, {**described, "predictions_sha256": "0" * 64})
    other = export(run, CONFIGS_3D, run.parent / "other")
    assert read_decision(other / "models" / "calibration.json") != decision


def test_an_export_into_a_full_disk_leaves_the_bundle_that_was_there(
    run: Path, bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As one that was killed between its last two steps leaves it.
    shutil.copytree(bundle, tmp_path / ".mine.earlier")

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch, pytest.raises(OSError, match="No space left"):
        patch.setattr(torch, "save", full)
        export(run, CONFIGS_3D, tmp_path / "mine")
    assert metadata_of(tmp_path / "mine") == metadata_of(bundle)
    export(run, CONFIGS_3D, tmp_path / "mine")
    assert {path.name for path in tmp_path.iterdir()} == {"run", "mine"}


@pytest.mark.parametrize("name", ["model.pt", "settings.json"])
@pytest.mark.parametrize("size", [0, 10])
def test_a_run_that_is_cut_off_is_one_line(run: Path, tmp_path: Path, name: str, size: int) -> None:
    (run / name).write_bytes((run / name).read_bytes()[:size])
    with pytest.raises(RunError, match=r"cut off or changed|no weights that can be read") as error:
        export(run, CONFIGS_3D, tmp_path / "mine")
    assert "\n" not in str(error.value)


def test_a_grade_that_was_never_held_out_cannot_be_calibrated(run: Path) -> None:
    table = pd.read_csv(run / "predictions.tsv", sep="\t")
    table[table["bapl"] != 2].to_csv(run / "predictions.tsv", sep="\t", index=False)
    with pytest.raises(UserError, match="among 20 held-out scans none is BAPL 2"):
        export(run, CONFIGS_3D, run.parent / "bundle")


def test_the_card_says_first_what_it_was_trained_on(run: Path) -> None:
    bundle = export(run, CONFIGS_3D, run.parent / "b", trained_on="30 made-up scans")
    first = " ".join((bundle / "docs" / "README.md").read_text().split("\n\n")[1].split())
    assert first.startswith("**Trained on 30 made-up scans. For research only:")
    assert "no clinical validation" in first
    assert metadata_of(bundle)["data_source"] == "30 made-up scans"
    assert "30 made-up scans" in (bundle / "docs" / "data_license.txt").read_text()


@pytest.mark.slow
def test_half_precision_halves_the_file_and_keeps_the_answer(
    wide: Path, wide_run: Path, tmp_path: Path
) -> None:
    half = export(wide_run, CONFIGS_3D, tmp_path / "half", half_precision=True)
    sizes = [(each / "models/model.pt").stat().st_size for each in (half, wide)]
    assert 0.49 < sizes[0] / sizes[1] < 0.52 and sizes[0] < LARGE_BYTES
    stored = torch.load(half / "models/model.pt", weights_only=True)
    assert stored["bn1.running_var"].dtype == torch.float32
    (small, image), (whole, _) = loaded_network(half), loaded_network(wide)
    assert next(small.parameters()).dtype == torch.float32
    torch.testing.assert_close(small(image), whole(image), atol=0.02, rtol=0.02)


def test_weights_beyond_sixteen_bits_are_refused(run: Path) -> None:
    state = torch.load(run / "model.pt", weights_only=True)
    state["fc.weight"][0, 0] = 1e6
    torch.save(state, run / "model.pt")
    with pytest.raises(UserError, match=r"fc\.weight has weights beyond 65504"):
        export(run, CONFIGS_3D, run.parent / "half", half_precision=True)
    assert not (run.parent / "half").exists()


def test_what_is_too_large_for_git_is_listed(wide: Path, wide_run: Path, tmp_path: Path) -> None:
    weights = wide / "models" / "model.pt"
    assert weights.stat().st_size > LARGE_BYTES
    listed = ConfigParser.load_config_file(str(wide / "large_files.yml"))
    assert [each["path"] for each in listed["large_files"]] == ["models/model.pt"]
    assert listed["large_files"][0]["hash_val"] == metadata_of(wide)["sha256"]["models/model.pt"]
    half = export(
        wide_run,
        CONFIGS_3D,
        tmp_path / "half",
        half_precision=True,
        full_size=wide_run / "model.pt",
    )
    listed = ConfigParser.load_config_file(str(half / "large_files.yml"))
    assert listed["large_files"] == [] and listed["full_size"][0]["bytes"] > LARGE_BYTES


@pytest.mark.slow
def test_training_begins_from_the_bundles_weights_if_it_began_from_others(run: Path) -> None:
    def begins(bundle: Path) -> str:
        return json.loads((bundle / "configs/train.json").read_text())["pretrained"]

    assert begins(export(run, CONFIGS_3D, run.parent / "scratch")) == "none"
    (run / "pretrained.tsv").touch()
    assert "models/model.pt" in begins(export(run, CONFIGS_3D, run.parent / "tuned"))


def test_configs_of_another_network_are_refused(untrained_run: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="do not fit the network"):
        export(untrained_run, CONFIGS_3D[:1], tmp_path / "bundle")
    assert not list(tmp_path.iterdir())


def test_a_folder_of_something_else_is_never_replaced(untrained_run: Path, tmp_path: Path) -> None:
    (tmp_path / "holiday.txt").write_text("kept")
    with pytest.raises(UserError, match="is no bundle"):
        export(untrained_run, CONFIGS_3D, tmp_path)
    assert (tmp_path / "holiday.txt").read_text() == "kept"


@pytest.mark.parametrize(
    ("missing", "step"), [("model.pt", "run training"), ("predictions.tsv", "run evaluating")]
)
def test_export_before_training_or_evaluating_says_what_to_run(
    run: Path, missing: str, step: str
) -> None:
    (run / missing).unlink()
    with pytest.raises(UserError, match=rf"no .*{missing}.*{step}"):
        export(run, CONFIGS_3D, run.parent / "bundle")


def test_configs_without_those_of_a_bundle_beside_them_are_one_line(
    untrained_run: Path, tmp_path: Path
) -> None:
    alone = shutil.copy(CONFIGS / "train.json", tmp_path / "train.json")
    with pytest.raises(UserError, match=r"no .*inference.json: needed the configs"):
        export(untrained_run, [Path(alone)], tmp_path / "bundle")


def test_half_of_a_weight_is_the_nearest_of_sixteen_bits() -> None:
    from monai_amyloid.bundle.export import half_precision_state

    weight = torch.tensor(np.random.default_rng(0).normal(size=(5, 7)), dtype=torch.float32)
    stored = half_precision_state({"weight": weight, "bias": weight[0], "steps": torch.tensor(3)})
    np.testing.assert_array_equal(stored["weight"], weight.numpy().astype(np.float16))
    assert stored["bias"].dtype == torch.float32 and stored["steps"].dtype == torch.int64
