import numpy as np
import pytest

from monai_amyloid.brain.quantities.suvr import regional_suvr
from monai_amyloid.brain.template import (
    READ_REGIONS,
    TEMPLATE_AFFINE,
    TEMPLATE_SHAPE,
    brain_mask,
    measured_labels,
    pet_templates,
    regions,
    voi,
)

VOIS = ("cortex", "whole_cerebellum", "cerebellar_grey", "pons")


@pytest.mark.parametrize("name", VOIS)
def test_a_voi_is_on_the_grid_and_inside_the_brain(name: str) -> None:
    assert voi(name).shape == TEMPLATE_SHAPE
    assert voi(name).dtype == bool
    assert voi(name).sum() > 500
    assert brain_mask()[voi(name)].mean() > 0.95


def test_cortex_cerebellum_and_pons_lie_apart_and_grey_is_part_of_the_cerebellum() -> None:
    cortex, cerebellum, grey, pons = (voi(name) for name in VOIS)
    assert not (cortex & cerebellum).any()
    assert not (cortex & pons).any()
    # GAAIN's own volumes share a rim of 13 voxels.
    assert (cerebellum & pons).sum() < 0.01 * pons.sum()
    assert cerebellum[grey].all()


def test_the_cerebellum_is_low_and_behind_and_the_pons_before_it() -> None:
    def centre(name: str) -> np.ndarray:
        return TEMPLATE_AFFINE[:3, :3] @ np.argwhere(voi(name)).mean(0) + TEMPLATE_AFFINE[:3, 3]

    np.testing.assert_allclose(centre("whole_cerebellum"), [0, -62, -36], atol=8)
    np.testing.assert_allclose(centre("pons"), [0, -25, -33], atol=8)
    assert centre("cortex")[2] > 0


def test_left_and_right_of_each_region_mirror_each_other() -> None:
    atlas = regions()
    x = TEMPLATE_AFFINE[0, 0] * np.arange(TEMPLATE_SHAPE[0]) + TEMPLATE_AFFINE[0, 3]
    for region, pair in atlas.table[atlas.table.hemisphere != "both"].groupby("region"):
        left, right = (
            np.argwhere(atlas.labels == label) for label in pair.sort_values("hemisphere").label
        )
        # The atlas itself is uneven, most of all in the anterior cingulate (1.43).
        assert 0.65 < len(left) / len(right) < 1.5, region
        assert x[left[:, 0]].mean() < 0 < x[right[:, 0]].mean(), region
        assert x[left[:, 0]].mean() == pytest.approx(-x[right[:, 0]].mean(), abs=3), region


def test_every_label_is_in_the_table_and_the_four_read_regions_are_on_both_sides() -> None:
    atlas = regions()
    assert set(np.unique(atlas.labels)) == {0, *atlas.table.label}
    read = atlas.table[atlas.table.read_region != "n/a"]
    assert set(read.read_region) == set(READ_REGIONS)
    assert (read.groupby("read_region").hemisphere.nunique() == 2).all()


@pytest.mark.parametrize(
    "shared",
    [*map(voi, VOIS), brain_mask(), pet_templates(), regions().labels],
    ids=[*VOIS, "brain", "templates", "labels"],
)
def test_nobody_can_change_what_all_share(shared: np.ndarray) -> None:
    with pytest.raises(ValueError, match="read-only"):
        shared[...] = 0


def test_the_templates_are_suvr_and_differ_in_the_cortex() -> None:
    negative, positive = pet_templates()
    for template in (negative, positive):
        assert template[voi("whole_cerebellum")].mean() == pytest.approx(1, abs=0.02)
    low, high = regional_suvr(negative), regional_suvr(positive)
    # Real florbetaben group means: 1.02 and 1.55 in the GAAIN cortex (rPOP).
    assert low["cortex"] == pytest.approx(1.02, abs=0.08)
    assert high["cortex"] == pytest.approx(1.55, abs=0.08)
    assert all(high[name] > 1.3 * low[name] for name in READ_REGIONS)


def test_the_posterior_cingulate_is_measured_behind_the_fornix_and_all_else_whole() -> None:
    atlas, measured = regions(), measured_labels()
    of_cingulate = atlas.table["label"][atlas.table.region == "posterior_cingulate"]
    cingulate = np.isin(atlas.labels, of_cingulate)
    assert (measured[~cingulate] == atlas.labels[~cingulate]).all()
    place = TEMPLATE_AFFINE[:3, :3] @ np.argwhere(np.isin(measured, of_cingulate)).T
    _, y, z = place + TEMPLATE_AFFINE[:3, 3:]
    # The columns of the fornix lie in front of y = 0, its crura under the callosum (z of about 20).
    assert y.max() <= -20
    assert z[y > -36].min() >= 20
    assert 0.6 < np.isin(measured, of_cingulate).sum() / cingulate.sum() < 0.8
