"""Fit the typical head and its uptake to real florbetaben group means.

Run by a developer, with the folder of florbetaben_neg.nii.gz and florbetaben_pos.nii.gz, the
rPOP group means in MNI space (https://github.com/LeoIacca/rPOP):

    python scripts/development/fit_group_means.py FOLDER

The images are licensed for research alone and are not carried; a few numbers are. It writes
the shape of the typical head, 33 coefficients, to phantom/data/typical_head.tsv and prints the
table of phantom/people/uptake.py. What surrounds the brain has its typical values.

Uptake follows from linear least squares, drawn a little towards the present table so that no
tissue takes a value that only repairs a neighbour; the shape by Gauss-Newton steps, with the
uptake projected out.
"""

import argparse
from dataclasses import replace
from pathlib import Path

import nibabel as nib
import numpy as np
from scipy import ndimage

from monai_amyloid.brain.template import TEMPLATE_AFFINE, brain_mask, regions, voi
from monai_amyloid.pet.widths import FWHM_PER_SIGMA
from monai_amyloid.phantom.people import head as heads
from monai_amyloid.phantom.people.brain import brain
from monai_amyloid.phantom.people.geometry.anatomy import (
    ANATOMIES,
    DATA,
    WARP_AFFINE,
    WARP_SHAPE,
    load_anatomy,
)
from monai_amyloid.phantom.people.geometry.deformation import flow, grid_points, interpolate, moved
from monai_amyloid.phantom.people.geometry.morphology import ANATOMY_SHARES, Morphology
from monai_amyloid.phantom.people.geometry.typical import (
    TERMS,
    as_donor,
    coefficients,
    monomials,
    template_to_icbm,
)
from monai_amyloid.phantom.people.surroundings import Surroundings
from monai_amyloid.phantom.people.tracer_map import (
    LATERAL_GREY_LOSS,
    LATERAL_WHITE_LOSS,
    tracer_map,
)
from monai_amyloid.phantom.people.uptake import UPTAKE, TissueValues, by_label

STRENGTH = 10.0  # of the present table, in voxels
STIFFNESS = 8.0  # of the shape
# Of a usual scan, and of the means on top of it and of the anatomies' own 2 mm.
SCAN_FWHM_MM = 6.0
EXTRA_FWHM_MM = 7.3
# A usual patient, and how wide the ventricles of a quarter, a half and a quarter of them are.
AVERAGE = Morphology(
    third_ventricle_mm=1.3,
    sylvian_fissure_mm=0.3,
    temporal_horns_mm=1.3,
    alzheimer=0.045,
    white_lesions=0.03,
    variation_mm=0.9,
    gyral_mm=2.2,
)
WIDTHS_MM = {1.0: 0.25, 5.5: 0.5, 10.0: 0.25}
ITERATIONS = 6


def columns(name: str) -> tuple[np.ndarray, np.ndarray, list[str], np.ndarray]:
    """Share of each tissue and region in an anatomy, worn as usual, at 4 mm.

    Returns:
        Shares ``(C, X, Y, Z)``, what everything else shows ``(X, Y, Z)``, a name each, and the
        present values ``(2, C)``, negative and positive.
    """
    head = heads.shape_head(replace(AVERAGE, anatomy=name))
    labels = head.anatomy.labels
    grey, white, *_ = head.fractions
    inside = brain(name)
    lesion = interpolate(head.lesions[None], WARP_AFFINE, inside.points)[0]
    kept = np.ones(labels.shape, np.float32)
    kept.reshape(-1)[inside.index] -= np.float32(1 - Surroundings().lesion) * lesion
    hemisphere = np.zeros(labels.shape, np.float32)
    hemisphere.reshape(-1)[inside.index] = inside.hemisphere
    tissue = {
        "grey": grey * (1 - np.float32(LATERAL_GREY_LOSS) * hemisphere),
        "white": white * kept * (1 - np.float32(LATERAL_WHITE_LOSS) * hemisphere),
    }
    table, found, names, start = regions().table, [], [], []
    for region in dict.fromkeys(table.region):
        own = np.isin(labels, table["label"][table.region == region])
        uptake = UPTAKE[region]
        for kind, low, high in (
            ("grey", uptake.negative, uptake.positive),
            ("white", uptake.white_negative, uptake.white_positive),
        ):
            found.append(tissue[kind] * own)
            names.append(f"{region} {kind}")
            start.append((low, high))
    nothing = by_label([0.0] * len(table))
    empty = TissueValues(grey=nothing, amyloid=nothing, white=nothing)
    around = tracer_map(head, empty, np.ones(WARP_SHAPE, np.float32))
    *found, around = (
        ndimage.uniform_filter(each, 2, origin=-1)[::2, ::2, ::2] for each in [*found, around]
    )
    return np.stack(found).astype(np.float32), around, names, np.array(start).T


def blurred(maps: np.ndarray, fwhm_mm: float) -> np.ndarray:
    """Maps ``(C, X, Y, Z)`` at 4 mm behind a Gaussian."""
    sigma = fwhm_mm / FWHM_PER_SIGMA / 4
    return np.stack([ndimage.gaussian_filter(each, sigma) for each in maps])


class Fit:
    """The real means, and the tissue that explains them, at 4 mm."""

    def __init__(self, folder: Path) -> None:
        self.columns = {}
        for name in ANATOMIES:
            found, around, self.names, self.start = columns(name)
            self.columns[name] = np.concatenate([found, around[None]])
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
        """The population's tissue in the template, at the images' resolution.

        A scanner blurs people's own heads, whose ventricles are wider than the typical head's.
        """
        total = np.zeros((len(self.names) + 1, *self.points.shape[1:]), np.float32)
        for number, (name, share) in enumerate(ANATOMY_SHARES.items()):
            for width, weight in WIDTHS_MM.items():
                person = replace(
                    AVERAGE, anatomy=name, lateral_ventricles_mm=width, seed=10 * number
                )
                head = heads.shape_head(person)
                icbm = template_to_icbm(moved(flow(-head.velocity), self.points), shape)
                places = moved(load_anatomy(name).from_icbm, as_donor(name, icbm))
                sharp = interpolate(self.columns[name], self.affine, places)
                scan = blurred(sharp, SCAN_FWHM_MM)
                carried = interpolate(scan, self.affine, head.from_template(self.points))
                total += np.float32(share * weight) * carried
        return blurred(total, EXTRA_FWHM_MM)

    def step(self, shape: np.ndarray) -> tuple[np.ndarray, np.ndarray, list[float]]:
        """One Gauss-Newton step: the next shape, this one's values and its correlations."""
        maps = self.maps(shape)
        *_, around = maps
        maps = maps[:-1]
        seen = maps[:, self.brain]
        gram = seen @ seen.T + STRENGTH * np.eye(len(seen))
        slopes, errors, values, correlations = [], [], [], []
        for real, start in zip(self.real, self.start, strict=True):
            rest = real - around[self.brain]
            value = np.linalg.solve(gram, seen @ rest + STRENGTH * start)
            image = np.tensordot(value, maps, axes=1) + around
            gradient = np.stack(np.gradient(image, 4.0))[:, self.brain]
            slope = np.stack(
                [(b[:, self.brain] * gradient).sum(axis=0) for b in self.basis], axis=1
            )
            slope -= seen.T @ np.linalg.solve(gram, seen @ slope)
            slopes.append(slope / real.std())
            errors.append((rest - value @ seen) / real.std())
            values.append(value)
            correlations.append(float(np.corrcoef(image[self.brain], real)[0, 1]))
        slope, error = np.concatenate(slopes), np.concatenate(errors)
        stiff = STIFFNESS * np.eye(slope.shape[1])
        moved_by = np.linalg.solve(slope.T @ slope + stiff, slope.T @ error - STIFFNESS * shape)
        return shape + 0.8 * moved_by, np.array(values), correlations


def main() -> None:
    """Write the typical head's shape and print the table of uptake."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="of the real group means")
    parser.add_argument("--uptake-only", action="store_true", help="leave the shape as it is")
    options = parser.parse_args()
    fit = Fit(options.folder)
    shape = coefficients() if options.uptake_only else np.zeros(len(fit.basis))
    for _ in range(1 if options.uptake_only else ITERATIONS):
        best = shape
        shape, values, correlations = fit.step(shape)
        print("correlation with neg, pos:", np.round(correlations, 4), flush=True)
    if not options.uptake_only:
        rows = TERMS[["component", "x", "y", "z"]].assign(coefficient_mm=np.round(best, 3))
        rows.to_csv(DATA / "typical_head.tsv", sep="\t", index=False)
    print(f"{'':28} negative positive")
    for name, low, high in zip(fit.names, *values, strict=True):
        print(f"{name:28} {low:8.2f} {high:8.2f}")


if __name__ == "__main__":
    main()
