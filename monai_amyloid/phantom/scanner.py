"""From a head full of tracer to the voxels a scanner exports."""

from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.spatial.transform import Rotation

from monai_amyloid.pet.image import PetImage
from monai_amyloid.phantom.anatomy import Anatomy
from monai_amyloid.phantom.uptake import CSF, SCALP_RANGE, SKULL, VENTRICLE

_FWHM_PER_SIGMA = 2 * np.sqrt(2 * np.log(2))


@dataclass(frozen=True)
class Scan:
    """How one head lies in one scanner.

    Attributes:
        rotation_degrees: Pitch, roll, yaw: about the x, y and z axis.
        shift_mm: Of the head, in RAS+.
        head_scale: Size of the head against the template, by axis.
        brain_loss_mm: Depth of brain lost to age below its hull.
        fwhm_mm: Resolution of the reconstructed image.
        noise_cv: Noise SD over mean in tissue of uptake 1.
        zooms_mm: Voxel size.
        matrix: Voxels across x and y.
        slices: Voxels along z.
        lowest_mm: Where the lowest slice lies, in the head's template coordinates.
        scale: Exported value of uptake 1, in Bq/mL.
        scalp: Uptake of scalp and muscle.
        seed: Of the noise.
    """

    rotation_degrees: tuple[float, float, float]
    shift_mm: tuple[float, float, float]
    head_scale: tuple[float, float, float]
    brain_loss_mm: float
    fwhm_mm: float
    noise_cv: float
    zooms_mm: tuple[float, float, float]
    matrix: int
    slices: int
    lowest_mm: float
    scale: float
    scalp: float
    seed: int

    def as_row(self) -> dict[str, float]:
        """The parameters as one flat row of ``truth.tsv``."""
        row: dict[str, float] = {}
        for name, value in asdict(self).items():
            if isinstance(value, tuple):
                row.update({f"{name}_{axis}": v for axis, v in zip("xyz", value, strict=True)})
            else:
                row[name] = value
        return row


def draw_scan(random: np.random.Generator) -> Scan:
    """Draw a usual florbetaben acquisition."""
    zoom = 2.04
    thickness = float(random.choice([2.0, 2.5, 3.0]))
    fwhm = float(np.clip(random.lognormal(np.log(5.2), 0.2), 3.5, 8.5))
    return Scan(
        rotation_degrees=tuple(np.clip(random.normal(0, (6, 3, 4)), -15, 15).tolist()),
        shift_mm=tuple(np.clip(random.normal(0, (4, 8, 8)), -20, 20).tolist()),
        head_scale=tuple(
            (random.normal(1.0, 0.03) * random.normal(1.0, 0.02, 3)).clip(0.9, 1.1).tolist()
        ),
        brain_loss_mm=float(np.clip(random.normal(2.0, 0.8), 0, 4)),
        fwhm_mm=fwhm,
        noise_cv=float(np.clip(random.lognormal(np.log(0.08), 0.35), 0.04, 0.15)),
        zooms_mm=(zoom, zoom, thickness),
        matrix=128,
        slices=int(np.ceil(218 / thickness)),
        lowest_mm=-104.0,
        scale=float(random.lognormal(np.log(8000), 0.4)),
        scalp=float(random.uniform(*SCALP_RANGE)),
        seed=int(random.integers(2**31)),
    )


def tracer_map(anatomy: Anatomy, values: NDArray[np.float64], scalp: float) -> NDArray[np.float32]:
    """Tracer in the head, before the scanner blurs it.

    Args:
        anatomy: The head.
        values: Grey and white uptake by label ``(2, labels + 1)``.
        scalp: Uptake of scalp and muscle.

    Returns:
        Uptake ``(X, Y, Z)`` on the grid of ``anatomy``, cerebellum about 1.
    """
    grey, white, csf, ventricle, skull, soft = anatomy.fractions
    by_label = values.astype(np.float32)
    uptake = grey * by_label[0][anatomy.labels]
    uptake += white * by_label[1][anatomy.labels]
    uptake += CSF * csf + VENTRICLE * ventricle + SKULL * skull + scalp * soft
    return np.asarray(uptake, np.float32)


def blur(
    uptake: NDArray[np.float32], fwhm_mm: float, zooms: NDArray[np.float64]
) -> NDArray[np.float32]:
    """Blur by a Gaussian point spread function, on voxels of ``zooms`` mm."""
    sigma = fwhm_mm / _FWHM_PER_SIGMA / zooms
    return np.asarray(ndimage.gaussian_filter(uptake, sigma, mode="constant", truncate=3.0))


def head_to_scanner(scan: Scan) -> NDArray[np.float64]:
    """The true transform from template to scanner millimetres, ``(4, 4)``."""
    matrix = np.eye(4)
    rotation = Rotation.from_euler("xyz", scan.rotation_degrees, degrees=True).as_matrix()
    matrix[:3, :3] = rotation @ np.diag(scan.head_scale)
    # Turned about the centre of the head, not about the anterior commissure.
    centre = np.array([0.0, -18.0, 10.0])
    matrix[:3, 3] = centre - matrix[:3, :3] @ centre + scan.shift_mm
    return matrix


def acquire(
    blurred: NDArray[np.float32], affine: NDArray[np.float64], scan: Scan, tracer: str
) -> PetImage:
    """Scan a head: pose, voxels, noise and scale.

    Args:
        blurred: Noise-free uptake ``(X, Y, Z)`` at the scan's resolution, in template space.
        affine: Voxel index of ``blurred`` to template millimetres ``(4, 4)``.
        scan: The acquisition.
        tracer: BIDS label.

    Returns:
        The exported volume in Bq/mL, RAS+.
    """
    shape = (scan.matrix, scan.matrix, scan.slices)
    native = np.diag([*scan.zooms_mm, 1.0])
    half = scan.matrix * scan.zooms_mm[0] / 2
    native[:3, 3] = (-half, -half - 18, scan.lowest_mm)
    to_voxel = np.linalg.inv(affine) @ np.linalg.inv(head_to_scanner(scan)) @ native
    volume = ndimage.affine_transform(
        blurred, to_voxel[:3, :3], to_voxel[:3, 3], output_shape=shape, order=1, output=np.float32
    )
    random = np.random.default_rng(scan.seed)
    # Filtered noise has the texture of the point spread function; its variance follows the
    # local counts, above a floor from the randoms and scatter of the whole head.
    noise = blur(
        random.standard_normal(shape, dtype=np.float32), scan.fwhm_mm, np.array(scan.zooms_mm)
    )
    noise *= scan.noise_cv / noise.std()
    volume += noise * np.sqrt(np.clip(volume, 0.05, None))
    # Scanners store whole numbers of Bq/mL.
    volume = np.rint(np.clip(volume, 0, None) * np.float32(scan.scale))
    header = {"BodyPartExamined": "BRAIN", "CorrectedImage": ["DECY", "ATTN", "SCAT", "NORM"]}
    return PetImage(volume, native, tracer, "Bq/mL", header)
