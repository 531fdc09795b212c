"""Recognise what a scan shows in place of an amyloid PET.

The shares of the tissues, blurred as a scanner blurs them, are fitted to the scan: their weights
are its signature, in which nothing of the scanner and little of the person is left. Amyloid
tracers differ from others not by amyloid, which a healthy brain lacks, but by the white matter: all
of them are held there, on any scan, more than in the cortex of the cerebellum.
"""

from dataclasses import dataclass
from functools import cache
from typing import Protocol

import nibabel as nib
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from monai_amyloid.brain.template import DATA, TEMPLATE_AFFINE
from monai_amyloid.findings.finding import Phrase, StudyRefused, Term, phrase
from monai_amyloid.pet.image import PetImage

TISSUES = (
    *("cortex", "white matter", "striatum", "thalamus", "pons"),
    *("cerebellar cortex", "cerebellar white matter", "fluid", "skull", "scalp"),
)
_BRAIN = slice(0, 7)
# Every second voxel of the template: finer than 8 mm FWHM needs.
TISSUE_SHAPE = (46, 55, 46)
TISSUE_AFFINE = TEMPLATE_AFFINE @ np.diag([2.0, 2.0, 2.0, 1.0])
# Skull and scalp that are fitted lie within this of the brain; the face differs too much.
_RIM_MM = 12.0
# Voxels that are nearly all brain.
_INNER_BRAIN = 0.8
# Share of the cerebellum that must be seen for uptake to be stated over it.
_LEAST_CEREBELLUM = 0.3

# White matter, pons and cerebellar white matter, on average, over the cortex of the cerebellum.
# Amyloid tracers, real and simulated: at least 1.9 (NAV4694, a difficult pose). T1-weighted
# MRI at most 1.6, tau 1.2, raclopride 0.9, FDG and perfusion 0.6.
LEAST_WHITE_OVER_CEREBELLAR_CORTEX = 1.8
# Of amyloid tracers at most 9.7, above 8 in 4 of 903 simulated scans (sharp images of a bright
# white matter). Where something was subtracted (binding potential, z-scores, differences) the
# cerebellum's cortex is left with nothing, or less; the square of uptake has 11.6 and more in 34 of
# 37 scans, and 5 to 6 where the white matter is dull: such a map cannot be told by this.
MOST_WHITE_OVER_CEREBELLAR_CORTEX = 10.5
# White matter over the whole cerebellum: at most 2.5 on the brightest of them. A power has more,
# also where the cortex of the cerebellum is not dark.
MOST_WHITE_OVER_CEREBELLUM = 3.0
# Skull over the brighter of cortex and white matter: amyloid PET at most 1.6, where the marrow is
# bright; CT at least 1.9.
MOST_SKULL_OVER_BRAIN = 1.75
# Skull over scalp, where there is a scalp: at least 0.37 in PET, whose tracers reach the marrow and
# whose blur fills the bone, 0.27 once where a head moved; at most 0.22 in MRI, which sees no bone,
# and 0.11 in T1. The lower bound is for what has an amyloid tracer's white matter. A scalp twice as
# bright as the brain leaves 0.09 in PET: what has more white matter than any MRI is none.
_SKULL_OVER_SCALP_OF_MRI, _CERTAINLY_MRI = 0.28, 0.15
_MORE_WHITE_THAN_MRI = 2.2
_LEAST_SCALP = 0.4
# Only words hang on the rest. Striatum over cortex: dopamine receptors 2 and more, others 1.4.
_STRIATUM_OVER_CORTEX = 1.7
# Fluid over cerebellum: T2 2 and more, others below 0.5.
_FLUID = 1.2
# All white matter over the cerebellar cortex: FDG and perfusion 0.4 to 0.7, tau 1.1 to 1.2.
_GREY_TRACER = 0.85
# Grey over white matter in MRI: T1 0.7 to 0.95, FLAIR 1.1 to 1.5.
_MRI_GREY_OVER_WHITE = 1.0


class Pose(Protocol):
    """Where the template lies in a scan."""

    def to_scan(self, points: NDArray[np.floating]) -> NDArray[np.float64]:
        """Where points ``(3, ...)`` of the template lie in the scan, mm."""
        ...


@dataclass(frozen=True)
class Signature:
    """What a scan's tissues hold.

    Attributes:
        uptake: Uptake of each of :data:`TISSUES` by name, over the whole cerebellum, without
            partial volume; empty where the cerebellum is outside the field of view.
        match: Correlation of the fitted tissues with the scan, in the head.
        brain_match: Correlation of the fitted tissues with the scan in the brain alone, where a
            ball or a box has nothing to match.
    """

    uptake: dict[str, float]
    match: float
    brain_match: float

    @property
    def white_over_cerebellar_cortex(self) -> float:
        """Mean of all white matter over the cortex of the cerebellum; infinite over none."""
        white = [self.uptake[name] for name in ("white matter", "pons", "cerebellar white matter")]
        below = self.uptake["cerebellar cortex"]
        return float(np.mean(white)) / below if below > 0 else np.inf

    @property
    def skull_over_brain(self) -> float:
        """Skull over the brighter one of cortex and white matter."""
        brain = max(self.uptake["cortex"], self.uptake["white matter"])
        return self.uptake["skull"] / brain if brain > 0 else np.inf

    @property
    def skull_over_scalp(self) -> float:
        """Skull over scalp; 1 where the scalp holds little, as in a brain cut out of its head."""
        scalp = self.uptake["scalp"]
        return self.uptake["skull"] / scalp if scalp > _LEAST_SCALP else 1.0


@cache
def tissue_templates() -> NDArray[np.float32]:
    """Share of each of :data:`TISSUES`, ``(10, 46, 55, 46)``, blurred to 8 mm.

    Of the same typical head as the PET templates (``scripts/development/
    make_tissue_templates.py``).
    """
    stored = np.asarray(nib.load(DATA / "tissue_templates.nii.gz").dataobj)
    shares = np.ascontiguousarray(np.moveaxis(stored, -1, 0)).astype(np.float32) / np.float32(255)
    shares.flags.writeable = False
    return shares


@cache
def near_brain() -> NDArray[np.bool_]:
    """The brain and what lies around it, on the grid of :func:`tissue_templates`."""
    brain = tissue_templates()[_BRAIN].sum(axis=0) > 0.3
    rim = ndimage.distance_transform_edt(~brain, sampling=TISSUE_AFFINE[0, 0]) <= _RIM_MM
    return np.asarray(rim)


def recognise(image: PetImage, pose: Pose) -> Signature:
    """Measure what the tissues of a head hold.

    Args:
        image: Scan to recognise.
        pose: Pose of the template in the scan.
    """
    places, shares = _nodes()
    in_scan = pose.to_scan(places)
    to_voxel = np.linalg.inv(image.affine)
    voxels = to_voxel[:3, :3] @ in_scan + to_voxel[:3, 3:]
    last = np.array(image.data.shape)[:, None] - 1
    seen = ((voxels >= 0) & (voxels <= last)).all(axis=0)
    cerebellum = shares[:, 5:7].sum(axis=1)
    if cerebellum[seen].sum() < _LEAST_CEREBELLUM * cerebellum.sum():
        return Signature({}, 0.0, 0.0)
    values = ndimage.map_coordinates(image.data, voxels[:, seen], order=1).astype(np.float64)
    design = shares[seen]
    # A little ridge: a tissue out of view gets nothing instead of anything.
    gram = design.T @ design + 1e-3 * np.eye(len(TISSUES))
    weights = np.linalg.solve(gram, design.T @ values)
    reference = float(design[:, 5:7].sum(axis=0) @ weights[5:7]) / cerebellum[seen].sum()
    fitted = design @ weights
    brain = design[:, _BRAIN].sum(axis=1) > _INNER_BRAIN
    matches = correlation(fitted, values), correlation(fitted[brain], values[brain])
    if reference <= 1e-6 * float(np.abs(weights).max()):
        return Signature({}, *matches)
    return Signature(dict(zip(TISSUES, (weights / reference).tolist(), strict=True)), *matches)


def correlation(one: NDArray[np.floating], other: NDArray[np.floating]) -> float:
    """Correlation of two arrays; 0 where one is constant."""
    spread = float(one.std() * other.std())
    if not spread > 0:
        return 0.0
    return float(((one - one.mean()) * (other - other.mean())).mean()) / spread


def shows_bone(signature: Signature) -> bool:
    """Whether bone is as bright as in CT, or as dark as in MRI."""
    white = signature.white_over_cerebellar_cortex
    holds = white >= LEAST_WHITE_OVER_CEREBELLAR_CORTEX
    dark = _CERTAINLY_MRI if holds else _SKULL_OVER_SCALP_OF_MRI
    bright = signature.skull_over_brain > MOST_SKULL_OVER_BRAIN
    return bright or (signature.skull_over_scalp < dark and white < _MORE_WHITE_THAN_MRI)


def other_pattern(signature: Signature) -> Phrase | None:
    """Name what a signature shows, with the evidence for it.

    Returns:
        A clause, or None where it is an amyloid tracer's, or no cerebellum is in view.
    """
    at = signature.uptake
    if not at:
        return _no_uptake() if signature.match > 0 else None
    if _nothing_below(signature):
        return _no_uptake()
    if at["white matter"] > MOST_WHITE_OVER_CEREBELLUM and at["pons"] > 1:
        return phrase(
            "shows_power_of_uptake",
            "the white matter has {white_matter:.1f} times the cerebellum's values, as in a power "
            "of uptake or another map that was made of it, and not in an image of uptake",
            white_matter=at["white matter"],
        )
    grey_over_white = at["cortex"] / max(at["white matter"], 1e-3)
    retention = signature.white_over_cerebellar_cortex
    if signature.skull_over_brain > MOST_SKULL_OVER_BRAIN:
        return phrase(
            "shows_ct",
            "bone has {skull_over_brain:.1f} times the values of the brain, as in CT",
            skull_over_brain=signature.skull_over_brain,
        )
    if shows_bone(signature):
        weighting = "T1" if grey_over_white < _MRI_GREY_OVER_WHITE else "FLAIR"
        return phrase(
            "shows_mri",
            "bone has {skull_over_scalp:.2f} of the scalp's values and grey matter "
            "{grey_over_white:.2f} of the white matter's, as in {weighting}-weighted MRI",
            skull_over_scalp=signature.skull_over_scalp,
            grey_over_white=grey_over_white,
            weighting=Term("T2" if at["fluid"] > _FLUID else weighting),
        )
    if retention >= LEAST_WHITE_OVER_CEREBELLAR_CORTEX:
        return None
    if at["striatum"] > _STRIATUM_OVER_CORTEX * at["cortex"]:
        return phrase(
            "shows_dopamine_tracer",
            "the striatum has {striatum_over_cortex:.1f} times the cortex's uptake, as with "
            "raclopride, FDOPA or another tracer of the dopamine system",
            striatum_over_cortex=at["striatum"] / at["cortex"],
        )
    if at["fluid"] > _FLUID:
        return phrase(
            "shows_bright_fluid",
            "fluid has {fluid:.1f} times the cerebellum's values, as in T2-weighted MRI",
            fluid=at["fluid"],
        )
    if retention < _GREY_TRACER:
        return phrase(
            "shows_grey_tracer",
            "the cortex has {grey_over_white:.1f} times the white matter's uptake, also in the "
            "cerebellum, as with FDG or perfusion (FLAIR-weighted MRI of a head without skull "
            "looks alike)",
            grey_over_white=grey_over_white,
        )
    return phrase(
        "shows_little_white_matter",
        "white matter has {white_over_cerebellar_cortex:.2f} times the uptake of the cerebellum's "
        "cortex, as with a tau tracer or in MRI",
        white_over_cerebellar_cortex=retention,
    )


def _nothing_below(signature: Signature) -> bool:
    """Whether the white matter is bright and the cerebellum's cortex has next to nothing."""
    ratio = signature.white_over_cerebellar_cortex
    bright = signature.uptake["white matter"] > 1 and signature.uptake["pons"] > 1
    return bright and ratio > MOST_WHITE_OVER_CEREBELLAR_CORTEX


def _no_uptake() -> Phrase:
    return phrase(
        "shows_no_uptake",
        "the cortex of the cerebellum has next to nothing against the white matter, less than 1 "
        "part in {most:.0f}, as in a map of binding potential, z-scores or differences, and not in "
        "an image of uptake",
        most=MOST_WHITE_OVER_CEREBELLAR_CORTEX,
    )


def refuse_other_patterns(signature: Signature) -> None:
    """Refuse what is no amyloid tracer's signature.

    Raises:
        StudyRefused: With what the scan shows instead.
    """
    found = other_pattern(signature)
    if found is not None:
        raise StudyRefused(
            "other_pattern",
            "no amyloid brain PET was recognised: {pattern}; an amyloid tracer has at least "
            "{least} times the cerebellar cortex's uptake in white matter, and little in bone; "
            "check which series this is",
            pattern=found,
            least=LEAST_WHITE_OVER_CEREBELLAR_CORTEX,
        )


@cache
def _nodes() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Places ``(3, N)`` mm and shares ``(N, 10)`` of the head near the brain."""
    index = np.argwhere(near_brain()).T
    places = TISSUE_AFFINE[:3, :3] @ index + TISSUE_AFFINE[:3, 3:]
    return places, tissue_templates()[:, near_brain()].T.astype(np.float64)
