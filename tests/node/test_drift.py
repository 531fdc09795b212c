"""A month that is unlike the reference raises an alarm, in words, in metrics and in the log."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import insert

from benchmarks.fuzz.small_studies import queue_in
from monai_amyloid.errors import UserError
from monai_amyloid.findings.phrase import in_language
from monai_amyloid.node.operating.drift import DriftReport, DriftWatch, drift_of
from monai_amyloid.node.operating.health import health
from monai_amyloid.node.operating.logs import Log
from monai_amyloid.node.operating.standing import StandingReader, StandingWriter
from monai_amyloid.node.page.monitoring import registry
from monai_amyloid.node.queue.queue import Queue
from monai_amyloid.node.queue.tables import results, studies
from monai_amyloid.node.receiving.room import Room
from monai_amyloid.node.settings import Drift
from monai_amyloid.node.settings import Log as LogSettings

MONTH_S = 30.4 * 86400
BEGIN_S = 1.7e9  # November 2023


class Months:
    """A queue with so many results a month, drawn anew for each test."""

    def __init__(self, folder: Path) -> None:
        self.queue: Queue = queue_in(folder)
        self.random = np.random.default_rng(0)
        self.count, self.month = 0, 0

    def pass_by(self, count: int, *, centiloid: float = 30.0, doubt: float = 0.1,
                noise: float = 0.1, bundle: str = "b1") -> None:  # fmt: skip
        """A month."""
        made = []
        for _ in range(count):
            self.count += 1
            doubtful = bool(self.random.uniform() < doubt)
            made.append({
                "study": self.count, "revision": 1, "current": True,
                "status": "needs_reader" if doubtful else "graded", "grade": 2,
                "centiloid": centiloid + 30 * self.random.normal(), "reason": "[]",
                "folder": "results/x", "images": "", "seconds": 1.0, "bundle": bundle,
                "quality": f'{{"noise_cv": {noise + 0.02 * self.random.normal()}}}',
                "made_at": BEGIN_S + self.month * MONTH_S,
            })  # fmt: skip
        rows: list[dict[str, Any]] = [
            {"number": each["study"], "study_uid": f"1.{each['study']}", "state": "graded",
             "received_at": 0.0, "changed_at": 0.0} for each in made
        ]  # fmt: skip
        with self.queue.database.writing() as connection:
            connection.execute(insert(studies), rows)
            connection.execute(insert(results), made)
        self.month += 1

    def report(self, **changed: Any) -> DriftReport:
        return drift_of(self.queue, Drift(**{"reference": 60, **changed}))


@pytest.fixture
def months(tmp_path: Path) -> Months:
    made = Months(tmp_path)
    made.pass_by(60)
    return made


def test_months_like_the_reference_raise_no_alarm(months: Months) -> None:
    for _ in range(6):
        months.pass_by(20)
    report = months.report()
    assert not report.alarms and report.later == 120
    assert {each.measure for each in report.measures} == {"centiloid", "doubt", "noise_cv"}


@pytest.mark.parametrize(
    ("changed", "code", "words"),
    [
        (
            {"centiloid": 75.0},
            "node_drift",
            "Centiloid: the median of the 30 studies since 2024-01",
        ),
        ({"noise": 0.16}, "node_drift", "noise: the median of the 30 studies"),
        ({"doubt": 0.6}, "node_drift_doubt", "of the 30 studies since 2024-01"),
    ],
)
def test_a_month_that_is_other_is_named_in_both_languages(
    months: Months, changed: dict[str, float], code: str, words: str
) -> None:
    months.pass_by(30)
    months.pass_by(30, **changed)
    [alarm] = months.report().alarms
    assert alarm.code == code and words in str(alarm) and alarm.level == "warning"
    korean = in_language(alarm, "ko")
    assert "2024-01 이후 검사 30건" in korean and "first_study" in korean


def test_an_alarm_stays_until_a_person_sets_another_reference(months: Months) -> None:
    months.pass_by(40, centiloid=80.0)
    for _ in range(4):
        months.pass_by(20, centiloid=80.0)
    assert months.report().alarms
    assert not months.report(first_study=61).alarms


def test_another_bundle_begins_another_reference(months: Months) -> None:
    months.pass_by(40, centiloid=80.0, bundle="b2")
    report = months.report()
    assert (report.reference, report.needed, report.measures) == (40, 60, ())


def test_an_alarm_is_in_the_log_once_and_in_the_metrics(months: Months, tmp_path: Path) -> None:
    log = Log(tmp_path / "log.jsonl", LogSettings(), "one")
    watch = DriftWatch(months.queue, Drift(reference=60), log)
    watch.step()
    assert watch.found and not watch.found.alarms
    for _ in range(3):
        months.pass_by(30, centiloid=80.0)
        watch.step()
    lines = (tmp_path / "log.jsonl").read_text().splitlines()
    assert sum('"event": "drift", "measure": "centiloid"' in each for each in lines) == 1
    file = tmp_path / "standing.json"
    StandingWriter(file).write({}, [], watch.found)  # for the page, which is another process
    read = StandingReader(file).read().drift
    assert read and [str(each) for each in read.alarms] == [*map(str, watch.found.alarms)]
    made = registry(health(months.queue, Room(tmp_path, 0), {}, [], read))
    numbers = {
        (sample.name, sample.labels["measure"]): sample.value
        for family in made.collect()
        for sample in family.samples
        if "drift" in sample.name
    }
    assert numbers["monai_amyloid_node_drift_alarm", "centiloid"] == 1
    assert numbers["monai_amyloid_node_drift", "centiloid"] >= 1
    assert numbers["monai_amyloid_node_drift_alarm", "noise_cv"] == 0


def test_settings_that_cannot_be_are_refused() -> None:
    for changed in ({"reference": 10}, {"years": 0.0}):
        with pytest.raises(UserError, match="needed"):
            Drift(**changed)
