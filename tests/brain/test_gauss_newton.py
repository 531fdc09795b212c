from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.spatial.transform import Rotation

from monai_amyloid.brain.registration.gauss_newton import (
    _gram,
    correlations,
    fit_affine,
    fit_warp,
    rigid_freedom,
)
from monai_amyloid.brain.registration.scan_samples import ScanSamples, smoothed
from monai_amyloid.brain.registration.tissues import Tissues, tissues_on_grid
from monai_amyloid.brain.registration.warp import TERMS, Warp
from monai_amyloid.brain.template import TEMPLATE_AFFINE, brain_mask, tissue_uptake
from monai_amyloid.pet.image import PetImage

WEIGHTS = np.array([900.0, 1100.0, 600.0, 700.0, 400.0], np.float32)


@pytest.fixture(scope="module")
def tissues() -> Tissues:
    return tissues_on_grid(tissue_uptake(), TEMPLATE_AFFINE, brain_mask(), 8.0)


@pytest.fixture(scope="module")
def scan() -> ScanSamples:
    """The template itself, of known weights."""
    data = np.tensordot(WEIGHTS, tissue_uptake(), axes=1)
    return smoothed(PetImage(data, TEMPLATE_AFFINE), 0.0, 2.0, "cpu")


def affine(degrees: tuple, shift: tuple, scale: float = 1.0) -> np.ndarray:
    matrix = np.eye(4)
    matrix[:3, :3] = Rotation.from_euler("xyz", degrees, degrees=True).as_matrix() * scale
    matrix[:3, 3] = shift
    return matrix


def test_the_weights_of_the_tissues_are_found_again(scan: ScanSamples, tissues: Tissues) -> None:
    fit = fit_affine(scan, tissues, np.eye(4), 0)
    np.testing.assert_allclose(fit.weights * scan.unit, WEIGHTS, rtol=0.01)
    assert fit.match > 0.999


@pytest.mark.parametrize("rigid", [True, False])
def test_an_affine_transform_is_found_from_afar(
    scan: ScanSamples, tissues: Tissues, rigid: bool
) -> None:
    true = affine((8, -6, 10), (5, -6, 8), 1.05)
    if not rigid:
        true[:3, :3] = true[:3, :3] @ np.diag([1.06, 0.97, 1.0])
    moved = replace(scan, to_voxel=scan.to_voxel @ np.linalg.inv(true))
    fit = fit_affine(moved, tissues, np.eye(4), 25, rigid_freedom() if rigid else None)
    homogeneous = np.c_[tissues.points.numpy(), np.ones(len(tissues.points))]
    error = np.linalg.norm(homogeneous @ (fit.matrix - true)[:3].T, axis=1)
    # Turns are linearised, and stretch the head a little: enough for a start.
    assert error.max() < (1.0 if rigid else 0.3)


@pytest.mark.parametrize("columns", [1, 2, 7, 245])
def test_half_of_a_symmetric_product_tells_all_of_it(columns: int) -> None:
    design = torch.randn(50, columns, generator=torch.Generator().manual_seed(0))
    np.testing.assert_allclose(_gram(design), design.T @ design, atol=1e-4)


def test_a_smooth_deformation_is_found(tissues: Tissues) -> None:
    coefficients = np.random.default_rng(0).normal(0, 0.6, (3, TERMS)).astype(np.float32)
    warp = Warp(coefficients / (1 + np.arange(TERMS) / 10))
    points = torch.from_numpy(np.indices(brain_mask().shape).reshape(3, -1).T).float()
    points = points * 2 + torch.tensor(TEMPLATE_AFFINE[:3, 3]).float()
    template = smoothed(
        PetImage(np.tensordot(WEIGHTS, tissue_uptake(), axes=1), TEMPLATE_AFFINE), 0.0, 2.0, "cpu"
    )
    # The scan shows at x what the template has at x - u(x): its way from the template is about u.
    shown, _ = template.at(points - warp.displacement(points), np.eye(4))
    deformed = PetImage(shown.numpy().reshape(brain_mask().shape) * 1000, TEMPLATE_AFFINE)
    start = fit_affine(smoothed(deformed, 0.0, 2.0, "cpu"), tissues, np.eye(4), 15)
    fit = fit_warp(smoothed(deformed, 0.0, 2.0, "cpu"), tissues, start, 8)

    def error(matrix: np.ndarray, moved: torch.Tensor) -> float:
        laid = (tissues.points + moved).numpy() @ matrix[:3, :3].T + matrix[:3, 3]
        true = (tissues.points + warp.displacement(tissues.points)).numpy()
        return float(np.median(np.linalg.norm(laid - true, axis=1)))

    none = torch.zeros_like(tissues.points)
    warped = error(fit.matrix, fit.warp.displacement(tissues.points))
    assert warped < 0.75 * error(start.matrix, none)


def test_the_correlation_of_many_poses_is_numpys(scan: ScanSamples, tissues: Tissues) -> None:
    picture = tissues.uptake @ torch.from_numpy(WEIGHTS)
    poses = np.stack([affine((t, 0, 0), (0, 0, 0)) for t in (-12, 0, 12)])
    found = correlations(scan, picture, tissues.points, poses)
    for each, pose in zip(found, poses, strict=True):
        values, inside = scan.at(tissues.points, pose)
        expected = np.corrcoef(picture[inside], values[inside])[0, 1]
        share = float(inside.float().mean())
        assert float(each) == pytest.approx(expected * np.sqrt(share), abs=1e-3)
    assert found.argmax() == 1


def test_a_scan_without_the_template_in_view_has_no_match(
    scan: ScanSamples, tissues: Tissues
) -> None:
    assert fit_affine(scan, tissues, affine((0, 0, 0), (500, 0, 0)), 5).match == -1
