"""Nothing but the brain tells the grade: probes that look everywhere else.

Each probe gives a classifier one thing that must not know the grade. Three classes in equal
numbers: chance is a balanced accuracy of 1/3, and no probe may reach more than 0.40.

What is drawn of a person is probed in hundreds of people. Voxels cost more: there the same person
is scanned three times by the same scan, once with the amyloid of each grade, and all three are
held out together. What does not know the grade then scores 1/3 exactly, and not by chance. In more
people, `python -m benchmarks.studies.simulator.leaks` asks the same.
"""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from threadpoolctl import threadpool_limits

from benchmarks.studies.simulator.leak_probes import (
    DRAWN_PROBES,
    IMAGE_PROBES,
    LARGEST_SCORE,
    balanced_accuracy,
    drawn_row,
    find_places,
    stored_scan,
)
from monai_amyloid.brain.template import READ_REGIONS, regions
from monai_amyloid.phantom.cohorts.plan import Plan
from monai_amyloid.phantom.cohorts.reader import (
    Evidence,
    Sides,
    plaque_load,
    regional_uptake_grades,
)
from monai_amyloid.phantom.people import person
from monai_amyloid.phantom.people.geometry.anatomy import WARP_SHAPE
from monai_amyloid.phantom.people.person import draw_sessions, visit_values

pytestmark = [pytest.mark.slow, pytest.mark.elsewhere]

DRAWN, SCANNED = 600, 14


def assert_tells_nothing(
    features: pd.DataFrame, grades: pd.Series, people: pd.Series | None = None
) -> None:
    with threadpool_limits(1):
        found = balanced_accuracy(features, grades, people)
    scores = {name: float(np.mean(each)) for name, each in found.items()}
    # Where scans are few, one classifier's luck is outweighed by the other's.
    score = max(scores.values()) if people is None else float(np.mean(list(scores.values())))
    assert score <= LARGEST_SCORE, scores


# People without voxels: the same draws, in the same order, as a cohort's.


class SeenLoads:
    """What a reader sees, by the load of a region alone."""

    def __init__(self, _: object, amyloid: np.ndarray) -> None:
        table = regions().table
        self.evidence = {}
        for name in READ_REGIONS:
            load = float(amyloid[table["label"][table.read_region == name]].mean())
            seen = Evidence(0.65 + 0.2 * load, 0.6 + 0.2 * load, load)
            self.evidence[name] = Sides(seen, seen)

    def plaque_load(self, thresholds: dict[str, float]) -> int:
        return plaque_load(regional_uptake_grades(self.evidence, thresholds))


@pytest.fixture(scope="module")
def drawn() -> pd.DataFrame:
    """What is drawn of many people: a row each, with the grade that the reader gave."""
    rows = []
    with pytest.MonkeyPatch.context() as patch:
        head = {"fractions": np.zeros((6, 1), np.float32)}
        patch.setattr(person, "shape_head", lambda drawn: SimpleNamespace(morphology=drawn, **head))
        patch.setattr(person, "brain_map", lambda _, values, __: values.amyloid)
        patch.setattr(person, "Seen", SeenLoads)
        still = np.zeros(WARP_SHAPE, np.float32)
        patch.setattr("monai_amyloid.phantom.people.disease.smooth_noise", lambda *_: still)
        for number in range(1, DRAWN + 1):
            (session,) = draw_sessions(Plan(seed=11), number, 1 + number % 3)
            rows.append(drawn_row(session))
    return pd.DataFrame(rows)


@pytest.mark.parametrize("probe", DRAWN_PROBES)
def test_what_is_drawn_of_a_person_does_not_tell_the_grade(drawn: pd.DataFrame, probe: str) -> None:
    chosen = drawn[[name for name in drawn if DRAWN_PROBES[probe](name)]]
    assert not chosen.empty
    assert_tells_nothing(chosen, drawn.bapl)


# Real scans, as their files hold them.


def scan_people(count: int, seed: int, folder: Path) -> pd.DataFrame:
    rows = []
    plan = Plan(seed=seed)
    for number in range(1, count + 1):
        # With the amyloid of each grade, head and scan, and so the places, are the same. That
        # they are drawn without regard to the grade, the probes above show.
        one, *_ = sessions = [next(draw_sessions(plan, number, grade)) for grade in (1, 2, 3)]
        places = find_places(one)
        for grade, session in enumerate(sessions, start=1):
            values = visit_values(plan, session.disease, one.physiology, one.surroundings, one.scan)
            same = replace(one, disease=session.disease, reading=session.reading, values=values)
            row = stored_scan(same, folder / str(grade), "18FFBB", places)
            rows.append(row | {"person": number})
    return pd.DataFrame(rows)


@pytest.fixture(scope="module")
def scanned(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    """What real scans show, a row each, with the grade."""
    with threadpool_limits(1):
        return scan_people(SCANNED, 12, tmp_path_factory.mktemp("leaks"))


@pytest.mark.parametrize("probe", IMAGE_PROBES)
def test_a_stored_scan_does_not_tell_the_grade_outside_its_brain(
    scanned: pd.DataFrame, probe: str
) -> None:
    assert_tells_nothing(
        scanned[[c for c in scanned if str(c).startswith(probe)]], scanned.bapl, scanned.person
    )


def test_a_probe_finds_a_leak_where_there_is_one(drawn: pd.DataFrame) -> None:
    leak = pd.DataFrame({"leak": drawn.bapl + np.random.default_rng(0).normal(0, 1, len(drawn))})
    scores = balanced_accuracy(leak, drawn.bapl).values()
    assert min(np.mean(each) for each in scores) > LARGEST_SCORE
