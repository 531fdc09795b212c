"""Template heads in poses of their own, as scans of one person."""

from dataclasses import replace

import numpy as np
from scipy import ndimage
from scipy.spatial.transform import Rotation

from monai_amyloid.brain.template import TEMPLATE_AFFINE, pet_templates, voi
from monai_amyloid.pet.image import PetImage


def pose(seed: int) -> np.ndarray:
    """A rigid transform: up to 10 degrees about each axis and 15 mm along it."""
    random = np.random.default_rng(seed)
    matrix = np.eye(4)
    matrix[:3, :3] = Rotation.from_euler(
        "xyz", random.uniform(-10, 10, 3), degrees=True
    ).as_matrix()
    matrix[:3, 3] = random.uniform(-15, 15, 3)
    return matrix


def head(share: float, place: np.ndarray, cerebellum: float = 1.0, scale: float = 1.0) -> PetImage:
    """The template with a share of the positive one's amyloid, on a scanner's own voxels.

    Args:
        share: Share of the amyloid, 0 to 1.
        place: Template to scanner millimetres, ``(4, 4)``.
        cerebellum: Factor of the cerebellum's uptake.
        scale: Factor of all uptake.
    """
    negative, positive = pet_templates()
    uptake = negative + np.float32(share) * (positive - negative)
    reference = ndimage.gaussian_filter(voi("whole_cerebellum").astype(np.float32), 1.5)
    uptake = uptake * (1 + (cerebellum - 1) * np.clip(1.2 * reference, 0, 1))
    grid = np.diag([2.5, 2.5, 2.5, 1.0])
    grid[:3, 3] = -140, -160, -125
    to_voxel = np.linalg.inv(place @ TEMPLATE_AFFINE) @ grid
    data = ndimage.affine_transform(uptake, to_voxel, output_shape=(112, 112, 96), order=1)
    return PetImage((scale * data).astype(np.float32), grid, "18FFBB")


def of_tracer(image: PetImage, tracer: str) -> PetImage:
    """The same scan of another tracer."""
    return replace(image, tracer=tracer)
