import numpy as np
import pytest

from monai_amyloid.pet.tracers import TRACERS
from monai_amyloid.phantom.people.uptake import TissueValues, florbetaben_values, typical_excess
from monai_amyloid.phantom.scanning.kinetics import DRIFT, at_minutes

USUAL = florbetaben_values(typical_excess(80.0), 1.0)


def test_every_tracer_has_its_kinetics() -> None:
    assert set(DRIFT) == set(TRACERS)


def test_a_scan_in_time_is_the_usual_one() -> None:
    same = at_minutes(USUAL, "18FFBB", 0.0)
    for name in ("grey", "amyloid", "white"):
        np.testing.assert_array_equal(getattr(same, name), getattr(USUAL, name))


@pytest.mark.parametrize("tracer", TRACERS)
def test_late_scans_show_more_amyloid_by_a_few_percent(tracer: str) -> None:
    late, early = (at_minutes(USUAL, tracer, minutes) for minutes in (15.0, -15.0))
    for name in ("amyloid", "white"):
        grown = getattr(late, name)[1:] / getattr(USUAL, name)[1:].clip(1e-6)
        assert np.all(grown[getattr(USUAL, name)[1:] > 0] < 1.05)
        assert np.all(getattr(late, name) >= getattr(early, name))
    cortex = TissueValues.labels_of("precuneus")
    assert np.all(late.grey[cortex] < USUAL.grey[cortex])


def test_the_cerebellums_grey_matter_is_the_scale_and_fluid_stays() -> None:
    late = at_minutes(USUAL, "11CPIB", 12.0)
    cerebellum = TissueValues.labels_of("cerebellum")
    np.testing.assert_array_equal(late.grey[cerebellum], USUAL.grey[cerebellum])
    assert late.surroundings == USUAL.surroundings


def test_amyloid_drifts_by_an_exponential_of_the_minutes() -> None:
    late = at_minutes(USUAL, "18FFMM", 10.0)
    expected = USUAL.amyloid * np.exp(10 * DRIFT["18FFMM"].amyloid)
    np.testing.assert_allclose(late.amyloid, expected, rtol=1e-5)
