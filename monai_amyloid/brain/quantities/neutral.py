"""A scan without what speaks for or against amyloid: what a region is replaced by to remove it.

The scan's own fitted template, its grey and white matter and scalp as bright as in the scan, with
so much amyloid that a reader could not decide whether it is positive.
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from monai_amyloid.brain.registration.register import Registration
from monai_amyloid.brain.template import AMYLOID, TEMPLATE_AFFINE, tissue_uptake, voi
from monai_amyloid.pet.tracers import TRACERS

# Where BAPL 1 passes into BAPL 2, in the middle of the thresholds of 13.5 for early and 35.7 for
# established amyloid on florbetaben; the network's own grade flips there too, on the templates.
UNDECIDED_CENTILOID = 25.0
_EDGE_MM = 2.0  # sigma: an edge would be seen by a network as something of its own


def neutral_suvr(registration: Registration, tracer: str) -> NDArray[np.float32]:
    """A scan's fitted template at :data:`UNDECIDED_CENTILOID`, SUVR ``(91, 109, 91)``.

    Args:
        registration: Registration of the template to the scan.
        tracer: BIDS label of the scan's tracer.

    Raises:
        ValueError: If the fitted template has no uptake in the cerebellum.
    """
    # The weight of amyloid at which cortex over cerebellum is the target: both grow with it.
    line = TRACERS[tracer]
    target = (UNDECIDED_CENTILOID - line.centiloid_intercept) / line.centiloid_slope
    cortex, cerebellum = _means("cortex"), _means("whole_cerebellum")
    weights = registration.weights.astype(np.float64)
    weights[AMYLOID] = 0.0
    lacking = float(weights @ (target * cerebellum - cortex))
    weights[AMYLOID] = lacking / float(cortex[AMYLOID] - target * cerebellum[AMYLOID])
    reference = float(weights @ cerebellum)
    if not reference > 0:
        raise ValueError("the fitted template has no uptake in the whole cerebellum")
    weights /= reference
    return np.asarray(np.tensordot(weights.astype(np.float32), tissue_uptake(), axes=1))


@cache
def _means(name: str) -> NDArray[np.float64]:
    """Mean of each of the template's tissues in a volume of interest, ``(5,)``."""
    return np.asarray(tissue_uptake()[:, voi(name)].mean(axis=1, dtype=np.float64))


def remove(
    volume: NDArray[np.float32], region: NDArray[np.bool_], neutral: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Replace a region of an SUVR volume by what is neutral, smoothly at its edge.

    Args:
        volume: SUVR on the template grid, ``(91, 109, 91)``.
        region: True where the volume is replaced, ``(91, 109, 91)``.
        neutral: Neutral SUVR from :func:`neutral_suvr`, ``(91, 109, 91)``.
    """
    sigma = _EDGE_MM / TEMPLATE_AFFINE[0, 0]
    part = ndimage.gaussian_filter(region.astype(np.float32), sigma)
    return np.asarray(volume + part * (neutral - volume))
