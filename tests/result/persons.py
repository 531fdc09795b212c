"""Persons with several visits, whose numbers nobody measured."""

from dataclasses import replace
from itertools import pairwise

from monai_amyloid.brain.template import READ_REGIONS
from monai_amyloid.findings.finding import note, refusal, warning
from monai_amyloid.result.followed import Change, Clearing, Followed, RegionChange, Visit
from monai_amyloid.result.result import Result

MODEL = {"name": "a network", "version": "1.2", "sha256": "ab" * 32}
BEFORE = Result(
    name="ses-01",
    status="graded",
    grade=3,
    probabilities={1: 0.01, 2: 0.04, 3: 0.95},
    prediction_set=(3,),
    centiloid=86.2,
    centiloid_interval=(77.5, 95.1),
    study={"tracer": "18FFBB", "source": "dicom"},
    model=MODEL,
)
AFTER = replace(
    BEFORE,
    name="ses-02",
    status="needs_reader",
    grade=2,
    probabilities={1: 0.4, 2: 0.5, 3: 0.1},
    prediction_set=(1, 2),
    centiloid=18.6,
    centiloid_interval=(10.2, 27.3),
)
REFUSED = Result(
    name="ses-03",
    status="refused",
    findings=(refusal("code", "{number} of 3", number=1),),
    study={"tracer": "18FFBB", "source": "dicom"},
)
_SIDES = ("", "_left", "_right")
REGIONS = {
    name: RegionChange(suvr=-0.2 - number / 97, interval=(-0.31 - number / 97, -0.1 - number / 97))
    for number, name in enumerate(
        ("cortex", *(f"{region}{side}" for region in READ_REGIONS for side in _SIDES))
    )
}
FALLEN = Change(
    earlier=0,
    later=1,
    years=1.5,
    centiloid=-62.7,
    interval=(-68.9, -57.1),
    yearly=-41.8,
    yearly_interval=(-45.9, -38.1),
    plain=-67.6,
    direction="fallen",
    regions=REGIONS,
    findings=(
        note("code", "{number} of 1", number=11),
        warning("code", "{number} of 2", number=22),
    ),
)
TREATED = Followed(
    name="sub-01",
    visits=(
        Visit(result=BEFORE, years=0.0, centiloid=83.7, interval=(76.9, 90.8)),
        Visit(result=AFTER, years=1.5, centiloid=21.0, interval=(14.8, 27.2)),
    ),
    changes=(FALLEN,),
    clearing=Clearing(below=24.1, twice_below=None, chance=0.79, verdict="cannot_tell"),
    doses=(0.1, 0.35, 0.6),
    findings=(note("code", "{number} of 4", number=44),),
)


def several(count: int, *, years: bool = True) -> Followed:
    """A person with so many graded visits, ten Centiloid apart, and one refused in the middle."""
    visits = [
        Visit(
            result=replace(BEFORE, name=f"ses-{place:02d}"),
            years=float(place) if years else None,
            centiloid=10.0 * place,
            interval=(10.0 * place - 7, 10.0 * place + 7),
        )
        for place in range(count + 1)
    ]
    visits[1] = replace(visits[1], result=REFUSED, centiloid=None, interval=None)
    graded = [place for place in range(count + 1) if place != 1]
    pairs = list(pairwise(graded))
    pairs += [(graded[0], graded[-1])] if count > 2 else []
    changes = tuple(
        Change(
            earlier=earlier,
            later=later,
            years=float(later - earlier) if years else None,
            centiloid=10.0 * (later - earlier),
            interval=(10.0 * (later - earlier) - 4, 10.0 * (later - earlier) + 4),
            yearly=10.0 if years else None,
            yearly_interval=(6.0, 14.0) if years else None,
            plain=11.0 * (later - earlier),
            direction="risen",
            regions=REGIONS,
        )
        for earlier, later in pairs
    )
    return Followed(name="sub-02", visits=tuple(visits), changes=changes)


ALONE = replace(
    TREATED, visits=(TREATED.visits[0], Visit(result=REFUSED)), changes=(), clearing=None
)
