"""How much of a Centiloid thin cortex has taken: from the whole picture of the brain.

Where cortex thins, fluid is blurred into its uptake: the Centiloid falls, although no amyloid was
cleared. A PET shows no cortex, but what thinning leaves behind shows in the pattern of the brain:
the effect is a weighted sum of its voxels, learnt from simulated people whose cortex was thinned
under the same amyloid (``scripts/development/fit_atrophy.py``). Between two scans of one person the
pattern differs by little else; among people it is told much less exactly.
"""

import json
from functools import cache

import nibabel as nib
import numpy as np
from numpy.typing import NDArray

from monai_amyloid.brain.template import DATA, brain_mask
from monai_amyloid.pet.tracers import FLORBETABEN

# The weights are of every second voxel of the template grid.
_STEP = 2
# Row of the error model, see :mod:`monai_amyloid.brain.quantities.uncertainty`.
ADJUSTED = "adjusted"


def thinning_effect(suvr: NDArray[np.float32], tracer: str) -> float | None:
    """Centiloid that would be there more if the cortex were as thick as usual at that age.

    Args:
        suvr: SUVR over the whole cerebellum on the template grid, ``(91, 109, 91)``.
        tracer: BIDS label of the tracer.

    Returns:
        Centiloid to add to the plain one, below 0 in a brain that has thinned less than usual;
        None of a tracer for which it was not learnt.
    """
    if tracer != FLORBETABEN:
        return None
    weights, constant = _weights()
    return constant + float(coarse_voxels(suvr) @ weights)


def coarse_voxels(suvr: NDArray[np.float32]) -> NDArray[np.float64]:
    """Every second voxel of the brain, ``(N,)``, of a volume ``(91, 109, 91)``."""
    inside = brain_mask()[::_STEP, ::_STEP, ::_STEP]
    return np.asarray(suvr[::_STEP, ::_STEP, ::_STEP][inside], np.float64)


def on_grid(values: NDArray[np.float64]) -> NDArray[np.float32]:
    """What :func:`coarse_voxels` takes out, ``(N,)``, as a volume ``(46, 55, 46)``."""
    inside = brain_mask()[::_STEP, ::_STEP, ::_STEP]
    volume = np.zeros(inside.shape, np.float32)
    volume[inside] = values
    return volume


@cache
def _weights() -> tuple[NDArray[np.float64], float]:
    """Weight of each voxel ``(N,)``, Centiloid per SUVR, and the constant."""
    stored = np.asarray(nib.load(DATA / "atrophy_weights.nii.gz").dataobj, np.float64)
    inside = brain_mask()[::_STEP, ::_STEP, ::_STEP]
    beside = json.loads((DATA / "atrophy_weights.json").read_text(encoding="utf-8"))
    return stored[inside], float(beside["Constant"])
