"""A hospital says which bundle alone may grade, at every door."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from bundle.test_integrity import seal
from typer.testing import CliRunner

from monai_amyloid import grade
from monai_amyloid.bundle.files import INFERENCE
from monai_amyloid.bundle.integrity import Trust, bundle_sha256
from monai_amyloid.bundle.networks.trained import TrainedNetwork
from monai_amyloid.cli import app
from monai_amyloid.errors import UserError
from monai_amyloid.exploring.features import Networks
from monai_amyloid.grading.grader import Grader
from monai_amyloid.grading.many.looks import look_at_all
from monai_amyloid.grading.names import name_tasks
from monai_amyloid.grading.options import OutputOptions
from monai_amyloid.grading.run import grade_studies
from monai_amyloid.installed import shipped_bundle

WRONG = "0123456789abcdef" * 4
PLAIN = OutputOptions(report=False)


@pytest.fixture(scope="module")
def changed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped bundle with one number changed, and checksums made anew."""
    bundle = tmp_path_factory.mktemp("changed") / "bundle"
    shutil.copytree(shipped_bundle(), bundle)
    text = (bundle / INFERENCE).read_text(encoding="utf-8")
    (bundle / INFERENCE).write_text(text.replace('"a_max": 2.5', '"a_max": 2.6'), encoding="utf-8")
    seal(bundle)
    return bundle


DOORS: dict[str, Callable[[Path, str, Path], object]] = {
    "grade": lambda bundle, sha256, place: grade(place, bundle=bundle, require_bundle=sha256),
    "grade_studies": lambda bundle, sha256, place: grade_studies(
        bundle, [place], place / "out", options=PLAIN, require_bundle=sha256
    ),
    "Grader": lambda bundle, sha256, place: Grader(bundle, "cpu", require_bundle=sha256),
    "explore": lambda bundle, sha256, place: Networks(
        bundle, device="cpu", trust=Trust.of(sha256)
    ).check(),
    "features": lambda bundle, sha256, place: TrainedNetwork(bundle, trust=Trust.of(sha256)),
}


@pytest.mark.parametrize("door", DOORS)
def test_another_bundle_is_refused_with_both_checksums(
    changed: Path, tmp_path: Path, door: str
) -> None:
    required = bundle_sha256(shipped_bundle())
    with pytest.raises(UserError) as refusal:
        DOORS[door](changed, required, tmp_path)
    assert required in str(refusal.value) and bundle_sha256(changed) in str(refusal.value)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("command", ["infer", "explore"])
def test_the_commands_refuse_it_before_any_work(tmp_path: Path, command: str) -> None:
    (tmp_path / "in").mkdir()
    arguments = [command, str(tmp_path / "in"), "--output", str(tmp_path / "out")]
    done = CliRunner().invoke(app, [*arguments, "--require-bundle", WRONG.upper()])
    assert done.exit_code != 0
    text = f"{done.output} {done.exception}"
    assert WRONG in text and bundle_sha256(shipped_bundle()) in text
    assert not (tmp_path / "out").exists()


def test_the_required_bundle_grades_and_the_result_names_it(tmp_path: Path) -> None:
    required = bundle_sha256(shipped_bundle())
    (tmp_path / "empty").mkdir()
    result = grade(tmp_path / "empty", require_bundle=required.upper())
    assert result.status == "refused" and result.model["bundle_sha256"] == required
    grade_studies(shipped_bundle(), [], tmp_path / "out", options=PLAIN, require_bundle=required)
    run = json.loads((tmp_path / "out" / "run.json").read_text(encoding="utf-8"))
    assert run["model"]["bundle_sha256"] == required


def test_a_finished_study_is_repeated_with_a_bundle_of_which_a_number_changed(
    changed: Path, tmp_path: Path
) -> None:
    from monai_amyloid.grading.listing import NamedStudy

    studies = [NamedStudy(tmp_path)]
    looks = look_at_all(studies, tmp_path)
    by = [
        name_tasks(studies, looks, tmp_path, bundle_sha256(bundle), PLAIN)[0].made_from["by"]
        for bundle in (shipped_bundle(), changed, shipped_bundle())
    ]
    assert by[0] == by[2] != by[1]


def test_a_bundle_that_takes_the_place_of_a_loaded_one_is_loaded_anew(
    changed: Path, tmp_path: Path
) -> None:
    bundle = Path(shutil.copytree(shipped_bundle(), tmp_path / "bundle"))
    (tmp_path / "empty").mkdir()
    first = grade(tmp_path / "empty", bundle=bundle)
    shutil.copytree(changed, bundle, dirs_exist_ok=True)
    second = grade(tmp_path / "empty", bundle=bundle)
    found = [result.model["bundle_sha256"] for result in (first, second)]
    assert found == [bundle_sha256(shipped_bundle()), bundle_sha256(changed)]


@pytest.mark.slow
def test_a_bundle_of_an_earlier_export_grades_with_a_warning(
    bundle: Path, studies: Path, tmp_path: Path
) -> None:
    copy = Path(shutil.copytree(bundle, tmp_path / "copy"))
    seal(copy, INFERENCE, "configs/train.json")
    before = Grader(bundle, "cpu").grade(studies / "sub-0001").result
    after = Grader(copy, "cpu").grade(studies / "sub-0001").result
    assert (after.grade, after.probabilities) == (before.grade, before.probabilities)
    found = {each.code for each in after.warnings} - {each.code for each in before.warnings}
    assert found == {"bundle_lists_fewer_files"}
