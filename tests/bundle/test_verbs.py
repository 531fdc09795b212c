"""MONAI's own commands, typed in the folder of a bundle that was copied to another place."""

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from commands import python
from conftest import CONFIGS_3D

from monai_amyloid.bundle.export import export
from monai_amyloid.bundle.verify import SCHEMA, loaded_network
from monai_amyloid.evaluation.held_out import PROBABILITIES
from monai_amyloid.grading.grader import Grader

pytestmark = pytest.mark.slow

NETWORK = ["--net_id", "network_def", "--config_file", "configs/inference.json"]
NETWORK += ["--meta_file", "configs/metadata.json"]
CHECKPOINT = ["--ckpt_file", "models/model.pt"]


@pytest.fixture(scope="module")
def alone(bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundle's folder alone, where nothing else of this project is."""
    return Path(shutil.copytree(bundle, tmp_path_factory.mktemp("elsewhere") / "번들 alone"))


@pytest.fixture(scope="module")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Fifteen graded volumes that a bundle can be trained and evaluated on."""
    import nibabel as nib

    from monai_amyloid.brain.template import TEMPLATE_AFFINE, pet_templates

    folder = tmp_path_factory.mktemp("prepared")
    rows = ["participant_id\tsession_id\tpath\ttracer\tbapl"]
    random = np.random.default_rng(0)
    for number in range(15):
        grade = 1 + number % 3
        scan = pet_templates()[0] * (0.8 + 0.2 * grade) + random.normal(0, 0.02)
        nib.save(nib.Nifti1Image(scan, TEMPLATE_AFFINE), folder / f"{number}.nii")
        rows.append(f"sub-{number}\tses-01\t{number}.nii\t18FFBB\t{grade}")
    (folder / "participants.tsv").write_text("\n".join(rows) + "\n")
    return folder


def monai(alone: Path, verb: str, *options: str | Path, processes: int = 1) -> str:
    launch = ["-m", "monai.bundle"]
    if processes > 1:
        launch = ["-m", "torch.distributed.run", "--standalone", f"--nproc_per_node={processes}"]
        launch += ["-m", "monai.bundle"]
    done = python(*launch, verb, *options, folder=alone)
    assert done.returncode == 0, done.stdout[-1500:] + done.stderr[-2500:]
    return done.stdout + done.stderr


def run(alone: Path, name: str, config: str, *options: str | Path, processes: int = 1) -> str:
    files = ["--config_file", config]
    return monai(alone, "run", name, *files, *options, processes=processes)


def test_inference_says_what_grading_says(alone: Path, studies: Path) -> None:
    run(alone, "inference", "configs/inference.json", "--dataset_dir", studies)
    table = pd.read_csv(
        alone / "results" / "probabilities.csv", index_col="study", keep_default_na=False
    )
    grader = Grader(alone, device="cpu")
    assert len(table) == 2
    for study in studies.iterdir():
        result, row = grader.grade(study).result, table.loc[study.name]
        probabilities = list((result.probabilities or {}).values())
        np.testing.assert_allclose(row[PROBABILITIES].astype(float), probabilities, atol=1e-5)
        doubts = "; ".join(map(str, result.of_level("doubt")))
        assert (row["status"], row["reasons"]) == (result.status, doubts)
        assert str(row["prediction_set"]) == "+".join(map(str, result.prediction_set or ()))
        loads = [result.centiloid, *(result.centiloid_interval or ())]
        names = ["centiloid", "centiloid_low", "centiloid_high"]
        np.testing.assert_allclose(row[names].astype(float), loads, atol=1e-3)


def test_a_bad_study_does_not_stop_the_inference_of_the_others(
    alone: Path, studies: Path, tmp_path: Path
) -> None:
    (tmp_path / "in" / "empty").mkdir(parents=True)
    shutil.copytree(studies / "sub-0001", tmp_path / "in" / "good")
    options = ["--config_file", "configs/inference.json", "--dataset_dir", tmp_path / "in"]
    options += ["--output_dir", tmp_path / "out"]
    done = python("-m", "monai.bundle", "run", "inference", *options, folder=alone)
    lines = [line for line in done.stderr.splitlines() if line.startswith("Error: ")]
    assert done.returncode == 1 and len(lines) == 1 and "1 of 2 studies" in lines[0]
    table = pd.read_csv(tmp_path / "out" / "probabilities.csv")
    assert table["p_bapl1"].notna().tolist() == [False, True]
    assert table["study"].tolist() == ["empty", "good"]
    assert table["reasons"][0].startswith("empty: the folder is empty")


def test_evaluating_measures_the_bundle_on_another_cohort(alone: Path, cohort: Path) -> None:
    said = run(
        alone, "evaluating", "configs/evaluate.json", "--dataset_dir", cohort, "--device", "cpu"
    )
    assert "Scans of another cohort" in said and "by the bundle" in said
    table = pd.read_csv(alone / "results" / "evaluation.tsv", sep="\t")
    assert table["n"][0] == 15 and table["macro_f1_low"][0] <= table["macro_f1"][0]
    predicted = pd.read_csv(alone / "results" / "predictions.tsv", sep="\t")
    assert (predicted["bapl"] == 1 + predicted.index % 3).all()


@pytest.mark.parametrize("processes", [1, 2])
def test_training_goes_on_in_one_process_and_in_two(
    alone: Path, cohort: Path, tmp_path: Path, processes: int
) -> None:
    config = "configs/train.json"
    if processes > 1:
        config = "['configs/train.json','configs/multi_gpu_train.json']"
    options = ["--dataset_dir", cohort, "--output_dir", tmp_path, "--max_epochs", "1"]
    options += ["--device", "cpu"] if processes == 1 else []
    run(alone, "training", config, *options, processes=processes)
    state = torch.load(tmp_path / "fold0" / "model.pt", weights_only=True)
    assert state.keys() == torch.load(alone / "models" / "model.pt", weights_only=True).keys()


@pytest.mark.parametrize("name", ["inference", "evaluating", "training"])
def test_a_changed_byte_ends_each_run_with_one_line(
    untrained_run: Path, studies: Path, cohort: Path, tmp_path: Path, name: str
) -> None:
    run_dir = Path(shutil.copytree(untrained_run, tmp_path / "fold0"))
    (run_dir / "pretrained.tsv").touch()  # so that training would begin from the bundle's weights
    copy = export(run_dir, CONFIGS_3D, tmp_path / "bundle")
    weights = copy / "models" / "model.pt"
    content = bytearray(weights.read_bytes())
    content[len(content) // 2] ^= 1
    weights.write_bytes(bytes(content))
    config = {"inference": "inference", "evaluating": "evaluate", "training": "train"}[name]
    given = studies if name == "inference" else cohort
    options = ["--config_file", f"configs/{config}.json", "--dataset_dir", given]
    done = python("-m", "monai.bundle", "run", name, *options, folder=copy)
    lines = [line for line in done.stderr.splitlines() if line.startswith("Error: ")]
    assert done.returncode == 3 and "Traceback" not in done.stderr
    assert len(lines) == 1 and "SHA-256" in lines[0]


def test_metadata_and_network_are_verified(alone: Path) -> None:
    schema = ["--meta_file", "configs/metadata.json", "--filepath", SCHEMA]
    assert "verified with no error" in monai(alone, "verify_metadata", *schema)
    assert "verified with no error" in monai(alone, "verify_net_in_out", *NETWORK)


def test_torchscript_gives_the_same_logits_and_holds_the_metadata(
    alone: Path, tmp_path: Path
) -> None:
    monai(alone, "ckpt_export", *NETWORK, *CHECKPOINT, "--filepath", tmp_path / "model.ts")
    extra = {"metadata.json": "", "inference.json": ""}
    script = torch.jit.load(str(tmp_path / "model.ts"), map_location="cpu", _extra_files=extra)
    network, image = loaded_network(alone)
    with torch.inference_mode():
        torch.testing.assert_close(script(image), network(image), atol=1e-4, rtol=0)
    assert json.loads(extra["metadata.json"])["name"] == "amyloid_pet_bapl_classification"


def test_onnx_gives_the_same_logits_in_onnx_runtime_and_openvino(
    alone: Path, tmp_path: Path
) -> None:
    import onnxruntime
    import openvino

    model = tmp_path / "model.onnx"
    monai(alone, "onnx_export", *NETWORK, *CHECKPOINT, "--filepath", model)
    network, image = loaded_network(alone)
    with torch.inference_mode():
        expected = network(image).numpy()
    session = onnxruntime.InferenceSession(str(model), providers=["CPUExecutionProvider"])
    [told] = session.run(None, {session.get_inputs()[0].name: image.numpy()})
    np.testing.assert_allclose(told, expected, atol=1e-3)
    exact = {"INFERENCE_PRECISION_HINT": "f32"}  # bfloat16 elsewhere, where the CPU has it
    compiled = openvino.Core().compile_model(str(model), "CPU", exact)
    np.testing.assert_allclose(compiled(image.numpy())[0], expected, atol=1e-3)
