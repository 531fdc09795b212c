"""Lay a PET on the template without an MRI.

Uptake itself differs between a negative and a positive brain, so a fit to either template is
pulled by amyloid. The template is therefore a mix of the two, and its weight is estimated
with the pose (after Lundqvist 2013 and Bourgeat 2015, adaptive templates).
"""

from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk  # noqa: N813 (the project's own short name)
from numpy.typing import NDArray
from scipy import ndimage

from monai_amyloid.brain.template import (
    TEMPLATE_AFFINE,
    TEMPLATE_SHAPE,
    brain_mask,
    pet_templates,
)
from monai_amyloid.pet.image import PetImage, StudyRefused

# ITK warns on the console of every poor fit; the match that is returned says it better.
sitk.ProcessObject.SetGlobalWarningDisplay(False)

# Voxel axes and millimetres are RAS+ in this project and LPS+ in ITK: negate x and y.
_LPS = np.diag([-1.0, -1.0, 1.0, 1.0])

# The scan is matched at the template's resolution: finer detail is noise to the fit.
_SMOOTHING_FWHM_MM = 6.0
# Model and grid of each stage. A third stage at 4 mm doubled the time and changed neither the
# error of position (0.95 mm at the 95th percentile of simulated scans) nor the Centiloid.
_STAGES = (("rigid", 8), ("affine", 6))
# A head from the vertex to below the cerebellum, for the first guess of its centre.
_HEAD_HEIGHT_MM = 165.0


@dataclass(frozen=True)
class Registration:
    """Where the template lies in a scan.

    Attributes:
        matrix: Template millimetres to the scan's millimetres, both RAS+, ``(4, 4)``.
        positive_share: Weight of the positive template in the best mix, 0 to 1 for usual
            scans: a second opinion on the amyloid load.
        match: Correlation with the mixed template inside the brain, -1 to 1.
        template_covered: Share of the template's brain that lies inside the scan.
    """

    matrix: NDArray[np.float64]
    positive_share: float
    match: float
    template_covered: float


def to_sitk(data: NDArray[np.float32], affine: NDArray[np.float64]) -> sitk.Image:
    """A SimpleITK image of a RAS+ volume ``(X, Y, Z)``, its geometry in LPS+."""
    image = sitk.GetImageFromArray(np.ascontiguousarray(data.transpose(2, 1, 0)))
    lps = _LPS @ affine
    zooms = np.linalg.norm(lps[:3, :3], axis=0)
    image.SetSpacing(zooms.tolist())
    image.SetOrigin(lps[:3, 3].tolist())
    image.SetDirection((lps[:3, :3] / zooms).ravel().tolist())
    return image


def register(image: PetImage) -> Registration:
    """Find the affine transform from the template to a scan.

    Args:
        image: A brain PET in any usual position in the scanner.

    Returns:
        The transform, and how well it matches.

    Raises:
        StudyRefused: If the volume holds nothing of a head's size.
    """
    moving = _smoothed(image)
    start = _first_guess(image)
    share = 0.5
    transform = sitk.AffineTransform(3)
    transform.SetCenter((0.0, 18.0, 10.0))
    transform.SetTranslation(start.tolist())
    for stage, spacing_mm in _STAGES:
        transform = _optimise(_mixed_template(share), moving, transform, stage, spacing_mm)
        share, match = _fit_mix(moving, transform)
    matrix = _as_matrix(transform)
    return Registration(matrix, share, match, _covered(image, matrix))


def to_template(image: PetImage, registration: Registration) -> NDArray[np.float32]:
    """Resample a scan to the template grid, by one linear interpolation.

    Returns:
        Uptake ``(91, 109, 91)`` in the scan's unit; 0 outside the scan.
    """
    to_voxel = np.linalg.inv(image.affine) @ registration.matrix @ TEMPLATE_AFFINE
    data = image.data
    # Voxels finer than the template's are averaged first, or their noise would alias.
    widths = 2.0 / image.zooms
    if widths.max() > 1.5:
        data = ndimage.gaussian_filter(data, np.where(widths > 1.5, widths / 2.355, 0))
    return np.asarray(
        ndimage.affine_transform(
            data,
            to_voxel[:3, :3],
            to_voxel[:3, 3],
            output_shape=TEMPLATE_SHAPE,
            order=1,
            output=np.float32,
        )
    )


def _smoothed(image: PetImage) -> sitk.Image:
    sigma = _SMOOTHING_FWHM_MM / 2.355 / image.zooms
    smooth = ndimage.gaussian_filter(image.data, sigma, truncate=3.0)
    # A hot bladder or injection site must not set the scale.
    return to_sitk(np.clip(smooth, 0, np.percentile(smooth, 99.8)), image.affine)


def _first_guess(image: PetImage) -> NDArray[np.float64]:
    """Shift (LPS mm) that lays the template's head on the scan's."""
    step = np.maximum(1, np.round(8 / image.zooms)).astype(int)
    coarse = ndimage.uniform_filter(image.data, step)[tuple(slice(None, None, s) for s in step)]
    inside = coarse > 0.25 * np.percentile(coarse, 98)
    labels, count = ndimage.label(inside)
    if count == 0:
        raise StudyRefused("no head was found in the volume; needed a brain PET")
    largest = 1 + int(np.argmax(ndimage.sum_labels(inside, labels, range(1, count + 1))))
    voxels = np.argwhere(labels == largest) * step
    points = voxels @ image.affine[:3, :3].T + image.affine[:3, 3]
    volume = len(points) * np.prod(step * image.zooms) / 1e6
    if volume < 0.7:
        raise StudyRefused(
            f"the largest object in the volume has {volume:.2f} L, "
            "needed a head of at least 0.7 L; is this a brain PET?"
        )
    head = points[points[:, 2] > points[:, 2].max() - _HEAD_HEIGHT_MM]
    middle = (head.max(axis=0) + head.min(axis=0)) / 2
    # Top of the head and middle of its width and depth, in the template: its extent with skin.
    template = np.array([0.0, -18.0, 92.0])
    guess = np.array([middle[0], middle[1], head[:, 2].max()]) - template
    return np.asarray(guess * (-1, -1, 1))


def _mixed_template(share: float) -> sitk.Image:
    negative, positive = pet_templates()
    return to_sitk((1 - share) * negative + share * positive, TEMPLATE_AFFINE)


def _optimise(
    fixed: sitk.Image, moving: sitk.Image, start: sitk.AffineTransform, stage: str, spacing_mm: int
) -> sitk.AffineTransform:
    method = sitk.ImageRegistrationMethod()
    # One thread sums in one order: the same scan gives the same bytes on any machine.
    method.SetNumberOfThreads(1)
    method.SetMetricAsCorrelation()
    method.SetMetricFixedMask(
        sitk.Cast(to_sitk(brain_mask().astype(np.float32), TEMPLATE_AFFINE) > 0.5, sitk.sitkUInt8)
    )
    method.SetMetricSamplingStrategy(method.NONE)
    method.SetInterpolator(sitk.sitkLinear)
    method.SetShrinkFactorsPerLevel([spacing_mm // 2])
    method.SetSmoothingSigmasPerLevel([0.0])
    method.SetOptimizerAsConjugateGradientLineSearch(
        learningRate=1.0,
        numberOfIterations=20,
        convergenceMinimumValue=1e-4,
        convergenceWindowSize=5,
        # ITK's own limit of 5 steps threw one pose in eight of a tilted real scan off the head.
        lineSearchUpperLimit=2.0,
        lineSearchMaximumIterations=5,
    )
    method.SetOptimizerScalesFromPhysicalShift()
    if stage == "affine":
        moved = sitk.AffineTransform(start)
    else:
        moved = sitk.Euler3DTransform()
        moved.SetCenter(start.GetCenter())
        moved.SetTranslation(start.GetTranslation())
    method.SetInitialTransform(moved, inPlace=True)
    try:
        method.Execute(fixed, moving)
    except RuntimeError as error:  # ITK's only kind, for a scan that the template slid off
        raise StudyRefused(
            "no amyloid brain PET was recognised: the template found nothing to hold on to; "
            "check that this is a brain PET in a usual orientation"
        ) from error
    result = sitk.AffineTransform(3)
    result.SetCenter(moved.GetCenter())
    result.SetMatrix(moved.GetMatrix())
    result.SetTranslation(moved.GetTranslation())
    return result


def _fit_mix(moving: sitk.Image, transform: sitk.AffineTransform) -> tuple[float, float]:
    """Weight of the positive template, and the correlation that it reaches."""
    fixed = to_sitk(pet_templates()[0], TEMPLATE_AFFINE)
    laid = sitk.Resample(moving, fixed, transform, sitk.sitkLinear, -1.0)
    scan = sitk.GetArrayViewFromImage(laid).transpose(2, 1, 0)
    use = brain_mask() & (scan >= 0)
    if use.sum() < 1000:
        return 0.5, 0.0
    observed = scan[use]
    design = pet_templates()[:, use].T
    weights, *_ = np.linalg.lstsq(design, observed, rcond=None)
    share = float(np.clip(weights[1] / max(weights.sum(), 1e-6), -0.5, 1.5))
    fitted = design @ weights
    match = float(np.corrcoef(fitted, observed)[0, 1]) if observed.std() > 0 else 0.0
    return share, match


def _as_matrix(transform: sitk.AffineTransform) -> NDArray[np.float64]:
    linear = np.array(transform.GetMatrix()).reshape(3, 3)
    centre = np.array(transform.GetCenter())
    matrix = np.eye(4)
    matrix[:3, :3] = linear
    matrix[:3, 3] = centre + transform.GetTranslation() - linear @ centre
    return np.asarray(_LPS @ matrix @ _LPS)


def _covered(image: PetImage, matrix: NDArray[np.float64]) -> float:
    points = np.argwhere(brain_mask())[::7]
    to_voxel = np.linalg.inv(image.affine) @ matrix @ TEMPLATE_AFFINE
    voxels = points @ to_voxel[:3, :3].T + to_voxel[:3, 3]
    inside = ((voxels >= 0) & (voxels <= np.array(image.data.shape) - 1)).all(axis=1)
    return float(inside.mean())
