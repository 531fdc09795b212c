"""Fit the typical head and its uptake to real florbetaben group means.

Run by a developer, with the folder of florbetaben_neg.nii.gz and florbetaben_pos.nii.gz, the
rPOP group means in MNI space (https://github.com/LeoIacca/rPOP):

    python scripts/development/fit_group_means.py FOLDER

The images are licensed for research alone and are not carried; a few numbers are. It writes
the shape of the typical head, 33 coefficients, to phantom/data/typical_head.tsv and prints the
table of phantom/uptake.py.

Uptake follows from linear least squares, drawn a little towards the present table so that no
tissue takes a value that only repairs a neighbour; the shape by Gauss-Newton steps, with the
uptake projected out.
"""

import argparse
from pathlib import Path

import nibabel as nib
import numpy as np
from scipy import ndimage

from monai_amyloid.brain.template import TEMPLATE_AFFINE, brain_mask, regions, voi
from monai_amyloid.phantom.people import head as heads
from monai_amyloid.phantom.people.anatomy import ANATOMIES, DATA, TISSUES, load_anatomy
from monai_amyloid.phantom.people.deformation import grid_points, interpolate, moved
from monai_amyloid.phantom.people.morphology import ANATOMY_SHARES, Morphology
from monai_amyloid.phantom.people.typical import TERMS, monomials, template_to_icbm
from monai_amyloid.phantom.people.uptake import CSF, SKULL, UPTAKE, VENTRICLE
from monai_amyloid.phantom.scanning.tomography import FWHM_PER_SIGMA

STRENGTH = 10.0  # of the present table, in voxels
STIFFNESS = 8.0  # of the shape
FWHM_MM = 9.5  # of the images, on top of the anatomies' own 2 mm
ITERATIONS = 6


def columns(name: str) -> tuple[np.ndarray, list[str], np.ndarray]:
    """Share of each tissue and region in an anatomy, thinned as usual, at 4 mm.

    Returns:
        ``(C, X, Y, Z)``, a name each, and the present values ``(2, C)``, negative and positive.
    """
    anatomy = load_anatomy(name)
    fractions = heads.shape_head(Morphology(anatomy=name)).fractions
    tissue = dict(zip(TISSUES, fractions, strict=True))
    table, found, names, start = regions().table, [], [], []
    for region in dict.fromkeys(table.region):
        inside = np.isin(anatomy.labels, table["label"][table.region == region])
        uptake = UPTAKE[region]
        for kind, low, high in (
            ("grey", uptake.negative, uptake.positive),
            ("white", uptake.white_negative, uptake.white_positive),
        ):
            found.append(tissue[kind] * inside)
            names.append(f"{region} {kind}")
            start.append((low, high))
    for kind, value in (
        ("csf", CSF),
        ("ventricle", VENTRICLE),
        ("skull", SKULL),
        ("soft_tissue", 0.9),
    ):
        found.append(tissue[kind])
        names.append(kind)
        start.append((value, value))
    pooled = [ndimage.uniform_filter(each, 2, origin=-1)[::2, ::2, ::2] for each in found]
    return np.stack(pooled).astype(np.float32), names, np.array(start).T


class Fit:
    """The real means, and the tissue that explains them, at 4 mm."""

    def __init__(self, folder: Path) -> None:
        self.columns = {}
        for name in ANATOMIES:
            self.columns[name], self.names, self.start = columns(name)
        # Blocks of two voxels: their middle is half a voxel on.
        self.affine = np.diag([4.0, 4.0, 4.0, 1.0])
        self.affine[:3, 3] = load_anatomy("icbm152").affine[:3, 3] + 1
        self.points = grid_points(next(iter(self.columns.values())).shape[1:], self.affine)
        mask = brain_mask().astype(np.float32)[None]
        self.brain = interpolate(mask, TEMPLATE_AFFINE, self.points)[0] > 0.5
        self.basis = monomials(self.points)
        self.real = [self._real(folder / f"florbetaben_{group}.nii.gz") for group in ("neg", "pos")]

    def _real(self, path: Path) -> np.ndarray:
        image = nib.load(path)
        data = np.asarray(image.dataobj, np.float32)[None]
        index = np.argwhere(voi("whole_cerebellum")).T
        places = (TEMPLATE_AFFINE[:3, :3] @ index + TEMPLATE_AFFINE[:3, 3:]).astype(np.float32)
        suvr = data / interpolate(data, image.affine, places).mean()
        return interpolate(suvr, image.affine, self.points)[0][self.brain]

    def maps(self, shape: np.ndarray) -> np.ndarray:
        """The population's tissue in the template, at the images' resolution."""
        icbm = template_to_icbm(self.points, shape)
        parts = []
        for name, share in ANATOMY_SHARES.items():
            places = moved(load_anatomy(name).from_icbm, icbm)
            parts.append(share * interpolate(self.columns[name], self.affine, places))
        mean = np.sum(parts, axis=0)
        sigma = FWHM_MM / FWHM_PER_SIGMA / 4
        return np.stack([ndimage.gaussian_filter(each, sigma) for each in mean])

    def step(self, shape: np.ndarray) -> tuple[np.ndarray, np.ndarray, list[float]]:
        """One Gauss-Newton step: the next shape, this one's values and its correlations."""
        maps = self.maps(shape)
        seen = maps[:, self.brain]
        gram = seen @ seen.T + STRENGTH * np.eye(len(seen))
        slopes, errors, values, correlations = [], [], [], []
        for real, start in zip(self.real, self.start, strict=True):
            value = np.linalg.solve(gram, seen @ real + STRENGTH * start)
            image = np.tensordot(value, maps, axes=1)
            gradient = np.stack(np.gradient(image, 4.0))[:, self.brain]
            slope = np.stack(
                [(b[:, self.brain] * gradient).sum(axis=0) for b in self.basis], axis=1
            )
            slope -= seen.T @ np.linalg.solve(gram, seen @ slope)
            slopes.append(slope / real.std())
            errors.append((real - value @ seen) / real.std())
            values.append(value)
            correlations.append(float(np.corrcoef(value @ seen, real)[0, 1]))
        slope, error = np.concatenate(slopes), np.concatenate(errors)
        stiff = STIFFNESS * np.eye(slope.shape[1])
        moved_by = np.linalg.solve(slope.T @ slope + stiff, slope.T @ error - STIFFNESS * shape)
        return shape + 0.8 * moved_by, np.array(values), correlations


def main() -> None:
    """Write the typical head's shape and print the table of uptake."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="of the real group means")
    fit = Fit(parser.parse_args().folder)
    shape = np.zeros(len(fit.basis))
    for _ in range(ITERATIONS):
        best = shape
        shape, values, correlations = fit.step(shape)
        print("correlation with neg, pos:", np.round(correlations, 4), flush=True)
    rows = TERMS[["component", "x", "y", "z"]].assign(coefficient_mm=np.round(best, 3))
    rows.to_csv(DATA / "typical_head.tsv", sep="\t", index=False)
    print(f"{'':28} negative positive")
    for name, low, high in zip(fit.names, *values, strict=True):
        print(f"{name:28} {low:8.2f} {high:8.2f}")


if __name__ == "__main__":
    main()
