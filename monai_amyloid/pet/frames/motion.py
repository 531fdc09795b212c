"""Motion of the head between the time frames of one scan: how far, and undone."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from monai_amyloid.findings.finding import phrase
from monai_amyloid.pet.frames.series import UnusableFramesError

# Displacement in mm at the cortex above which a frame is realigned: half of the resolution of a
# PET scanner, and above the error of the estimate.
MOVED_MM = 2.0
# The cortex lies about this far from the middle of the head. A head that moved by more is none.
CORTEX_RADIUS_MM = 80.0

# Frames are matched at this resolution: the noise of a single frame, correlated over 5 mm, is
# mostly gone there, while the shape of the head is not.
_SMOOTHING_FWHM_MM = 7.0
# Voxels of the smoothed frames: fine enough to interpolate between at that resolution.
_SPACING_MM = 4.0
# The frames are compared in a ball on a lattice that is turned against the voxels. On the
# voxels' own grid, poses that lay voxel on voxel kept more noise than those between: the error
# in 15 % noise was up to 2.1 mm, turned up to 1.0 mm (a head of smooth blobs).
_LATTICE_MM = 8.0
_LATTICE_RADIUS_MM = 104.0
_LATTICE_TURN_DEGREES = (20, 25, 30)
# Simulated frames of one scan correlate above 0.95, and noise with a head below 0.2.
_LEAST_CORRELATION = 0.5

# Voxel axes and millimetres are RAS+ in this project and LPS+ in ITK: negate x and y.
_LPS = np.diag([-1.0, -1.0, 1.0, 1.0])


@dataclass(frozen=True)
class Motion:
    """How a frame lies against the reference frame.

    Attributes:
        displacement_mm: The largest displacement of a point 80 mm from the head's centre: what
            the cortex sees. The head's centre is the centre of its uptake.
        matrix: Millimetres of the reference to millimetres of the frame, both RAS+, ``(4, 4)``,
            rigid: where a point of the head has moved to.
    """

    displacement_mm: float
    matrix: NDArray[np.float64]


class _Smooth(NamedTuple):
    """A frame as it is matched.

    Attributes:
        values: Smooth uptake on coarse voxels ``(X, Y, Z)``, 1 at its top.
        affine: Index of ``values`` to RAS+ mm ``(4, 4)``.
        centre: Centre of the uptake in RAS+ mm ``(3,)``.
    """

    values: NDArray[np.float64]
    affine: NDArray[np.float64]
    centre: NDArray[np.float64]

    def at(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Interpolate at points in RAS+ mm ``(3, N)``; outside, the nearest voxel."""
        to_voxel = np.linalg.inv(self.affine)
        index = to_voxel[:3, :3] @ points + to_voxel[:3, 3:]
        return np.asarray(ndimage.map_coordinates(self.values, index, order=1, mode="nearest"))


def estimate_motion(
    reference: NDArray[np.float32], frame: NDArray[np.float32], affine: NDArray[np.float64]
) -> Motion:
    """Find how the head moved between two frames of one scan.

    The frames are matched by correlation, so that neither decay nor duration matters.

    Args:
        reference: Uptake ``(X, Y, Z)``, RAS+, any linear unit.
        frame: Uptake on the same grid, in any linear unit.
        affine: Voxel index to RAS+ millimetres ``(4, 4)``, may be oblique.

    Returns:
        The rigid motion from the reference to the frame.

    Raises:
        UnusableFramesError: If the shapes differ, a frame is empty, constant or not finite, or the
            frames do not show the same object.
    """
    if reference.shape != frame.shape:
        raise UnusableFramesError(
            phrase(
                "frames_of_two_shapes",
                "a frame has shape ({shape}) but the reference has ({reference_shape}); frames of "
                "one scan have one grid",
                shape=frame.shape,
                reference_shape=reference.shape,
            )
        )
    return _register(_smooth(reference, affine), _smooth(frame, affine))


def _rotation() -> Any:
    """SciPy's rotations: their import takes time, and most studies are of one frame."""
    from scipy.spatial.transform import Rotation

    return Rotation


def realign(
    frame: NDArray[np.float32], motion: Motion, affine: NDArray[np.float64]
) -> NDArray[np.float32]:
    """Lay a frame on the reference frame, by one cubic B-spline interpolation.

    Linear interpolation blurs: a noise-free brain had twenty times the error.

    Args:
        frame: Uptake ``(X, Y, Z)``, RAS+.
        motion: Motion of the head from the reference to this frame.
        affine: Voxel index to RAS+ millimetres ``(4, 4)`` of both.

    Returns:
        Uptake ``(X, Y, Z)`` where the head lay in the reference; NaN outside the frame, where
        nothing was measured.
    """
    import SimpleITK as sitk  # noqa: N813 (the project's own short name)

    image = sitk.GetImageFromArray(np.ascontiguousarray(frame.transpose(2, 1, 0)))
    lps, matrix = _LPS @ affine, _LPS @ motion.matrix @ _LPS
    zooms = np.linalg.norm(lps[:3, :3], axis=0)
    image.SetSpacing(zooms.tolist())
    image.SetOrigin(lps[:3, 3].tolist())
    image.SetDirection((lps[:3, :3] / zooms).ravel().tolist())
    transform = sitk.AffineTransform(3)
    transform.SetMatrix(matrix[:3, :3].ravel().tolist())
    transform.SetTranslation(matrix[:3, 3].tolist())
    laid = sitk.Resample(image, image, transform, sitk.sitkBSpline, np.nan)
    return np.ascontiguousarray(sitk.GetArrayViewFromImage(laid).transpose(2, 1, 0))


def largest_displacement(matrix: NDArray[np.float64], centre: NDArray[np.float64]) -> float:
    """Give how far a rigid motion moves the points of a sphere at most.

    A turn moves the points of the equator by the chord, in every direction across the axis: the
    farthest point is one that goes the way of the shift.

    Args:
        matrix: Rigid transform of RAS+ millimetres ``(4, 4)``.
        centre: Centre of the sphere of 80 mm radius, in RAS+ mm ``(3,)``.

    Returns:
        The largest displacement in mm.
    """
    turn = _rotation().from_matrix(matrix[:3, :3]).as_rotvec()
    angle = float(np.linalg.norm(turn))
    shift = matrix[:3, :3] @ centre + matrix[:3, 3] - centre
    along = float(shift @ turn) / angle if angle > 0 else 0.0
    across = np.sqrt(max(0.0, float(shift @ shift) - along**2))
    return float(np.hypot(along, across + 2 * CORTEX_RADIUS_MM * np.sin(angle / 2)))


def _smooth(data: NDArray[np.float32], affine: NDArray[np.float64]) -> _Smooth:
    """Average blocks of voxels and smooth: less noise, and a hundredth of the work."""
    if not np.isfinite(data).all():
        raise UnusableFramesError(
            phrase(
                "frame_not_finite",
                "a frame has voxels that are not finite, so it cannot be registered",
            )
        )
    zooms = np.linalg.norm(affine[:3, :3], axis=0)
    step = np.clip(np.round(_SPACING_MM / zooms), 1, data.shape).astype(int)
    blocks: NDArray[np.floating] = data
    for axis, size in enumerate(step):
        whole = blocks.shape[axis] // size * size
        kept = blocks[(slice(None),) * axis + (slice(whole),)]
        # Sums of blocks in place: a reshape would copy the volume.
        blocks = np.add.reduceat(kept, np.arange(0, whole, size), axis=axis) / size
    sigma = _SMOOTHING_FWHM_MM / (2 * np.sqrt(2 * np.log(2))) / (step * zooms)
    values = ndimage.gaussian_filter(blocks, sigma, truncate=3.0)
    # One hot spot must not be all that is seen.
    top = float(np.percentile(values, 99.8))
    if top <= 0 or data.min() == data.max():
        raise UnusableFramesError(
            phrase("frame_empty", "a frame is empty or constant, so it cannot be registered")
        )
    values = np.clip(values / top, 0, 1)
    grid = np.diag([*step, 1.0])
    grid[:3, 3] = (step - 1) / 2
    grid = affine @ grid
    index = ndimage.center_of_mass(values)
    return _Smooth(values, grid, grid[:3, :3] @ index + grid[:3, 3])


def _lattice(reference: _Smooth) -> NDArray[np.float64]:
    """Give the points ``(3, N)``, in mm from the centre, where frames are compared."""
    half = int(_LATTICE_RADIUS_MM / _LATTICE_MM)
    steps = np.indices((2 * half + 1,) * 3).reshape(3, -1) - half
    turn = _rotation().from_euler("xyz", _LATTICE_TURN_DEGREES, degrees=True).as_matrix()
    points = turn @ steps[:, (steps**2).sum(axis=0) <= half**2] * _LATTICE_MM
    to_voxel = np.linalg.inv(reference.affine)
    index = to_voxel[:3, :3] @ (points + reference.centre[:, None]) + to_voxel[:3, 3:]
    last = np.array(reference.values.shape)[:, None] - 1
    # Nothing is known outside the frame.
    return np.asarray(points[:, ((index >= 0) & (index <= last)).all(axis=0)])


def _register(reference: _Smooth, frame: _Smooth) -> Motion:
    """Find the rigid motion with the least squared difference, at the best scale of uptake."""
    points = _lattice(reference)
    centre = reference.centre[:, None]
    fixed = reference.at(points + centre)

    def seen(pose: NDArray[np.float64]) -> NDArray[np.float64]:
        # All six parameters in mm: the turn as the way of a point of the cortex.
        turn = _rotation().from_rotvec(pose[:3] / CORTEX_RADIUS_MM).as_matrix()
        return frame.at(turn @ points + centre + pose[3:, None])

    def difference(pose: NDArray[np.float64]) -> NDArray[np.float64]:
        found = seen(pose)
        # At the best scale, whatever decay and unit were.
        scale = float(found @ fixed) / max(float(found @ found), 1e-12)
        return found * scale - fixed

    if points.shape[1] < 100:
        raise UnusableFramesError(
            phrase(
                "frames_too_small",
                "the frames hold too little around the head's centre to be registered",
            )
        )
    # Tighter tolerances change the pose by up to 0.2 mm in noise, and the error not at all.
    # Its import takes time, and most studies are of one frame.
    from scipy import optimize

    pose = optimize.least_squares(
        difference, np.zeros(6), method="lm", ftol=1e-4, xtol=1e-4, max_nfev=300
    ).x
    with np.errstate(all="ignore"):  # one of them may be flat: no correlation, and refused
        correlation = float(np.corrcoef(seen(pose), fixed)[0, 1])
    matrix = np.eye(4)
    matrix[:3, :3] = _rotation().from_rotvec(pose[:3] / CORTEX_RADIUS_MM).as_matrix()
    matrix[:3, 3] = reference.centre + pose[3:] - matrix[:3, :3] @ reference.centre
    displacement = largest_displacement(matrix, reference.centre)
    if not correlation >= _LEAST_CORRELATION or displacement > CORTEX_RADIUS_MM:
        raise UnusableFramesError(
            phrase(
                "frames_of_two_objects",
                "two frames do not show the same object: their best match has a correlation of "
                "{correlation:.2f} with a motion of {displacement_mm:.0f} mm",
                correlation=correlation,
                displacement_mm=displacement,
            )
        )
    return Motion(displacement, matrix)
