"""Refuse what is no amyloid brain PET, each with what was found in its place."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from monai_amyloid.brain.recognition.head_search import (
    SIZES,
    HeadPose,
    find_head,
    plausible,
    sizes,
)
from monai_amyloid.brain.recognition.signature import (
    Signature,
    other_pattern,
    recognise,
    shows_bone,
)
from monai_amyloid.brain.registration.register import Registration
from monai_amyloid.findings.bounds import MINIMUM_MATCH
from monai_amyloid.findings.finding import Phrase, StudyRefused, phrase
from monai_amyloid.pet.image import PetImage, check_volume

# Voxels below this share of the highest values are more than noise about no uptake, and their
# share of all voxels that PET never reaches.
_FAR_BELOW, _MOST_FAR_BELOW = -0.25, 0.05
_AIR_HOUNSFIELD = (-1100.0, -900.0)

# Attenuation of water and soft tissue at 511 keV, 1/cm, and the share of bright voxels that must
# have it: half and more do in maps, with bone or without. In real and simulated PET at most 0.31
# lie in any range as wide, whatever the unit.
_WATER, _MOSTLY_WATER = (0.088, 0.104), 0.5

# Patients tilt their heads by up to 40 degrees; axes that are named wrongly turn them by 90.
_MOST_DEGREES = 60.0
_DIRECTIONS = (
    (phrase("to_the_left", "left"), phrase("to_the_right", "right")),
    (phrase("to_the_back", "backward"), phrase("to_the_front", "forward")),
    (phrase("downward", "down"), phrase("upward", "up")),
)

# Heads of any tracer match at 0.66 and more in the head and most of them at 0.55 in the brain;
# bodies, phantoms and noise reach one of them by chance, seldom both. The skull and scalp of CT
# and MRI match at 0.92 and more, even where the brain shows next to no contrast; a ball, which has
# a rim too, at 0.87.
_MATCH, _BRAIN_MATCH, _SKULL_MATCH = 0.73, 0.4, 0.90
# Scalp and neck differ much among people: less of the head will do where the brain is certain.
_CERTAIN_BRAIN_MATCH, _SCALP_DIFFERS_MATCH = 0.55, 0.60
# A head with its shoulders; trunks have 12 to 20 litres.
_MOST_LITRES = 13.0
# There is air about the upper half of a head, and often flesh about what looks like one in a trunk:
# places at this distance from a brain of this size that hold this much of the brain's mean.
_BRAIN_CENTRE_MM, _BRAIN_RADII_MM = (0.0, -18.0, 12.0), (70.0, 88.0, 66.0)
_AROUND_MM, _FLESH, _MOST_FLESH = 38.0, 0.25, 0.1
# To state that a header is wrong takes more.
_CLEAR_MATCH, _CLEAR_BRAIN_MATCH = 0.8, 0.55
_RESIZED_MATCH, _RESIZED_BRAIN_MATCH = 0.85, 0.6
# The head of half the size of an adult.
_LEAST_LITRES = 0.3


def refuse_values(image: PetImage) -> None:
    """Refuse a volume by its values alone.

    Raises:
        StudyRefused: If they are those of a CT or an attenuation map, constant, or no uptake.
    """
    top = float(np.percentile(image.data, 99.5))
    below = image.data < _FAR_BELOW * top if top > 0 else image.data < 0
    share = float(below.mean())
    if share > _MOST_FAR_BELOW:
        middle = float(np.median(image.data[below]))
        low, high = _AIR_HOUNSFIELD
        if low < middle < high:
            raise StudyRefused(
                "values_of_ct",
                "no amyloid brain PET was recognised: {share:.0%} of the voxels lie far below 0, "
                "at about {middle:.4g}, as air in the Hounsfield units of a CT; needed the uptake "
                "of a PET",
                share=share,
                middle=middle,
            )
        raise StudyRefused(
            "values_far_below_zero",
            "no amyloid brain PET was recognised: {share:.0%} of the voxels lie far below 0, at "
            "about {middle:.4g}, no uptake; needed the uptake of a PET",
            share=share,
            middle=middle,
        )
    check_volume(image.data, image.affine, "the volume")
    _refuse_attenuation(image.data[::2, ::2, ::2], top)


def _refuse_attenuation(data: NDArray[np.float32], top: float) -> None:
    """Refuse a map of attenuation in 1/cm or 1/mm by its values."""
    bright = data[data > top / 4]
    for unit in (1, 10):
        water = (bright * unit > _WATER[0]) & (bright * unit < _WATER[1])
        if bright.size and water.mean() > _MOSTLY_WATER:
            raise StudyRefused(
                "values_of_attenuation",
                "no amyloid brain PET was recognised: {water:.0%} of the bright voxels have about "
                "{value:.2g}, as water in an attenuation map; needed the uptake of a PET",
                water=float(water.mean()),
                value=0.096 / unit,
            )


def refuse_resized(matrix: NDArray[np.float64]) -> None:
    """Refuse a brain of impossible size along one of its axes.

    Args:
        matrix: Template millimetres to scan millimetres, ``(4, 4)``.

    Raises:
        StudyRefused: With the sizes.
    """
    if not plausible(matrix):
        raise StudyRefused(
            "impossible_size",
            "no amyloid brain PET was recognised: the brain would have {sizes:x:.2f} of the usual "
            "size along its axes, needed {least} to {most}; check the voxel size in the header",
            sizes=_sizes(matrix),
            least=SIZES[0],
            most=SIZES[1],
        )


def is_convincing(image: PetImage, registration: Registration) -> bool:
    """Whether a registration to the amyloid templates holds an amyloid PET, and needs no search."""
    return (
        registration.match >= MINIMUM_MATCH
        and plausible(registration.matrix)
        and _turned_by(registration.matrix) <= _MOST_DEGREES
        and other_pattern(recognise(image, registration)) is None
    )


def refuse_turned(matrix: NDArray[np.float64]) -> None:
    """Refuse a head whose header turns it by more than a patient can.

    Args:
        matrix: Template millimetres to scan millimetres, ``(4, 4)``.

    Raises:
        StudyRefused: With where its top and its face point. A head that is mirrored between left
            and right alone cannot be distinguished from one that is not.
    """
    degrees, turn = _turned_by(matrix), _turn(matrix)
    if degrees > _MOST_DEGREES:
        face, top = _direction(turn[:, 1]), _direction(turn[:, 2])
        if top.code == "downward":
            raise StudyRefused(
                "head_upside_down",
                "no amyloid brain PET was recognised: the head lies upside down, turned by "
                "{degrees:.0f} degrees against its header, its top points {top} and its face "
                "{face}; correct the orientation in the header, or export the series again",
                degrees=degrees,
                top=top,
                face=face,
            )
        raise StudyRefused(
            "head_turned",
            "no amyloid brain PET was recognised: the head lies turned by {degrees:.0f} degrees "
            "against its header, its top points {top} and its face {face}; correct the "
            "orientation in the header, or export the series again",
            degrees=degrees,
            top=top,
            face=face,
        )


def refuse_unrecognised(image: PetImage) -> HeadPose:
    """Refuse a scan that the amyloid templates do not fit, with what it shows.

    Args:
        image: A scan whose registration failed, matched poorly, or showed another pattern.

    Returns:
        Pose of an upright head with the pattern of an amyloid tracer, where the registration has
        missed one.

    Raises:
        StudyRefused: If there is none, with what there is.
    """
    pose = find_head(image)
    found = recognise(image, pose)
    pattern = other_pattern(found)
    flesh = _flesh_around(image, pose)
    in_air = flesh <= _MOST_FLESH
    alone = in_air and pose.object_litres <= _MOST_LITRES
    clear = found.match >= _CLEAR_MATCH and found.brain_match >= _CLEAR_BRAIN_MATCH
    if pose.plausible and alone and clear and pattern is None:
        refuse_turned(pose.matrix)
    if pose.plausible and alone and _is_head(found):
        if pattern is not None:
            raise StudyRefused(
                "head_with_other_pattern",
                "no amyloid brain PET was recognised: {pattern}; check which series this is",
                pattern=pattern,
            )
        return pose
    flat = found.match >= _SKULL_MATCH and found.brain_match < _BRAIN_MATCH
    if pose.plausible and alone and flat:
        raise StudyRefused(
            "head_without_contrast",
            "no amyloid brain PET was recognised: the outline of a head fits at {match:.2f}, but "
            "the tissues of a brain only at {brain_match:.2f} (needed {least_brain_match}), as in "
            "CT, MRI or an attenuation map, often without the skull; check which series this is",
            match=found.match,
            brain_match=found.brain_match,
            least_brain_match=_BRAIN_MATCH,
        )
    # A bladder or a heart fits a brain of another size by chance, never this well.
    fits = found.match >= _RESIZED_MATCH and found.brain_match >= _RESIZED_BRAIN_MATCH
    if fits and in_air and pattern is None and pose.object_litres >= _LEAST_LITRES:
        refuse_resized(pose.matrix)
    raise StudyRefused(
        "no_head_recognised",
        "no amyloid brain PET was recognised: the largest object has {litres:.1f} L (a head: 3 to "
        "7 L), and the tissues of a head fit it at {match:.2f}, those of a brain at "
        "{brain_match:.2f}{seen} (needed {least_match} and {least_brain_match}), as a brain of "
        "{sizes:x:.2f} of the usual size with tracer in {flesh:.0%} of the places around it, in "
        "the best of 24 orientations; use a PET of the whole brain, not of a body region or a "
        "phantom",
        litres=pose.object_litres,
        match=found.match,
        brain_match=found.brain_match,
        seen=() if found.uptake else phrase("no_cerebellum_seen", " and no cerebellum in view"),
        least_match=_MATCH,
        least_brain_match=_BRAIN_MATCH,
        sizes=_sizes(pose.matrix),
        flesh=flesh,
    )


def _is_head(found: Signature) -> bool:
    if found.uptake and found.match >= _SKULL_MATCH and shows_bone(found):
        return True
    if found.brain_match >= _CERTAIN_BRAIN_MATCH:
        return found.match >= _SCALP_DIFFERS_MATCH
    return found.match >= _MATCH and found.brain_match >= _BRAIN_MATCH


def _flesh_around(image: PetImage, pose: HeadPose) -> float:
    """Share of the places beside and above a head that hold tracer."""
    spiral = np.arange(0.5, 200)
    height, angle = spiral / 200, spiral * np.pi * (3 - np.sqrt(5))
    flat = np.sqrt(1 - height**2)
    out = np.stack([flat * np.cos(angle), flat * np.sin(angle), height])

    def mean_at(radii: NDArray[np.float64]) -> NDArray[np.float64]:
        points = out * radii[:, None] + np.array(_BRAIN_CENTRE_MM)[:, None]
        to_voxel = np.linalg.inv(image.affine)
        voxels = to_voxel[:3, :3] @ pose.to_scan(points) + to_voxel[:3, 3:]
        return np.asarray(ndimage.map_coordinates(image.data, voxels, order=1), np.float64)

    radii = np.array(_BRAIN_RADII_MM)
    brain = float(np.mean([mean_at(radii * share).mean() for share in (0.3, 0.6, 0.9)]))
    return float((mean_at(radii + _AROUND_MM) > _FLESH * brain).mean())


def _sizes(matrix: NDArray[np.float64]) -> tuple[float, ...]:
    return tuple(float(size) for size in sizes(matrix))


def _turn(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    left, _, right = np.linalg.svd(matrix[:3, :3])
    return np.asarray(left @ right)


def _turned_by(matrix: NDArray[np.float64]) -> float:
    cosine = (np.trace(_turn(matrix)) - 1) / 2
    return float(np.degrees(np.arccos(np.clip(cosine, -1, 1))))


def _direction(vector: NDArray[np.float64]) -> Phrase:
    """Name of the axis that a vector ``(3,)`` in RAS+ runs closest to, with its sense."""
    axis = int(np.abs(vector).argmax())
    return _DIRECTIONS[axis][int(vector[axis] > 0)]
