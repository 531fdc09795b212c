"""scripts/federated with the real NVIDIA FLARE, which has an environment of its own."""

import json
import os
import shutil
import subprocess
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import nibabel as nib
import numpy as np
import pandas as pd
import pytest
import torch
from conftest import CONFIGS_3D
from monai.bundle import ConfigParser
from monai.transforms import Compose

from monai_amyloid.brain.template import TEMPLATE_AFFINE, pet_templates
from monai_amyloid.bundle.export import export
from monai_amyloid.cohort.folds import split

Told = Callable[..., tuple[int, str]]
ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = ROOT / "scripts" / "federated"
SCANS = {"hospital-a": 15, "hospital-b": 18, "hospital-c": 24}
ROUNDS = 4
# Loaded by every Python process that finds it: writes down which process opens which file.
WITNESS = """
import os, sys
_file = os.open(os.environ["WITNESS"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
def _note(event, arguments):
    if event == "open" and isinstance(arguments[0], str):
        os.write(_file, f"{os.getpid()}\\t{arguments[0]}\\n".encode())
sys.addaudithook(_note)
"""


@dataclass(frozen=True)
class Federated:
    """What the command left, and what each of its processes but itself opened."""

    output: Path
    command: list[str]
    environment: dict[str, str]
    opened: dict[int, set[Path]]


@pytest.fixture(scope="module")
def python() -> Path:
    beside = Path(os.environ.get("MONAI_AMYLOID_ELSEWHERE", ROOT / ".elsewhere"))
    found = beside / "federated" / "bin" / "python"
    if not found.is_file():
        pytest.skip(f"no NVIDIA FLARE at {found}; run `make elsewhere`")
    return found


@pytest.fixture(scope="module")
def random_bundle(untrained_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle of a narrow network with random weights."""
    folder = tmp_path_factory.mktemp("start")
    run = shutil.copytree(untrained_run, folder / "fold0")
    # In 4 mm: of 8 mm nothing is left in the last layers for batch norm to tell apart.
    settings = {"spacing_mm": 4.0, "widen_factor": 0.125, "batch_size": 4, "learning_rate": 0.003}
    (run / "settings.json").write_text(json.dumps(settings))
    parser = ConfigParser()
    parser.read_config([str(path) for path in CONFIGS_3D])
    parser["widen_factor"] = settings["widen_factor"]
    torch.manual_seed(0)
    torch.save(parser.get_parsed_content("network_def").state_dict(), run / "model.pt")
    return export(run, CONFIGS_3D, folder / "bundle")


@pytest.fixture(scope="module")
def hospitals(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Cohorts of other sizes and other noise, whose participants are numbered alike."""
    negative, positive = pet_templates()
    folders = {}
    for seed, (name, scans) in enumerate(SCANS.items()):
        folder = folders[name] = tmp_path_factory.mktemp(name)
        random = np.random.default_rng(seed)
        rows = []
        for number in range(scans):
            part = number % 3 / 2 + random.normal(0, 0.05)
            volume = (1 - part) * negative + part * positive
            noisy = volume + random.normal(0, 0.04 + 0.02 * seed, volume.shape)
            path = folder / f"sub-{number:02d}.nii"
            nib.save(nib.Nifti1Image(noisy.astype(np.float32), TEMPLATE_AFFINE), path)
            row = {"participant_id": path.stem, "path": path.name, "tracer": "18FFBB"}
            rows.append(row | {"bapl": number % 3 + 1, "site": name})
        pd.DataFrame(rows).to_csv(folder / "participants.tsv", sep="\t", index=False)
    return folders


@pytest.fixture(scope="module")
def federated(
    python: Path,
    random_bundle: Path,
    hospitals: dict[str, Path],
    tmp_path_factory: pytest.TempPathFactory,
) -> Federated:
    folder = tmp_path_factory.mktemp("federated 병원")
    (folder / "sitecustomize.py").write_text(WITNESS)
    witness = {"WITNESS": str(folder / "opened"), "PYTHONPATH": str(folder)}
    environment = {**os.environ, **witness, "OMP_NUM_THREADS": "1"}
    command = [str(python), str(SCRIPTS / "simulate.py"), str(random_bundle)]
    command += [f"--site={name}={path}" for name, path in hospitals.items()]
    command += [f"--output={folder / 'out'}", f"--rounds={ROUNDS}", "--epochs=4"]
    command += ["--set=amp=false", "--set=log_images=0"]
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as process:
        _, said = process.communicate()
    assert process.returncode == 0, said
    opened = defaultdict(set)
    for line in (folder / "opened").read_text(encoding="utf-8").splitlines():
        number, path = line.split("\t")
        if int(number) != process.pid:
            opened[int(number)].add(Path(path))
    return Federated(folder / "out", command, environment, opened)


def weights(path: Path) -> dict[str, torch.Tensor]:
    return torch.load(path, map_location="cpu", weights_only=True)


def log_loss(bundle: Path, model: Path, cohort: Path) -> float:
    """Of the scans that a hospital held out, from the weights and the bundle's own steps."""
    parser = ConfigParser()
    parser.read_config(str(bundle / "configs" / "train.json"))
    network = parser.get_parsed_content("network_def").eval()
    network.load_state_dict(weights(model))
    steps = [parser.get_parsed_content(name) for name in ("load", "preprocessing", "layout")]
    prepare = Compose([step for part in steps for step in part])
    losses = []
    for scan in split(str(cohort), fold=0, folds=5, seed=0)["test"]:
        with torch.inference_mode():
            high, higher = torch.sigmoid(network(prepare(scan)["image"][None]))[0].tolist()
        chances = [1 - high, high * (1 - higher), high * higher]
        losses.append(-np.log(chances[scan["label"]]))
    return float(np.mean(losses))


def test_the_model_is_the_mean_of_the_hospitals_by_their_training_scans(
    federated: Federated, random_bundle: Path, hospitals: dict[str, Path]
) -> None:
    model, begun = (weights(p) for p in (federated.output / "model.pt", _start(random_bundle)))
    # A training's checkpoint is what it had when its last round ended.
    sent = [weights(federated.output / name / "fold0/checkpoint.pt")["network"] for name in SCANS]
    scans = [len(split(str(path), 0, 5, 0)["training"]) for path in hospitals.values()]
    assert len({*scans}) == len(SCANS)
    assert model.keys() == begun.keys()
    assert not torch.equal(sent[0]["conv1.weight"], sent[1]["conv1.weight"])
    for name, value in model.items():
        assert value.dtype == begun[name].dtype
        if value.is_floating_point():
            weighed = [part[name].double() * n for part, n in zip(sent, scans, strict=True)]
            mean = torch.stack(weighed).sum(0) / sum(scans)
            torch.testing.assert_close(value.double(), mean, rtol=1e-6, atol=1e-6)
        else:
            assert torch.equal(value, begun[name])


def _start(bundle: Path) -> Path:
    return bundle / "models" / "model.pt"


def test_each_process_opens_the_files_of_one_hospital_at_most(
    federated: Federated, hospitals: dict[str, Path]
) -> None:
    seen = {
        name: [pid for pid, paths in federated.opened.items() if _any_below(folder, paths)]
        for name, folder in hospitals.items()
    }
    assert [len(pids) for pids in seen.values()] == [1, 1, 1]
    assert len({pid for pids in seen.values() for pid in pids}) == 3
    for name, folder in hospitals.items():
        scans = {path for path in federated.opened[seen[name][0]] if path.suffix == ".nii"}
        assert scans == {folder / f"sub-{n:02d}.nii" for n in range(SCANS[name])}


def _any_below(folder: Path, paths: set[Path]) -> bool:
    return any(path.is_relative_to(folder) for path in paths)


@pytest.mark.parametrize("name", SCANS)
def test_the_model_is_better_on_scans_held_out_at_each_hospital(
    federated: Federated, random_bundle: Path, hospitals: dict[str, Path], name: str
) -> None:
    before = log_loss(random_bundle, _start(random_bundle), hospitals[name])
    after = log_loss(random_bundle, federated.output / "model.pt", hospitals[name])
    assert after < before - 0.1


def test_each_hospital_has_the_model_and_its_chances_for_what_it_held_out(
    federated: Federated, random_bundle: Path, hospitals: dict[str, Path]
) -> None:
    model = weights(federated.output / "model.pt")
    for name, cohort in hospitals.items():
        run = federated.output / name / "fold0"
        own = weights(run / "model.pt")
        assert all(torch.equal(own[key], value) for key, value in model.items())
        table = pd.read_csv(run / "predictions.tsv", sep="\t")
        chances = table[["p_bapl1", "p_bapl2", "p_bapl3"]].to_numpy()
        loss = -np.log(chances[np.arange(len(table)), table["bapl"] - 1]).mean()
        expected = log_loss(random_bundle, federated.output / "model.pt", cohort)
        assert loss == pytest.approx(expected, abs=0.005)  # of scans cached in 16 bits


def test_the_table_has_every_round_of_every_hospital(federated: Federated) -> None:
    table = pd.read_csv(federated.output / "validation.tsv", sep="\t")
    assert [*zip(table["round"], table["site"], strict=True)] == [
        (number, name) for number in range(ROUNDS + 1) for name in SCANS
    ]
    assert table["loss"].notna().all()


def test_export_takes_the_folder(federated: Federated, tmp_path: Path) -> None:
    bundle = export(federated.output, CONFIGS_3D, tmp_path / "bundle")
    exported, model = weights(_start(bundle)), weights(federated.output / "model.pt")
    assert all(torch.equal(exported[name], value) for name, value in model.items())


def test_the_same_command_again_is_one_line(federated: Federated) -> None:
    again = subprocess.run(
        federated.command, env=federated.environment, capture_output=True, text=True
    )
    assert again.returncode == 1
    assert again.stderr.count("\n") == 1
    assert "exists; remove it" in again.stderr


@pytest.fixture
def told(
    random_bundle: Path,
    hospitals: dict[str, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Told:
    """Run the command here, which ends before FLARE is needed, and give back what it said."""
    monkeypatch.syspath_prepend(SCRIPTS)
    import simulate

    def run(*options: str) -> tuple[int, str]:
        fixed = ["simulate.py", str(random_bundle), f"--output={tmp_path / 'out'}"]
        monkeypatch.setattr("sys.argv", [*fixed, *options])
        with pytest.raises(SystemExit) as ended:
            simulate.main()
        assert [*tmp_path.iterdir()] == []
        code = ended.value.code
        said = capsys.readouterr().err or f"{code}\n"
        assert said.startswith("Error: ")
        assert said.count("\n") == 1
        return (code if isinstance(code, int) else 1), said

    return run


@pytest.mark.parametrize(
    ("options", "status", "said"),
    [
        (["--rounds=0"], 1, "found --rounds 0"),
        (["--rounds=many"], 2, "invalid int"),
        (["--set=seed"], 2, "needed KEY=VALUE"),
        (["--set=max_epochs=3"], 1, "--set max_epochs"),
        (["--set=no_such=3"], 1, "--set no_such"),
        (["--site=all=x"], 1, "--site all=x"),
        (["--site=hospital-d=nowhere"], 1, "no dataset at"),
        (["--set=fold=9"], 1, "hospital-a: found fold = 9"),
    ],
)
def test_a_wrong_option_is_one_line(
    told: Told, hospitals: dict[str, Path], options: list[str], status: int, said: str
) -> None:
    sites = [f"--site={name}={folder}" for name, folder in hospitals.items()]
    found, line = told(*sites, *options)
    assert (found, said in line) == (status, True), line


def test_one_folder_at_two_hospitals_is_one_line(told: Told, hospitals: dict[str, Path]) -> None:
    _, line = told(*[f"--site={name}={hospitals['hospital-a']}" for name in ("east", "west")])
    assert "is at east and at west" in line


def test_a_participant_at_two_hospitals_is_one_line(
    told: Told, hospitals: dict[str, Path], tmp_path_factory: pytest.TempPathFactory
) -> None:
    copy = _copied(hospitals["hospital-a"], tmp_path_factory.mktemp("copy"), "hospital-a")
    _, line = told(f"--site=east={hospitals['hospital-a']}", f"--site=west={copy}")
    assert "sub-00 (site hospital-a) is at east and at west" in line


def test_a_scan_at_two_hospitals_is_one_line(
    told: Told, hospitals: dict[str, Path], tmp_path_factory: pytest.TempPathFactory
) -> None:
    copy = _copied(hospitals["hospital-a"], tmp_path_factory.mktemp("copy"), "hospital-z")
    _, line = told(f"--site=east={hospitals['hospital-a']}", f"--site=west={copy}")
    assert "are the same image" in line


def _copied(cohort: Path, folder: Path, site: str) -> Path:
    """The same scans in another folder, their participants said to be of a site."""
    table = pd.read_csv(cohort / "participants.tsv", sep="\t")
    for path in table["path"]:
        shutil.copyfile(cohort / path, folder / path)
    table.assign(site=site).to_csv(folder / "participants.tsv", sep="\t", index=False)
    return folder
