"""Nothing but the brain tells the grade: probes that look everywhere else.

Each probe gives a classifier one thing that must not know the grade. Three classes in equal
numbers: chance is a balanced accuracy of 1/3, and no probe may reach more than 0.40.

What is drawn of a person is probed in hundreds of people. Voxels cost more: there the same person
is scanned three times by the same scan, once with the amyloid of each grade, and all three are
held out together. What does not know the grade then scores 1/3 exactly, and not by chance. In more
people, `python -m benchmarks.studies.simulator.leaks` asks the same.
"""

from dataclasses import replace
from functools import lru_cache
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
from monai_amyloid.phantom.cohorts.reader import Evidence
from monai_amyloid.phantom.people import person
from monai_amyloid.phantom.people.head import shape_head
from monai_amyloid.phantom.people.person import Session, draw_sessions
from monai_amyloid.phantom.people.tracer_map import petrous_bone

pytestmark = pytest.mark.slow

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


def evidence_of_loads(_: object, amyloid: np.ndarray) -> dict[str, Evidence]:
    """What a reader sees, by the load of a region alone."""
    table = regions().table
    loads = {
        name: float(amyloid[table["label"][table.read_region == name]].mean())
        for name in READ_REGIONS
    }
    return {n: Evidence(0.65 + 0.2 * load, 0.6 + 0.2 * load, load) for n, load in loads.items()}


@pytest.fixture(scope="module")
def drawn() -> pd.DataFrame:
    """What is drawn of many people: a row each, with the grade that the reader gave."""
    rows = []
    with pytest.MonkeyPatch.context() as patch:
        head = {"fractions": np.zeros((6, 1), np.float32)}
        patch.setattr(person, "shape_head", lambda drawn: SimpleNamespace(morphology=drawn, **head))
        patch.setattr(person, "tracer_map", lambda _, values, __: values.amyloid)
        patch.setattr(person, "see", evidence_of_loads)
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


def beyond(session: Session) -> np.ndarray:
    """1 outside the petrous bone, where soft tissue holds less than the scalp."""
    petrous = petrous_bone(session.head.morphology.anatomy)
    outside = np.ones(session.uptake.shape, np.float32)
    outside.reshape(-1)[petrous.index] -= 0.65 * petrous.share
    return outside


def scan_people(count: int, seed: int, folder: Path) -> pd.DataFrame:
    rows = []
    for number in range(1, count + 1):
        # With the amyloid of each grade, head and scan, and so the places, are the same.
        scan, places = None, None
        for grade in (1, 2, 3):
            (session,) = draw_sessions(Plan(seed=seed), number, grade)
            # That the scan is drawn without regard to the grade, the probes above show.
            scan = scan or session.scan
            soft = session.head.fractions[-1] * np.float32(scan.scalp - session.scan.scalp)
            same = replace(session, scan=scan, uptake=session.uptake + soft * beyond(session))
            places = places or find_places(same)
            row = stored_scan(same, folder / str(grade), "18FFBB", places)
            rows.append(row | {"person": number})
    return pd.DataFrame(rows)


@pytest.fixture(scope="module")
def scanned(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    """What real scans show, a row each, with the grade."""
    with threadpool_limits(1), pytest.MonkeyPatch.context() as patch:
        shaped_once = lru_cache(maxsize=1)(shape_head)
        patch.setattr(person, "shape_head", shaped_once)
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
