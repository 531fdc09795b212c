"""What is known of a simulated scan and of no real one: the row of ``truth.tsv``."""

from dataclasses import asdict, replace
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import ndimage

from monai_amyloid.brain.quantities.centiloid import centiloid
from monai_amyloid.brain.template import TEMPLATE_AFFINE, regions, voi
from monai_amyloid.cohort.datalist import UNKNOWN
from monai_amyloid.pet.widths import FWHM_PER_SIGMA
from monai_amyloid.phantom.cohorts.readers import GRADES, reader_chances
from monai_amyloid.phantom.people.brain import brain
from monai_amyloid.phantom.people.contrast import tissue_values
from monai_amyloid.phantom.people.geometry.anatomy import WARP_AFFINE, WARP_SHAPE, load_anatomy
from monai_amyloid.phantom.people.geometry.deformation import Points, grid_points, interpolate
from monai_amyloid.phantom.people.geometry.typical import template_to_anatomy
from monai_amyloid.phantom.people.head import Head, unworn
from monai_amyloid.phantom.people.person import Reading, Session, reading_row
from monai_amyloid.phantom.people.tracer_map import blur, in_brain
from monai_amyloid.phantom.people.uptake import TissueValues
from monai_amyloid.phantom.scanning.attenuation import block_mean
from monai_amyloid.phantom.scanning.scanner import Scanned

# Mean uptake or SUVR by region.
Means = dict[str, float]

_NODE_ML = 64e-3  # 4 mm
_BLOCK = (2, 2, 2)
_BLOCK_TO_VOXEL = np.array(
    [[2, 0, 0, 0.5], [0, 2, 0, 0.5], [0, 0, 2, 0.5], [0, 0, 0, 1]], np.float64
)


def truth_row(session: Session, seen: Scanned, tracer: str) -> dict[str, Any]:
    """One row of ``truth.tsv``.

    ``centiloid`` and ``suvr_*`` are measured on the scan without noise, through the known
    deformation, the former by the tracer's own line. ``centiloid_without_atrophy`` is what the
    same uptake would show in a brain that has not thinned more than usual.

    Args:
        session: Visit of the simulated person.
        seen: Scan of that visit without noise.
        tracer: BIDS label of the tracer.
    """
    means = _regional_means(session.head, seen)
    suvr = _over_reference(means)
    cortex = suvr.pop("cortex")
    whole = _over_reference(_of_values(session, means, session.values))
    row: dict[str, Any] = {
        "participant_id": session.participant,
        "latent_centiloid": session.disease.latent_centiloid,
        "centiloid": centiloid(cortex, tracer),
        "centiloid_without_atrophy": centiloid(whole["cortex"], tracer),
        "session_id": session.session,
        "pattern": session.disease.pattern,
        "pattern_leads": "+".join(session.disease.leads) or UNKNOWN,
        "suvr_cortex": cortex,
        **{f"suvr_{name}": value for name, value in suvr.items()},
    }
    if session.reading is not None:
        row |= _panel_row(session.reading)
        row |= {f"draws_bapl_{grade}": session.draws.get(grade, 0) for grade in GRADES}
    return row | _morphology_row(session.head) | session.scan.as_row()


def regional_truth(head: Head, seen: Scanned) -> Means:
    """SUVR over the whole cerebellum, of the GAAIN cortex and of each region and side."""
    return _over_reference(_regional_means(head, seen))


def _over_reference(means: Means) -> Means:
    reference = means["whole_cerebellum"]
    return {name: mean / reference for name, mean in means.items() if name != "whole_cerebellum"}


def _regional_means(head: Head, seen: Scanned) -> Means:
    """Uptake of the GAAIN volumes of interest and of each region and side, without noise."""
    counts, points = _region_points()
    values = interpolate(seen.uptake[None], seen.affine, head.from_template(points))[0]
    ends = np.cumsum(list(counts.values()))
    return {
        name: float(part.mean(dtype=np.float64))
        for name, part in zip(counts, np.split(values, ends[:-1]), strict=True)
    }


def change_row(session: Session, seen: Scanned, tracer: str) -> dict[str, Any]:
    """What of a visit is compared with other visits of the same person.

    ``centiloid_of_amyloid`` is what the amyloid alone would show: in a cortex that has not thinned,
    with the white matter and the cerebellum of a typical person.

    Args:
        session: Visit of the simulated person.
        seen: Scan of that visit without noise.
        tracer: BIDS label of the tracer.
    """
    typical = replace(
        tissue_values("amyloid", tracer, session.disease), surroundings=session.surroundings
    )
    means = _regional_means(session.head, seen)
    alone = _over_reference(_of_values(session, means, typical))
    return {
        "years": session.years,
        "treated": session.course.treated,
        "doses": sum(after <= session.years for after in session.course.doses_after_years),
        "centiloid_of_amyloid": centiloid(alone["cortex"], tracer),
    }


def _panel_row(reading: Reading) -> dict[str, Any]:
    """What the panel gave, what its readers saw, and how likely each grade is by any reader."""
    row: dict[str, Any] = {"panel_bapl": reading.bapl}
    for grade in GRADES:
        row[f"panel_share_bapl_{grade}"] = reading.grades.count(grade) / len(reading.grades)
    row |= reading_row(reading)
    (chances,) = reader_chances(pd.DataFrame([row]))
    return row | {
        f"reader_chance_bapl_{grade}": float(chance)
        for grade, chance in zip(GRADES, chances, strict=True)
    }


def _of_values(session: Session, means: Means, values: TissueValues) -> Means:
    """Mean uptake of the volumes of interest with other values, in a brain that has not thinned.

    The difference from what was scanned is smooth once it is blurred: a grid of 4 mm holds it, and
    some of the points tell its mean.
    """
    head, patches = session.head, session.disease.patches
    more = np.zeros(head.anatomy.labels.size, np.float32)
    inside = in_brain(unworn(head), values, patches) - in_brain(head, session.values, patches)
    more[brain(head.morphology.anatomy).index] = inside
    coarse = block_mean(more.reshape(head.anatomy.labels.shape), _BLOCK)
    affine = head.anatomy.affine @ _BLOCK_TO_VOXEL
    # Averaging over blocks blurs as well: by the variance of one block.
    zooms = np.diag(affine)[:3]
    fwhm = np.sqrt(session.scan.fwhm_mm**2 - FWHM_PER_SIGMA**2 * zooms[0] ** 2 / 12)
    coarse = blur(coarse, float(fwhm), zooms)
    found = {}
    for name in ("cortex", "whole_cerebellum"):
        places = head.to_anatomy(head.from_template(_some_points(name)))
        found[name] = means[name] + float(interpolate(coarse[None], affine, places)[0].mean())
    return found


@cache
def _some_points(name: str) -> Points:
    """Every eighth point of a volume of interest in the template, ``(3, N)`` mm."""
    return np.ascontiguousarray(_points(voi(name))[:, ::8])


@cache
def _region_points() -> tuple[dict[str, int], Points]:
    """The template's voxels of each region: how many, and ``(3, N)`` mm."""
    atlas = regions()
    masks = {name: voi(name) for name in ("cortex", "whole_cerebellum")}
    for row in atlas.table.itertuples(index=False):
        side = "" if row.hemisphere == "both" else f"_{row.hemisphere}"
        masks[f"{row.region}{side}"] = atlas.labels == row.label
    points = np.concatenate([_points(mask) for mask in masks.values()], axis=1)
    return {name: int(np.count_nonzero(mask)) for name, mask in masks.items()}, points


def _points(mask: NDArray[np.bool_]) -> Points:
    index = np.argwhere(mask).T
    return (TEMPLATE_AFFINE[:3, :3] @ index + TEMPLATE_AFFINE[:3, 3:]).astype(np.float32)


def _morphology_row(head: Head) -> dict[str, Any]:
    growth = head.jacobian
    moved = np.linalg.norm(head.displacement, axis=0)
    row: dict[str, Any] = {}
    for name, value in asdict(head.morphology).items():
        if name == "scale":
            row |= {f"scale_{axis}": part for axis, part in zip("xyz", value, strict=True)}
        elif name == "infarct_mm":
            row["infarct_radius_mm"] = value[3] if value else 0.0
        elif name != "seed":
            row[name] = value
    row["jacobian_min"] = float(growth.min())
    row["jacobian_max"] = float(growth.max())
    row["displacement_rms_mm"] = float(np.sqrt((moved**2).mean()))
    row["ventricle_ml"] = float((_ventricle(head.morphology.anatomy) * growth).sum() * _NODE_ML)
    return row


@cache
def _ventricle(anatomy: str) -> NDArray[np.float32]:
    """Share of the ventricles at each node of the warp's grid, in the template."""
    points = grid_points(WARP_SHAPE, WARP_AFFINE) + template_to_anatomy(anatomy)
    made_of = load_anatomy(anatomy)
    space = ndimage.uniform_filter(made_of.tissues["ventricle"], 3)
    return np.asarray(interpolate(space[None], made_of.affine, points)[0], np.float32)
