"""Small inputs of the five commands that are killed: studies, cohorts, a trained run, a bundle."""

import json
import shutil
from pathlib import Path

import nibabel as nib
import numpy as np
import pandas as pd
import torch
from monai.bundle import ConfigParser

from monai_amyloid.brain.quantities.suvr import region_labels
from monai_amyloid.brain.template import READ_REGIONS, TEMPLATE_AFFINE, pet_templates
from monai_amyloid.bundle.export import export
from monai_amyloid.phantom.cohorts.cohort import simulate
from monai_amyloid.phantom.cohorts.plan import Plan

CONFIGS = Path(__file__).resolve().parents[2] / "configs"
# Of the network and its input, so that files and times are small.
SMALL = {"spacing_mm": 8.0, "widen_factor": 0.125}
CONFIGS_3D = [CONFIGS / "train.json", CONFIGS / "resnet50_3d.json"]


def make(place: Path) -> None:
    """Make all, if they are not there.

    Args:
        place: Folder for them, which another run of the benchmark finds again.
    """
    if (place / "complete").exists():
        return
    shutil.rmtree(place, ignore_errors=True)
    random = np.random.default_rng(0)
    _studies(place)
    _cohort(place / "cohort")
    _prepared(place / "trained", 12, random)
    _prepared(place / "explored", 60, random)
    _run(place / "run" / "fold0")
    export(place / "run" / "fold0", CONFIGS_3D, place / "bundle", half_precision=True)
    (place / "complete").touch()


def _studies(place: Path) -> None:
    """One in an archive, one in a folder, and one that is refused."""
    simulate(place / "simulated", 2, Plan(seed=3, sites=("site-1",)), form="dicom")
    first, second = sorted((place / "simulated" / "scans").iterdir())
    shutil.make_archive(str(place / "studies" / "packed"), "zip", first)
    shutil.copytree(second, place / "studies" / "folder")
    (place / "studies" / "empty").mkdir()


def _cohort(folder: Path) -> None:
    """Two scans, and one that is refused."""
    simulate(folder, 2, Plan(seed=4, sites=("site-1",)))
    table = pd.read_csv(folder / "participants.tsv", sep="\t", dtype=str, keep_default_na=False)
    broken = table.iloc[0].copy()
    broken["participant_id"], broken["path"] = "sub-broken", "broken.nii.gz"
    (folder / "broken.nii.gz").write_bytes(b"\x1f\x8b no image")
    table = pd.concat([table, broken.to_frame().T])
    table.to_csv(folder / "participants.tsv", sep="\t", index=False)


def _prepared(folder: Path, scans: int, random: np.random.Generator) -> None:
    """A prepared cohort of noisy templates, and numbers that fit."""
    folder.mkdir(parents=True)
    negative, positive = pet_templates()
    parts = [name for name, labels in region_labels().items() if len(labels) == 1]
    sided = [f"{region}_{side}" for region in READ_REGIONS for side in ("left", "right")]
    rows = []
    for number in range(scans):
        stage = (number % 3) / 2 + random.normal(0, 0.1)
        volume = (1 - stage) * negative + stage * positive
        volume += random.normal(0, 0.1, volume.shape)
        name = f"sub-{number:02d}"
        image = nib.Nifti1Image(volume.astype(np.float32), TEMPLATE_AFFINE)
        nib.save(image, folder / f"{name}.nii")
        row = {"participant_id": name, "session_id": "ses-01", "path": f"{name}.nii"}
        row |= {"tracer": "18FFBB", "bapl": number % 3 + 1, "site": "ABC"[number % 2]}
        row |= {"centiloid": 100 * stage, "fwhm_mm": random.normal(6, 1), "noise_cv": 0.1}
        regions = 1 + 0.6 * stage + random.normal(0, 0.05, len(parts) + len(sided) + 1)
        rows.append(row | dict(zip(("suvr_cortex", *(f"suvr_{n}" for n in (*parts, *sided))),
                                   regions, strict=True)))  # fmt: skip
    pd.DataFrame(rows).to_csv(folder / "participants.tsv", sep="\t", index=False)


def _run(folder: Path) -> None:
    """A fold as training and predicting leave it, with random weights."""
    folder.mkdir(parents=True)
    parser = ConfigParser()
    parser.read_config([str(path) for path in CONFIGS_3D])
    parser["widen_factor"] = SMALL["widen_factor"]
    torch.manual_seed(0)
    network = parser.get_parsed_content("network_def")
    torch.save(network.state_dict(), folder / "model.pt")
    (folder / "settings.json").write_text(json.dumps(SMALL))
    rows = []
    for number in range(30):
        grade, sure = 1 + number % 3, 0.5 + number / 100
        chances = [(1 - sure) / 2] * 3
        chances[grade - 1] = sure
        row = {"participant_id": f"sub-{number:04d}", "session_id": "ses-01", "fold": 0}
        row |= {"bapl": grade, **{f"p_bapl{n}": p for n, p in enumerate(chances, start=1)}}
        rows.append(row | {"predicted": grade})
    pd.DataFrame(rows).to_csv(folder / "predictions.tsv", sep="\t", index=False)
