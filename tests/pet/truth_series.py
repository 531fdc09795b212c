"""A scan of :mod:`.vendors.truth` as frames to be written, decay-corrected as wanted."""

from functools import partial
from typing import Any

import numpy as np

from monai_amyloid.pet.frames.series import Frame, FrameSeries

from .vendors import Truth, make_truth

KINETICS = (1, 1.1, 1.2, 1.3)
UNEVEN = ((5400, 300), (5700, 480), (6180, 300), (6480.5, 119.5))
# Large enough for the motion between frames to be estimated.
HEAD = make_truth((22, 24, 18), zooms=(8, 8, 9), frames=UNEVEN, kinetics=KINETICS, angles=(3, 4, 5))
SMALL = make_truth(frames=UNEVEN, kinetics=KINETICS, angles=(4, -6, 9), blank_slices=1)


def truth_series(truth: Truth, decay: str = "START", **fields: Any) -> FrameSeries:
    """The frames in Bq/mL, corrected to ``"START"`` or ``"ADMIN"``, or not (``"NONE"``)."""
    corrected_to = {"START": truth.starts[0], "ADMIN": 0.0, "NONE": None}[decay]
    frames = tuple(
        Frame(partial(np.asarray, data), start, duration, corrected_to)
        for data, start, duration in zip(
            truth.values(decay).astype(np.float32), truth.starts, truth.durations, strict=True
        )
    )
    known: dict[str, Any] = {
        "from_injection": True,
        "tracer": "18FFBB",
        "unit": "Bq/mL",
        "half_life": 6586.2,
    }
    known["provenance"] = {"CorrectedImage": ["DECY", "ATTN"]}
    shape = truth.frames.shape[1:]
    return FrameSeries(
        frames=frames, affine=truth.affine, shape=shape, source="truth", **(known | fields)
    )
