"""Print what shows that the anatomies of phantom/data are sound: volumes, maps, regions."""

import numpy as np
from anatomy_files import AFFINE, SHAPE, closed
from region_labels import region_table
from scipy import ndimage

from monai_amyloid.brain.template import TEMPLATE_AFFINE, TEMPLATE_SHAPE, voi
from monai_amyloid.phantom.people.geometry.anatomy import (
    ANATOMIES,
    WARP_AFFINE,
    Anatomy,
    load_anatomy,
)
from monai_amyloid.phantom.people.geometry.deformation import (
    grid_points,
    interpolate,
    jacobian,
    moved,
)

_MILLILITRES = 8e-3


def volumes(anatomy: Anatomy) -> str:
    """Millilitres of each tissue, ratio of grey to white in the cerebrum, holes, strays."""
    grey, white = anatomy.fractions[:2]
    cerebrum = anatomy.labels < 33
    ratio = (grey * cerebrum).sum(dtype=float) / (white * cerebrum).sum(dtype=float)
    hull = closed(grey + white > 0.4, 4)
    inner = ndimage.binary_erosion(hull, iterations=3)
    missing = (1 - anatomy.fractions[:4].sum(0))[inner].sum(dtype=float) * _MILLILITRES
    shell = ndimage.binary_dilation(hull, iterations=2)
    stray = (grey + white)[~shell].sum(dtype=float) * _MILLILITRES
    cells = [f"{tissue.sum(dtype=float) * _MILLILITRES:6.0f}" for tissue in anatomy.fractions]
    return " ".join(cells) + f" {ratio:10.2f} {missing:8.2f} {stray:6.2f}"


def warp(anatomy: Anatomy) -> str:
    """Jacobian in the brain, and grey and brain under the GAAIN volumes of interest."""
    points = grid_points(TEMPLATE_SHAPE, TEMPLATE_AFFINE)
    there = moved(anatomy.from_icbm, points)
    tissue = interpolate(np.ascontiguousarray(anatomy.fractions[:2]), AFFINE, there)
    growth = interpolate(jacobian(anatomy.from_icbm)[None], WARP_AFFINE, points)[0]
    brain = voi("cortex") | voi("whole_cerebellum")
    cells = [f"{growth[brain].min():8.2f} {growth[brain].max():8.2f}"]
    for name in ("cortex", "whole_cerebellum"):
        inside = voi(name)
        cells.append(f"{tissue[0][inside].mean():8.3f} {tissue.sum(0)[inside].mean():8.3f}")
    return " ".join(cells)


def overlap(anatomy: Anatomy, icbm: Anatomy) -> dict[str, float]:
    """Dice of each region's grey and white, carried to icbm152's space; sides together."""
    there = moved(anatomy.from_icbm, grid_points(SHAPE, AFFINE))
    voxels = (there - AFFINE[:3, 3].reshape(3, 1, 1, 1)) / AFFINE[0, 0]
    labels = ndimage.map_coordinates(anatomy.labels, voxels, order=0, mode="nearest")
    body = closed(anatomy.fractions[:2].sum(0) > 0.5, 2).astype(np.float32)
    body = interpolate(body[None], AFFINE, there)[0] > 0.5
    own = closed(icbm.fractions[:2].sum(0) > 0.5, 2)
    scores: dict[str, list[float]] = {}
    for row in region_table().itertuples():
        first, second = own & (icbm.labels == row.label), body & (labels == row.label)
        dice = 2 * (first & second).sum() / (first.sum() + second.sum())
        scores.setdefault(str(row.region), []).append(dice)
    return {region: float(np.mean(values)) for region, values in scores.items()}


def main() -> None:
    """Print three tables."""
    anatomies = {name: load_anatomy(name) for name in ANATOMIES}
    print("mL        grey  white    csf ventr.  skull   soft grey/white  missing  stray")
    for name, anatomy in anatomies.items():
        print(f"{name:8s}", volumes(anatomy))
    print("\n          Jacobian min, max   cortex grey, brain  cerebellum grey, brain")
    for name, anatomy in anatomies.items():
        print(f"{name:8s}", warp(anatomy))
    tables = {n: overlap(a, anatomies["icbm152"]) for n, a in anatomies.items() if n != "icbm152"}
    print("\nDice" + " " * 18 + " ".join(f"{name:>6s}" for name in tables))
    for region in next(iter(tables.values())):
        print(f"{region:21s}", " ".join(f"{table[region]:6.2f}" for table in tables.values()))


if __name__ == "__main__":
    main()
