from typing import get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nibabel import Nifti1Image
from nibabel.processing import resample_from_to
from scipy import ndimage

from monai_amyloid.brain.quantities.suvr import (
    Reference,
    cortex_suvr_in_template,
    regional_suvr,
    suvr,
)
from monai_amyloid.brain.template import (
    READ_REGIONS,
    TEMPLATE_AFFINE,
    TEMPLATE_SHAPE,
    measured_labels,
    pet_templates,
    regions,
    voi,
)

PET = np.random.default_rng(0).gamma(3, 500, (8, 9, 10)).astype(np.float32)
REFERENCE = np.random.default_rng(1).random(PET.shape) < 0.2


def test_suvr_is_one_on_average_in_the_reference() -> None:
    assert suvr(PET, REFERENCE)[REFERENCE].mean() == pytest.approx(1, abs=1e-5)


@given(st.floats(1e-3, 1e6))
def test_suvr_does_not_depend_on_the_scale_of_the_scan(scale: float) -> None:
    scaled = (PET * np.float32(scale)).astype(np.float32)
    np.testing.assert_allclose(suvr(scaled, REFERENCE), suvr(PET, REFERENCE), rtol=1e-5)


def test_suvr_keeps_the_ratio_of_any_two_voxels() -> None:
    ratio = suvr(PET, REFERENCE)
    np.testing.assert_allclose(ratio[3, 3, 3] / ratio, PET[3, 3, 3] / PET, rtol=1e-5)


@pytest.mark.parametrize(
    ("pet", "reference", "reason"),
    [
        (PET, REFERENCE[1:], r"shape \(7, 9, 10\) but pet has \(8, 9, 10\).* resample"),
        (PET, np.zeros(PET.shape, bool), "region is empty"),
        (np.zeros_like(PET), REFERENCE, "uptake in the reference region is 0"),
        (-PET, REFERENCE, "needed above 0"),
        (np.full_like(PET, np.nan), REFERENCE, "is nan"),
    ],
)
def test_a_reference_that_cannot_be_divided_by_is_an_error(
    pet: np.ndarray, reference: np.ndarray, reason: str
) -> None:
    with pytest.raises(ValueError, match=reason):
        suvr(pet, reference)


@pytest.mark.parametrize("region", READ_REGIONS)
def test_uptake_in_one_read_region_shows_in_that_region_alone(region: str) -> None:
    atlas = regions()
    volume = np.ones(TEMPLATE_SHAPE, np.float32)
    for row in atlas.table[atlas.table.read_region == region].itertuples():
        volume[atlas.labels == row.label] = 2
    means = regional_suvr(volume)
    assert means[region] == pytest.approx(2)
    assert [means[other] for other in READ_REGIONS if other != region] == pytest.approx([1, 1, 1])
    assert 1 < means["cortex"] < 2


UNEVEN = np.random.default_rng(2).gamma(3, 0.5, TEMPLATE_SHAPE).astype(np.float32)


def test_every_region_and_side_is_the_mean_of_its_own_voxels() -> None:
    atlas, means = regions(), regional_suvr(UNEVEN)
    label_means = ndimage.mean(UNEVEN.astype(float), measured_labels(), atlas.table["label"])
    by_name = {
        f"{row.region}_{row.hemisphere}".removesuffix("_both"): mean
        for row, mean in zip(atlas.table.itertuples(), label_means, strict=True)
    }
    # One name for the same voxels: the read region's.
    for side in ("left", "right"):
        by_name[f"parietal_{side}"] = by_name.pop(f"lateral_parietal_{side}")
    assert {name: means[name] for name in by_name} == pytest.approx(by_name)


def test_no_two_names_stand_for_the_same_voxels() -> None:
    means = regional_suvr(UNEVEN)
    assert len(set(means.values())) == len(means) == 1 + 4 + 2 * 4 + 2 * 14 + 2


@pytest.mark.parametrize("region", READ_REGIONS)
def test_a_side_of_a_read_region_shows_on_that_side_alone(region: str) -> None:
    atlas = regions()
    volume = np.ones(TEMPLATE_SHAPE, np.float32)
    rows = atlas.table[(atlas.table.read_region == region) & (atlas.table.hemisphere == "left")]
    volume[np.isin(atlas.labels, rows["label"])] = 2
    means = regional_suvr(volume)
    assert means[f"{region}_left"] == pytest.approx(2)
    assert means[f"{region}_right"] == pytest.approx(1)
    assert means[region] == pytest.approx(1.5, abs=0.05)


@pytest.mark.parametrize("reference", get_args(Reference))
def test_every_reference_has_voxels_that_can_be_divided_by(reference: str) -> None:
    volume = suvr(700 * pet_templates()[1], voi(reference))
    assert volume[voi(reference)].mean() == pytest.approx(1, abs=1e-4)


def test_the_cortex_of_both_ways_is_the_same_on_the_templates_grid() -> None:
    volume = 700 * pet_templates()[1]
    expected = regional_suvr(suvr(volume, voi("whole_cerebellum")))["cortex"]
    found = cortex_suvr_in_template(volume, TEMPLATE_AFFINE)
    assert found == pytest.approx(expected, rel=1e-5)


def test_the_cortex_is_found_on_another_grid() -> None:
    expected = cortex_suvr_in_template(pet_templates()[1], TEMPLATE_AFFINE)
    affine = TEMPLATE_AFFINE @ np.diag([-0.75, 0.8, 0.9, 1])
    affine[0, 3] += 180
    grid = ((120, 136, 101), affine)
    other = resample_from_to(Nifti1Image(pet_templates()[1], TEMPLATE_AFFINE), grid, order=1)
    assert cortex_suvr_in_template(other.get_fdata(), affine) == pytest.approx(expected, rel=0.01)
