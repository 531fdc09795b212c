"""One scan in 28 variants that must not matter: one grade, or a reader is asked.

    python -m benchmarks.studies.bundle.variants SCAN [--tracer 18FAV45] [--bundle BUNDLE]

The head is tilted, the image blurred, sharpened, made noisier, stored in 8 bits, cut at the top or
the bottom, or clipped; each variant goes the whole way to its result. No variant may be graded
without a reader where the variants' grades differ.
"""

import argparse
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import nibabel as nib
import numpy as np
from scipy import ndimage
from scipy.spatial.transform import Rotation

from benchmarks.figures import record
from monai_amyloid.grading.grader import Grader
from monai_amyloid.installed import shipped_bundle
from monai_amyloid.pet.image import PetImage
from monai_amyloid.pet.study import read_study
from monai_amyloid.pet.widths import FWHM_PER_SIGMA
from monai_amyloid.temporary import temporary_folder

TILTS_DEGREES = (-12.0, -6.0, 6.0, 12.0)
BLURS_MM = (2.0, 3.5, 5.0, 6.5)
SHARPENED = (0.3, 0.6, 1.0)
NOISE_SHARES = (0.03, 0.06, 0.1)
CUT_MM = (5.0, 10.0)
CLIPPED_AT = (99.9, 99.5, 99.0)


def tilted(image: PetImage, axis: str, degrees: float) -> PetImage:
    """The same voxels, of a head that lies otherwise."""
    turn = np.eye(4)
    turn[:3, :3] = Rotation.from_euler(axis, degrees, degrees=True).as_matrix()
    return replace(image, affine=turn @ image.affine)


def blurred(image: PetImage, fwhm_mm: float) -> np.ndarray:
    """Voxels behind a Gaussian."""
    return ndimage.gaussian_filter(image.data, fwhm_mm / FWHM_PER_SIGMA / image.zooms)


def cut(image: PetImage, millimetres: float, *, top: bool) -> PetImage:
    """The scan without its highest or its lowest slices that hold the head."""
    shown = np.flatnonzero(image.data.max(axis=(0, 1)) > 0.1 * image.data.max())
    lost = round(millimetres / float(image.zooms[2]))
    if top:
        return replace(image, data=image.data[:, :, : shown[-1] + 1 - lost])
    first = int(shown[0]) + lost
    affine = image.affine.copy()
    affine[:3, 3] += affine[:3, 2] * first
    return replace(image, data=image.data[:, :, first:], affine=affine)


def variants(image: PetImage) -> Iterator[tuple[str, PetImage]]:
    """Each variant with its name, the scan as it is first."""
    yield "as it is", image
    for axis in "xyz":
        for degrees in TILTS_DEGREES if axis == "x" else TILTS_DEGREES[1:3]:
            yield f"turned about {axis} by {degrees:g} degrees", tilted(image, axis, degrees)
    for fwhm_mm in BLURS_MM:
        yield f"blurred by {fwhm_mm:g} mm", replace(image, data=blurred(image, fwhm_mm))
    for amount in SHARPENED:
        sharp = image.data + amount * (image.data - blurred(image, 4.0))
        yield f"sharpened by {amount:g}", replace(image, data=sharp.clip(min=0))
    random = np.random.default_rng(0)
    bright = float(np.percentile(image.data, 99))
    for share in NOISE_SHARES:
        grain = ndimage.gaussian_filter(random.standard_normal(image.data.shape), 1.0)
        grain *= share * bright / grain.std()
        noisy = (image.data + grain.astype(np.float32)).clip(min=0)
        yield f"noisier by {share:.0%}", replace(image, data=noisy)
    top = float(image.data.max())
    for levels in (255, 127):
        steps = np.rint(image.data / top * levels) * np.float32(top / levels)
        yield f"stored in {levels + 1} levels", replace(image, data=steps.astype(np.float32))
    for millimetres in CUT_MM:
        yield f"{millimetres:g} mm cut at the top", cut(image, millimetres, top=True)
        yield f"{millimetres:g} mm cut at the bottom", cut(image, millimetres, top=False)
    for percentile in CLIPPED_AT:
        most = np.percentile(image.data, percentile)
        yield f"clipped at {percentile:g} %", replace(image, data=image.data.clip(max=most))


def main() -> None:
    """Print a row a variant."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("scan", type=Path)
    parser.add_argument("--tracer", default=None, help="where the scan names none")
    parser.add_argument("--bundle", type=Path, default=None)
    options = parser.parse_args()
    image = read_study(options.scan, tracer=options.tracer)
    grader, results = Grader(options.bundle or shipped_bundle()), []
    print(
        "| variant | status | grade | set | probabilities | Centiloid |\n|---|---|---|---|---|---|"
    )
    for name, variant in variants(image):
        with temporary_folder() as folder:
            path = Path(folder) / "scan.nii.gz"
            nib.save(nib.Nifti1Image(variant.data, variant.affine), path)
            result = grader.grade(path, tracer=image.tracer).result
        results.append(result)
        chances = " ".join(f"{chance:.2f}" for chance in (result.probabilities or {}).values())
        likely = "+".join(map(str, result.prediction_set or ()))
        load = "" if result.centiloid is None else f"{result.centiloid:.0f}"
        print(
            f"| {name} | {result.status} | {result.grade or ''} | {likely} | {chances} | {load} |"
        )
    grades = {result.grade for result in results if result.grade}
    alone = sum(result.status == "graded" for result in results)
    differ = len(grades) > 1
    print(f"\n{len(results)} variants: grades {sorted(grades)}, {alone} stand without a reader")
    record("grades among the variants", len(grades))
    record("graded although the variants differ", alone if differ else 0)


if __name__ == "__main__":
    main()
