"""The bundle that export writes."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from monai.bundle import ConfigParser, ConfigWorkflow

from monai_amyloid.errors import UserError
from monai_amyloid.export import export

CONFIGS = Path(__file__).resolve().parents[1] / "configs"
CONFIGS_3D = [CONFIGS / "train.json", CONFIGS / "resnet50_3d.json"]


def test_the_bundle_holds_the_files_of_the_model_zoo(bundle: Path) -> None:
    for name in ("LICENSE", "configs/metadata.json", "models/model.pt", "configs/inference.json",
                 "configs/train.json", "configs/evaluate.json", "configs/logging.conf",
                 "docs/README.md", "docs/data_license.txt"):  # fmt: skip
        assert (bundle / name).is_file(), name


def test_the_metadata_fits_the_schema_of_the_model_zoo(bundle: Path, shared_data: Path) -> None:
    from jsonschema import validate

    metadata = json.loads((bundle / "configs" / "metadata.json").read_text())
    validate(metadata, json.loads((shared_data / "zoo/meta_schema_20240725.json").read_text()))
    assert metadata["version"] in metadata["changelog"]


def test_no_macro_and_no_path_outside_is_left_in_the_configs(bundle: Path) -> None:
    for name in ("train.json", "inference.json"):
        text = (bundle / "configs" / name).read_text()
        assert not re.search(r'"[^"]*%[A-Za-z]', text)
        assert str(Path.home()) not in text and "/tmp" not in text  # noqa: S108


def test_the_settings_that_were_trained_with_are_in_the_bundle(bundle: Path) -> None:
    for name in ("train.json", "inference.json"):
        assert json.loads((bundle / "configs" / name).read_text())["spacing_mm"] == 8.0


def test_monai_finds_every_property_of_an_inference_bundle(bundle: Path, studies: Path) -> None:
    workflow = ConfigWorkflow(
        config_file=str(bundle / "configs" / "inference.json"),
        meta_file=str(bundle / "configs" / "metadata.json"),
        workflow_type="inference",
        logging_file=False,
        bundle_root=str(bundle),
        dataset_dir=str(studies),
    )
    workflow.initialize()
    assert workflow.check_properties() == []


def test_the_described_network_takes_the_described_input(bundle: Path) -> None:
    parser = ConfigParser()
    parser.read_config(str(bundle / "configs" / "inference.json"))
    image = json.loads((bundle / "configs" / "metadata.json").read_text())
    image = image["network_data_format"]["inputs"]["image"]
    network = parser.get_parsed_content("network_def").eval()
    output = network(torch.zeros(1, image["num_channels"], *image["spatial_shape"]))
    assert output.shape == (1, 2)


def test_the_bundle_runs_from_its_own_folder(bundle: Path, studies: Path, tmp_path: Path) -> None:
    alone = shutil.copytree(bundle, tmp_path / "번들 alone")
    command = [sys.executable, "-m", "monai.bundle", "run", "inference"]
    command += ["--config_file", "configs/inference.json", "--dataset_dir", str(studies)]
    done = subprocess.run(command, cwd=alone, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    rows = (alone / "results" / "probabilities.csv").read_text().splitlines()
    assert len(rows) == 2
    for row in rows:
        assert sum(map(float, row.split(",")[1:])) == pytest.approx(1, abs=1e-4)


def test_configs_of_another_network_are_refused(untrained_run: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="do not fit the network"):
        export(untrained_run, CONFIGS_3D[:1], tmp_path / "bundle")
    assert not list(tmp_path.iterdir())


def test_a_folder_of_something_else_is_never_replaced(untrained_run: Path, tmp_path: Path) -> None:
    (tmp_path / "holiday.txt").write_text("kept")
    with pytest.raises(UserError, match="is no bundle"):
        export(untrained_run, CONFIGS_3D, tmp_path)
    assert (tmp_path / "holiday.txt").read_text() == "kept"


def test_export_before_training_says_to_train_first(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"no .*model.pt.*train first"):
        export(tmp_path, CONFIGS_3D, tmp_path / "bundle")
