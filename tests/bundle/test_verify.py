"""The checks of a bundle: they pass on a good one and find what is wrong."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from conftest import CONFIGS
from monai.bundle import ConfigParser
from typer.testing import CliRunner

from monai_amyloid.bundle.card import LARGE_BYTES
from monai_amyloid.bundle.export import export
from monai_amyloid.bundle.integrity import bundle_sha256
from monai_amyloid.bundle.verify import SCHEMA, verify
from monai_amyloid.cli import app
from monai_amyloid.installed import shipped_bundle

Spoil = Callable[[Path], object]


def edit(name: str, old: str, new: str) -> Spoil:
    def spoil(bundle: Path) -> None:
        path = bundle / name
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")

    return spoil


def put_a_large_file(bundle: Path) -> None:
    """One that no `large_files.yml` names."""
    with (bundle / "models" / "other.pt").open("wb") as file:
        file.truncate(LARGE_BYTES + 1)


@pytest.mark.slow
def test_an_exported_bundle_passes_every_check(bundle: Path) -> None:
    checks = list(verify(bundle))
    assert len(checks) == 10
    assert {check.name: check.wrong for check in checks if check.wrong} == {}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("spoil", "name", "said"),
    [
        (lambda bundle: (bundle / "LICENSE").unlink(), "every file", "LICENSE"),
        (put_a_large_file, "too large", "models/other.pt"),
        (edit("models/calibration.json", "0", "1"), "checksums", "SHA-256"),
        (edit("configs/train.json", '"prepared"', '"/home/me/x"'), "stand alone", "/home/me/x"),
        (edit("configs/inference.json", '"studies"', '"%a.json#b"'), "stand alone", "a macro '%a"),
        (edit("configs/metadata.json", '"changelog"', '"history"'), "schema", "changelog"),
        (edit("configs/metadata.json", '"num_channels": 1', '"num_channels": 3'), "network", "3"),
        (edit("configs/inference.json", '"inferer": {', '"other": {'), "an inference", "inferer"),
    ],
)
def test_each_fault_is_found_by_its_check(
    bundle: Path, tmp_path: Path, spoil: Spoil, name: str, said: str
) -> None:
    copy = Path(shutil.copytree(bundle, tmp_path / "bundle"))
    spoil(copy)
    # The checks after it, of which one exports the network, are not waited for.
    found = next(check.wrong for check in verify(copy) if name in check.name and check.wrong)
    assert said in found and "\n" not in found


@pytest.mark.slow
def test_the_command_ends_with_one_where_a_check_failed(bundle: Path, tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["verify", str(tmp_path)])
    assert done.exit_code == 1 and "failed  every file is there" in done.output
    assert "Traceback" not in done.output


@pytest.mark.slow
def test_the_command_says_the_sha256_by_which_the_bundle_is_required(tmp_path: Path) -> None:
    copy = Path(shutil.copytree(shipped_bundle(), tmp_path / "copy"))
    edit("configs/inference.json", '"studies"', '"$open(1)"')(copy)  # so that nothing slow is tried
    done = CliRunner().invoke(app, ["verify", str(copy)])
    assert done.exit_code == 1 and "an expression '$open(1)'" in done.output
    assert f"SHA-256 of the bundle: {bundle_sha256(copy)}\n" in done.output
    assert done.output.count("not tried") == 5


@pytest.mark.parametrize("name", ["configs/other.json", "models/model.ts", "configs/nibabel.py"])
def test_a_file_that_was_not_exported_is_found(tmp_path: Path, name: str) -> None:
    copy = Path(shutil.copytree(shipped_bundle(), tmp_path / "copy"))
    (copy / "configs" / ".DS_Store").touch()
    (copy / name).touch()
    found = next(check.wrong for check in verify(copy) if check.name == "checksums")
    assert found == f"{name} is none of the files that were exported"


def test_the_schema_is_the_model_zoos(shared_data: Path) -> None:
    theirs = json.loads((shared_data / "zoo" / SCHEMA.name).read_text(encoding="utf-8"))
    assert json.loads(SCHEMA.read_text(encoding="utf-8")) == theirs


@pytest.mark.slow
def test_a_bundle_of_the_slice_network_passes_every_check(
    untrained_run: Path, tmp_path: Path
) -> None:
    parser = ConfigParser()
    parser.read_config(str(CONFIGS / "train.json"))
    run = Path(shutil.copytree(untrained_run, tmp_path / "fold0"))
    torch.save(parser.get_parsed_content("network_def").state_dict(), run / "model.pt")
    (run / "settings.json").write_text(json.dumps({"spacing_mm": 8.0, "slices": 3}))
    bundle = export(run, [CONFIGS / "train.json"], tmp_path / "bundle")
    assert {check.name: check.wrong for check in verify(bundle) if check.wrong} == {}
    described = json.loads((bundle / "configs" / "metadata.json").read_text())
    image = described["network_data_format"]["inputs"]["image"]
    assert [image["num_channels"], *image["spatial_shape"]][:2] == [3, 3]
