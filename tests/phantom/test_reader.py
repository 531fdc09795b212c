from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score

from monai_amyloid.brain.template import READ_REGIONS, regions
from monai_amyloid.phantom.cohorts import reader
from monai_amyloid.phantom.cohorts.plan import Plan
from monai_amyloid.phantom.cohorts.reader import (
    THRESHOLDS,
    Evidence,
    Seen,
    Sides,
    draw_thresholds,
    middle_grade,
    plaque_load,
    regional_uptake_grades,
)
from monai_amyloid.phantom.people.disease import Disease, disease_at, draw_disease, typical_disease
from monai_amyloid.phantom.people.head import Head
from monai_amyloid.phantom.people.tracer_map import tracer_map
from monai_amyloid.phantom.people.uptake import florbetaben_values

DARK, BRIGHT = 0.4, 1.2
WHOLE = (slice(0, 24),) * 3
SLABS = ((slice(0, 10), *WHOLE[1:]), (slice(14, 24), *WHOLE[1:]))  # left and right cortex


@pytest.fixture
def toy(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """A head of two slabs of cortex with white matter of uptake 2 between, seen without blur."""
    white = np.zeros((24, 24, 24), bool)
    white[10:14] = True
    sides = {name: [(slab, np.ones((10, 24, 24), bool)) for slab in SLABS]
             for name in READ_REGIONS}  # fmt: skip
    monkeypatch.setattr(reader, "_brain_box", lambda name: WHOLE)
    monkeypatch.setattr(reader, "_deep_white", lambda name: white)
    monkeypatch.setattr(reader, "_sides", lambda name: sides)
    monkeypatch.setattr(reader, "blur", lambda volume, fwhm, zooms: volume)
    return SimpleNamespace(morphology=SimpleNamespace(anatomy="toy"))


def slabs(left: np.ndarray | float, right: np.ndarray | float = DARK) -> np.ndarray:
    uptake = np.full((24, 24, 24), 2.0, np.float32)
    uptake[SLABS[0]], uptake[SLABS[1]] = left, right
    return uptake


def part_bright(rows: list[int]) -> np.ndarray:
    """A slab of 24 rows, of which some are bright."""
    slab = np.full((10, 24, 24), DARK)
    slab[:, rows] = BRIGHT
    return slab


def see(head: object, uptake: np.ndarray) -> dict[str, Evidence]:
    """What each region shows, in the side that shows more of it."""
    return {name: sides.greater for name, sides in Seen(head, uptake).evidence.items()}


def grades_of(
    seen: dict[str, Evidence], random: np.random.Generator | None
) -> dict[str, tuple[int, int]]:
    """RCTU of regions that show the same on both sides."""
    sides = {name: Sides(evidence, evidence) for name, evidence in seen.items()}
    return regional_uptake_grades(sides, draw_thresholds(random))


@pytest.mark.parametrize(
    ("rows", "smaller_area", "confluent"),
    [
        ([], DARK, DARK),
        ([0, 1], DARK, DARK),  # 8 % of the region: too little
        (list(range(6)), BRIGHT, DARK),  # 25 %: a smaller area
        (list(range(12)), BRIGHT, BRIGHT),  # half of it in one piece
        ([*range(6), *range(12, 18)], BRIGHT, DARK),  # as much in two pieces
        (list(range(24)), BRIGHT, BRIGHT),
    ],
)
def test_a_small_bright_area_and_a_large_one_in_one_piece_are_told_apart(
    toy: SimpleNamespace, rows: list[int], smaller_area: float, confluent: float
) -> None:
    for seen in see(toy, slabs(part_bright(rows))).values():
        # Over white matter of uptake 2.
        assert seen.smaller_area == pytest.approx(smaller_area / 2)
        assert seen.confluent == pytest.approx(confluent / 2, abs=(BRIGHT - DARK) / 2 / 32 + 1e-6)
        share = len(rows) / 24
        assert seen.mean == pytest.approx((share * BRIGHT + (1 - share) * DARK) / 2)


def test_the_side_that_shows_more_decides(toy: SimpleNamespace) -> None:
    half = part_bright(list(range(12)))
    assert see(toy, slabs(half, DARK)) == see(toy, slabs(DARK, half)) == see(toy, slabs(half, half))
    # Each measure from the side where it is higher: here one patch left, more of it right.
    other = part_bright([row for row in range(24) if row % 12 < 9])
    mixed = see(toy, slabs(half, other))["frontal"]
    assert mixed.mean == see(toy, slabs(other))["frontal"].mean
    assert mixed.confluent == see(toy, slabs(half))["frontal"].confluent


def seen_at(head: Head, disease: Disease) -> dict[str, Evidence]:
    values = florbetaben_values(disease.excess, disease.stage)
    return see(head, tracer_map(head, values, disease.patches))


def test_all_evidence_grows_with_the_disease(typical_head: Head) -> None:
    stages = [seen_at(typical_head, typical_disease(level)) for level in (0, 20, 40, 70, 100)]
    for name in READ_REGIONS:
        for measure in ("smaller_area", "confluent", "mean"):
            values = [getattr(seen[name], measure) for seen in stages]
            assert (np.diff(values) > 0).all(), (name, measure)


def test_a_usual_negative_reads_1_and_a_usual_positive_3(typical_head: Head) -> None:
    for level, grade in ((0.0, 1), (100.0, 3)):
        grades = grades_of(seen_at(typical_head, typical_disease(level)), None)
        assert set(grades.values()) == {(grade, grade)}


@pytest.mark.parametrize("hemisphere", ["left", "right"])
def test_a_disease_of_one_region_and_side_shows_there_as_much_as_on_both(
    typical_head: Head, hemisphere: str
) -> None:
    table, none = regions().table, typical_disease(0.0)
    region = table.read_region == "parietal"
    one, both = (
        seen_at(typical_head, Disease(0.0, np.where(where, 1.0, 0.0), "focal", none.patches))
        for where in (region & (table.hemisphere == hemisphere), region)
    )
    negative = seen_at(typical_head, none)
    # The two sides of a brain are not quite alike.
    assert one["parietal"].confluent == pytest.approx(both["parietal"].confluent, abs=0.03)
    assert one["parietal"].confluent > negative["parietal"].confluent + 0.2
    assert one["frontal"].confluent == pytest.approx(negative["frontal"].confluent, abs=0.03)


@pytest.mark.parametrize("name", READ_REGIONS)
def test_a_reader_without_noise_grades_by_the_threshold(name: str) -> None:
    above, below = THRESHOLDS[name] + 1e-3, THRESHOLDS[name] - 1e-3
    for smaller_area, confluent, grade in ((below, below, 1), (above, below, 2), (above, above, 3)):
        seen = {name: Evidence(smaller_area, confluent, 9.0)}
        assert grades_of(seen, None) == {name: (grade, grade)}


def test_each_side_is_graded_by_the_same_threshold() -> None:
    sides = Sides(Evidence(0.8, 0.5, 0.4), Evidence(0.9, 0.8, 0.6))
    assert regional_uptake_grades({"frontal": sides}, {"frontal": 0.7}) == {"frontal": (2, 3)}
    assert sides.greater == Evidence(0.9, 0.8, 0.6)


@pytest.mark.parametrize(
    ("grades", "expected"), [((1, 1, 1, 1), 1), ((1, 2, 1, 1), 2), ((2, 1, 3, 1), 3)]
)
def test_one_region_of_one_side_decides_the_plaque_load(grades: tuple, expected: int) -> None:
    sides = {name: (1, grade) for name, grade in zip(READ_REGIONS, grades, strict=True)}
    assert plaque_load(sides) == expected


@pytest.mark.parametrize(
    ("grades", "bapl"), [((2,), 2), ((1, 3), 1), ((3, 1, 3), 3), ((1, 2, 3), 2), ((2, 1, 1, 3), 1)]
)
def test_the_grade_of_a_panel_is_the_middle_one(grades: tuple, bapl: int) -> None:
    assert middle_grade(grades) == bapl


def test_the_same_noise_gives_the_same_reading_and_readers_differ_near_the_threshold() -> None:
    seen = {name: Evidence(limit - 0.03, 0.0, 0.0) for name, limit in THRESHOLDS.items()}
    readings = [grades_of(seen, np.random.default_rng(4)) for _ in range(2)]
    assert readings[0] == readings[1]
    many = [grades_of(seen, np.random.default_rng(seed)) for seed in range(60)]
    assert {plaque_load(reading) for reading in many} == {1, 2}


def test_the_quick_grade_is_the_grade_of_all_the_evidence(typical_head: Head) -> None:
    random = np.random.default_rng(6)
    for level in (0.0, 15.0, 30.0, 45.0):
        disease = disease_at(level, random)
        values = florbetaben_values(disease.excess, disease.stage)
        uptake = tracer_map(typical_head, values, disease.patches)
        thresholds = [draw_thresholds(random) for _ in range(4)]
        seen, whole = Seen(typical_head, uptake), Seen(typical_head, uptake).evidence
        for each in thresholds:
            assert seen.plaque_load(each) == plaque_load(regional_uptake_grades(whole, each))


@pytest.mark.slow
def test_two_readers_agree_about_as_published(typical_head: Head) -> None:
    random = np.random.default_rng(2)
    drawn = [seen_at(typical_head, draw_disease(Plan().shares, random)) for _ in range(45)]
    one, two = (
        np.array([plaque_load(grades_of(seen, random)) for seen in drawn]) for _ in range(2)
    )
    # Florbetaben readers: Fleiss' kappa of a positive scan 0.78 to 0.89; here of 45 people.
    assert 0.6 < cohen_kappa_score(one > 1, two > 1) < 0.97
    assert cohen_kappa_score(one, two, weights="quadratic") > 0.75
