import numpy as np
import pytest

from monai_amyloid.brain.quantities.matched_resolution import matched_resolution
from monai_amyloid.pet.widths import FWHM_PER_SIGMA


def test_a_point_that_was_blurred_gets_the_width_of_the_common_resolution() -> None:
    places = 2.0 * (np.arange(41) - 20)
    squares = np.add.outer(np.add.outer(places**2, places**2), places**2)
    blurred = np.exp(-squares / 2 / (5.0 / FWHM_PER_SIGMA) ** 2).astype(np.float32)
    matched = matched_resolution(blurred, 5.0, 9.0)
    variance = (matched * places[:, None, None] ** 2).sum() / matched.sum()
    assert np.sqrt(variance) * FWHM_PER_SIGMA == pytest.approx(9.0, rel=0.01)
    assert matched.sum() == pytest.approx(blurred.sum(), rel=1e-3)


def test_a_volume_at_the_common_resolution_stays_as_it_is() -> None:
    volume = np.random.default_rng(1).normal(size=(8, 8, 8)).astype(np.float32)
    np.testing.assert_array_equal(matched_resolution(volume, 7.0, 7.0), volume)


@pytest.mark.parametrize(
    ("fwhm_mm", "needed"), [(8.1, "8.1 mm"), (float("nan"), "nan"), (0.0, "above 0")]
)
def test_what_smoothing_cannot_do_is_refused(fwhm_mm: float, needed: str) -> None:
    with pytest.raises(ValueError, match=needed):
        matched_resolution(np.ones((4, 4, 4), np.float32), fwhm_mm, 8.0)
