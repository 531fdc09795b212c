"""One simulated person: head, amyloid, what readers see of it, and every scan of it."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from monai_amyloid.phantom.cohorts.plan import Plan
from monai_amyloid.phantom.cohorts.reader import (
    Seen,
    Sides,
    draw_thresholds,
    middle_grade,
    plaque_load,
    regional_uptake_grades,
)
from monai_amyloid.phantom.people.contrast import tissue_values
from monai_amyloid.phantom.people.course import Course, draw_course
from monai_amyloid.phantom.people.disease import Disease, draw_disease
from monai_amyloid.phantom.people.geometry.morphology import aged, draw_morphology
from monai_amyloid.phantom.people.head import Head, shape_head
from monai_amyloid.phantom.people.physiology import (
    Physiology,
    draw_drift,
    draw_physiology,
    on_a_day,
)
from monai_amyloid.phantom.people.surroundings import Surroundings, draw_surroundings
from monai_amyloid.phantom.people.tracer_map import Volume, brain_map, tracer_map
from monai_amyloid.phantom.people.uptake import TissueValues, florbetaben_values
from monai_amyloid.phantom.scanning.kinetics import at_minutes
from monai_amyloid.phantom.scanning.scan import Scan, draw_scan
from monai_amyloid.phantom.scanning.sites import SITES

_MOST_DRAWS = 400  # three are usual, eight for grade 2
# Of later visits, on another scanner than the one before, or after an upgrade of its
# reconstruction.
_NEW_SCANNER_SHARE, _UPGRADE_SHARE = 0.1, 0.1


@dataclass(frozen=True)
class Reading:
    """What readers make of one scan.

    Attributes:
        evidence: What each read region shows, the same for all readers.
        regional: RCTU of both sides of each read region, by reader.
    """

    evidence: dict[str, Sides]
    regional: tuple[dict[str, tuple[int, int]], ...]

    @property
    def grades(self) -> list[int]:
        """BAPL by reader."""
        return [plaque_load(each) for each in self.regional]

    @property
    def bapl(self) -> int:
        """The panel's grade."""
        return middle_grade(self.grades)


@dataclass(frozen=True, kw_only=True)
class Session:
    """One visit of one person, before any scanner.

    Attributes:
        participant: Participant label, such as ``sub-0001``.
        session: Session label, such as ``ses-01``.
        years: Years since the first visit.
        age: Age in years.
        sex: Sex of the person, ``"F"`` or ``"M"``.
        head: Head of the person.
        course: How the person's amyloid goes on.
        disease: Amyloid of the person at this visit.
        physiology: Uptake of tissues without amyloid at this visit.
        surroundings: Uptake of what is no grey or white matter, the same at every visit.
        reading: Readings of the scan; None for a scan of something else than amyloid.
        draws: How many people were drawn until this one, by the grade that the readers gave them;
            this one is among them.
        values: Uptake by tissue and label.
        scan: Settings of the acquisition.
    """

    participant: str
    session: str
    years: float
    age: float
    sex: str
    head: Head
    course: Course
    disease: Disease
    physiology: Physiology
    surroundings: Surroundings
    reading: Reading | None
    draws: Mapping[int, int] = field(default_factory=dict)
    values: TissueValues
    scan: Scan

    @cached_property
    def uptake(self) -> Volume:
        """Sharp tracer on the anatomy's grid ``(X, Y, Z)``."""
        return tracer_map(self.head, self.values, self.disease.patches)


@dataclass(frozen=True, kw_only=True)
class _Person:
    """Who comes to the first visit: everything that a reader sees of them, and their age."""

    age: float
    sex: str
    head: Head
    disease: Disease
    usual: Physiology
    physiology: Physiology
    surroundings: Surroundings
    reading: Reading


def draw_sessions(plan: Plan, number: int, grade: int | None) -> Iterator[Session]:
    """Draw a person and every visit.

    Args:
        plan: Plan of the cohort; only the settings of a person count, not the number of
            participants.
        number: Number of the person, from 1; the same number and plan give the same person in a
            cohort of any size.
        grade: Grade that the readers must give at the first visit; None for any grade.

    Yields:
        One session a visit.
    """
    random = np.random.default_rng([plan.seed, number])
    person, draws = _draw_person(plan, grade, random)
    site = str(random.choice(plan.sites))
    treatable = person.reading.bapl > 1
    treated = bool(random.uniform() < plan.treated) and treatable
    course = draw_course(person.disease, treated, random)
    drift = draw_drift(random)
    head, disease, physiology, reading = (
        person.head,
        person.disease,
        person.physiology,
        person.reading,
    )
    surroundings = person.surroundings
    made_by: str | None = None
    for visit in range(plan.sessions):
        years = visit * plan.months_between_sessions / 12
        if visit:
            head = shape_head(aged(person.head.morphology, years))
            disease = course.after(years)
            physiology = on_a_day(person.usual, drift, years, random)
            panel = [draw_thresholds(random) for _ in range(plan.readers)]
            reading = _reading(_see(head, physiology, surroundings, disease), panel)
            if random.uniform() < _NEW_SCANNER_SHARE:
                site = str(random.choice(plan.sites))
                made_by = None
            elif random.uniform() < _UPGRADE_SHARE:
                made_by = str(random.choice(SITES[site].reconstructions))
        scan = draw_scan(site, random, difficult=plan.difficult, reconstruction=made_by)
        values = visit_values(plan, disease, physiology, surroundings, scan)
        yield Session(
            participant=f"sub-{number:04d}",
            session=f"ses-{visit + 1:02d}",
            years=years,
            age=round(person.age + years),
            sex=person.sex,
            head=head,
            course=course,
            disease=disease,
            physiology=physiology,
            surroundings=surroundings,
            reading=reading if plan.pattern == "amyloid" else None,
            draws=draws if visit == 0 else {},
            values=values,
            scan=scan,
        )


def visit_values(
    plan: Plan,
    disease: Disease,
    physiology: Physiology,
    surroundings: Surroundings,
    scan: Scan,
) -> TissueValues:
    """Uptake by tissue and label, as it is while a scan is made.

    Args:
        plan: Plan of the cohort, which has the tracer and what it shows.
        disease: Amyloid of the person at the visit.
        physiology: Uptake of tissues without amyloid at the visit.
        surroundings: Uptake of what is no grey or white matter.
        scan: Settings of the acquisition, of which the time after injection counts.
    """
    values = physiology.vary(tissue_values(plan.pattern, plan.tracer, disease))
    if plan.pattern == "amyloid":
        values = at_minutes(values, plan.tracer, scan.minutes_late)
    return replace(values, surroundings=surroundings)


def _draw_person(
    plan: Plan, grade: int | None, random: np.random.Generator
) -> tuple[_Person, dict[int, int]]:
    """Draw people until the readers give one of them the grade that is asked for.

    Nothing is kept from one draw to the next: whoever is taken is a person of the population to
    whom these readers gave this grade, and nothing else tells the grade.
    """
    draws: Counter[int] = Counter()
    for _ in range(_MOST_DRAWS):
        age = float(np.clip(random.normal(72, 8), 50, 95))
        sex = str(random.choice(["F", "M"]))
        morphology = draw_morphology(age, random, plan.anatomies)
        head = shape_head(aged(morphology, plan.years_of_atrophy))
        usual = draw_physiology(random)
        physiology = on_a_day(usual, Physiology(), 0.0, random)
        surroundings = draw_surroundings(random)
        disease = draw_disease(plan.shares, random)
        seen = _see(head, physiology, surroundings, disease)
        panel = [draw_thresholds(random) for _ in range(plan.readers)]
        bapl = middle_grade([seen.plaque_load(thresholds) for thresholds in panel])
        draws[bapl] += 1
        if grade is None or bapl == grade:
            person = _Person(
                age=age,
                sex=sex,
                head=head,
                disease=disease,
                usual=usual,
                physiology=physiology,
                surroundings=surroundings,
                reading=_reading(seen, panel),
            )
            return person, dict(draws)
    raise RuntimeError(f"no reader gave grade {grade} in {_MOST_DRAWS} drawn people")


def _see(head: Head, physiology: Physiology, surroundings: Surroundings, disease: Disease) -> Seen:
    # Readers are trained on each tracer to the same effect: all see it as florbetaben.
    values = physiology.vary(florbetaben_values(disease.excess, disease.stage))
    values = replace(values, surroundings=surroundings)
    # What lies beyond the brain is nothing that they look at.
    return Seen(head, brain_map(head, values, disease.patches))


def _reading(seen: Seen, panel: Sequence[Mapping[str, float]]) -> Reading:
    evidence = seen.evidence
    return Reading(evidence, tuple(regional_uptake_grades(evidence, each) for each in panel))


def reading_row(reading: Reading) -> dict[str, Any]:
    """What readers saw and gave, as columns of ``truth.tsv``."""
    row: dict[str, Any] = {}
    for name, sides in reading.evidence.items():
        for column, evidence in (
            (f"evidence_{name}", sides.greater),
            (f"seen_left_{name}", sides.left),
            (f"seen_right_{name}", sides.right),
        ):
            row[f"{column}_smaller_area"] = evidence.smaller_area
            row[f"{column}_confluent"] = evidence.confluent
            row[f"{column}_mean"] = evidence.mean
    for number, (regional, bapl) in enumerate(
        zip(reading.regional, reading.grades, strict=True), start=1
    ):
        for name, (left, right) in regional.items():
            row[f"reader_{number}_rctu_{name}"] = max(left, right)
            row[f"reader_{number}_rctu_left_{name}"] = left
            row[f"reader_{number}_rctu_right_{name}"] = right
        row[f"reader_{number}_bapl"] = bapl
    return row
