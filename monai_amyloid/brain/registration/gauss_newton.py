"""Register a template to a scan by Gauss-Newton, with the uptake of its tissues.

The scan is modelled as a weighted sum of tissues. Uptake itself differs between people, and a fit
to any fixed picture is pulled by it; weights that are fitted with the place are not. Slopes are
the template's, which has no noise, so that most of the work is done once for all scans.

References:
    Ashburner & Friston 1999, doi:10.1002/(SICI)1097-0193(1999)7:4<254::AID-HBM4>3.0.CO;2-G;
    Baker & Matthews 2004, doi:10.1023/B:VISI.0000011205.11775.fd (the template's slopes).
"""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from monai_amyloid.brain.registration.scan_samples import ScanSamples
from monai_amyloid.brain.registration.tissues import Tissues
from monai_amyloid.brain.registration.warp import NO_WARP, TERMS, Warp, bending, cosines

# Affine parameters act on coordinates about the middle of the head, in this unit.
_CENTRE_MM = torch.tensor([0.0, -18.0, 10.0])
_UNIT_MM = 50.0
# A step that moves any part of the head farther is no step but a leap.
_LONGEST_STEP_MM = 12.0
# Below this share of the template in view, no fit is tried.
_LEAST_IN_VIEW = 0.3
# Bending is held back by this many times the residual's variance: neighbouring samples of a smooth
# scan are far from independent. Chosen on simulated scans, where 100 and 1000 did as well.
_STIFFNESS = 300.0
# Damping of the affine steps, as a share of the normal equations' diagonal.
_DAMPING = 1e-3


@dataclass(frozen=True)
class Fit:
    """Fit of a template to a scan.

    Attributes:
        matrix: Template millimetres to scan millimetres, both RAS+, ``(4, 4)``; applied after the
            warp.
        warp: Displacement in the template, applied first.
        weights: Weight of each tissue, ``(K,)``, in the unit of the samples.
        match: Correlation of the weighted tissues with the scan, -1 to 1.
    """

    matrix: NDArray[np.float64]
    warp: Warp
    weights: NDArray[np.float32]
    match: float


def correlations(
    scan: ScanSamples, picture: torch.Tensor, points: torch.Tensor, matrices: NDArray[np.float64]
) -> torch.Tensor:
    """Correlation of one picture with a scan under many transforms.

    Args:
        scan: Samples of the scan.
        picture: Values of the template at the points, ``(N,)``.
        points: Points in the template, ``(N, 3)`` mm.
        matrices: Affine transforms from template to scan millimetres, ``(P, 4, 4)``.

    Returns:
        ``(P,)``: times the root of the share in view, so that a corner that fits is no head.
    """
    values, inside = scan.at(points, matrices)
    share = inside.float()
    count = share.sum(dim=1).clamp(min=1)
    scan_part = (values - ((values * share).sum(dim=1) / count)[:, None]) * share
    part = (picture - ((picture * share).sum(dim=1) / count)[:, None]) * share
    norms = scan_part.norm(dim=1) * part.norm(dim=1)
    alike: torch.Tensor = (scan_part * part).sum(dim=1) / norms.clamp(min=1e-9)
    return alike * (count / len(points)).sqrt()


def rigid_freedom() -> torch.Tensor:
    """Three turns, three shifts and one size, as rows of affine parameters ``(7, 12)``."""
    rows = torch.zeros(7, 3, 4)
    for axis, (first, second) in enumerate(((1, 2), (2, 0), (0, 1))):
        rows[axis, first, second], rows[axis, second, first] = 1, -1
        rows[3 + axis, axis, 3] = 1
        rows[6, axis, axis] = 1
    return rows.reshape(7, 12)


def fit_affine(
    scan: ScanSamples,
    tissues: Tissues,
    start: NDArray[np.float64],
    steps: int,
    freedom: torch.Tensor | None = None,
    enough_mm: float = 0.02,
) -> Fit:
    """Improve an affine transform; the best of its steps.

    Args:
        scan: Samples of the scan.
        tissues: Tissues of the template.
        start: Transform to start from, template to scan millimetres, ``(4, 4)``.
        steps: Largest number of steps.
        freedom: Directions of the affine parameters that may change, ``(P, 12)``; all twelve where
            None.
        enough_mm: The fit ends with a step that moves no part of the head farther.
    """
    freedom = torch.eye(12) if freedom is None else freedom
    freedom = freedom.to(tissues.points)
    matrix, best, delta = start, _nothing(start, tissues), np.zeros((3, 4))
    for _ in range(steps + 1):
        values, inside = scan.at(tissues.points, matrix)
        if inside.float().mean() < _LEAST_IN_VIEW:
            break
        fit = _weighted(tissues, values, inside, matrix, NO_WARP)
        if fit.match > best.match:
            best = fit
        elif fit.match < best.match - 0.02 and np.abs(delta).max() > 0.5:
            # Overshot: go back, and half as far.
            delta = delta / 2
            matrix = best.matrix @ _step(delta)
            continue
        weights = torch.from_numpy(fit.weights).to(values)
        moves = _affine_columns(tissues, weights) @ freedom.T
        both = torch.cat([tissues.uptake, -moves], dim=1) * inside[:, None]
        normal = both.T @ both
        # Damped, and never singular where a tissue or a way to move does not show.
        normal.diagonal()[len(weights) :].mul_(1 + _DAMPING)
        normal.diagonal().add_(1e-6 * normal.diagonal().mean() + 1e-9)
        found = torch.linalg.solve(normal, both.T @ (values * inside))[len(weights) :]
        delta = (found @ freedom).reshape(3, 4).double().cpu().numpy()
        farthest = float(np.abs(delta).sum(axis=1).max())
        delta *= min(1.0, _LONGEST_STEP_MM / max(farthest, 1e-9))
        matrix = matrix @ _step(delta)
        if farthest < enough_mm:
            break
    return best


def fit_warp(scan: ScanSamples, tissues: Tissues, start: Fit, steps: int) -> Fit:
    """Add a smooth deformation to an affine transform.

    Args:
        scan: Samples of the scan.
        tissues: Tissues of the template.
        start: Affine fit to start from.
        steps: Largest number of steps.
    """
    basis = cosines(tissues.points)
    coefficients = torch.zeros(3, TERMS, device=basis.device)
    fit, factor, design = start, None, tissues.uptake
    penalty = torch.zeros(0, device=basis.device)
    for _ in range(steps):
        displacement = basis @ coefficients.T
        values, inside = scan.at(tissues.points + displacement, start.matrix)
        fit = _weighted(tissues, values, inside, start.matrix, _as_warp(coefficients))
        if factor is None:
            # The weights hardly change any more: one factor serves all steps.
            weights = torch.from_numpy(fit.weights).to(values)
            slope = torch.einsum("nkc,k->nc", tissues.slope, weights)
            design = _warp_design(tissues, basis, slope, inside)
            residual = (values - tissues.uptake @ weights)[inside]
            stiffness = _STIFFNESS * float(residual.square().mean()) * bending().to(basis)
            penalty = torch.cat([torch.zeros_like(weights), stiffness.repeat(3)])
            normal = _gram(design) + torch.diag(penalty)
            normal.diagonal().add_(1e-6 * normal.diagonal().mean())
            factor = torch.linalg.cholesky(normal)
        pull = design.T @ (values * inside)
        held = torch.cat([torch.zeros_like(weights), coefficients.reshape(-1)])
        found = torch.cholesky_solve((pull - penalty * held)[:, None], factor)[:, 0]
        change = found[len(weights) :].reshape(3, TERMS)
        coefficients = coefficients + change
        if float((basis @ change.T).abs().max()) < 0.05:
            break
    values, inside = scan.at(tissues.points + basis @ coefficients.T, start.matrix)
    return _weighted(tissues, values, inside, start.matrix, _as_warp(coefficients))


def _warp_design(
    tissues: Tissues, basis: torch.Tensor, slope: torch.Tensor, inside: torch.Tensor
) -> torch.Tensor:
    """How the samples change with each weight and coefficient, ``(N, K + 3 TERMS)``.

    Filled in place: it is the largest thing of a registration, 30 MB.
    """
    count = tissues.uptake.shape[1]
    design = basis.new_empty(len(basis), count + 3 * TERMS)
    design[:, :count] = tissues.uptake
    for axis in range(3):
        part = design[:, count + axis * TERMS :][:, :TERMS]
        torch.mul(basis, -slope[:, axis, None], out=part)
    return design.mul_(inside[:, None])


def _gram(design: torch.Tensor) -> torch.Tensor:
    """``design.T @ design``, by a third less work: what lies below the diagonal is known then."""
    columns = design.shape[1]
    gram = design.new_empty(columns, columns)
    for part in torch.arange(columns).chunk(3):
        first, last = int(part[0]), int(part[-1]) + 1
        gram[first:last, first:] = design[:, first:last].T @ design[:, first:]
        gram[first:, first:last] = gram[first:last, first:].T.clone()
    return gram


def weighted(scan: ScanSamples, tissues: Tissues, matrix: NDArray[np.float64], warp: Warp) -> Fit:
    """Weights and match of tissues in a place that is not moved.

    Args:
        scan: Samples of the scan.
        tissues: Tissues of the template.
        matrix: Template millimetres to scan millimetres, ``(4, 4)``; applied after the warp.
        warp: Displacement in the template, applied first.
    """
    values, inside = scan.at(tissues.points + warp.displacement(tissues.points), matrix)
    return _weighted(tissues, values, inside, matrix, warp)


def _weighted(
    tissues: Tissues,
    values: torch.Tensor,
    inside: torch.Tensor,
    matrix: NDArray[np.float64],
    warp: Warp,
) -> Fit:
    weights = tissues.weights(values * inside, inside)
    pair = torch.stack([tissues.uptake @ weights, values])[:, inside]
    match = float(torch.corrcoef(pair)[0, 1]) if inside.sum() > len(weights) else -1.0
    return Fit(matrix, warp, weights.cpu().numpy(), match if np.isfinite(match) else -1.0)


def _nothing(matrix: NDArray[np.float64], tissues: Tissues) -> Fit:
    return Fit(matrix, NO_WARP, np.zeros(tissues.uptake.shape[1], np.float32), -1.0)


def _affine_columns(tissues: Tissues, weights: torch.Tensor) -> torch.Tensor:
    """How the weighted tissues change with each affine parameter, ``(N, 12)``."""
    slope = torch.einsum("nkc,k->nc", tissues.slope, weights)
    lever = (tissues.points - _CENTRE_MM.to(tissues.points)) / _UNIT_MM
    lever = torch.cat([lever, torch.ones_like(lever[:, :1])], dim=1)
    return (slope[:, :, None] * lever[:, None, :]).reshape(len(slope), 12)


def _step(delta: NDArray[np.float64]) -> NDArray[np.float64]:
    """A small affine transform of the template, from its parameters ``(3, 4)``."""
    step = np.eye(4)
    step[:3, :3] += delta[:, :3] / _UNIT_MM
    step[:3, 3] = delta[:, 3] - delta[:, :3] @ _CENTRE_MM.numpy() / _UNIT_MM
    return step


def _as_warp(coefficients: torch.Tensor) -> Warp:
    return Warp(coefficients.cpu().numpy().astype(np.float32))
