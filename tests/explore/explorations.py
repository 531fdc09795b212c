"""A small explored cohort, for what is written of one."""

from pathlib import Path

import nibabel as nib
import numpy as np
import pandas as pd

from monai_amyloid.brain.template import READ_REGIONS, TEMPLATE_AFFINE, pet_templates
from monai_amyloid.exploring.early import chance_beyond, early_amyloid_chance, early_mark
from monai_amyloid.exploring.exploration import Exploration
from monai_amyloid.exploring.groups.patterns import find_patterns
from monai_amyloid.exploring.label_errors import cross_validated, doubt
from monai_amyloid.exploring.probes import probe
from monai_amyloid.exploring.view import Scanned, look

from .cohorts import make_cohort, without_umap


def make_exploration(
    folder: Path, scans: int, *, graded: bool = True, hostile: str = "a site"
) -> Exploration:
    """Explore a cohort of numbers; its two scans' files are the template's."""
    made = make_cohort(scans)
    people = np.array([f"sub-{number:04d}" for number in range(scans)], object)
    people[3], people[5] = hostile, "=1+1"
    sites = np.where(np.arange(scans) == 4, hostile, made.sites.astype(object)).astype(str)
    about = Scanned(made.amount, made.acquisition, sites, people.astype(str))
    with without_umap():
        view = look("regional", made.suvr, about)
    coordinates = view.representation.coordinates(made.suvr.to_numpy(), made.acquisition, sites)
    centiloid = 100 * made.stage + np.random.default_rng(1).normal(0, 3, scans)
    mark = early_mark(view.score, centiloid)
    early = early_amyloid_chance(chance_beyond(view.continuum, coordinates, mark))
    files = [folder / f"{kind}.nii" for kind in ("negative", "positive")]
    for file, volume in zip(files, pet_templates(), strict=True):
        nib.save(nib.Nifti1Image(volume.astype(np.float32), TEMPLATE_AFFINE), file)
    bapl = pd.array(made.bapl if graded else [pd.NA] * scans, dtype="Int64")
    cohort = pd.DataFrame(
        {
            "participant_id": people,
            "session_id": "ses-01",
            "path": [str(files[int(stage > 0.4)]) for stage in made.stage],
            "tracer": "18FFBB",
            "bapl": bapl,
            "centiloid": centiloid,
            "site": sites,
        }
    )
    random = np.random.default_rng(2)
    sided = {
        f"{region}_{side}": made.amount + random.normal(0, 0.03, scans)
        for region in READ_REGIONS
        for side in ("left", "right")
    }
    chances = cross_validated(view.axes, made.bapl, about.participants) if graded else None
    found = probe("site", pd.Series(sites), made.suvr, about)
    return Exploration(
        cohort=cohort,
        views={"regional": view},
        mark=mark,
        early=early,
        patterns=find_patterns(pd.DataFrame(sided), view.score, np.nan_to_num(early) > 0.5),
        probabilities=chances,
        doubt=None if chances is None else doubt(chances, made.bapl),
        probes={"regional": () if found is None else (found,)},
    )
