"""Poses that a head may have in a scan: the starts of the registration."""

from functools import cache

import numpy as np
import torch
from numpy.typing import NDArray

from monai_amyloid.brain.registration.coarse_tissues import picture_tissues
from monai_amyloid.brain.registration.gauss_newton import correlations
from monai_amyloid.brain.registration.largest_object import largest_object
from monai_amyloid.brain.registration.scan_samples import ScanSamples
from monai_amyloid.findings.finding import StudyRefused

_LEAST_LITRES = 0.7
_CENTRE_MM = np.array([0.0, -18.0, 10.0])
# Poses that are tried: pitch in degrees, and shifts in mm about the first guess.
_PITCHES = (-36, -24, -12, 0, 12, 24, 36)
_SHIFTS_MM = ((-15, 0, 15), (-30, -15, 0, 15, 30), (-36, -24, -12, 0, 12, 24, 36))
# Poses nearer than this to a likelier one lead to the same fit.
_NEAR_MM, _NEAR_DEGREES = 20.0, 15.0
# A picture of a head for the search: amyloid in between.
_PICTURE = np.array([1.0, 1.0, 1.0, 1.0, 0.5], np.float32)


def likely_poses(scan: ScanSamples, outline: ScanSamples, most: int) -> list[NDArray[np.float64]]:
    """Poses from which to start, the likeliest first.

    Args:
        scan: Smoothed samples of the scan, of which the largest object is looked at.
        outline: Samples of the scan without its brightest places, for comparing the poses.
        most: How many poses to give at most.

    Returns:
        Template millimetres to the scan's, ``(4, 4)`` each.

    Raises:
        StudyRefused: If the volume holds nothing of a head's size.
    """
    found = largest_object(scan)
    if not found.litres:
        raise StudyRefused("no_head", "no head was found in the volume; needed a brain PET")
    if found.litres < _LEAST_LITRES:
        raise StudyRefused(
            "largest_object_too_small",
            "the largest object in the volume has {litres:.2f} L, needed a head of at least "
            "{least_litres} L; is this a brain PET?",
            litres=found.litres,
            least_litres=_LEAST_LITRES,
        )
    poses = found.head_pose(np.eye(3)) @ _tried_poses()
    picture = picture_tissues()
    device = scan.volume.device
    weights = torch.from_numpy(_PICTURE).to(device)
    alike = correlations(
        outline, picture.uptake.to(device) @ weights, picture.points.to(device), poses
    ).cpu()
    likely: list[NDArray[np.float64]] = []
    for index in torch.argsort(alike, descending=True).tolist():
        pose = poses[index]
        if not any(_near(pose, other) for other in likely):
            likely.append(pose)
        if len(likely) == most:
            break
    return likely


def _near(pose: NDArray[np.float64], other: NDArray[np.float64]) -> bool:
    apart = (pose - other)[:3] @ [*_CENTRE_MM, 1.0]
    cosine = (np.trace(pose[:3, :3].T @ other[:3, :3]) - 1) / 2
    turned = np.degrees(np.arccos(np.clip(cosine, -1, 1)))
    return bool(np.linalg.norm(apart) < _NEAR_MM and turned < _NEAR_DEGREES)


def _pitched(angle: float) -> NDArray[np.float64]:
    cosine, sine = np.cos(angle), np.sin(angle)
    return np.array([[1, 0, 0], [0, cosine, -sine], [0, sine, cosine]])


@cache
def _tried_poses() -> NDArray[np.float64]:
    """Turned about the middle of the head, then shifted, ``(P, 4, 4)``."""
    poses = []
    for pitch in _PITCHES:
        turn = _pitched(np.radians(pitch))
        for shift in np.stack(np.meshgrid(*_SHIFTS_MM), -1).reshape(-1, 3):
            pose = np.eye(4)
            pose[:3, :3] = turn
            pose[:3, 3] = _CENTRE_MM - turn @ _CENTRE_MM + shift
            poses.append(pose)
    return np.stack(poses)
