import numpy as np
import pytest

from monai_amyloid.brain.normalization import normalize
from monai_amyloid.brain.quantities.normative import negatives, z_scores
from monai_amyloid.brain.quantities.suvr import regional_suvr
from monai_amyloid.brain.template import pet_templates
from monai_amyloid.pet.image import PetImage
from monai_amyloid.pet.tracers import TRACERS


@pytest.mark.parametrize("tracer", TRACERS)
def test_every_region_of_every_tracer_has_a_plausible_norm(tracer: str) -> None:
    norms = negatives(tracer)
    assert {*norms, "cerebellum"} == set(regional_suvr(pet_templates()[0]))
    assert all(0.6 <= norm.mean <= 2.0 for norm in norms.values())
    # Most near the ventricles, which are as wide as people differ.
    assert all(0.01 <= norm.sd <= 0.22 for norm in norms.values())


def test_the_mean_negative_has_a_score_of_0_and_two_sd_above_it_2() -> None:
    norms = negatives("18FAV45")
    usual = {name: norm.mean for name, norm in norms.items()}
    assert z_scores(usual, "18FAV45") == pytest.approx(dict.fromkeys(norms, 0))
    high = {name: norm.mean + 2 * norm.sd for name, norm in norms.items()}
    assert z_scores(high, "18FAV45") == pytest.approx(dict.fromkeys(norms, 2))


@pytest.mark.slow
def test_a_simulated_negative_is_usual_and_a_positive_is_not(
    simulated: dict[int, tuple[PetImage, float, np.ndarray]],
) -> None:
    # None of them is among the people that the norms were measured on.
    negative, positive = (
        z_scores(regional_suvr(normalize(simulated[grade][0]).suvr), "18FFBB") for grade in (1, 3)
    )
    assert np.abs(list(negative.values())).mean() < 2
    assert max(positive.values()) > 4
    assert abs(positive["brainstem"]) < 3


@pytest.mark.parametrize("tracer", ["18FNEW", None])
def test_a_tracer_that_no_negatives_were_measured_of_has_no_score(tracer: str | None) -> None:
    assert z_scores({"cortex": 1.2}, tracer) == {}


def test_a_region_that_is_none_of_a_measured_tracer_is_an_error() -> None:
    with pytest.raises(ValueError, match="tracer '18FFBB', region 'nose'"):
        z_scores({"nose": 1.2}, "18FFBB")
