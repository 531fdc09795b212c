"""What comes beside the code, and the command that copies the configs."""

from pathlib import Path

import pytest
from conftest import CONFIGS
from typer.testing import CliRunner

from monai_amyloid import __version__
from monai_amyloid.cli import app
from monai_amyloid.errors import UserError
from monai_amyloid.installed import copy_configs, licences, shipped_bundle

pytestmark = pytest.mark.slow

ROOT = CONFIGS.parent


def test_the_shipped_bundle_is_the_programs_own_wherever_one_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "bundles" / shipped_bundle().name / "configs").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    assert shipped_bundle() == ROOT / "bundles" / "amyloid_pet_bapl_classification"
    assert licences()["NOTICE"] == (ROOT / "NOTICE").read_text(encoding="utf-8")


def test_configs_are_copied_byte_for_byte_and_a_second_time_too(tmp_path: Path) -> None:
    for _ in range(2):
        done = CliRunner().invoke(app, ["configs", str(tmp_path / "configs")])
        assert done.exit_code == 0 and "begin with" in done.output
    copied = {path.name: path.read_bytes() for path in (tmp_path / "configs").iterdir()}
    assert copied == {path.name: path.read_bytes() for path in CONFIGS.iterdir()}


def test_a_changed_config_is_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "train.json").write_text("mine")
    with pytest.raises(UserError, match=r"train\.json: differs from the program's own"):
        copy_configs(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["train.json"]
    assert (tmp_path / "train.json").read_text() == "mine"


@pytest.mark.parametrize("command", [[], ["configs"], ["crossval"], ["infer"], ["verify"]])
def test_every_command_is_explained_by_both_words(command: list[str]) -> None:
    short, long = (CliRunner().invoke(app, [*command, word]) for word in ("-h", "--help"))
    assert short.exit_code == 0 and "Usage" in short.output
    assert short.output == long.output


def test_the_version_is_said_and_the_shell_can_complete() -> None:
    done = CliRunner().invoke(app, ["--version"])
    assert (done.exit_code, done.output) == (0, f"monai-amyloid {__version__}\n")
    assert "--install-completion" in CliRunner().invoke(app, ["--help"]).output
