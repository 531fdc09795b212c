from dataclasses import replace

import numpy as np
import pytest

from monai_amyloid.brain.quantities.centiloid import centiloid
from monai_amyloid.brain.template import regions
from monai_amyloid.phantom.cohorts.truth import regional_truth
from monai_amyloid.phantom.people.contrast import CONTRASTS, PATTERNS, tissue_values
from monai_amyloid.phantom.people.disease import typical_disease
from monai_amyloid.phantom.people.head import Head
from monai_amyloid.phantom.people.tracer_map import tracer_map
from monai_amyloid.phantom.scanning.scan import draw_scan
from monai_amyloid.phantom.scanning.scanner import Scanned

from .people import NO_MISHAP

pytestmark = pytest.mark.slow

TABLE = regions().table
TRACERS_AGREE_CENTILOID = 6.0  # on the scale of their own lines, for a typical person
SCAN = replace(draw_scan("site-1", np.random.default_rng(0)), **NO_MISHAP, fwhm_mm=6.0)


def measured(head: Head, tracer: str, stage: float) -> float:
    """Centiloid of a typical person by the tracer's own line, without noise."""
    disease = typical_disease(stage)
    uptake = tracer_map(head, tissue_values("amyloid", tracer, disease), disease.patches)
    return centiloid(regional_truth(head, Scanned(head, uptake, SCAN))["cortex"], tracer)


@pytest.fixture(scope="module")
def florbetaben(typical_head: Head) -> dict[float, float]:
    return {stage: measured(typical_head, "18FFBB", stage) for stage in (0.0, 80.0)}


@pytest.mark.parametrize("stage", [0.0, 80.0])
def test_florbetaben_gives_a_typical_person_about_the_latent_centiloid(
    florbetaben: dict[float, float], stage: float
) -> None:
    # The typical head has not aged: a patient's wider spaces dilute what the scan shows.
    assert florbetaben[stage] == pytest.approx(stage, abs=13)


@pytest.mark.parametrize("stage", [0.0, 80.0])
@pytest.mark.parametrize("tracer", [name for name in CONTRASTS if name != "18FFBB"])
def test_every_tracer_gives_a_typical_person_the_same_centiloid_by_its_own_line(
    typical_head: Head, florbetaben: dict[float, float], tracer: str, stage: float
) -> None:
    found = measured(typical_head, tracer, stage)
    assert found == pytest.approx(florbetaben[stage], abs=TRACERS_AGREE_CENTILOID)


def test_white_matter_is_strongest_in_flutemetamol_and_weak_in_pib_and_nav4694() -> None:
    disease = typical_disease(0.0)
    white = {name: tissue_values("amyloid", name, disease).white[1:].mean() for name in CONTRASTS}
    order = ["18FNAV4694", "11CPIB", "18FFBB", "18FFMM"]
    assert sorted(order, key=white.__getitem__) == order


@pytest.mark.parametrize("pattern", PATTERNS)
def test_other_patterns_hold_no_amyloid_and_do_not_know_the_tracer(pattern: str) -> None:
    disease = typical_disease(80.0)
    values = [tissue_values(pattern, tracer, disease) for tracer in CONTRASTS]
    for one in values:
        assert not one.amyloid.any()
        np.testing.assert_array_equal(one.grey, values[0].grey)


@pytest.mark.parametrize("pattern", ["fdg", "perfusion"])
def test_glucose_and_perfusion_are_in_grey_matter(pattern: str) -> None:
    values = tissue_values(pattern, "18FFBB", typical_disease(80.0))
    assert (values.grey[TABLE.label] > 1.3 * values.white[TABLE.label]).all()


def test_dementia_takes_glucose_from_association_cortex_and_spares_primary_cortex() -> None:
    healthy, ill = (tissue_values("fdg", "18FFBB", typical_disease(cl)).grey for cl in (0, 80))
    change = dict(zip(TABLE.region, (ill - healthy)[TABLE.label], strict=True))
    for name in ("posterior_cingulate", "precuneus", "lateral_parietal", "lateral_temporal"):
        assert change[name] < -0.2
    for name in ("sensorimotor", "calcarine_lingual", "putamen", "cerebellum"):
        assert change[name] == 0


def test_tau_starts_in_the_temporal_lobe_beside_bright_basal_ganglia() -> None:
    healthy, ill = (tissue_values("tau", "18FFBB", typical_disease(cl)).grey for cl in (0, 80))
    at = dict(zip(TABLE.region, TABLE.label, strict=True))
    assert healthy[at["putamen"]] > healthy[at["lateral_temporal"]]
    gain = ill - healthy
    assert gain.argmax() in {at["lateral_temporal"], at["lateral_temporal"] - 1}
    assert gain[at["cerebellum"]] == gain[at["sensorimotor"]] == 0


@pytest.mark.parametrize("stage", [0.0, 80.0])
def test_raclopride_is_in_the_striatum_alone(stage: float) -> None:
    values = tissue_values("raclopride", "18FFBB", typical_disease(stage)).grey
    at = dict(zip(TABLE.region, values[TABLE.label] / values[TABLE.label.iloc[-1]], strict=True))
    assert TABLE.region.iloc[-1] == "cerebellum"
    for name, value in at.items():
        low, high = (2.7, 4) if name in {"putamen", "caudate"} else (0.9, 1.3)
        assert low < value < high
