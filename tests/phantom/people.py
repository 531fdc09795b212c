"""A simulated person's scan and what is true of it, without a cohort on disk."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from monai_amyloid.brain.template import TEMPLATE_AFFINE, brain_mask
from monai_amyloid.pet.frames.static import static_image
from monai_amyloid.pet.image import PetImage
from monai_amyloid.phantom.cohorts.plan import Plan
from monai_amyloid.phantom.cohorts.truth import truth_row
from monai_amyloid.phantom.people.person import Session, draw_sessions
from monai_amyloid.phantom.scanning.scan import FAULTLESS
from monai_amyloid.phantom.scanning.scanner import Scanned, acquire

# One fine scanner, and none of the mishaps.
ONE_SITE = Plan(sites=("site-1",))
NO_MISHAP = {**FAULTLESS, "lowest_mm": -100.0, "slices": 109}


@dataclass(frozen=True)
class ScannedPerson:
    """A person, the scan without noise, the scan with it, and the row of ``truth.tsv``."""

    session: Session
    seen: Scanned
    image: PetImage
    truth: dict[str, Any]


def draw(number: int, grade: int | None, plan: Plan = ONE_SITE, **scan: Any) -> Session:
    """Draw a person's first visit, and change the scan by its attributes."""
    session = next(draw_sessions(plan, number, grade))
    return replace(session, scan=replace(session.scan, **scan))


def scan_person(
    number: int, grade: int | None, plan: Plan = ONE_SITE, **scan: Any
) -> ScannedPerson:
    """Draw a person and scan them."""
    session = draw(number, grade, plan, **scan)
    seen = Scanned(session.head, session.uptake, session.scan)
    image = static_image(acquire(seen, session.scan, plan.tracer))
    return ScannedPerson(session, seen, image, truth_row(session, seen, plan.tracer))


def points_of(mask: np.ndarray) -> np.ndarray:
    """Where a mask on the template's grid lies, ``(3, N)`` mm."""
    points = TEMPLATE_AFFINE[:3, :3] @ np.argwhere(mask).T + TEMPLATE_AFFINE[:3, 3:]
    return points.astype(np.float32)


def brain_points() -> np.ndarray:
    """Some thousand points of the template's brain, ``(3, N)`` mm."""
    return np.ascontiguousarray(points_of(brain_mask())[:, ::20])


def template_to_scanner(session: Session) -> np.ndarray:
    """The affine transform nearest to where a person's brain truly lies, ``(4, 4)``."""
    points = brain_points()
    in_head = session.head.from_template(points)
    pose = session.scan.head_to_scanner()
    in_scanner = pose[:3, :3] @ in_head + pose[:3, 3:]
    homogeneous = np.vstack([points, np.ones(points.shape[1])])
    found, *_ = np.linalg.lstsq(homogeneous.T, in_scanner.T, rcond=None)
    return np.vstack([found.T, [0, 0, 0, 1]])
