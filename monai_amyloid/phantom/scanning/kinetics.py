"""What a scan shows that begins late or early: the tracer's own kinetics.

Uptake over the cerebellum's changes slowly in the usual windows. Grey without amyloid leaves the
brain about as the cerebellum does, amyloid and white matter hold the tracer longer.
"""

from dataclasses import dataclass, replace

import numpy as np

from monai_amyloid.phantom.people.uptake import TissueValues


@dataclass(frozen=True)
class Drift:
    """Change of uptake over the cerebellum's grey matter about the usual window.

    Attributes:
        grey: Change of grey matter without amyloid, share a minute.
        amyloid: Change of what amyloid adds, share a minute.
        white: Change of white matter, share a minute.
    """

    grey: float
    amyloid: float
    white: float


# Florbetaben's ratios still grow at 50 to 70 minutes and hardly from 90 (24 people, Alzheimer's &
# Dementia 2019, "Does acquisition time affect the results of 18F-florbetaben imaging?"). PiB's
# ratio exceeds its plateau by 10 % at 40 to 60 and by 13 % at 60 to 90 minutes (van Berckel et al.
# 2013, J Nucl Med 54:1570): 5 % of what amyloid adds, at a ratio of 2, in 25 minutes. All other
# figures are estimates: flutemetamol is slower than florbetaben, florbetapir fast.
DRIFT = {
    "18FFBB": Drift(grey=-0.0003, amyloid=0.0012, white=0.0010),
    "18FAV45": Drift(grey=-0.0003, amyloid=0.0012, white=0.0012),
    "18FFMM": Drift(grey=-0.0005, amyloid=0.0025, white=0.0020),
    "11CPIB": Drift(grey=-0.0005, amyloid=0.0020, white=0.0020),
    "18FNAV4694": Drift(grey=-0.0005, amyloid=0.0020, white=0.0015),
}


def at_minutes(values: TissueValues, tracer: str, minutes_late: float) -> TissueValues:
    """Uptake that a late or an early scan meets.

    Args:
        values: Uptake in the tracer's usual window.
        tracer: BIDS label of the tracer.
        minutes_late: Minutes after the usual start; below 0 where the scan is early.

    Returns:
        Uptake on the scale of the cerebellum's grey matter, which stays.
    """
    drift = DRIFT[tracer]
    grey, amyloid, white = (
        np.float32(np.exp(each * minutes_late)) for each in (drift.grey, drift.amyloid, drift.white)
    )
    cerebellum = values.labels_of("cerebellum")
    later = values.grey * grey
    later[cerebellum] = values.grey[cerebellum]
    return replace(values, grey=later, amyloid=values.amyloid * amyloid, white=values.white * white)
