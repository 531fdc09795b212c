"""Tracer in every voxel of a head, before any scanner blurs it."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from monai_amyloid.pet.widths import FWHM_PER_SIGMA
from monai_amyloid.phantom.people.brain import brain
from monai_amyloid.phantom.people.geometry.deformation import Field, refined
from monai_amyloid.phantom.people.geometry.outside import Layer, outside
from monai_amyloid.phantom.people.head import Head
from monai_amyloid.phantom.people.surroundings import Surroundings
from monai_amyloid.phantom.people.uptake import TissueValues

Volume = NDArray[np.float32]

# The group means show less in the cerebellar hemispheres than about the vermis, the nuclei and the
# peduncles: by these shares at the side.
LATERAL_GREY_LOSS = 0.27
LATERAL_WHITE_LOSS = 0.13


def tracer_map(head: Head, values: TissueValues, patches: Field) -> Volume:
    """Tracer on the anatomy's grid ``(X, Y, Z)``: the head before it is deformed.

    Args:
        head: Head of the person.
        values: Uptake by tissue and label.
        patches: Factor of the amyloid inside the regions, ``WARP_SHAPE``.
    """
    around = values.surroundings
    volume = brain_map(head, values, patches)
    uptake = volume.reshape(-1)
    uneven = np.exp(np.float32(around.unevenness) * head.unevenness).reshape(-1)
    soft, bone, _ = outside(head.morphology.anatomy)
    for layer in (soft, bone):
        uptake[layer.index] += _of_layer(layer, around) * uneven[layer.node]
    return volume


def brain_map(head: Head, values: TissueValues, patches: Field) -> Volume:
    """Tracer of the brain and of all fluid, as :func:`tracer_map`, and nothing from bone outward.

    Args:
        head: Head of the person.
        values: Uptake by tissue and label.
        patches: Factor of the amyloid inside the regions, ``WARP_SHAPE``.
    """
    uptake = np.zeros(head.anatomy.labels.size, np.float32)
    *_, fluid = outside(head.morphology.anatomy)
    uptake[fluid.index] = _of_layer(fluid, values.surroundings)
    uptake[brain(head.morphology.anatomy).index] += in_brain(head, values, patches)
    return uptake.reshape(head.anatomy.labels.shape)


def _of_layer(layer: Layer, around: Surroundings) -> Volume:
    values = np.array([getattr(around, name) for name in layer.names], np.float32)
    return np.asarray(layer.shares @ values)


def in_brain(head: Head, values: TissueValues, patches: Field) -> Volume:
    """Tracer of grey and white matter, and of the fluid that they became.

    Args:
        head: Head of the person.
        values: Uptake by tissue and label.
        patches: Factor of the amyloid inside the regions, ``WARP_SHAPE``.

    Returns:
        Uptake at the voxels of :func:`~.brain.brain`, ``(N,)``.
    """
    inside, worn = brain(head.morphology.anatomy), head.worn
    # Every voxel of an anatomy lies on a node of the warp's grid or in the middle of some.
    fields = refined(np.stack([patches, head.lesions])).reshape(2, -1)
    local, lesion = fields[:, inside.index]
    local *= values.amyloid[inside.label]
    local += values.grey[inside.label]
    local *= worn.grey
    local *= 1 - np.float32(LATERAL_GREY_LOSS) * inside.hemisphere
    white = values.white[inside.label]
    white *= worn.white
    white *= 1 - np.float32(LATERAL_WHITE_LOSS) * inside.hemisphere
    white *= 1 - np.float32(1 - values.surroundings.lesion) * lesion
    local += white
    local += np.float32(values.surroundings.sulci) * worn.fluid
    return np.asarray(local, np.float32)


def blur(
    uptake: NDArray[np.float32], fwhm_mm: float, zooms: NDArray[np.float64]
) -> NDArray[np.float32]:
    """Blur by a Gaussian point spread function, on voxels of ``zooms`` mm."""
    sigma = fwhm_mm / FWHM_PER_SIGMA / zooms
    return np.asarray(ndimage.gaussian_filter(uptake, sigma, mode="constant", truncate=4.0))
