"""From a bundle and a study to a result."""

import csv
import json
import shutil
from pathlib import Path

import nibabel as nib
import numpy as np
import pydicom
import pytest
import torch

from monai_amyloid.brain.normalization import BrainPet, normalize
from monai_amyloid.bundle.export import export
from monai_amyloid.errors import UserError
from monai_amyloid.evaluation.deciding.decision import Decision
from monai_amyloid.grading.grader import Grader
from monai_amyloid.grading.options import OutputOptions
from monai_amyloid.grading.run import grade_studies
from monai_amyloid.installed import CONFIGS
from monai_amyloid.learning.network.head import SCORES_LEARNED
from monai_amyloid.learning.network.losses import grade_probabilities
from monai_amyloid.learning.network.region_scores import SIDED_REGIONS
from monai_amyloid.pet.study import read_study, studies_of
from monai_amyloid.result.result import Result
from monai_amyloid.study_names import study_name

pytestmark = pytest.mark.slow


class Says(torch.nn.Module):
    """A network that says the same of every scan."""

    def __init__(self, logits: tuple[float, float]) -> None:
        super().__init__()
        self.logits = torch.nn.Parameter(torch.tensor(logits))

    def forward(self, batch: torch.Tensor) -> torch.Tensor:
        return self.logits[None] + 0 * batch.sum()


@pytest.fixture(scope="module")
def grader(bundle: Path) -> Grader:
    return Grader(bundle, device="cpu")


@pytest.fixture(scope="module")
def brain(studies: Path) -> BrainPet:
    """What is found in the first study."""
    return normalize(read_study(studies / "sub-0001"))


@pytest.fixture(scope="module")
def stored(
    grader: Grader, studies: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[nib.Nifti1Image, Result]:
    """The second study as NIfTI, and its result."""
    image = read_study(studies / "sub-0002")
    scan = nib.Nifti1Image(image.data, image.affine)
    path = tmp_path_factory.mktemp("stored") / "scan.nii.gz"
    nib.save(scan, path)
    return scan, grader.grade(path, tracer="18FFBB").result


@pytest.fixture(scope="module")
def graded(bundle: Path, studies: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    broken = tmp_path_factory.mktemp("empty study")
    output = tmp_path_factory.mktemp("results")
    named = [studies / "sub-0001", broken, studies / "sub-0002"]
    grade_studies(bundle, named, output, device="cpu")
    return output


def test_a_study_gets_the_result_of_the_design(graded: Path) -> None:
    result = json.loads((graded / "sub-0001" / "result.json").read_text())
    assert result["schema"] == "monai-amyloid-result/2"
    assert result["status"] in ("graded", "needs_reader")
    if result["status"] == "graded":
        assert result["prediction_set"] == [result["bapl"]]
    assert result["bapl"] in result["prediction_set"]
    assert (result["status"] == "needs_reader") == bool(result["reasons"])
    assert sum(result["probabilities"].values()) == pytest.approx(1, abs=1e-3)
    assert set(result["suvr"]) > {"cortex", "frontal", "parietal", "lateral_temporal"}
    assert result["study"]["tracer"] == "18FFBB" and result["study"]["source"] == "dicom"
    assert set(result["seconds"]) == {"read", "register", "network", "explain", "report"}
    assert len(result["model"]["sha256"]) == 64
    low, high = result["centiloid_interval"]
    assert low < result["centiloid"] < high
    assert [each["centiloid"] for each in result["marks"]] == [10.0, 11.0, 24.1, 30.0]
    assert {each["side"] for each in result["marks"]} <= {"below", "above", "cannot_tell"}
    low, high = result["suvr_intervals"]["cortex"]
    assert low < result["suvr"]["cortex"] < high


def test_a_refused_study_has_a_reason_and_no_number(graded: Path) -> None:
    folder = next(path for path in graded.iterdir() if path.name.startswith("empty"))
    result = json.loads((folder / "result.json").read_text())
    assert result["status"] == "refused" and "empty" in result["reasons"][0]
    for key in ("bapl", "probabilities", "prediction_set", "centiloid", "suvr"):
        assert result[key] is None
    assert result["centiloid_interval"] is None and result["suvr_intervals"] is None
    assert result["marks"] == []
    assert not (folder / "picture.png").exists()


def test_one_bad_study_does_not_stop_the_others(graded: Path) -> None:
    with (graded / "results.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["status"] == "refused" for row in rows] == [False, True, False]
    assert rows[0]["bapl"] in ("1", "2", "3") and rows[1]["bapl"] == ""
    assert float(rows[0]["centiloid_low"]) < float(rows[0]["centiloid"])
    assert float(rows[0]["centiloid_high"]) > float(rows[0]["centiloid"])


def test_the_picture_is_an_image_of_the_scan(graded: Path) -> None:
    from PIL import Image

    picture = np.asarray(Image.open(graded / "sub-0002" / "picture.png").convert("RGB"))
    assert picture.shape[0] > 300 and picture.std() > 20


def test_no_result_names_the_patient(graded: Path, studies: Path) -> None:
    import pydicom

    header = pydicom.dcmread(next((studies / "sub-0001").iterdir()), stop_before_pixels=True)
    text = (graded / "sub-0001" / "result.json").read_text()
    assert str(header.PatientName) and "PatientName" not in text and "PatientID" not in text


def test_grading_equals_training_preprocessing_of_the_prepared_scan(
    grader: Grader, brain: BrainPet, tmp_path: Path
) -> None:
    from monai.bundle import ConfigParser
    from monai.transforms import Compose

    from monai_amyloid.brain.template import TEMPLATE_AFFINE
    from monai_amyloid.pet.image import PetImage
    from monai_amyloid.writing.nifti import write_nifti

    write_nifti(PetImage(brain.suvr, TEMPLATE_AFFINE, "18FFBB", "SUVR"), tmp_path / "p.nii.gz")
    parser = ConfigParser()
    configs = Path(__file__).resolve().parents[2] / "configs"
    parser.read_config([str(configs / "train.json"), str(configs / "resnet50_3d.json")])
    parser["spacing_mm"] = 8.0
    steps = [s for i in ("load", "preprocessing", "layout") for s in parser.get_parsed_content(i)]
    scan = {"image": str(tmp_path / "p.nii.gz"), "tracer": "18FFBB"}
    batch = Compose(steps)(scan)["image"][None]
    with torch.inference_mode():
        s2, s3 = torch.sigmoid(grader.trained.network(batch))[0].double().numpy()
    expected = [1 - s2, s2 * (1 - s3), s2 * s3]
    np.testing.assert_allclose(grader.probabilities(brain), expected, atol=1e-6)


@pytest.mark.parametrize("name", ["models/model.pt", "models/calibration.json"])
def test_a_changed_byte_in_what_was_learned_is_refused(
    bundle: Path, tmp_path: Path, name: str
) -> None:
    copy = shutil.copytree(bundle, tmp_path / "bundle")
    content = bytearray((copy / name).read_bytes())
    content[len(content) // 2] ^= 1
    (copy / name).write_bytes(bytes(content))
    with pytest.raises(UserError, match="SHA-256"):
        Grader(copy)


@pytest.mark.parametrize("device", ["gpu", "cuda:99"])
def test_a_device_that_is_not_there_is_one_line(bundle: Path, device: str) -> None:
    with pytest.raises(UserError, match=f"device '{device}' cannot be used .* choose cpu"):
        Grader(bundle, device)


def test_a_folder_that_is_no_bundle_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"no configs/metadata.json.*monai-amyloid export"):
        Grader(tmp_path)


def test_an_output_folder_that_cannot_be_written_stops_before_any_work(
    bundle: Path, studies: Path, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="cannot write here"):
        grade_studies(bundle, [studies / "sub-0001"], tmp_path / "file" / "results")


def test_a_study_without_a_tracer_is_refused_until_it_is_named(
    grader: Grader, studies: Path, tmp_path: Path
) -> None:
    image = read_study(studies / "sub-0002")
    nib.save(nib.Nifti1Image(image.data, image.affine), tmp_path / "scan.nii.gz")
    graded = grader.grade(tmp_path / "scan.nii.gz")
    result, brain = graded.result, graded.brain
    assert result.status == "refused" and "--tracer" in result.reasons[0] and brain is None
    assert result.study["tracer"] is None and result.study["source"] == "nifti"
    assert str(result.series[0]).endswith("taken, the only PET image")
    result = grader.grade(tmp_path / "scan.nii.gz", tracer="18FFBB").result
    assert result.status != "refused"


@pytest.mark.parametrize(
    ("logits", "bapl", "likely", "why", "before"),
    [
        ((-9.0, -9.0), 1, [1], "", 0.2),
        ((9.0, 9.0), 3, [3], "", 0.2),
        ((2.0, -3.0), 2, [2], "it stands without a reader from 90.0% on", 0.2),
        ((3.5, -3.5), 2, [2], "", 0.2),
        ((-1.0, -9.0), 1, [1, 2], "BAPL 1 or 2", 0.2),
        ((-1.8, -9.0), 1, [1], "BAPL 1 has a probability of 85.8%", 0.2),
        ((9.0, 0.5), 3, [2, 3], "BAPL 2 or 3", 0.2),
        ((-9.0, -9.0), 1, [1, 2], "BAPL 2 cannot be left out: too few", 1.0),
        ((3.5, -3.5), 2, [2], "", 1.0),
    ],
)
def test_what_is_said_of_a_scan_follows_the_bundles_calibration(
    bundle: Path,
    studies: Path,
    brain: BrainPet,
    monkeypatch: pytest.MonkeyPatch,
    logits: tuple[float, float],
    bapl: int,
    likely: list[int],
    why: str,
    before: float,
) -> None:
    monkeypatch.setattr("monai_amyloid.grading.grader.normalize", lambda _: brain)
    grader = Grader(bundle, device="cpu")
    grader.decision = Decision(
        temperature=1.0,
        set_thresholds=(0.2, before, 0.2),
        least_probable=(0.9, 0.9, 0.9),
        positive_threshold=0.5,
    )
    grader.trained.network = Says(logits)
    result = grader.grade(studies / "sub-0001").result
    assert (result.bapl, list(result.prediction_set or ())) == (bapl, likely)
    of_the_set = [reason for reason in result.reasons if "Centiloid" not in reason]
    assert bool(of_the_set) == (why != "") and why in "; ".join(of_the_set)
    assert (result.status == "graded") == (not result.reasons)
    s2, s3 = 1 / (1 + np.exp(-np.array(logits)))
    expected = [1 - s2, s2 * (1 - s3), s2 * s3]
    np.testing.assert_allclose(list((result.probabilities or {}).values()), expected, atol=1e-6)


@pytest.mark.parametrize("axes", [(2, 0, 1), (1, 2, 0), (0, 2, 1)])
def test_a_scan_stored_in_another_axis_order_has_the_same_result(
    grader: Grader,
    stored: tuple[nib.Nifti1Image, Result],
    tmp_path: Path,
    axes: tuple[int, int, int],
) -> None:
    scan, expected = stored
    turned = scan.as_reoriented(np.array([[axis, -1] for axis in axes]))
    nib.save(turned, tmp_path / "turned.nii.gz")
    found = grader.grade(tmp_path / "turned.nii.gz", tracer="18FFBB").result
    for what in ("bapl", "probabilities", "centiloid", "suvr"):
        assert getattr(found, what) == getattr(expected, what) is not None


def test_names_and_uids_that_lead_out_of_the_folder_are_only_text(
    bundle: Path, studies: Path, tmp_path: Path
) -> None:
    study = tmp_path / "in" / "study"
    shutil.copytree(studies / "sub-0001", study)
    for file in study.iterdir():
        dataset = pydicom.dcmread(file)
        dataset.PatientID = dataset.PatientName = dataset.SeriesDescription = "../../../evil"
        dataset.SeriesInstanceUID = "../../evil"
        dataset.save_as(file)
    options = OutputOptions(report=False, identify=True)
    [result] = grade_studies(bundle, [study], tmp_path / "out", device="cpu", options=options)
    assert result.status != "refused"
    written = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.[jc]s*")}
    assert written == {
        *("out/study/result.json", "out/results.csv", "out/run.json", "out/names.json")
    }
    assert not list(tmp_path.parent.glob("*evil*"))


def test_each_session_of_a_bids_dataset_is_a_study(
    grader: Grader, studies: Path, tmp_path: Path
) -> None:
    image = read_study(studies / "sub-0001")
    (tmp_path / "dataset_description.json").write_text('{"Name": "x", "BIDSVersion": "1.10.0"}')
    (tmp_path / "pet.json").write_text('{"TracerName": "florbetaben"}')
    for folder in ("sub-1/ses-a/pet", "sub-1/ses-b/pet", "sub-2/pet"):
        name = folder.replace("/pet", "_pet").replace("/", "_") + ".nii.gz"
        (tmp_path / folder).mkdir(parents=True)
        nib.save(nib.Nifti1Image(image.data, image.affine), tmp_path / folder / name)
    found = studies_of(tmp_path)
    assert list(map(study_name, found)) == ["sub-1_ses-a", "sub-1_ses-b", "sub-2"]
    result = grader.grade(found[1]).result
    assert result.status != "refused" and result.study["tracer"] == "18FFBB"
    assert studies_of(studies / "sub-0001") == [studies / "sub-0001"]


def test_a_network_that_learnt_the_scores_tells_them_of_each_region(
    untrained_run: Path, bundle: Path, studies: Path, brain: BrainPet, tmp_path: Path
) -> None:
    run = Path(shutil.copytree(untrained_run, tmp_path / "fold0"))
    state = torch.load(run / "model.pt", weights_only=True)
    torch.save({**state, f"fc.{SCORES_LEARNED}": torch.tensor(True)}, run / "model.pt")
    knowing = export(
        run, [CONFIGS / "train.json", CONFIGS / "resnet50_3d.json"], tmp_path / "bundle"
    )
    found = Grader(knowing, device="cpu").grade(studies / "sub-0001").result
    assert found.region_scores is not None and found.explanation is not None
    assert set(found.region_scores) == set(found.explanation)
    grader = Grader(knowing, device="cpu")
    batch = grader.trained.network_input(brain.suvr, brain.source.tracer)[None]
    features = torch.from_numpy(grader.trained.features(batch))
    everything = grader.trained.network.fc.scores(features)[0].detach()
    for place, name in enumerate(SIDED_REGIONS):
        side, _, region = name.partition("_")
        expected = grade_probabilities(everything[2 * place : 2 * place + 2])
        assert found.region_scores[f"{region}_{side}"] == pytest.approx(expected.tolist(), abs=1e-5)
    assert Grader(bundle, device="cpu").grade(studies / "sub-0001").result.region_scores is None
