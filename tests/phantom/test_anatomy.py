import numpy as np
import pytest

from monai_amyloid.brain.template import regions, voi
from monai_amyloid.phantom.anatomy import TISSUES, aged, icbm152


def litres(name: str) -> float:
    return float(icbm152().fractions[TISSUES.index(name)].sum(dtype=float)) * 8e-6


def test_fractions_are_shares_of_a_voxel() -> None:
    fractions = icbm152().fractions
    assert fractions.min() >= 0
    # Six fractions in 8 bit: each is rounded by up to half of 1/255.
    assert fractions.sum(axis=0).max() <= 1 + 6 * 0.5 / 255


def test_the_head_has_the_volumes_of_a_person() -> None:
    # ICBM 152 is about 1.2 times an average brain of 1.3 L.
    assert 0.7 < litres("grey") < 1.2
    assert 0.4 < litres("white") < 0.9
    assert 0.005 < litres("ventricle") < 0.08
    assert 0.3 < litres("skull") < 1.2


def test_labels_agree_with_the_templates_cerebellum() -> None:
    anatomy, table = icbm152(), regions().table
    points = np.argwhere(voi("cerebellar_grey")) * 2 + [-90, -126, -72] - anatomy.affine[:3, 3]
    found = anatomy.labels[tuple((points // 2).astype(int).T)]
    assert (found == table.label[table.region == "cerebellum"].item()).mean() > 0.95


@pytest.mark.parametrize("loss_mm", [0.5, 2.0, 4.0])
def test_age_turns_brain_into_fluid_and_conserves_the_total(loss_mm: float) -> None:
    young, old = icbm152().fractions, aged(icbm152(), loss_mm).fractions
    np.testing.assert_allclose(old.sum(axis=0), young.sum(axis=0), atol=1e-6)
    for index, name in enumerate(TISSUES):
        if name in ("grey", "white"):
            assert (old[index] <= young[index]).all()
            assert old[index].sum() < young[index].sum()
        elif name == "csf":
            assert (old[index] >= young[index]).all()
        else:
            np.testing.assert_array_equal(old[index], young[index])


def test_more_years_lose_more_brain_and_none_loses_none() -> None:
    np.testing.assert_array_equal(aged(icbm152(), 0).fractions, icbm152().fractions)
    grey = [aged(icbm152(), loss).fractions[0].sum(dtype=float) for loss in (0, 1, 2, 3, 4)]
    assert (np.diff(grey) < 0).all()


def test_the_core_of_the_brain_is_spared() -> None:
    deep = icbm152().depth > 10
    np.testing.assert_array_equal(
        aged(icbm152(), 4).fractions[:, deep], icbm152().fractions[:, deep]
    )
