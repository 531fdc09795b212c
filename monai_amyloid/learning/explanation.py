"""What in a scan drove its grade, for networks of volumes and of slices.

Integrated gradients (Sundararajan et al. 2017, arXiv:1703.01365) from an image that supports no
grade, the scan's own template with undecided amyloid, to the scan. Without what this map shows of a
simulated scan, the network's grade falls at least twice as far as without what any class activation
map shows (Grad-CAM and Grad-CAM++ of MONAI, LayerCAM), which is mostly little more than chance:
their layers see 12 mm or more at once (``benchmarks/studies/explanation.py``).
"""

from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage

from monai_amyloid.brain.normalization import BrainPet
from monai_amyloid.brain.quantities.neutral import neutral_suvr
from monai_amyloid.brain.quantities.suvr import regional_suvr
from monai_amyloid.brain.template import (
    READ_REGIONS,
    TEMPLATE_AFFINE,
    TEMPLATE_SHAPE,
    brain_mask,
    measured_labels,
    regions,
)
from monai_amyloid.learning.network.losses import grade_log_probabilities
from monai_amyloid.pet.widths import FWHM_PER_SIGMA

# Gradients vary from voxel to voxel; a PET does not, below its resolution. With less smoothing the
# map changes more with the scan's noise; with more, it shows less of what drove the grade.
_FWHM_MM = 8.0
# Regions are the grey matter of a typical head: a spot as near as this is of one.
_BESIDE_MM = 4.0


class Explained(Protocol):
    """A network with what it is shown of a scan; its layout may only move or leave out voxels."""

    network: torch.nn.Module

    def preprocessed(self, suvr: NDArray[np.float32], tracer: str | None) -> torch.Tensor:
        """The volume before the layout, ``(1, X, Y, Z)``, of SUVR on the template's grid."""

    def laid_out(self, volume: torch.Tensor, tracer: str | None) -> torch.Tensor:
        """What the network takes of such a volume."""

    def affine(self, volume: torch.Tensor) -> NDArray[np.float64]:
        """Voxel index of such a volume to template millimetres, ``(4, 4)``."""


class GradeScore(torch.nn.Module):
    """A network whose output is the log odds of each grade against the other two.

    A probability saturates, and its gradient vanishes with it; log odds do not.

    Args:
        network: Network with two ordinal or three softmax logits.
    """

    def __init__(self, network: torch.nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, batch: torch.Tensor) -> torch.Tensor:
        """Log odds ``(B, 3)`` of BAPL 1, 2 and 3."""
        return grade_log_odds(self.network(batch))


def grade_log_odds(logits: torch.Tensor) -> torch.Tensor:
    """Log odds of each grade against the other two, ``(..., 3)``.

    Args:
        logits: Logits ``(..., 2)`` or ``(..., 3)``, as in
            :func:`~monai_amyloid.learning.network.losses.grade_log_probabilities`.
    """
    chances = grade_log_probabilities(logits.float())
    # One less the probability would be 0 for a sure grade: the others' sum never is.
    others = torch.stack([chances.roll(-1, -1), chances.roll(-2, -1)]).logsumexp(0)
    return chances - others


def activation_map(trained: Explained, brain: BrainPet, grade: int) -> NDArray[np.float32]:
    """Show which parts of a scan support a grade.

    Args:
        trained: Network in evaluation mode, with what it is shown.
        brain: Normalised scan to explain.
        grade: Grade to explain, BAPL 1, 2 or 3.

    Returns:
        Activation ``(91, 109, 91)``, 0 to 1, 1 at the strongest voxel; 0 outside the brain and
        where the scan speaks against the grade.
    """
    tracer = str(brain.source.tracer)
    return attribution(trained, brain.suvr, neutral_suvr(brain.registration, tracer), tracer, grade)


def attribution(
    trained: Explained,
    suvr: NDArray[np.float32],
    neutral: NDArray[np.float32],
    tracer: str,
    grade: int,
    steps: int = 1,
) -> NDArray[np.float32]:
    """:func:`activation_map` of a volume and what is neutral, both SUVR on the template grid.

    Gradients are taken at ``steps`` places on the way, the nodes of Gauss and Legendre. Halfway
    alone shows nearly what many would, in one pass of the network forwards and backwards.
    """
    volumes = [trained.preprocessed(each.copy(), tracer) for each in (suvr, neutral)]
    affine = trained.affine(volumes[0])
    seen, empty = (torch.as_tensor(np.asarray(each)) for each in volumes)
    score = GradeScore(trained.network)
    device = next(trained.network.parameters()).device
    nodes, weights = np.polynomial.legendre.leggauss(steps)
    with torch.inference_mode(False), torch.enable_grad():
        slope = torch.zeros(seen.shape)
        for node, weight in zip(nodes, weights, strict=True):
            between = empty + (1 + float(node)) / 2 * (seen - empty)
            between.requires_grad_()
            # The gradient passes back through the layout: a voxel gathers those of all its slices.
            batch = trained.laid_out(between, tracer)[None]
            odds = score(batch.to(device))[0, grade - 1]
            slope += float(weight) / 2 * torch.autograd.grad(odds, between)[0]
    shown = (slope * (seen - empty))[0].numpy()
    spacing = np.linalg.norm(affine[:3, :3], axis=0)
    smooth = ndimage.gaussian_filter(shown, _FWHM_MM / FWHM_PER_SIGMA / spacing)
    laid = on_template(smooth, affine).clip(min=0) * brain_mask()
    return np.asarray(laid / max(float(laid.max()), 1e-12), np.float32)


def on_template(values: NDArray[np.float32], affine: NDArray[np.float64]) -> NDArray[np.float32]:
    """Resample a volume in template space to the template grid, linearly.

    Args:
        values: Values on another grid, ``(X, Y, Z)``.
        affine: Voxel index of ``values`` to template millimetres, ``(4, 4)``.

    Returns:
        Values on the template grid, ``(91, 109, 91)``, 0 from one voxel of the other grid beyond
        its outer voxels.
    """
    to_voxel = np.linalg.inv(affine) @ TEMPLATE_AFFINE
    # With a rim of its own values, or the outer voxels would end at their middles.
    padded = np.pad(values, 1, mode="edge")
    offset = to_voxel[:3, 3] + 1
    turn = to_voxel[:3, :3]
    # Both grids lie along the same axes, as usual: told so, SciPy takes one axis at a time.
    along = np.diag(turn) if not np.any(turn - np.diag(np.diag(turn))) else turn
    laid = ndimage.affine_transform(padded, along, offset, TEMPLATE_SHAPE, np.float32, order=1)
    return np.asarray(laid)


def strongest_spot(activation: NDArray[np.float32]) -> dict[str, Any] | None:
    """Where a map is strongest, and what lies there.

    Args:
        activation: Activation map on the template grid, ``(91, 109, 91)``, not below 0.

    Returns:
        ``region``, the name of the region there or just beside with its side
        (``precuneus_left``), empty farther from every region; and ``mm``, the place in the
        template's space. None of a map that is 0.
    """
    voxel = np.unravel_index(int(activation.argmax()), activation.shape)
    if not activation[voxel] > 0:
        return None
    place = TEMPLATE_AFFINE[:3, :3] @ np.array(voxel) + TEMPLATE_AFFINE[:3, 3]
    labels = measured_labels()
    labelled = np.argwhere(labels > 0)
    away_mm = np.linalg.norm(labelled - np.array(voxel), axis=1) * TEMPLATE_AFFINE[0, 0]
    nearest = int(away_mm.argmin())
    name = ""
    if away_mm[nearest] <= _BESIDE_MM:
        label = int(labels[tuple(labelled[nearest])])
        row = next(row for row in regions().rows if row.label == label)
        side = "" if row.hemisphere == "both" else f"_{row.hemisphere}"
        name = f"{row.region}{side}"
    return {"region": name, "mm": place.tolist()}


def region_shares(activation: NDArray[np.float32]) -> dict[str, float]:
    """Share of each read region and side in a map.

    By the mean over a region, not the sum: a large frontal lobe would gather most of any map.

    Args:
        activation: Activation map on the template grid, ``(91, 109, 91)``, not below 0.

    Returns:
        Share of each ``{region}_{side}``, summing to 1; equal shares where the map is 0 in all of
        them.
    """
    by_region = regional_suvr(activation)
    means = {
        name: by_region[name]
        for name in (f"{region}_{side}" for region in READ_REGIONS for side in ("left", "right"))
    }
    total = sum(means.values())
    return {name: mean / total if total > 0 else 1 / len(means) for name, mean in means.items()}
