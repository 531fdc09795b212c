"""The gallery of simulated scans: ``docs/images/gallery``, a picture a question.

    python scripts/development/make_gallery.py

One person is scanned again and again with one thing changed at a time: the grade, the tracer, the
hospital, the cortex, a fault. A scan that the program refuses is drawn as it lies, with the reason.
"""

import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from monai_amyloid.brain.normalization import normalize
from monai_amyloid.findings.catalogue import ENGLISH
from monai_amyloid.findings.finding import StudyRefused
from monai_amyloid.pet.frames.static import static_image
from monai_amyloid.pet.image import PetImage
from monai_amyloid.phantom.cohorts.plan import Pattern, Plan
from monai_amyloid.phantom.cohorts.thinned import thinned_scans
from monai_amyloid.phantom.people.person import Session, draw_sessions, visit_values
from monai_amyloid.phantom.scanning.scan import FAULTLESS, Scan, draw_scan
from monai_amyloid.phantom.scanning.scanner import Scanned, acquire
from monai_amyloid.phantom.scanning.sites import SITES
from monai_amyloid.pictures.lettering import Lettering
from monai_amyloid.pictures.slices import SHEET_PLANES, SlicedScan, draw_slice, slice_index, tile

GALLERY = Path(__file__).resolve().parents[2] / "docs" / "images" / "gallery"
SEED = 77  # of people of no named cohort
PERSON, POSITIVE = 3, 3
TRACERS = ("18FFBB", "18FAV45", "18FFMM", "11CPIB", "18FNAV4694")
THINNINGS = (0.0, 0.12, 0.24, 0.35)
SCALE, CAPTION, GAP, QUALITY = 2, 26, 8, 72
_RAW_MM = 2.0 / SCALE  # of a pixel of a scan that is drawn as it lies


@dataclass(frozen=True)
class Shown:
    """One scan of the gallery: what it shows, and the scan."""

    name: str
    image: PetImage


def usual(site: str, seed: int = SEED) -> Scan:
    """A scan without any fault, head upright, at the tracer's usual time."""
    drawn = draw_scan(site, np.random.default_rng(seed))
    whole = {"lowest_mm": -90.0, "slices": int(190 / SITES[site].zooms_mm[2])}
    upright = {"rotation_degrees": (0.0, 0.0, 0.0), "shift_mm": (0.0, 0.0, 0.0)}
    return replace(drawn, **{**FAULTLESS, **upright, **whole, "fwhm_mm": SITES[site].fwhm_mm})


def scanned(session: Session, scan: Scan, tracer: str, pattern: Pattern = "amyloid") -> PetImage:
    """A person in a scanner, with a tracer."""
    plan = Plan(seed=SEED, tracer=tracer, pattern=pattern)
    values = visit_values(plan, session.disease, session.physiology, session.surroundings, scan)
    there = replace(session, scan=scan, values=values)
    return static_image(acquire(Scanned(there.head, there.uptake, scan), scan, tracer))


def person(grade: int, number: int = PERSON) -> Session:
    """A person whom the simulated readers give a grade."""
    return next(draw_sessions(Plan(seed=SEED), number, grade))


def grades() -> Iterator[Shown]:
    """Nine people, three a grade, in one scanner."""
    for grade in (1, 2, 3):
        for number in (1, 2, 3):
            session = person(grade, number)
            form = session.disease.pattern.replace("_", "-")
            yield Shown(f"BAPL {grade}, {form}", scanned(session, usual("site-3"), "18FFBB"))


def tracers() -> Iterator[Shown]:
    """One person with each tracer."""
    for tracer in TRACERS:
        yield Shown(tracer, scanned(person(POSITIVE), usual("site-3"), tracer))


def scanners() -> Iterator[Shown]:
    """One person in each hospital."""
    for site, scanner in SITES.items():
        scan = draw_scan(site, np.random.default_rng(SEED))
        kept = ("reconstruction", "scatter_left", "bone_missed", "axial_slope", "noise_cv")
        scan = replace(usual(site), **{name: getattr(scan, name) for name in kept})
        name = f"{site}, {scan.reconstruction}, {scanner.fwhm_mm:g} mm, {scanner.stored_bits} bits"
        yield Shown(name, scanned(person(POSITIVE), scan, "18FFBB"))


def atrophy() -> Iterator[Shown]:
    """One person with more and more of the cortex lost, and the same amyloid."""
    for scan in thinned_scans(PERSON, SEED, THINNINGS, latent=80.0):
        yield Shown(f"{scan.thinning:.0%} of the cortex lost", scan.image)


def artefacts() -> Iterator[Shown]:
    """One person with one fault of the acquisition at a time, then what is no amyloid PET."""
    still = usual("site-3")
    moved = ((0.0, 0.0, 9.0, 6.0, 3.0, 0.0),) * 2 + ((0.0,) * 6,)
    changes: dict[str, dict[str, Any]] = {
        "no fault": {},
        "the head moved": {"motion": moved},
        "CT shifted by 10 mm": {"ct_shift_mm": (10.0, 0.0, 0.0)},
        "few counts": {"noise_cv": 0.15},
        "smoothed to 11 mm": {"fwhm_mm": 11.0},
        "head turned by 25 degrees": {"rotation_degrees": (25.0, 0.0, 0.0)},
        "cerebellum cut": {"lowest_mm": -40.0, "slices": 70},
    }
    for name, change in changes.items():
        yield Shown(name, scanned(person(POSITIVE), replace(still, **change), "18FFBB"))
    others: tuple[Pattern, ...] = ("fdg", "tau", "perfusion")
    for pattern in others:
        yield Shown(f"{pattern}, not amyloid", scanned(person(1), still, "18FFBB", pattern))


GROUPS = {
    "grades": (grades, 3),
    "tracers": (tracers, 2),
    "scanners": (scanners, 2),
    "atrophy": (atrophy, 2),
    "artefacts": (artefacts, 2),
}


def drawn(shown: Shown) -> NDArray[np.uint8]:
    """Three planes of a scan under its caption."""
    try:
        brain = normalize(shown.image)
    except StudyRefused as refused:
        [finding, *_] = refused.findings
        return captioned(as_it_lies(shown.image), shown.name, f"refused: {finding.code}")
    scan = SlicedScan.of(brain)
    planes = [
        draw_slice(scan, axis, slice_index(axis, place), SCALE, outlined=())
        for axis, place in SHEET_PLANES
    ]
    return captioned(tile([planes], 0), shown.name, f"Centiloid {brain.centiloid:.0f}")


def as_it_lies(image: PetImage) -> NDArray[np.uint8]:
    """Three planes through the middle of the uptake, without any registration."""
    data = np.clip(image.data, 0, np.quantile(image.data, 0.998))
    middle = [round(each) for each in ndimage.center_of_mass(data)]
    planes = []
    for axis in range(3):
        cut = np.delete(np.array(image.affine.diagonal()[:3]), axis)
        plane = np.take(data, middle[axis], axis=axis)
        zoomed = ndimage.zoom(plane, np.abs(cut) / _RAW_MM, order=1)
        grey = 255 - np.clip(zoomed / data.max() * 255, 0, 255).astype(np.uint8)
        planes.append(np.repeat(grey.T[::-1, :, None], 3, axis=-1))
    smallest = min(plane.shape[0] for plane in planes)
    return tile([[plane[:smallest] for plane in planes]], 0)


def captioned(picture: NDArray[np.uint8], *texts: str) -> NDArray[np.uint8]:
    """A picture below a line of text."""
    strip = Image.new("RGB", (picture.shape[1], CAPTION), "white")
    Lettering(strip, ENGLISH).write((2, 4), "; ".join(texts), 15)
    return np.concatenate([np.asarray(strip), picture])


def main() -> None:
    """Draw the groups that are named, or all of them."""
    torch.set_num_threads(1)
    GALLERY.mkdir(parents=True, exist_ok=True)
    for name in sys.argv[1:] or GROUPS:
        scans, columns = GROUPS[name]
        tiles = [drawn(shown) for shown in scans()]
        tiles += [np.full((1, 1, 3), 255, np.uint8)] * (-len(tiles) % columns)
        rows = [tiles[first : first + columns] for first in range(0, len(tiles), columns)]
        path = GALLERY / f"{name}.webp"
        Image.fromarray(tile(rows, GAP)).save(path, quality=QUALITY, method=6)
        sys.stdout.write(f"{path}: {path.stat().st_size / 1000:.0f} kB\n")


if __name__ == "__main__":
    main()
