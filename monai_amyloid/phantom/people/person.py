"""One simulated person: head, amyloid, what readers see of it, and every scan of it."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from monai_amyloid.phantom.cohorts.plan import Plan
from monai_amyloid.phantom.cohorts.reader import Evidence, plaque_load, regional_uptake_grades, see
from monai_amyloid.phantom.people.contrast import tissue_values
from monai_amyloid.phantom.people.disease import Disease, draw_disease, progressed
from monai_amyloid.phantom.people.head import Head, shape_head
from monai_amyloid.phantom.people.morphology import draw_morphology
from monai_amyloid.phantom.people.surroundings import draw_surroundings
from monai_amyloid.phantom.people.tracer_map import Volume, tracer_map
from monai_amyloid.phantom.people.uptake import TissueValues, florbetaben_values
from monai_amyloid.phantom.scanning.scan import Scan, draw_scan

_YEARS_BETWEEN_SESSIONS = 2.0
_MOST_DRAWS = 200  # two are usual
# SD between people of white matter, cerebellar grey and cerebellar white matter.
_WHITE_SD, _CEREBELLAR_GREY_SD, _CEREBELLAR_WHITE_SD = 0.05, 0.03, 0.04


@dataclass(frozen=True)
class Reading:
    """What readers make of one scan.

    Attributes:
        evidence: What each read region shows, the same for all readers.
        regional: RCTU of each read region, by reader.
    """

    evidence: dict[str, Evidence]
    regional: tuple[dict[str, int], ...]

    @property
    def grades(self) -> list[int]:
        """BAPL by reader."""
        return [plaque_load(each) for each in self.regional]

    @property
    def bapl(self) -> int:
        """The grade in the middle: the majority's, where there is one."""
        grades = sorted(self.grades)
        return grades[(len(grades) - 1) // 2]


@dataclass(frozen=True, kw_only=True)
class Session:
    """One visit of one person, before any scanner.

    Attributes:
        participant: Participant label, such as ``sub-0001``.
        session: Session label, such as ``ses-01``.
        age: Age in years.
        sex: Sex of the person, ``"F"`` or ``"M"``.
        head: Head of the person.
        disease: Amyloid of the person at this visit.
        reading: Readings of the scan; None for a scan of something else than amyloid.
        uptake: Sharp tracer on the anatomy's grid.
        scan: Settings of the acquisition.
    """

    participant: str
    session: str
    age: float
    sex: str
    head: Head
    disease: Disease
    reading: Reading | None
    uptake: Volume
    scan: Scan


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
    age = float(np.clip(random.normal(72, 8), 50, 95))
    sex = str(random.choice(["F", "M"]))
    site = str(random.choice(plan.sites))
    head = shape_head(draw_morphology(age, random, plan.anatomies))
    person = _Person(random)
    disease, reading = _draw_read_disease(plan, head, person, grade, random)
    for visit in range(plan.sessions):
        if visit:
            disease = progressed(disease, _YEARS_BETWEEN_SESSIONS, random)
            reading = _read(plan, head, person, disease, random)
        scan = draw_scan(site, random, difficult=plan.difficult)
        values = tissue_values(plan.pattern, plan.tracer, disease)
        values = person.vary(values)
        yield Session(
            participant=f"sub-{number:04d}",
            session=f"ses-{visit + 1:02d}",
            age=round(age + visit * _YEARS_BETWEEN_SESSIONS),
            sex=sex,
            head=head,
            disease=disease,
            reading=reading if plan.pattern == "amyloid" else None,
            uptake=tracer_map(head, values, disease.patches),
            scan=scan,
        )


class _Person:
    """How one person's white matter and cerebellum differ from the typical."""

    def __init__(self, random: np.random.Generator) -> None:
        self.white = random.normal(1.0, _WHITE_SD)
        self.cerebellar_grey = random.normal(1.0, _CEREBELLAR_GREY_SD)
        self.cerebellar_white = random.normal(1.0, _CEREBELLAR_WHITE_SD)
        self.surroundings = draw_surroundings(random)

    def vary(self, values: TissueValues) -> TissueValues:
        grey, white = values.grey.copy(), values.white * np.float32(self.white)
        for label in values.labels_of("cerebellum", "brainstem"):
            white[label] = values.white[label] * self.cerebellar_white
        for label in values.labels_of("cerebellum"):
            grey[label] *= self.cerebellar_grey
        return replace(values, grey=grey, white=white, surroundings=self.surroundings)


def _draw_read_disease(
    plan: Plan, head: Head, person: _Person, grade: int | None, random: np.random.Generator
) -> tuple[Disease, Reading]:
    for _ in range(_MOST_DRAWS):
        # Drawn until the readers agree, so that prevalence is exact and labels stay noisy.
        stage = grade or int(random.choice([1, 2, 3], p=plan.shares))
        disease = draw_disease(stage, random)
        reading = _read(plan, head, person, disease, random)
        if grade is None or reading.bapl == grade:
            return disease, reading
    raise RuntimeError(f"no reader gave grade {grade} in {_MOST_DRAWS} drawn people")


def _read(
    plan: Plan, head: Head, person: _Person, disease: Disease, random: np.random.Generator
) -> Reading:
    # Readers are trained on each tracer to the same effect: all see it as florbetaben.
    values = florbetaben_values(disease.excess, disease.stage)
    evidence = see(head, tracer_map(head, person.vary(values), disease.patches))
    readings = tuple(regional_uptake_grades(evidence, random) for _ in range(plan.readers))
    return Reading(evidence, readings)


def reading_row(reading: Reading) -> dict[str, Any]:
    """What readers saw and gave, as columns of ``truth.tsv``."""
    row: dict[str, Any] = {}
    for name, evidence in reading.evidence.items():
        row[f"evidence_{name}_smaller_area"] = evidence.smaller_area
        row[f"evidence_{name}_confluent"] = evidence.confluent
        row[f"evidence_{name}_mean"] = evidence.mean
    for number, (regional, bapl) in enumerate(
        zip(reading.regional, reading.grades, strict=True), start=1
    ):
        row |= {f"reader_{number}_rctu_{name}": rctu for name, rctu in regional.items()}
        row[f"reader_{number}_bapl"] = bapl
    return row
