"""The window of a scan's grey scale, as a share of its white matter."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from monai_amyloid.brain.template import brain_mask, deep_white_matter

# Of the mean uptake in deep white matter, what is black. Florbetaben is read against the white
# matter; at this share most scans clip nowhere, and white matter is a dark grey of two thirds.
USUAL_SHARE = 1.5
_STEP = 0.05


@dataclass(frozen=True)
class Window:
    """A grey scale from no uptake to black.

    Attributes:
        white_matter: Mean SUVR over the whole cerebellum in deep cerebral white matter.
        share: What is black, over ``white_matter``.
    """

    white_matter: float
    share: float

    @property
    def black(self) -> float:
        """SUVR over the whole cerebellum that is black."""
        return self.white_matter * self.share


def window_of(suvr: NDArray[np.float32]) -> Window:
    """The usual window, or a wider one in which the brain's highest uptake is not clipped.

    Args:
        suvr: SUVR over the whole cerebellum ``(91, 109, 91)``, on the template's grid.
    """
    white = max(float(suvr[deep_white_matter()].mean()), 1e-3)
    needed = math.ceil(float(suvr[brain_mask()].max()) / white / _STEP) * _STEP
    return Window(white, max(USUAL_SHARE, round(needed, 2)))
