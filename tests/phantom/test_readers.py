import numpy as np
import pandas as pd
import pytest

from monai_amyloid.brain.template import READ_REGIONS
from monai_amyloid.phantom.cohorts.reader import (
    THRESHOLDS,
    Evidence,
    Sides,
    draw_thresholds,
    middle_grade,
    plaque_load,
    regional_uptake_grades,
)
from monai_amyloid.phantom.cohorts.readers import (
    draw_grades,
    grade_chances,
    panel_chances,
    reader_chances,
    weights_of_grades,
)


def evidence_of(smaller: float, confluent: float, **regions: float) -> dict[str, Sides]:
    """Regions that lie so far above their thresholds; some lie elsewhere."""
    found = {}
    for name in READ_REGIONS:
        off = regions.get(name, 0.0)
        parts = THRESHOLDS[name] + smaller + off, THRESHOLDS[name] + confluent + off, 0.0
        found[name] = Sides(Evidence(*parts), Evidence(0, 0, 0))
    return found


def table_of(*scans: dict[str, Sides], **columns: list) -> pd.DataFrame:
    rows = [
        {f"evidence_{name}_smaller_area": sides.greater.smaller_area
         for name, sides in scan.items()}
        | {f"evidence_{name}_confluent": sides.greater.confluent for name, sides in scan.items()}
        for scan in scans
    ]  # fmt: skip
    return pd.DataFrame(rows).assign(**columns)


SCANS = (
    evidence_of(-0.08, -0.2),
    evidence_of(-0.02, -0.09, frontal=0.06),
    evidence_of(0.03, -0.03),
    evidence_of(0.1, -0.05, parietal=0.07),
)


def test_the_chances_are_those_of_readers_who_are_drawn() -> None:
    random = np.random.default_rng(0)
    for scan, chances in zip(SCANS, reader_chances(table_of(*SCANS)), strict=True):
        grades = [plaque_load(regional_uptake_grades(scan, draw_thresholds(random)))
                  for _ in range(4000)]  # fmt: skip
        shares = [np.mean(np.array(grades) == grade) for grade in (1, 2, 3)]
        np.testing.assert_allclose(shares, chances, atol=4 * np.sqrt(0.25 / 4000))


@pytest.mark.parametrize("readers", [1, 2, 3, 5])
def test_a_panel_has_the_chances_of_its_middle_grade(readers: int) -> None:
    one = np.array([[0.5, 0.3, 0.2]])
    random = np.random.default_rng(1)
    drawn = draw_grades(np.repeat(one, 20000, axis=0), readers, random)
    middles = np.array([middle_grade(row.tolist()) for row in drawn])
    expected = [(middles == grade).mean() for grade in (1, 2, 3)]
    np.testing.assert_allclose(panel_chances(one, readers)[0], expected, atol=0.015)


def test_people_who_are_drawn_until_a_reader_agrees_have_weighted_chances() -> None:
    """Bayes' rule against a drawing of people of two kinds until a grade comes."""
    random = np.random.default_rng(2)
    kinds = np.array([[0.7, 0.2, 0.1], [0.1, 0.3, 0.6]])
    rows, counts = [], np.zeros(3)
    for number in range(6000):
        goal, draws = 1 + number % 3, np.zeros(3)
        while True:
            kind = int(random.integers(2))
            grade = int(draw_grades(kinds[[kind]], 1, random)[0, 0])
            draws[grade - 1] += 1
            if grade == goal:
                break
        rows.append((kind, grade))
        counts += draws
    table = pd.DataFrame(rows, columns=["kind", "panel_bapl"])
    table = table.assign(**{f"draws_bapl_{g}": counts[g - 1] / len(table) for g in (1, 2, 3)})
    weighted = kinds * weights_of_grades(table)
    for kind, chances in enumerate(weighted / weighted.sum(axis=1, keepdims=True)):
        own = table.panel_bapl[table.kind == kind]
        np.testing.assert_allclose([(own == g).mean() for g in (1, 2, 3)], chances, atol=0.03)


def test_later_visits_have_the_chances_of_the_panel() -> None:
    table = table_of(
        *SCANS,
        participant_id=["a", "a", "b", "b"],
        panel_bapl=[1, 2, 3, 3],
        reader_1_bapl=[1, 2, 3, 3],
        draws_bapl_1=[1, 0, 2, 0],
        draws_bapl_2=[0, 0, 2, 0],
        draws_bapl_3=[0, 0, 1, 0],
    )
    plain, found = reader_chances(table), grade_chances(table)
    np.testing.assert_allclose(found[[1, 3]], plain[[1, 3]])
    weights = np.array([0.5 / 0.5, 0 / (1 / 3), 0.5 / (1 / 6)])
    first = plain[0] * weights
    np.testing.assert_allclose(found[0], first / first.sum())
