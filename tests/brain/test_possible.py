"""What no living brain shows is refused, and extreme brains are not."""

import pytest

from monai_amyloid.brain.quality.possible import refuse_impossible
from monai_amyloid.findings.finding import StudyRefused

REGIONS = {"cortex": 1.4, "precuneus_left": 1.6, "lateral_ventricle_left": 0.7}
QUALITY = {"noise_cv": 0.08, "amyloid_load": 63.0}
LOAD = 60.0


@pytest.mark.parametrize("centiloid", [-500.0, -61.0, 251.0, 495.0, 6876.0, float("nan")])
def test_a_centiloid_that_no_brain_has_is_refused(centiloid: float) -> None:
    with pytest.raises(StudyRefused, match="binding potential"):
        refuse_impossible(REGIONS, centiloid, QUALITY | {"amyloid_load": centiloid})


@pytest.mark.parametrize("centiloid", [-25.0, 0.0, 108.0, 180.0, 240.0])
def test_an_extreme_centiloid_is_no_reason_to_refuse(centiloid: float) -> None:
    refuse_impossible(REGIONS, centiloid, QUALITY | {"amyloid_load": centiloid + 15.0})


@pytest.mark.parametrize(
    ("regions", "quality", "measure"),
    [
        ({"precuneus_left": 7.5}, {}, "SUVR of the region"),
        ({"precuneus_left": -0.1}, {}, "SUVR of the region"),
        ({"precuneus_left": float("nan")}, {}, "SUVR of the region"),
        ({}, {"noise_cv": 0.8}, "noise"),
        ({}, {"amyloid_load": 160.0}, "template's weights"),
        ({}, {"amyloid_load": -90.0}, "template's weights"),
    ],
)
def test_each_measure_alone_can_refuse(
    regions: dict[str, float], quality: dict[str, float], measure: str
) -> None:
    refuse_impossible(REGIONS, LOAD, QUALITY)
    with pytest.raises(StudyRefused, match=measure) as refused:
        refuse_impossible(REGIONS | regions, LOAD, QUALITY | quality)
    assert "in living brains it is" in str(refused.value)
