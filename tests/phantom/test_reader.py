from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score

from monai_amyloid.brain.template import READ_REGIONS, regions
from monai_amyloid.phantom.cohort import wanted_grades
from monai_amyloid.phantom.reader import evidence, plaque_load, regional_uptake_grades
from monai_amyloid.phantom.uptake import Disease, draw_disease


def disease(excess: float) -> Disease:
    return Disease(80 * excess, np.full(len(regions().table), excess), "diffuse")


@pytest.mark.parametrize("excess", [0.0, 0.4, 1.0])
def test_the_evidence_of_an_even_disease_is_its_excess(excess: float) -> None:
    assert evidence(disease(excess)) == pytest.approx(dict.fromkeys(READ_REGIONS, excess))


@pytest.mark.parametrize("hemisphere", ["left", "right"])
def test_a_reader_looks_at_the_worse_side(hemisphere: str) -> None:
    table = regions().table
    excess = np.where((table.hemisphere == hemisphere) & (table.read_region == "parietal"), 0.9, 0)
    seen = evidence(replace(disease(0), excess=excess.astype(float)))
    assert seen == pytest.approx({**dict.fromkeys(READ_REGIONS, 0), "parietal": 0.9})


@pytest.mark.parametrize(
    ("uptake", "grade"), [(-0.2, 1), (0.29, 1), (0.31, 2), (0.67, 2), (0.69, 3), (1.3, 3)]
)
def test_a_reader_without_noise_grades_by_the_cuts(uptake: float, grade: int) -> None:
    grades = regional_uptake_grades({"frontal": uptake, "parietal": 0.0}, None)
    assert grades == {"frontal": grade, "parietal": 1}
    assert plaque_load(grades) == grade


@pytest.mark.parametrize(
    ("grades", "expected"), [((1, 1, 1, 1), 1), ((1, 2, 1, 1), 2), ((2, 1, 3, 1), 3)]
)
def test_one_region_decides_the_plaque_load(grades: tuple, expected: int) -> None:
    assert plaque_load(dict(zip(READ_REGIONS, grades, strict=True))) == expected


def test_the_same_noise_gives_the_same_reading() -> None:
    seen = dict.fromkeys(READ_REGIONS, 0.3)
    readings = [regional_uptake_grades(seen, np.random.default_rng(4)) for _ in range(2)]
    assert readings[0] == readings[1]
    many = [regional_uptake_grades(seen, np.random.default_rng(seed)) for seed in range(50)]
    assert {plaque_load(reading) for reading in many} == {1, 2}


def test_two_readers_agree_as_published() -> None:
    random = np.random.default_rng(2)
    drawn = [evidence(draw_disease(grade, random)) for grade in wanted_grades(603)]
    one, two = (
        np.array([plaque_load(regional_uptake_grades(seen, random)) for seen in drawn])
        for _ in range(2)
    )
    # Florbetaben readers: Fleiss' kappa of a positive scan 0.78 to 0.89.
    assert 0.75 < cohen_kappa_score(one > 1, two > 1) < 0.90
    assert 0.85 < cohen_kappa_score(one, two, weights="quadratic") < 0.98
