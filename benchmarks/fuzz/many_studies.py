"""Many studies of which some are broken in many ways; a run killed in the middle, begun again.

python -m benchmarks.fuzz.many_studies [--studies 300] [--broken 30]

Prints the reason of each broken study, and whether a run that was killed three times ends with the
same table, byte for byte, as one that was not.
"""

import argparse
import itertools
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import nibabel as nib
import numpy as np
import pandas as pd
import pydicom
from pydicom.dataset import Dataset
from pydicom.uid import JPEG2000Lossless, generate_uid

from monai_amyloid.phantom.cohorts.cohort import simulate
from monai_amyloid.phantom.cohorts.plan import Plan

ROOT = Path(__file__).resolve().parents[2]
DISTINCT = 40
KILLS = 3


def edited(study: Path, change: Callable[[Dataset, int], object]) -> None:
    """Change the header of every file."""
    for number, file in enumerate(sorted(study.iterdir())):
        dataset = pydicom.dcmread(file)
        change(dataset, number)
        dataset.save_as(file)


def set_all(dataset: Dataset, values: dict[str, object]) -> None:
    """Set attributes by their keywords."""
    for keyword, value in values.items():
        setattr(dataset, keyword, value)


def drop(study: Path, part: slice) -> None:
    """Take some of the files away."""
    for file in sorted(study.iterdir())[part]:
        file.unlink()


def keep(study: Path, part: slice) -> None:
    """Leave some of the files."""
    for file in set(study.iterdir()) - set(sorted(study.iterdir())[part]):
        file.unlink()


def truncate(study: Path) -> None:
    """Cut one file short."""
    file = sorted(study.iterdir())[20]
    file.write_bytes(file.read_bytes()[:-3000])


def only(study: Path, name: str, content: bytes) -> None:
    """One file in place of all."""
    keep(study, slice(0, 0))
    (study / name).write_bytes(content)


def nifti(study: Path, change: Callable[[np.ndarray], np.ndarray]) -> None:
    """The same shape as NIfTI with other values."""
    only(study, "scan_pet.json", b'{"TracerName": "florbetaben"}')
    data = change(np.random.default_rng(0).random((80, 96, 60), np.float32))
    nib.save(nib.Nifti1Image(data, np.diag([2.0, 2.0, 2.5, 1])), study / "scan_pet.nii.gz")


def tracer(dataset: Dataset, name: str) -> None:
    """Another radiopharmaceutical."""
    item = dataset.RadiopharmaceuticalInformationSequence[0]
    item.Radiopharmaceutical = name
    if "RadiopharmaceuticalCodeSequence" in item:
        del item.RadiopharmaceuticalCodeSequence


def twice(study: Path) -> None:
    """Two PET series, and nothing to choose by."""
    for file in sorted(study.iterdir()):
        dataset = pydicom.dcmread(file)
        dataset.SeriesInstanceUID = dataset.SeriesInstanceUID[:-1] + "7"
        dataset.SOPInstanceUID = generate_uid()
        dataset.save_as(study / f"again_{file.name}")


def doubled(study: Path) -> None:
    """A slice that is there twice, with other values."""
    dataset = pydicom.dcmread(sorted(study.iterdir())[30])
    dataset.SOPInstanceUID = generate_uid()
    dataset.PixelData = bytes(len(dataset.PixelData))
    dataset.save_as(study / "another.dcm")


def undecodable(dataset: Dataset, number: int) -> None:
    """A compression whose bytes are none."""
    dataset.PixelData = pydicom.encaps.encapsulate([b"no codestream at all"])
    dataset["PixelData"].VR = "OB"
    dataset.file_meta.TransferSyntaxUID = JPEG2000Lossless


def person(dataset: Dataset, number: int) -> None:
    """Half of the files are another person's."""
    dataset.PatientID = f"sub-{number % 2}"


def put(**values: object) -> Callable[[Path], None]:
    """Values into every header."""
    return lambda study: edited(study, lambda dataset, _: set_all(dataset, values))


WAYS: dict[str, Callable[[Path], None]] = {
    "an empty folder": lambda study: keep(study, slice(0, 0)),
    "a file cut short": truncate,
    "every other slice": lambda study: keep(study, slice(0, None, 2)),
    "a gap of three slices": lambda study: drop(study, slice(40, 43)),
    "the upper half": lambda study: keep(study, slice(0, 45)),
    "the lower half": lambda study: keep(study, slice(60, None)),
    "one slice": lambda study: keep(study, slice(30, 31)),
    "a slice twice": doubled,
    "two PET series": twice,
    "a CT": put(Modality="CT", SOPClassUID="1.2.840.10008.5.1.4.1.1.2"),
    "an MR": put(Modality="MR", SOPClassUID="1.2.840.10008.5.1.4.1.1.4"),
    "FDG": lambda study: edited(study, lambda d, _: tracer(d, "Fluorodeoxyglucose F18")),
    "flortaucipir": lambda study: edited(study, lambda d, _: tracer(d, "Flortaucipir F18")),
    "no tracer": lambda study: edited(study, lambda d, _: tracer(d, "")),
    "no attenuation correction": put(CorrectedImage=["DECY", "SCAT"]),
    "lossy": put(LossyImageCompression="01"),
    "two people": lambda study: edited(study, person),
    "no positions": lambda study: edited(study, lambda d, _: d.pop("ImagePositionPatient")),
    "voxels of 20 mm": put(PixelSpacing=[20.0, 20.0]),
    "no voxels": lambda study: edited(study, lambda d, _: d.pop("PixelData")),
    "compressed, broken": lambda study: edited(study, undecodable),
    "an empty volume": lambda study: edited(
        study, lambda d, _: set_all(d, {"PixelData": bytes(len(d.PixelData))})
    ),
    "random bytes": lambda study: only(study, "scan.dcm", np.random.default_rng(0).bytes(9000)),
    "text": lambda study: only(study, "readme.txt", b"the scan is on the other disk"),
    "a broken zip in a folder": lambda study: only(study, "scan.zip", b"PK\3\4broken"),
    "NIfTI with NaN": lambda study: nifti(study, lambda data: np.where(data > 0.9, np.nan, data)),
    "NIfTI of noise": lambda study: nifti(study, lambda data: data),
    "NIfTI of nothing": lambda study: nifti(study, lambda data: 0 * data),
    "NIfTI in 4D without times": lambda study: nifti(
        study, lambda data: np.repeat(data[..., None], 2, axis=3)
    ),
    "a picture": lambda study: only(study, "slice.png", b"\x89PNG\r\n\x1a\n" + bytes(100)),
}


def make(folder: Path, count: int, broken: int) -> dict[str, str]:
    """Make the studies; gives the way in which each broken one is."""
    pool = folder / "pool"
    simulate(pool, min(DISTINCT, count), Plan(seed=21), form="dicom", workers=os.cpu_count() or 1)
    sources = itertools.cycle(sorted((pool / "scans").iterdir()))
    ways = itertools.cycle(WAYS.items())
    spoiled = set(np.linspace(3, count - 1, broken).astype(int).tolist())
    told = {}
    for number in range(count):
        study = folder / "archive" / f"sub-{number:03d}"
        shutil.copytree(next(sources), study)
        uid = generate_uid(entropy_srcs=[str(number)])
        put(StudyInstanceUID=uid)(study)
        if number in spoiled:
            told[study.name], spoil = next(ways)
            spoil(study)
    return told


def infer(archive: Path, output: Path, kill_after: float | None = None) -> int | None:
    """The command in a group of processes of its own; None where it was killed."""
    command = [sys.executable, "scripts/infer_bundle.py", str(archive), "--output", str(output)]
    process = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        start_new_session=True,
    )  # fmt: skip
    try:
        return process.wait(kill_after)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        return None


def main() -> None:
    """Make, grade, kill, grade again, compare."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--studies", type=int, default=300)
    parser.add_argument("--broken", type=int, default=30)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        place = Path(scratch)
        told = make(place, options.studies, options.broken)
        start = time.perf_counter()
        status = infer(place / "archive", place / "whole")
        seconds = time.perf_counter() - start
        table = pd.read_csv(place / "whole" / "results.csv", index_col="study")
        refused = table[table.status == "refused"]
        print(f"{len(table)} studies in {seconds:.0f} s, exit status {status}: ", end="")
        print(f"{len(table) - len(refused)} results, {refused.reasons.notna().sum()} reasons")
        print(f"broken but graded: {sorted(set(told) - set(refused.index))}; ", end="")
        print(f"good but refused: {sorted(set(refused.index) - set(told))}\n")
        print("| broken | reason |\n|---|---|")
        for name, way in told.items():
            print(f"| {way} | {str(table.reasons[name])[:160]} |")
        wait = max(20.0, seconds / 4)
        ended = [infer(place / "archive", place / "killed", wait) for _ in range(KILLS)]
        last = infer(place / "archive", place / "killed")
        record = json.loads((place / "killed" / "run.json").read_text(encoding="utf-8"))
        same = [(place / each / "results.csv").read_bytes() for each in ("whole", "killed")]
        print(f"\nkilled {ended.count(None)} times, then exit status {last}: ", end="")
        print(
            f"{record['finished_before']} studies were finished before and not repeated; ", end=""
        )
        print("the same table, byte for byte" if same[0] == same[1] else "ANOTHER TABLE")
        record("broken studies refused with a reason", refused.reasons.notna().sum(), "studies")
        record("broken studies graded", len(set(told) - set(refused.index)), "studies")
        record("good studies refused", len(set(refused.index) - set(told)), "studies")
        record("equal tables after three kills", float(same[0] == same[1]))


if __name__ == "__main__":
    main()
