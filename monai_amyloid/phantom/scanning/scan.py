"""How one head lies in one scanner, and what goes wrong there."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from monai_amyloid.phantom.people.geometry.deformation import HEAD_CENTRE_MM
from monai_amyloid.phantom.scanning.noise import cv_of_counts
from monai_amyloid.phantom.scanning.reconstruction import RECONSTRUCTIONS
from monai_amyloid.phantom.scanning.sites import SITES

FRAMES = 4
FRAME_SECONDS = 300.0
# Where a usual field of view ends, below the cerebellum, and where one does that cuts it or
# that shows the shoulders: template millimetres.
_LOWEST_MM = (-95.0, -78.0)
_VERTEX_MM = 90.0  # and where the highest slice is to lie at least
_CUT_LOWEST_MM = (-52.0, -32.0)
_LONG_LOWEST_MM = (-200.0, -160.0)
# SD, between scans at one site, of what its corrections leave: estimates.
_SCATTER_SD = 0.03
_BONE_MISSED_SD = 0.05
_AXIAL_SD = 0.012
_MOST_DEAD_TIME = 0.01
# Scans begin late or early, in minutes: usually by this SD, now and then by up to the last. None
# is earlier than every tracer's label accepts.
_LATE_SD = 4.0
_OFTEN_LATE = 10.0
_VERY_LATE = (10.0, 15.0)
_VERY_LATE_SHARE = 0.06
# Hospitals smooth some images before they send them, by a Gaussian of this FWHM; an estimate.
_SMOOTHED_SHARE, _SMOOTHED_MM = 0.2, (4.0, 8.0)
# Exported value of uptake 1, in Bq/mL: over a range so wide that it reveals nothing
# of a person.
_SCALE_BQML = (800.0, 60000.0)

Pose = tuple[float, float, float, float, float, float]

# What a scan without any fault has: ``dataclasses.replace(scan, **FAULTLESS)``, or with some of
# them, to learn what a fault does. Noise is none of them.
FAULTLESS: Mapping[str, Any] = {
    "motion": (),
    "ct_shift_mm": (0.0, 0.0, 0.0),
    "reconstruction": "converged",
    "edge_ratio": 1.0,
    "scatter_left": 0.0,
    "bone_missed": 0.0,
    "axial_slope": 0.0,
    "axial_bow": 0.0,
    "dead_time": 0.0,
    "minutes_late": 0.0,
}


@dataclass(frozen=True, kw_only=True)
class Scan:
    """How one head lies in one scanner.

    Attributes:
        site: Name of the hospital, one of :data:`~monai_amyloid.phantom.scanning.sites.SITES`.
        rotation_degrees: Pitch, roll and yaw of the head: about the x, y and z axis.
        shift_mm: Shift of the head, RAS+.
        motion: Motion of the head in each later frame relative to the first: three degrees, three
            mm.
        ct_shift_mm: Shift of the CT for attenuation correction relative to the PET, RAS+.
        fwhm_mm: Resolution of the reconstructed image.
        noise_cv: Noise SD over mean of 20 minutes in tissue of uptake 1.
        lowest_mm: Height of the lowest slice, in template coordinates of an upright head.
        slices: Voxels along z.
        scale: Exported value of uptake 1, in Bq/mL: the calibration, which carries nothing.
        reconstruction: How the image is made, one of
            :data:`~monai_amyloid.phantom.scanning.reconstruction.RECONSTRUCTIONS`.
        edge_ratio: Resolution 100 mm from the scanner's axis over that on it.
        scatter_left: Share of the scatter that is not subtracted; below 0 where too much is.
        bone_missed: Share of the bone that the attenuation map takes for soft tissue.
        axial_slope: Drift of the detectors' efficiency, 100 mm above the middle of the field of
            view.
        axial_bow: Drift of the efficiency 100 mm from the middle to either side.
        dead_time: Share of counts that is lost where detectors see most of them.
        minutes_late: Minutes from the usual start of the tracer's window to that of the scan.
        seed: Seed of the noise.
    """

    site: str
    rotation_degrees: tuple[float, float, float]
    shift_mm: tuple[float, float, float]
    motion: tuple[Pose, ...]
    ct_shift_mm: tuple[float, float, float]
    fwhm_mm: float
    noise_cv: float
    lowest_mm: float
    slices: int
    scale: float
    reconstruction: str
    edge_ratio: float
    scatter_left: float
    bone_missed: float
    axial_slope: float
    axial_bow: float
    dead_time: float
    minutes_late: float
    seed: int

    @property
    def affine(self) -> NDArray[np.float64]:
        """Voxel index to scanner millimetres ``(4, 4)``."""
        site = SITES[self.site]
        native = np.diag([*site.zooms_mm, 1.0])
        half = (site.matrix - 1) / 2 * site.zooms_mm[0]
        native[:3, 3] = (-half, -half - 18, self.lowest_mm + self.shift_mm[2])
        return native

    @property
    def shape(self) -> tuple[int, int, int]:
        """Voxels ``(X, Y, Z)``."""
        matrix = SITES[self.site].matrix
        return matrix, matrix, self.slices

    def head_to_scanner(self, frame: int = 0) -> NDArray[np.float64]:
        """The true rigid transform from the head's to the scanner's millimetres, ``(4, 4)``."""
        posed = _rigid(self.rotation_degrees, self.shift_mm)
        if frame == 0 or not self.motion:
            return posed
        *turn, x, y, z = self.motion[frame - 1]
        return _rigid(tuple(turn), (x, y, z)) @ posed

    def as_row(self) -> dict[str, Any]:
        """The parameters as one flat row of ``truth.tsv``."""
        row: dict[str, Any] = {}
        for name, value in asdict(self).items():
            if name == "motion":
                row["motion_mm"] = max((float(np.linalg.norm(m[3:])) for m in value), default=0.0)
            elif isinstance(value, tuple):
                row.update({f"{name}_{axis}": v for axis, v in zip("xyz", value, strict=True)})
            else:
                row[name] = value
        return row


def draw_scan(
    site: str,
    random: np.random.Generator,
    *,
    difficult: bool = False,
    reconstruction: str | None = None,
) -> Scan:
    """Draw an acquisition.

    Args:
        site: Name of the hospital, one of :data:`~monai_amyloid.phantom.scanning.sites.SITES`.
        random: Source of randomness.
        difficult: Whether poses are extreme and each fault of the acquisition is likely instead of
            rare.
        reconstruction: How the image is made; the hospital's usual way where None.
    """
    scanner = SITES[site]
    length = scanner.axial_mm
    # A short field of view is placed over the whole brain.
    lowest = max(random.uniform(*_LOWEST_MM), _VERTEX_MM - length)
    mishaps = random.uniform(size=4) < (0.4 if difficult else np.array([0.0, 0.1, 0.15, 0.08]))
    cut, shoulders, moves, mismatch = (bool(happens) for happens in mishaps)
    if cut:
        lowest = random.uniform(*_CUT_LOWEST_MM)
    elif shoulders:
        lowest = random.uniform(*_LONG_LOWEST_MM)
        length = 110.0 - lowest
    tilt, offset = ((12, 6, 8), (15, 20, 20)) if difficult else ((6, 3, 4), (4, 8, 8))
    largest, farthest = (30.0, 60.0) if difficult else (15.0, 20.0)
    counts = scanner.counts * random.lognormal(0, 0.45)
    usual = scanner.reconstructions[0]
    made_by = reconstruction or usual
    sharpness = RECONSTRUCTIONS[made_by].resolution / RECONSTRUCTIONS[usual].resolution
    fwhm_mm = float(np.clip(random.normal(scanner.fwhm_mm * sharpness, 0.4), 3.5, 8.5))
    smoothed, wider_mm = float(random.uniform()), float(random.uniform(*_SMOOTHED_MM))
    if smoothed < _SMOOTHED_SHARE:
        fwhm_mm = float(np.hypot(fwhm_mm, wider_mm))
    slope, bow, scatter, bone = random.standard_normal(4).tolist()
    return Scan(
        site=site,
        rotation_degrees=tuple(np.clip(random.normal(0, tilt), -largest, largest).tolist()),
        shift_mm=tuple(np.clip(random.normal(0, offset), -farthest, farthest).tolist()),
        motion=_draw_motion(random, 8.0 if difficult else 4.0) if moves else (),
        ct_shift_mm=_draw_direction(random.uniform(3, 10 if difficult else 6), random)
        if mismatch
        else (0.0, 0.0, 0.0),
        fwhm_mm=fwhm_mm,
        noise_cv=float(np.clip(cv_of_counts(counts), 0.04, 0.15)),
        lowest_mm=float(lowest),
        slices=int(np.ceil(length / scanner.zooms_mm[2])),
        scale=float(np.exp(random.uniform(*np.log(_SCALE_BQML)))),
        reconstruction=made_by,
        edge_ratio=scanner.edge_ratio,
        scatter_left=scanner.scatter + _SCATTER_SD * scatter,
        bone_missed=float(np.clip(scanner.bone_missed + _BONE_MISSED_SD * bone, 0, 1))
        if scanner.bone_missed
        else 0.0,
        axial_slope=scanner.slope + _AXIAL_SD * slope,
        axial_bow=_AXIAL_SD * bow,
        dead_time=float(random.uniform(0, _MOST_DEAD_TIME)),
        minutes_late=_draw_delay(random),
        seed=int(random.integers(2**31)),
    )


def _draw_delay(random: np.random.Generator) -> float:
    late = float(np.clip(random.normal(0, _LATE_SD), -_OFTEN_LATE, _OFTEN_LATE))
    very_late = float(random.uniform(*_VERY_LATE))
    return very_late if random.uniform() < _VERY_LATE_SHARE else late


def _rigid(degrees: tuple[float, ...], shift_mm: tuple[float, float, float]) -> NDArray[np.float64]:
    matrix = np.eye(4)
    matrix[:3, :3] = Rotation.from_euler("xyz", degrees, degrees=True).as_matrix()
    centre = np.array(HEAD_CENTRE_MM)
    matrix[:3, 3] = centre - matrix[:3, :3] @ centre + shift_mm
    return matrix


def _draw_direction(length_mm: float, random: np.random.Generator) -> tuple[float, float, float]:
    direction = random.standard_normal(3)
    x, y, z = (length_mm * direction / np.linalg.norm(direction)).tolist()
    return x, y, z


def _draw_motion(random: np.random.Generator, farthest_mm: float) -> tuple[Pose, ...]:
    """A head that settles in a new place at one of the breaks between frames."""
    length = random.uniform(2, farthest_mm)
    x, y, z = _draw_direction(length, random)
    turn = random.normal(0, length / 3, 3).tolist()
    moved = int(random.integers(1, FRAMES))
    still: Pose = (0.0,) * 6
    pose: Pose = (turn[0], turn[1], turn[2], x, y, z)
    return tuple(pose if frame >= moved else still for frame in range(1, FRAMES))
