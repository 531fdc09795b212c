"""Fit the contrast of each amyloid tracer to its own Centiloid line.

Run by a developer; what it prints goes into phantom/contrast.py:

    python scripts/development/fit_contrasts.py

White matter is given. Grey matter and amyloid follow: a typical person at latent Centiloid 0 and
80 must have, by the tracer's own line, the Centiloid that florbetaben gives. SUVR is a ratio of
two sums that are linear in the tissue values, so that four noise-free scans are enough.
"""

from dataclasses import replace

import numpy as np
from scipy.optimize import fsolve

from monai_amyloid.brain.quantities.centiloid import centiloid
from monai_amyloid.brain.template import TEMPLATE_AFFINE, voi
from monai_amyloid.phantom.people.contrast import CONTRASTS
from monai_amyloid.phantom.people.disease import typical_disease
from monai_amyloid.phantom.people.geometry.deformation import Points, interpolate
from monai_amyloid.phantom.people.geometry.morphology import Morphology
from monai_amyloid.phantom.people.head import shape_head
from monai_amyloid.phantom.people.surroundings import Surroundings
from monai_amyloid.phantom.people.tracer_map import blur, tracer_map
from monai_amyloid.phantom.people.uptake import TissueValues, florbetaben_values

FWHM_MM = 5.5
STAGES = (0.0, 80.0)


def points_of(name: str) -> Points:
    """A VOI's voxels in template millimetres, ``(3, N)``."""
    index = np.argwhere(voi(name)).T
    return (TEMPLATE_AFFINE[:3, :3] @ index + TEMPLATE_AFFINE[:3, 3:]).astype(np.float32)


def parts_at(stage: float) -> list[np.ndarray]:
    """Mean in cortex and whole cerebellum of each part of a scan.

    Returns:
        Cerebral grey, amyloid, white and the rest, each ``(cortex, cerebellum)``.
    """
    disease, head = typical_disease(stage), shape_head(Morphology())
    values = florbetaben_values(disease.excess, disease.stage)
    none = np.zeros_like(values.grey)
    cerebellum = none.copy()
    cerebellum[values.labels_of("cerebellum")] = values.grey[values.labels_of("cerebellum")]
    dark = replace(values, grey=none, amyloid=none, white=none)
    black = replace(dark, surroundings=Surroundings.of(0.0))

    def measure(part: TissueValues) -> np.ndarray:
        sharp = tracer_map(head, part, disease.patches)
        seen = blur(sharp, FWHM_MM, np.full(3, 2.0))[None]
        places = [head.to_anatomy(points_of(name)) for name in ("cortex", "whole_cerebellum")]
        return np.array([interpolate(seen, head.anatomy.affine, p).mean() for p in places])

    return [
        measure(replace(black, grey=values.grey - cerebellum)),
        measure(replace(black, amyloid=values.amyloid)),
        measure(replace(black, white=values.white)),
        measure(replace(dark, grey=cerebellum)),
    ]


def main() -> None:
    """Print the factors of grey matter and amyloid for each tracer."""
    parts = {stage: parts_at(stage) for stage in STAGES}

    def measured(stage: float, tracer: str, white: float, grey: float, amyloid: float) -> float:
        factors = (grey, amyloid, white, 1.0)
        cortex, cerebellum = np.sum(
            [f * p for f, p in zip(factors, parts[stage], strict=True)], axis=0
        )
        return centiloid(cortex / cerebellum, tracer)

    target = [measured(stage, "18FFBB", 1.0, 1.0, 1.0) for stage in STAGES]
    for tracer, contrast in CONTRASTS.items():

        def errors(x: np.ndarray, tracer: str = tracer, white: float = contrast.white) -> list:
            found = [measured(stage, tracer, white, *x) for stage in STAGES]
            return list(np.subtract(found, target))

        grey, amyloid = fsolve(errors, [1.0, 1.0])
        print(f'"{tracer}": Contrast({contrast.white:g}, {grey:.3f}, {amyloid:.3f}),')


if __name__ == "__main__":
    main()
