from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from scipy import ndimage

from monai_amyloid.brain.template import brain_mask, regions
from monai_amyloid.phantom.people.geometry.anatomy import ANATOMIES, TISSUES
from monai_amyloid.phantom.people.geometry.deformation import (
    grid_points,
    interpolate,
    moved,
    scaled,
)
from monai_amyloid.phantom.people.geometry.morphology import Morphology, draw_morphology
from monai_amyloid.phantom.people.geometry.typical import template_to_anatomy
from monai_amyloid.phantom.people.head import Head, shape_head, unworn

from .people import brain_points, points_of

pytestmark = pytest.mark.slow

BRAIN = brain_points()
VARIED = Morphology(variation_mm=1.8, scale=(0.93, 0.99, 0.9), seed=4)
# Brain above z = 44 mm, some of its voxels.
VERTEX = brain_mask() & (np.arange(91) > 58) & (np.indices(brain_mask().shape).sum(axis=0) % 7 == 0)
INFARCT = (-30.0, -20.0, 30.0, 15.0)


def in_head(head: Head, tissue: str) -> float:
    """Millilitres of a tissue in the head."""
    volume = head.fractions[TISSUES.index(tissue)][None]
    affine = head.anatomy.affine
    places = head.to_anatomy(grid_points(volume.shape[1:], affine))
    return float(interpolate(volume, affine, places).sum(dtype=float)) * 8e-3


@pytest.fixture(scope="module")
def drawn() -> list[Head]:
    """Fourteen people, and one with the widest ventricles."""
    randoms = [np.random.default_rng(seed) for seed in range(14)]
    heads = [shape_head(draw_morphology(float(random.uniform(50, 95)), random))
             for random in randoms]  # fmt: skip
    wide = replace(VARIED, lateral_ventricles_mm=14.0, third_ventricle_mm=2.5)
    return [*heads, shape_head(replace(wide, hydrocephalus=True))]


def test_no_head_has_a_fold(drawn: list[Head]) -> None:
    for head in drawn:
        assert head.jacobian.min() > 0.05, head.morphology
        # The middle of a space that widens is stretched most.
        assert head.jacobian.max() < 30


def test_both_ways_from_the_template_to_the_anatomy_are_one_in_the_brain(
    drawn: list[Head],
) -> None:
    for head in drawn:
        expected = moved(template_to_anatomy(head.morphology.anatomy), BRAIN)
        error = np.linalg.norm(head.to_anatomy(head.from_template(BRAIN)) - expected, axis=0)
        assert np.median(error) < 0.3
        # Twice read between nodes of 4 mm, and about the ventricles the way bends within them.
        assert np.quantile(error, 0.995) < 3, head.morphology


def test_a_head_is_the_template_scaled_about_its_middle_where_nothing_else_happens() -> None:
    head = shape_head(Morphology(scale=(0.9, 1.0, 1.1)))
    points = np.array([[10.0, -40], [2, 60], [20, -50]], np.float32)
    expected = np.array([[9.0, -36], [2, 60], [21, -56]], np.float32)
    np.testing.assert_allclose(head.from_template(points), expected, atol=1e-3)
    np.testing.assert_allclose(head.jacobian, 0.9 * 1.0 * 1.1, rtol=1e-5)
    in_anatomy = moved(template_to_anatomy("icbm152"), points)
    np.testing.assert_allclose(head.to_anatomy(expected), in_anatomy, atol=0.1)


@pytest.mark.parametrize("name", ANATOMIES)
def test_the_templates_regions_keep_their_side(name: str) -> None:
    head, atlas = shape_head(replace(VARIED, anatomy=name)), regions()
    for row in atlas.table[atlas.table.hemisphere != "both"].itertuples():
        x = head.from_template(points_of(atlas.labels == row.label))[0].mean()
        assert (x < -3) if row.hemisphere == "left" else (x > 3), row.region


@pytest.mark.parametrize("name", ["icbm152", "14380"])
def test_pushed_walls_widen_the_ventricles_and_leave_the_brain_its_volume(name: str) -> None:
    heads = [
        shape_head(replace(VARIED, anatomy=name, lateral_ventricles_mm=width))
        for width in (-2.0, 0.0, 4.0, 9.0)
    ]
    ventricles = [in_head(head, "ventricle") for head in heads]
    assert (np.diff(ventricles) > 2).all()
    assert ventricles[0] > 5 and ventricles[-1] > 2 * ventricles[1]
    brains = [in_head(head, "grey") + in_head(head, "white") for head in heads]
    np.testing.assert_allclose(brains, brains[1], rtol=0.1)


def test_thinning_turns_cortex_into_fluid_and_conserves_the_total() -> None:
    head = shape_head(Morphology(thinning=0.3))
    before, after = head.anatomy.fractions, head.fractions
    np.testing.assert_allclose(after.sum(axis=0), before.sum(axis=0), atol=1e-5)
    table = regions().table.set_index("label").region
    for label, share in ((1, 0.7), (21, 0.7), (29, 1.0), (34, 1.0)):
        inside = head.anatomy.labels == label
        ratio = after[0][inside].sum(dtype=float) / before[0][inside].sum(dtype=float)
        assert ratio == pytest.approx(share, abs=1e-3), table[label]
    for index, name in enumerate(TISSUES):
        if name not in ("grey", "csf"):
            np.testing.assert_array_equal(after[index], before[index])


def test_thinning_widens_sulci_from_their_fluid() -> None:
    head = shape_head(Morphology(thinning=0.3))
    grey, _, csf, *_ = head.anatomy.fractions
    share = 1 - head.fractions[0] / np.maximum(grey, 1e-6)
    cortex = (head.anatomy.labels == 1) & (grey > 0.3)
    assert share[cortex & (csf > 0.3)].mean() > 1.5 * share[cortex & (csf == 0)].mean()
    assert share[grey > 0].max() <= 0.951


def test_alzheimers_pattern_takes_the_temporal_lobe_and_spares_the_frontal() -> None:
    plain, worn = (shape_head(Morphology(alzheimer=loss)) for loss in (0.0, 0.2))
    table = regions().table
    kept = {}
    for region in ("hippocampus", "precuneus", "lateral_frontal", "sensorimotor", "thalamus"):
        here = np.isin(plain.anatomy.labels, table["label"][table.region == region])
        kept[region] = worn.fractions[0][here].sum(dtype=float) / plain.fractions[0][here].sum(
            dtype=float
        )
    assert kept["hippocampus"] == pytest.approx(0.8, abs=0.02)
    assert kept["hippocampus"] < kept["precuneus"] < kept["lateral_frontal"] < 0.97
    assert kept["lateral_frontal"] < kept["sensorimotor"] and kept["thalamus"] == 1


def test_the_same_person_unworn_has_typical_cortex_and_all_else_as_it_is() -> None:
    person = replace(VARIED, thinning=0.3, alzheimer=0.1, infarct_mm=INFARCT, white_lesions=0.1)
    head = shape_head(person)
    assert head.lesions.any() and head.displacement.any()
    fuller = unworn(head)
    expected = shape_head(replace(person, thinning=Morphology().thinning, alzheimer=0.0))
    np.testing.assert_array_equal(fuller.fractions, expected.fractions)
    assert fuller.displacement is head.displacement and fuller.lesions is head.lesions
    assert fuller.fractions[0].sum() > head.fractions[0].sum()


def test_an_infarct_turns_brain_into_fluid_where_it_lies_and_nowhere_else() -> None:
    whole, hurt = (shape_head(Morphology(infarct_mm=place)) for place in (None, INFARCT))
    change = hurt.fractions - whole.fractions
    points = grid_points(whole.anatomy.labels.shape, whole.anatomy.affine)
    distance = np.linalg.norm(points - np.reshape(INFARCT[:3], (3, 1, 1, 1)), axis=0)
    # The border wanders by a few millimetres.
    assert np.abs(change[:, distance > INFARCT[3] + 15]).max() == 0
    assert hurt.fractions[:2, distance < 3].max() < 0.01
    assert change[2].sum() * 8e-3 == pytest.approx(4 / 3 * np.pi * 1.5**3, rel=0.5)
    np.testing.assert_allclose(change[2], -change[:2].sum(axis=0), atol=1e-5)
    assert np.abs(change[3:]).max() == 0


def test_the_same_morphology_is_the_same_head() -> None:
    one, again = (shape_head(replace(VARIED, infarct_mm=INFARCT)) for _ in range(2))
    np.testing.assert_array_equal(one.displacement, again.displacement)
    np.testing.assert_array_equal(one.fractions, again.fractions)
    other = shape_head(replace(VARIED, seed=5))
    assert np.abs(other.displacement - one.displacement).max() > 1


def vertex_patterns(head: Head, shifts_mm: Iterable[Sequence[float]]) -> list[np.ndarray]:
    """Fine pattern of the white matter near the vertex, as the template's grid shows it."""
    white = ndimage.gaussian_filter(head.fractions[1][..., 80:], 1.5)
    fine = (white - ndimage.gaussian_filter(white, 6))[None]
    affine = head.anatomy.affine.copy()
    affine[2, 3] += 160
    found = []
    for shift in shifts_mm:
        points = points_of(VERTEX) + np.reshape(shift, (3, 1)).astype(np.float32)
        places = head.to_anatomy(scaled(points, head.morphology.scale))
        found.append(interpolate(fine, affine, places)[0])
    return found


def test_no_pattern_of_gyri_at_the_vertex_recurs() -> None:
    drawn = [draw_morphology(75, np.random.default_rng(seed)) for seed in range(2)]
    one, other = (replace(VARIED, gyral_mm=each.gyral_mm, seed=each.seed) for each in drawn)
    (pattern,) = vertex_patterns(shape_head(one), [(0, 0, 0)])
    # The best alignment of the two.
    steps = (-6.0, -3.0, 0.0, 3.0, 6.0)
    shifted = vertex_patterns(shape_head(other), product(steps, steps, (-3.0, 0.0, 3.0)))
    assert max(np.corrcoef(pattern, each)[0, 1] for each in shifted) < 0.8
    still = (shape_head(replace(each, gyral_mm=0.0, variation_mm=0.6)) for each in (one, other))
    first, second = (vertex_patterns(head, [(0, 0, 0)])[0] for head in still)
    assert np.corrcoef(first, second)[0, 1] > 0.85
