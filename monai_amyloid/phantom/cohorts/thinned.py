"""Simulated people whose cortex is thinned more and more under the same amyloid."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from monai_amyloid.pet.frames.static import static_image
from monai_amyloid.pet.image import PetImage
from monai_amyloid.phantom.cohorts.plan import Plan
from monai_amyloid.phantom.cohorts.truth import truth_row
from monai_amyloid.phantom.people.disease import disease_at
from monai_amyloid.phantom.people.head import shape_head
from monai_amyloid.phantom.people.person import draw_sessions, visit_values
from monai_amyloid.phantom.scanning.scan import draw_scan
from monai_amyloid.phantom.scanning.scanner import Scanned, acquire

# As thin as heads are drawn.
_MOST_THINNING = 0.35


@dataclass(frozen=True, kw_only=True)
class ThinnedScan:
    """One scan of a person with a part of the cortex lost.

    Attributes:
        image: Scan of the person, as it is read.
        latent: Stage of the disease, Centiloid.
        thinning: Share of the cortical grey matter that became fluid.
        centiloid: Centiloid of the scan without noise.
        centiloid_without_atrophy: Centiloid that the same uptake would show in a usual cortex.
    """

    image: PetImage
    latent: float
    thinning: float
    centiloid: float
    centiloid_without_atrophy: float


def thinned_scans(
    number: int, seed: int, thinnings: Sequence[float], latent: float | None = None
) -> Iterator[ThinnedScan]:
    """Draw a person, and scan it with each thinning.

    Args:
        number: Number of the person, from 1.
        seed: Seed of the people.
        thinnings: Share of the cortical grey matter that became fluid, for each scan.
        latent: Stage of the disease, Centiloid; drawn as in a cohort where None.
    """
    plan = Plan(seed=seed)
    [person] = draw_sessions(plan, number, 1 + number % 3)
    random = np.random.default_rng([seed, number, 5])
    disease = person.disease if latent is None else disease_at(latent, random)
    for thinning in thinnings:
        scan = draw_scan(person.scan.site, random)
        session = replace(
            person,
            disease=disease,
            head=shape_head(replace(person.head.morphology, thinning=thinning)),
            scan=scan,
            values=visit_values(plan, disease, person.physiology, person.surroundings, scan),
        )
        seen = Scanned(session.head, session.uptake, scan)
        row = truth_row(session, seen, plan.tracer)
        yield ThinnedScan(
            image=static_image(acquire(seen, scan, plan.tracer)),
            latent=disease.latent_centiloid,
            thinning=thinning,
            centiloid=float(row["centiloid"]),
            centiloid_without_atrophy=float(row["centiloid_without_atrophy"]),
        )


def drawn_thinnings(number: int, seed: int, scans: int = 3) -> list[float]:
    """Draw how thin the cortex of a person is in each scan, share of the grey matter lost."""
    random = np.random.default_rng([seed, number, 9])
    return [float(each) for each in random.uniform(0, _MOST_THINNING, scans)]
