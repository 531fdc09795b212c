"""The original study's pictures, from a folder to a grade."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pandas as pd
import pytest
import torch
from commands import forked_workers
from monai.bundle import ConfigParser, ConfigWorkflow
from PIL import Image
from typer.testing import CliRunner

from monai_amyloid.brain.template import TEMPLATE_AFFINE, pet_templates
from monai_amyloid.bundle.export import export
from monai_amyloid.cli import app
from monai_amyloid.cohort import picture_cohort
from monai_amyloid.cohort.datalist import CohortError, read_cohort
from monai_amyloid.cohort.dealing import assign_folds
from monai_amyloid.cohort.picture_cohort import bag_size, input_kind, prepare_pictures
from monai_amyloid.cohort.pictures import draw_slice, eight_bit, read_bag, read_picture
from monai_amyloid.errors import UserError
from monai_amyloid.evaluation.held_out import PROBABILITIES
from monai_amyloid.findings.finding import StudyRefused
from monai_amyloid.grading.grader import Grader
from monai_amyloid.grading.run import grade_studies
from monai_amyloid.learning.transforms.pictures import OriginalSliced, PictureBagd
from monai_amyloid.result.result import one_line

pytestmark = pytest.mark.slow

CONFIGS = Path(__file__).resolve().parents[2] / "configs"
GREY = np.full((545, 455, 3), 90, np.uint8)
GREY[100:200, 100:200] = 120


def scan(grade: int, seed: int) -> np.ndarray:
    """A noisy volume whose left and right, front and back, differ."""
    negative, positive = pet_templates()
    part = (grade - 1) / 2
    noise = np.random.default_rng(seed).normal(0, 0.05, negative.shape)
    volume = (1 - part) * negative + part * positive + noise
    volume[:30, 60:] *= 0.7
    return volume.astype(np.float32)


def save(pixels: np.ndarray, path: Path, **options: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path, **options)
    return path


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Fifteen patients, five a grade, one JPEG each."""
    folder = tmp_path_factory.mktemp("pictures")
    for number in range(15):
        grade = number % 3 + 1
        drawn = draw_slice(scan(grade, number), 44)
        save(drawn, folder / f"{grade}gr" / f"{grade}gr_44_{number:04d}.jpg", quality=95)
    return folder


@pytest.fixture(scope="module")
def cohort(pictures: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("cohort") / "prepared"
    arguments = ["prepare", "--slices", str(pictures), "--output", str(output)]
    with forked_workers():
        done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0, done.output
    return output


def test_a_drawn_slice_shows_the_front_up_and_the_low_x_left() -> None:
    volume = np.zeros((91, 109, 91), np.float32)
    volume[10, 100, 44] = 4.0
    volume[80, 20, 44] = 2.0
    drawn = draw_slice(volume, 44)
    assert drawn.shape == (545, 455, 3) and drawn.dtype == np.uint8
    assert (drawn[5 * 8 : 5 * 9, 50:55] == 255).all()
    assert (drawn[5 * 88 : 5 * 89, 400:405] == 128).all()
    assert np.count_nonzero(drawn) == 2 * 25 * 3


def test_a_drawn_slice_read_back_is_the_slice(tmp_path: Path) -> None:
    volume = scan(2, 0)
    expected = np.clip(volume[:, :, 44], 0, None) / volume.max() * 255
    read = read_picture(save(draw_slice(volume, 44), tmp_path / "p.png"))
    np.testing.assert_allclose(read, expected, atol=0.51)
    lossy = read_picture(save(draw_slice(volume, 44), tmp_path / "p.JPEG", quality=90))
    assert np.abs(lossy - expected).mean() < 1


@pytest.mark.parametrize("times", [1, 3, 4.4])
def test_a_picture_of_any_size_gives_the_slice(tmp_path: Path, times: float) -> None:
    smooth = np.hypot(*np.mgrid[-54:55, -45:46]).astype(np.float32)
    size = round(91 * times), round(109 * times)
    large = Image.fromarray((smooth * 3).astype(np.uint8)).resize(size, Image.Resampling.BICUBIC)
    large.save(tmp_path / "p.png")
    np.testing.assert_allclose(read_picture(tmp_path / "p.png"), smooth[::-1].T * 3, atol=2.5)


@pytest.mark.parametrize(
    ("pixels", "said"),
    [
        (np.stack([GREY[..., 0], GREY[..., 0], 200 - GREY[..., 0]], -1), "found colours"),
        (GREY[:, :400], "found 400 x 545 pixels"),
        (GREY[::10, ::10], "found 46 x 55 pixels"),
        (GREY[..., 0].astype(np.uint16), "needed 8 bits"),
        (np.zeros_like(GREY), "an empty picture"),
    ],
)
def test_a_picture_of_something_else_is_refused_in_one_line(
    tmp_path: Path, pixels: np.ndarray, said: str
) -> None:
    with pytest.raises(StudyRefused, match=said) as refusal:
        read_picture(save(pixels, tmp_path / "p.png"))
    assert "\n" not in str(refusal.value)


def test_what_cannot_be_used_is_listed_with_its_reason(tmp_path: Path) -> None:
    good = save(GREY, tmp_path / "in/2GR/2gr_44_0001.JPG")
    (good.parent / "2gr_44_0002.jpg").write_bytes(good.read_bytes()[:400])
    (good.parent / "2gr_44_0003.png").write_text("no picture")
    (good.parent / "Thumbs.db").touch()
    for name in ("1gr_44_0004.jpg", "scan (7).jpg", "2gr_99_0005.jpg", "2gr_044_0001.jpg"):
        save(GREY, good.parent / name)
    result = prepare_pictures(tmp_path / "in", tmp_path / "out")
    assert list(result.table["participant_id"]) == ["sub-2gr0001"]
    reasons = pd.read_csv(tmp_path / "out" / "refused.tsv", sep="\t")["reason"]
    said = ("broken picture", "no JPEG or PNG", "the folder BAPL 2", "found the name", "slice 99")
    assert all(reasons.str.contains(words).sum() == 1 for words in (*said, "there twice"))
    assert len(reasons) == 6


def crash_or_read(file: Path) -> object:
    """A decoder that crashes on one picture, and one that fails as nobody foresaw."""
    if "0001" in file.name:
        os.abort()
    with pytest.MonkeyPatch.context() as patch:
        if "0004" in file.name:
            patch.setattr(picture_cohort, "_parsed_name", lambda file: {}["a bug"])
        return read_one(file)


read_one = picture_cohort._read


def test_a_crash_of_a_decoder_costs_one_picture(
    pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(picture_cohort, "_read", crash_or_read)
    with forked_workers():
        result = prepare_pictures(pictures, tmp_path, workers=1)
    assert len(result.table) == 13
    reasons = " ".join(result.refused["reason"])
    assert "the process that read it ended without a word (signal SIGABRT)" in reasons
    assert "could not be read (KeyError: 'a …')" in reasons


def test_slices_of_one_patient_are_one_bag_in_order(tmp_path: Path) -> None:
    volume = scan(3, 1)
    for index in (50, 44, 47):
        save(draw_slice(volume, index), tmp_path / "in/3gr" / f"3gr_{index}_0009.png")
    save(draw_slice(volume, 44), tmp_path / "in/1gr/1gr_44_0009.png")
    table = prepare_pictures(tmp_path / "in", tmp_path / "out").table
    assert dict(zip(table.participant_id, table.slices, strict=True)) == {
        "sub-1gr0009": "44",
        "sub-3gr0009": "44 47 50",
    }
    image = nib.load(tmp_path / "out" / table.path.iloc[1])
    assert nib.aff2axcodes(image.affine) == ("R", "A", "S")
    for stored, index in ((0, 44), (2, 50)):
        there = image.affine @ [0, 0, stored, 1]
        np.testing.assert_allclose(there, TEMPLATE_AFFINE @ [0, 0, index, 1])
    np.testing.assert_allclose(image.get_fdata(), eight_bit(volume)[..., [44, 47, 50]])
    assert bag_size(str(tmp_path / "out")) == 3
    bag = read_bag(tmp_path / "in/3gr")
    np.testing.assert_allclose(bag, image.get_fdata())


def test_a_cohort_of_pictures_is_a_cohort(cohort: Path) -> None:
    table = read_cohort(cohort / "participants.tsv")
    assert sorted(table["bapl"]) == [1] * 5 + [2] * 5 + [3] * 5
    assert set(table["tracer"]) == {"n/a"} and set(table["kind"]) == {"picture"}
    assert nib.load(table["path"][0]).shape == (91, 109, 1)
    assert input_kind(str(cohort)) == "picture" and bag_size(str(cohort)) == 1


def test_prepare_takes_a_cohort_or_pictures_but_not_both(pictures: Path, tmp_path: Path) -> None:
    output = ["--output", str(tmp_path / "out")]
    for given in ([], [str(tmp_path), "--slices", str(pictures)]):
        done = CliRunner().invoke(app, ["prepare", *given, *output])
        assert done.exit_code == 2 and "--slices" in done.output
    with pytest.raises(UserError, match="needed the folders 1gr, 2gr and 3gr"):
        prepare_pictures(tmp_path, tmp_path / "out")


def test_the_recipe_sees_the_same_slice_in_a_volume_and_in_its_picture(tmp_path: Path) -> None:
    volume = scan(2, 5)
    picture = read_bag(save(draw_slice(volume, 44), tmp_path / "p.png"))
    seen = [
        OriginalSliced("image", kind)({"image": image[None]})["image"]
        for kind, image in (("volume", volume), ("picture", picture))
    ]
    torch.testing.assert_close(seen[0], seen[1])
    voxels = draw_slice(volume, 44)[2::5, 2::5, 0]  # the middle pixel of each
    np.testing.assert_array_equal(seen[0][0].numpy() * 128, voxels)


@pytest.mark.parametrize(("slices", "chosen"), [(1, [1]), (3, [0, 1, 2]), (5, [0, 0, 1, 2, 2])])
def test_a_bag_has_the_slices_asked_for(slices: int, chosen: list[int]) -> None:
    stack = torch.arange(3.0).expand(1, 4, 5, 3)
    bag = PictureBagd("image", slices)({"image": stack})["image"]
    assert bag.shape == (slices, 4, 5)
    assert bag[:, 0, 0].tolist() == chosen


def test_the_recipe_on_603_patients_holds_out_a_quarter_of_each_grade() -> None:
    grades = pd.Series([1] * 291 + [2] * 78 + [3] * 234, dtype="Int64")
    people = [f"sub-{number}" for number in range(603)]
    dealt = assign_folds(pd.DataFrame({"participant_id": people, "bapl": grades}), 4, seed=0)
    for fold in range(4):
        held_out = np.bincount(grades[dealt.reindex(people).to_numpy() == fold], minlength=4)[1:]
        assert np.abs(held_out - np.array([291, 78, 234]) / 4).max() < 1
        assert held_out.sum() in (150, 151)


@pytest.fixture(scope="module")
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def run(files: list[Path], run_id: str, kind: str, **override: Any) -> None:
    workflow = ConfigWorkflow(list(map(str, files)), run_id=run_id, workflow_type=kind, **override)
    numbers = ("version", "monai_version", "pytorch_version", "numpy_version")
    workflow.parser["_meta_"] = dict.fromkeys(numbers, "0")
    workflow.initialize()
    workflow.run()


@pytest.fixture(scope="module", params=["original_2018", "pictures"])
def of_pictures(
    one_thread: None,
    request: pytest.FixtureRequest,
    cohort: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """A bundle beside the run that it was exported from."""
    output = tmp_path_factory.mktemp(request.param)
    files = [CONFIGS / "train.json", CONFIGS / f"{request.param}.json"]
    given = {"dataset_dir": str(cohort), "output_dir": str(output / "run"), "folds": 5}
    given |= {"max_epochs": 1, "device": "cpu", "batch_size": 4}
    given["cache_dir"] = str(output / "cache")
    if request.param == "original_2018":
        given["layout#0#spatial_size"] = [32, 32]
    run(files, "training", "train", **given)
    run([*files, CONFIGS / "evaluate.json"], "evaluating", "eval", **given)
    return export(output / "run" / "fold0", files, output / "bundle")


@pytest.fixture(scope="module")
def grader(of_pictures: Path) -> Grader:
    return Grader(of_pictures, device="cpu")


def test_what_was_trained_on_pictures_predicts_the_held_out_ones(of_pictures: Path) -> None:
    table = pd.read_csv(of_pictures.parent / "run" / "fold0" / "predictions.tsv", sep="\t")
    assert sorted(table["bapl"]) == [1, 2, 3]


def test_what_no_picture_goes_through_is_no_setting_of_its_training(of_pictures: Path) -> None:
    run = of_pictures.parent / "run" / "fold0"
    settings = json.loads((run / "settings.json").read_text(encoding="utf-8"))
    assert not settings.keys() & {"spacing_mm", "elastic", "slice_dropout"}
    assert settings["max_epochs"] == 1 and ("affine" in settings) == ("slices" in settings)
    bundle = ConfigParser.load_config_file(of_pictures / "configs" / "inference.json")
    assert bundle["input_kind"] == "picture"


def test_a_bundle_of_pictures_grades_a_picture_and_says_it_is_one(
    of_pictures: Path, pictures: Path, studies: Path, tmp_path: Path
) -> None:
    picture = next((pictures / "3gr").iterdir())
    graded, refused = grade_studies(of_pictures, [picture, studies / "sub-0001"], tmp_path)
    assert graded.status != "refused" and graded.study["source"] == "picture"
    said = json.loads((tmp_path / picture.stem / "result.json").read_text())
    assert said["status"] == graded.status and said["bapl"] in (1, 2, 3)
    assert [said[key] for key in ("centiloid", "suvr", "z_scores", "quality")] == [None] * 4
    assert "no Centiloid" in said["study"]["warnings"][0] and "a picture" in one_line(graded)
    for name in ("picture.png", "report.html", "report.pdf"):
        assert (tmp_path / picture.stem / name).is_file()
    assert refused.status == "refused" and "needed a JPEG or PNG" in refused.reasons[0]


def test_a_bundle_of_pictures_runs_by_monai_and_says_the_same(
    of_pictures: Path, grader: Grader, pictures: Path, tmp_path: Path
) -> None:
    folder = pictures / "2gr"
    config = of_pictures / "configs" / "inference.json"
    given = {"bundle_root": str(of_pictures), "dataset_dir": str(folder), "device": "cpu"}
    run([config], "inference", "infer", output_dir=str(tmp_path), **given)
    table = pd.read_csv(tmp_path / "probabilities.csv", index_col="study", keep_default_na=False)
    for picture in folder.iterdir():
        result = grader.grade(picture).result
        assert result.probabilities is not None
        row = table.loc[picture.stem]
        np.testing.assert_allclose(
            list(result.probabilities.values()), row[PROBABILITIES].astype(float), atol=1e-5
        )
        doubts = "; ".join(map(str, result.of_level("doubt")))
        assert (row["status"], row["reasons"]) == (result.status, doubts)


def test_the_metadata_of_a_bundle_of_pictures_is_true_and_fits_the_schema(
    of_pictures: Path, grader: Grader, shared_data: Path
) -> None:
    from jsonschema import validate

    metadata = json.loads((of_pictures / "configs" / "metadata.json").read_text())
    validate(metadata, json.loads((shared_data / "zoo/meta_schema_20240725.json").read_text()))
    data = metadata["network_data_format"]
    image, pred = data["inputs"]["image"], data["outputs"]["pred"]
    output = grader.trained.network(torch.zeros(1, image["num_channels"], *image["spatial_shape"]))
    assert output.shape == (1, pred["num_channels"]) == (1, len(pred["channel_def"]))
    assert "SUVR" not in metadata["image_classes"] + image["channel_def"]["0"]


def test_a_bundle_of_volumes_refuses_a_picture(bundle: Path, pictures: Path) -> None:
    picture = next((pictures / "1gr").iterdir())
    result = Grader(bundle, device="cpu").grade(picture).result
    assert result.status == "refused" and "name a bundle of pictures" in result.reasons[0]
    with pytest.raises(CohortError, match="found volumes, needed pictures"):
        (picture.parent / "image").touch()
        table = picture.parent / "participants.tsv"
        table.write_text("participant_id\tpath\tbapl\nsub-1\timage\t1\n")
        bag_size(str(picture.parent))
