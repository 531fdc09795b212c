"""A donor's brain: the own ribbon and nuclei, what lies inside it, and the template's rest."""

import numpy as np
from anatomy_files import (
    AFFINE,
    FINE_AFFINE,
    FINE_SHAPE,
    SHAPE,
    closed,
    nearest_labels,
)
from donor_labels import Donor, Template
from donor_registration import TemplateToDonor, affine_points
from numpy.typing import NDArray
from region_labels import NUCLEI, cerebral_labels, ids_of, label_of
from scipy import ndimage, sparse
from scipy.sparse import linalg

from monai_amyloid.phantom.people.geometry.deformation import grid_points, interpolate

_CROSS = ndimage.generate_binary_structure(3, 1)
_PRIOR = 1e-3  # pull of the carried template on what neither source reaches
# Grey to white of the whole cerebrum that a donor is brought to, about that of a living adult
# between the labels' own 1.0 or less and the 1.4 of ICBM's probabilities; and by how much cortex
# at most. The labels leave the ribbon thin: half-filled voxels went to the white matter.
_GREY_TO_WHITE = 1.2
_MOST_INWARD_MM = 0.8
_NUCLEUS_GREY = 0.9  # the rest is white, as in icbm152


def _halved(fine: NDArray[np.generic]) -> NDArray[np.float32]:
    """Means of blocks of two fine voxels a side."""
    blocks = fine.astype(np.float32).reshape(SHAPE[0], 2, SHAPE[1], 2, SHAPE[2], 2)
    return np.asarray(blocks.mean(axis=(1, 3, 5)), np.float32)


def inside_ribbon(
    ribbon: NDArray[np.float32], interior: NDArray[np.float32], seal: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Voxels that the ribbon encloses, itself left out.

    A ribbon is open at the corpus callosum and the brainstem, and one of 1 mm voxels leaks. So
    heat decides: it spreads from the depth of the white matter through all that is not ribbon,
    and is lost outside the brain. A gyrus hangs on the depth by a broad opening and leaks
    little: it is warm. A sulcus is cold for the same reason.

    Args:
        ribbon: Share of the donor's labels in a voxel.
        interior: The template's interior, carried, 0 to 1.
        seal: The template's hindbrain, carried: neither inside nor a way out.

    References:
        Grady 2006, doi:10.1109/TPAMI.2006.233 (random walks for segmentation).
    """
    free = (ribbon <= 0.5) & ~seal
    depth = ndimage.binary_erosion(interior > 0.9, _CROSS, iterations=2) & free
    hot = ndimage.binary_propagation(depth, _CROSS, mask=free & (interior > 0.75))
    cold = free & ~closed((ribbon > 0.5) | (interior > 0.5), 6)
    unknown = free & ~hot & ~cold
    number = np.full(ribbon.shape, -1)
    number[unknown] = np.arange(unknown.sum())
    through = np.where(free, (1 - ribbon) ** 2, 0).astype(float)
    diagonal = np.full(unknown.sum(), _PRIOR)
    source = _PRIOR * interior[unknown].astype(float)
    rows, columns, weights = [], [], []
    for axis in range(3):
        for step in (1, -1):
            # No voxel of the head's grid edge is unknown, so nothing wraps around.
            flow = (through * np.roll(through, step, axis))[unknown]
            neighbour = np.roll(number, step, axis)[unknown]
            diagonal += flow
            source += flow * np.roll(hot, step, axis)[unknown]
            linked = (neighbour >= 0) & (flow > 0)
            rows.append(np.flatnonzero(linked))
            columns.append(neighbour[linked])
            weights.append(-flow[linked])
    count = len(diagonal)
    places = (np.concatenate(rows), np.concatenate(columns))
    links = sparse.csr_matrix((np.concatenate(weights), places), (count, count))
    scale = linalg.LinearOperator((count, count), matvec=lambda v: v / diagonal)
    heat, _ = linalg.cg(
        links + sparse.diags(diagonal),
        source,
        x0=interior[unknown],
        rtol=1e-4,
        maxiter=800,
        M=scale,
    )
    inside = hot.copy()
    inside[unknown] = heat > 0.5
    return inside


def enclosed(
    donor: Donor, template: Template, to_donor: TemplateToDonor
) -> tuple[NDArray[np.float32], NDArray[np.bool_], NDArray[np.int_]]:
    """The donor's ribbon share, its inside and its region labels, on the fine grid."""
    points = grid_points(FINE_SHAPE, FINE_AFFINE)
    pallidum = np.isin(donor.ids, ids_of("pallidum"))
    labelled = (donor.ids > 0) & ~pallidum
    share = donor.sample(labelled.astype(np.float32), points, 1).astype(np.float32)
    labels = donor.sample(cerebral_labels(donor.ids), points, 0)
    labels[share <= 0.5] = 0
    back = to_donor.backward(points)
    hindbrain = (template.near >= label_of()["brainstem", "both"]).astype(np.float32)
    carried = interpolate(np.stack([template.interior.astype(np.float32), hindbrain]), AFFINE, back)
    inside = inside_ribbon(share, carried[0], carried[1] > 0.5)
    # Close the ribbon's holes where white matter would touch the fluid around the brain.
    outside = ~inside & (share <= 0.5)
    hole = inside & ndimage.binary_dilation(outside, _CROSS)
    hole &= ndimage.binary_closing(share > 0.5, _CROSS, iterations=2)
    return np.where(hole, np.float32(1), share), inside & ~hole, labels


def thickened(
    share: NDArray[np.float32], edge: NDArray[np.bool_], white: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Take cortex from the white matter right under it, until there is enough grey.

    Args:
        share: Share of labelled grey matter in a fine voxel.
        edge: Voxels of 1 mm next to the cortex, towards the white matter.
        white: Share of white matter.
    """
    missing = _GREY_TO_WHITE * white.sum(dtype=float) - share.sum(dtype=float)
    inward = missing / ((1 + _GREY_TO_WHITE) * white[edge].sum(dtype=float))
    inward = float(np.clip(inward, 0, _MOST_INWARD_MM))
    print(f"  cortex thicker by {inward:.2f} mm")
    return np.where(edge, share + inward * (1 - share), share).astype(np.float32)


def region_seeds(labels: NDArray[np.int_]) -> NDArray[np.int_]:
    """The most frequent label of each eight fine voxels, 0 if fewer than three have one."""
    best = np.full(SHAPE, 0.3, np.float32)
    seeds = np.zeros(SHAPE, int)
    for label in np.unique(labels[labels > 0]):
        counts = _halved(labels == label)
        seeds[counts > best] = label
        best = np.maximum(best, counts)
    return seeds


def donor_tissues(
    donor: Donor,
    template: Template,
    to_donor: TemplateToDonor,
    icbm: NDArray[np.float32],
) -> tuple[NDArray[np.float32], NDArray[np.int_]]:
    """Tissue of a donor's brain on the phantom's grid.

    Args:
        donor: Donor whose tissues are made.
        template: Template that the donor was registered to.
        to_donor: Registration of the donor to the template.
        icbm: Shares of TISSUES of icbm152 ``(6, X, Y, Z)``.

    Returns:
        Shares of grey, white and ventricle ``(3, X, Y, Z)``, and each voxel's region label.
    """
    table = label_of()
    share, inside, fine_labels = enclosed(donor, template, to_donor)
    nuclei = [table[n, h] for n in NUCLEI for h in ("left", "right")]
    # A surface voxel's other part is white on the ribbon's inner side, fluid on its outer.
    outside = ~inside & (share <= 0.5)
    whitish = ndimage.distance_transform_edt(~inside) <= ndimage.distance_transform_edt(~outside)
    nucleus = np.isin(nearest_labels(fine_labels), nuclei)
    edge = inside & ndimage.binary_dilation((share > 0.5) & ~nucleus & (fine_labels > 0))
    share = thickened(share, edge, (1 - share) * whitish)
    grey = share * np.where(nucleus & ~edge, _NUCLEUS_GREY, 1)
    white = share - grey + (1 - share) * whitish
    grey, white = _halved(grey), _halved(white)

    back = to_donor.backward(grid_points(SHAPE, AFFINE))
    hindbrain = (template.near >= table["brainstem", "both"]).astype(np.float32)
    maps = np.stack([icbm[0] * hindbrain, icbm[1] * hindbrain, icbm[3], hindbrain])
    carried = interpolate(np.ascontiguousarray(maps), AFFINE, back)
    # The ventricle takes from the inside of the ribbon alone; the hindbrain what is left.
    ventricle = np.minimum(carried[2], np.where(carried[3] > 0.5, 1, white))
    white = white - np.minimum(ventricle, white)
    room = np.clip(1 - grey - white - ventricle, 0, 1)
    taken = carried[0] + carried[1]
    fit = np.minimum(1, room / np.maximum(taken, 1e-6))
    grey, white = grey + fit * carried[0], white + fit * carried[1]

    seeds = region_seeds(fine_labels)
    voxels = affine_points(np.linalg.inv(AFFINE), back)
    near = ndimage.map_coordinates(template.near, voxels, order=0, mode="nearest")
    rest = (seeds == 0) & (near >= table["brainstem", "both"]) & (fit * taken > 0.3)
    seeds[rest] = near[rest]
    return np.stack([grey, white, ventricle]).astype(np.float32), nearest_labels(seeds)
