"""Marks that Centiloids are compared with, and how sure it is on which side of one a scan lies.

A mark belongs to the software and the scans that it was set with. Public tools give Centiloids that
are 12 apart of one SUVR, and no conversion from any of these marks' software to this program is
known: they are taken at their number, which says so beside each.
"""

from dataclasses import dataclass
from typing import Any, Literal

from monai_amyloid.brain.quantities.uncertainty import chance_below
from monai_amyloid.findings.bounds import CENTILOID_CERTAIN, CENTILOID_EXCLUDED

Side = Literal["below", "above", "cannot_tell"]

# A side is named where the truth lies there with this chance.
SURE = 0.95


@dataclass(frozen=True)
class Mark:
    """A Centiloid that means something to those who set it.

    Attributes:
        centiloid: Centiloid of the mark.
        origin: Key of whose mark it is, ``amypad`` or ``avid``.
        meaning: Key of what it means: ``excluded``, ``stopped``, ``cleared`` or ``positive``.
    """

    centiloid: float
    origin: str
    meaning: str


# AMYPAD: Collij et al. 2024, doi:10.1002/alz.14336. Avid: trials of donanemab with florbetapir,
# Centiloid = 183.07 SUVR - 177.26: cleared below 24.1 (SUVR 1.10), treatment stopped below 11
# (Shcherbinin et al. 2022, doi:10.1001/jamaneurol.2022.2793).
MARKS = (
    Mark(CENTILOID_EXCLUDED, "amypad", "excluded"),
    Mark(11.0, "avid", "stopped"),
    Mark(24.1, "avid", "cleared"),
    Mark(CENTILOID_CERTAIN, "amypad", "positive"),
)


@dataclass(frozen=True)
class Compared:
    """A scan against one mark.

    Attributes:
        mark: Mark that the scan is compared with.
        chance: Chance that the true Centiloid lies below it, 0 to 1.
    """

    mark: Mark
    chance: float

    def as_content(self) -> dict[str, Any]:
        """The comparison as a file holds it."""
        return {
            "centiloid": self.mark.centiloid,
            "origin": self.mark.origin,
            "meaning": self.mark.meaning,
            "chance_below": self.chance,
            "side": self.side,
        }

    @property
    def side(self) -> Side:
        """On which side the truth lies with a chance of :data:`SURE` or more."""
        if self.chance >= SURE:
            return "below"
        return "above" if 1 - self.chance >= SURE else "cannot_tell"


def compared(load: float, spread: float, tracer: str) -> tuple[Compared, ...]:
    """Compare a Centiloid with each of :data:`MARKS`.

    Args:
        load: Measured Centiloid.
        spread: Spread of the error of the cortex' SUVR, from
            :func:`~monai_amyloid.brain.quantities.uncertainty.suvr_spreads`.
        tracer: BIDS label of the tracer.
    """
    return tuple(
        Compared(mark, chance_below(load, mark.centiloid, spread, tracer)) for mark in MARKS
    )
