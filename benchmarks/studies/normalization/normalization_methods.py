"""One way of normalisation, as a process of its own that normalization.py starts.

    python -m benchmarks.studies.normalization.normalization_methods METHOD FOLDER [PROGRAM]

It reads lines ``NAME PATH`` of scans, and answers each by a line of JSON. The project is imported
only where it is the method, so that ANTsPy can be run by the interpreter of another environment:
`python -m venv ANTS; ANTS/bin/pip install antspyx`. What all share lies in FOLDER: the mean of this
project's two templates, the points whose position is compared, and two masks.

Time is that of registration, resampling and what else the method itself does, on a scan in memory;
for dcccpy, a program, it is that of the whole process, whose input is a file.
"""

import json
import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

# Voxel axes and millimetres are RAS+ in NIfTI and LPS+ in ITK: negate x and y.
LPS = np.array([[-1.0], [-1.0], [1.0]])
# Uptake is not negative, so this marks what lies outside the scan.
OUTSIDE = -1.0
MAIN_TRACER = "18FFBB"


class RefusedError(Exception):
    """The method gave no result, and said why."""


@dataclass(frozen=True)
class Result:
    """What a method made of a scan; None where it does not tell.

    Attributes:
        to_scan: Moves points of the template ``(3, N)`` into the scan, RAS+ mm.
        cortex_suvr: Over the whole cerebellum.
        centiloid: Where the method has a scale of its own.
    """

    to_scan: Callable[[np.ndarray], np.ndarray] | None = None
    cortex_suvr: float | None = None
    centiloid: float | None = None


@dataclass(frozen=True)
class Method:
    """A way of normalisation: how it reads a scan into memory, and what it does with it."""

    program: str
    load: Callable[[Path], Any]
    normalise: Callable[[Any], Result]


def ours(folder: Path, program: str) -> Method:
    """Use this project."""
    from monai_amyloid.brain.normalization import normalize
    from monai_amyloid.findings.finding import StudyRefused
    from monai_amyloid.pet.study import read_study

    def normalise(image: Any) -> Result:
        try:
            brain = normalize(image)
        except StudyRefused as error:
            raise RefusedError(str(error)) from error
        return Result(brain.registration.to_scan, brain.regions["cortex"], brain.centiloid)

    return Method(f"monai-amyloid {version('monai-amyloid')}", read_study, normalise)


def simpleitk(folder: Path, program: str) -> Method:
    """Use an affine fit by correlation, coarse to fine, from the centres of mass.

    On development scans the most robust of nine recipes and among the fastest: Mattes information
    with as good an optimiser gave the same error in more time, or lost one scan in seven.
    """
    import SimpleITK as sitk  # noqa: N813 (its users' short name)

    fixed = sitk.ReadImage(folder / "template.nii.gz", sitk.sitkFloat32)

    def normalise(moving: Any) -> Result:
        start = sitk.CenteredTransformInitializer(
            fixed, moving, sitk.AffineTransform(3), sitk.CenteredTransformInitializerFilter.MOMENTS
        )
        method = sitk.ImageRegistrationMethod()
        method.SetMetricAsCorrelation()
        method.SetInterpolator(sitk.sitkLinear)
        method.SetOptimizerAsConjugateGradientLineSearch(1.0, 30, 1e-5, 5, 0, 2.0, 0.01, 5)
        method.SetOptimizerScalesFromPhysicalShift()
        method.SetShrinkFactorsPerLevel([4, 2])
        method.SetSmoothingSigmasPerLevel([4, 2])
        method.SmoothingSigmasAreSpecifiedInPhysicalUnitsOn()
        method.SetInitialTransform(start, inPlace=False)
        try:
            found = method.Execute(fixed, moving)
        except RuntimeError as error:
            raise RefusedError(str(error).strip().splitlines()[-1]) from error
        laid = sitk.Resample(moving, fixed, found, sitk.sitkLinear, OUTSIDE)
        volume = sitk.GetArrayViewFromImage(laid).transpose(2, 1, 0)

        def to_scan(points: np.ndarray) -> np.ndarray:
            moved = [found.TransformPoint(point) for point in (LPS * points).T.tolist()]
            return np.array(moved).T * LPS

        return Result(to_scan, cortex_suvr(volume, folder))

    return Method(
        f"SimpleITK {version('SimpleITK')}",
        lambda path: sitk.ReadImage(path, sitk.sitkFloat32),
        normalise,
    )


def ants(folder: Path, program: str, transform: str) -> Method:
    """Use ANTsPy with its own settings for a kind of transform."""
    import ants
    import pandas as pd

    ants.config.set_ants_deterministic(on=False, seed_value=1)  # a seed, yet many threads
    fixed = ants.image_read(str(folder / "template.nii.gz"))

    def normalise(moving: Any) -> Result:
        scratch = tempfile.TemporaryDirectory()
        try:
            fit = ants.registration(fixed, moving, transform, outprefix=f"{scratch.name}/")
        except (RuntimeError, ValueError) as error:
            raise RefusedError(str(error).strip().splitlines()[-1]) from error
        found = fit["fwdtransforms"]
        laid = ants.apply_transforms(fixed, moving, found, defaultvalue=OUTSIDE)

        def to_scan(points: np.ndarray) -> np.ndarray:
            table = pd.DataFrame((LPS * points).T, columns=list("xyz"))
            as_is = [False] * len(found)
            # Points go where the resampling looks: from the template into the scan.
            moved = ants.apply_transforms_to_points(3, table, found, whichtoinvert=as_is)
            scratch.cleanup()
            return moved[list("xyz")].to_numpy().T * LPS

        return Result(to_scan, cortex_suvr(laid.numpy(), folder))

    return Method(
        f"antspyx {version('antspyx')}", lambda path: ants.image_read(str(path)), normalise
    )


def dcccpy(folder: Path, program: str) -> Method:
    """Use an independent program, which gives a Centiloid and no transform."""
    from benchmarks.studies.simulator.dcccpy_centiloid import measure

    # As many threads as the others have, where measure() sets one.
    threads = os.environ["OMP_NUM_THREADS"]
    script = folder / "dcccpy.sh"
    script.write_text(
        f"#!/bin/sh\nOMP_NUM_THREADS={threads} ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS={threads} "
        f'exec "{program}" "$@"\n',
        encoding="utf-8",
    )
    script.chmod(0o755)

    def normalise(path: Path) -> Result:
        found = measure(script.resolve(), path, MAIN_TRACER)
        if np.isnan(found):
            raise RefusedError("no Centiloid")
        return Result(centiloid=found)

    return Method("dcccpy", lambda path: path, normalise)


METHODS: dict[str, Callable[[Path, str], Method]] = {
    "monai-amyloid": ours,
    "SimpleITK affine": simpleitk,
    "ANTsPy affine": lambda folder, program: ants(folder, program, "Affine"),
    "ANTsPy SyN": lambda folder, program: ants(folder, program, "SyN"),
    "dcccpy": dcccpy,
}


def cortex_suvr(volume: np.ndarray, folder: Path) -> float:
    """SUVR of the GAAIN cortex on the template's grid, over what the scan covers of both."""
    masks = np.load(folder / "masks.npy")  # cortex, whole cerebellum
    parts = [volume[mask] for mask in masks]
    cortex, cerebellum = (float(part[part >= 0].mean(dtype=np.float64)) for part in parts)
    return cortex / cerebellum


def megabytes() -> float:
    """Most memory that this process, or else a program that it ran, has had so far."""
    program = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    if program:
        return program / 1024
    # Of its own, getrusage also counts what the process that started it had.
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return next(int(line.split()[1]) / 1024 for line in status.splitlines() if "VmHWM" in line)


def answer(method: Method, folder: Path, scan: str, path: Path, points: np.ndarray) -> Any:
    """Normalise one scan, and compare positions with the truth."""
    image = method.load(path)
    row: dict[str, Any] = {"program": method.program, "refused": ""}
    start = time.perf_counter()
    try:
        result = method.normalise(image)
    except RefusedError as error:
        return row | {"refused": str(error), "seconds": time.perf_counter() - start}
    row["seconds"] = time.perf_counter() - start
    row |= {"suvr": result.cortex_suvr, "centiloid": result.centiloid}
    row["peak_mb"] = megabytes()
    if result.to_scan is not None:
        error = result.to_scan(points) - np.load(folder / "truth" / f"{scan}.npy")
        row["errors_mm"] = np.linalg.norm(error, axis=0).round(2).tolist()
    return row


def main() -> None:
    """Answer until there are no more scans."""
    name, folder, program = sys.argv[1], Path(sys.argv[2]), (*sys.argv[3:], "")[0]
    # Libraries write to standard output: the answers go elsewhere.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    method = METHODS[name](folder, program)
    points = np.load(folder / "points.npy")
    np.load(folder / "masks.npy")
    before = megabytes()
    for line in sys.stdin:
        scan, path = line.split(maxsplit=1)
        row = answer(method, folder, scan, Path(path.strip()), points)
        answers.write(json.dumps({"before_mb": before, **row}) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
