"""Simulated people at four visits: unchanged on the same and on another scanner, and changed.

The amyloid of the second and the third visit is that of the first, to the last voxel. What else a
visit has is drawn anew: the pose, the scanner's errors, the minutes after the injection, the day's
uptake of white matter and cerebellum, and the head has aged as in 3.3 years, which thins the
cortex by 2 %.
"""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace

import numpy as np

from monai_amyloid.brain.quantities.centiloid import centiloid
from monai_amyloid.pet.frames.static import static_image
from monai_amyloid.pet.image import PetImage
from monai_amyloid.phantom.cohorts.plan import Plan
from monai_amyloid.phantom.cohorts.truth import change_row, regional_truth
from monai_amyloid.phantom.people.geometry.morphology import aged
from monai_amyloid.phantom.people.head import shape_head
from monai_amyloid.phantom.people.person import Session, draw_sessions, visit_values
from monai_amyloid.phantom.people.physiology import Physiology, draw_drift
from monai_amyloid.phantom.scanning.scan import draw_scan
from monai_amyloid.phantom.scanning.scanner import Scanned, acquire

# Half of those with amyloid are treated.
TREATED = 0.5
# Years until the changed visit: with and without treatment; and until the unchanged ones.
_TREATED_YEARS, _NATURAL_YEARS, UNCHANGED_YEARS = (0.3, 1.6), (1.5, 4.0), 3.3
# Of a scan, what its errors come from.
OF_SCAN = (
    *("fwhm_mm", "noise_cv", "edge_ratio", "scatter_left", "bone_missed", "axial_slope"),
    *("axial_bow", "dead_time", "minutes_late", "lowest_mm"),
)
KINDS = ("first", "unchanged", "other_scanner", "changed")


@dataclass(frozen=True, kw_only=True)
class SimulatedVisit:
    """One scan of a person.

    Attributes:
        kind: One of :data:`KINDS`.
        image: Scan of the visit, as it is read.
        years: Years since the first visit.
        of_amyloid: Centiloid that the amyloid alone would show.
        centiloid: Centiloid of the scan without noise.
        site: Hospital of the scan.
        treated: Whether the person gets an antibody.
        drawn: What was drawn for the visit beside the amyloid, by name: the uptake of tissues
            without amyloid, the thinning of the cortex, and how the scan was made.
    """

    kind: str
    image: PetImage
    years: float
    of_amyloid: float
    centiloid: float
    site: str
    treated: bool
    drawn: Mapping[str, float]


def four_visits(number: int, seed: int) -> Iterator[SimulatedVisit]:
    """Draw a person and the four visits.

    Args:
        number: Number of the person, from 1.
        seed: Seed of the people; the same person has the same four visits.
    """
    plan = Plan(seed=seed, sessions=4, months_between_sessions=0.25, treated=TREATED)
    # As many of each grade as there are among people: nobody is drawn again.
    sessions = list(draw_sessions(plan, number, None))
    random = np.random.default_rng([seed, number, 4])
    first = sessions[0]
    years = {"first": 0.0, "changed": years_until_changed(first.course.treated, random)}
    drift = draw_drift(random)
    known: dict[float, float] = {}
    for kind, session in zip(KINDS, sessions, strict=True):
        after = years.get(kind, UNCHANGED_YEARS)
        sites = [site for site in plan.sites if site != first.scan.site]
        site = str(random.choice(sites)) if kind == "other_scanner" else first.scan.site
        scan = first.scan if kind == "first" else draw_scan(site, random)
        disease = first.course.after(after) if kind == "changed" else first.disease
        # Old white matter holds more: the drift of the years, and the day's own.
        physiology = drifted(session.physiology, drift, after)
        visit = replace(
            first,
            years=after,
            head=shape_head(aged(first.head.morphology, after)),
            disease=disease,
            physiology=physiology,
            scan=scan,
            values=visit_values(plan, disease, physiology, first.surroundings, scan),
        )
        if disease.latent_centiloid not in known:
            known[disease.latent_centiloid] = _of_amyloid(visit, plan)
        seen = Scanned(visit.head, visit.uptake, scan)
        yield SimulatedVisit(
            kind=kind,
            image=static_image(acquire(seen, scan, plan.tracer)),
            years=after,
            of_amyloid=known[disease.latent_centiloid],
            centiloid=centiloid(regional_truth(visit.head, seen)["cortex"], plan.tracer),
            site=site,
            treated=first.course.treated,
            drawn=_drawn(visit),
        )


def years_until_changed(treated: bool, random: np.random.Generator) -> float:
    """Draw the years until the visit at which the amyloid has changed.

    Args:
        treated: Whether the person gets an antibody.
        random: Source of randomness.
    """
    return float(random.uniform(*(_TREATED_YEARS if treated else _NATURAL_YEARS)))


def drifted(physiology: Physiology, drift: Physiology, years: float) -> Physiology:
    """Give a day's uptake the drift of some years.

    Args:
        physiology: Uptake on the day, as it would have been at the first visit.
        drift: Change in a year, as factors.
        years: Years since the first visit.
    """
    return Physiology(
        white=physiology.white * drift.white**years,
        cerebellar_grey=physiology.cerebellar_grey * drift.cerebellar_grey**years,
        cerebellar_white=physiology.cerebellar_white * drift.cerebellar_white**years,
    )


def _drawn(visit: Session) -> dict[str, float]:
    scan = visit.scan
    return {
        **asdict(visit.physiology),
        "thinning": visit.head.morphology.thinning,
        **{name: float(getattr(scan, name)) for name in OF_SCAN},
        "motion": max((float(np.linalg.norm(pose[3:])) for pose in scan.motion), default=0.0),
        "ct_shift": float(np.linalg.norm(scan.ct_shift_mm)),
    }


def _of_amyloid(visit: Session, plan: Plan) -> float:
    seen = Scanned(visit.head, visit.uptake, visit.scan)
    return float(change_row(visit, seen, plan.tracer)["centiloid_of_amyloid"])
