"""How one person's amyloid goes on over the years, with and without treatment.

Without treatment it grows: people of 10 to 90 Centiloid by about 3.3 a year on average, more
slowly the nearer they are to a plateau. Antibodies against amyloid clear it: the rates here give
people who start at about 106 Centiloid the published falls under donanemab (-84 at 76 weeks;
40 to 45 % of them below 24.1 at 24 weeks, 71 % at 12 and 78 % at 18 months).

References:
    Sims et al. 2023, doi:10.1001/jama.2023.13239 (doses every four weeks, ended by PET).
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from monai_amyloid.phantom.people.disease import LEAST_EXCESS, Disease
from monai_amyloid.phantom.people.uptake import SATURATION, typical_excess

# Who has less than this many Centiloid does not accumulate yet.
_ACCUMULATES_FROM = 10.0
# Centiloid a year, mean and SD among people: far below the plateau, and of those with none.
_YEARLY, _YEARLY_WITHOUT = (3.7, 1.5), (0.5, 0.8)
_PLATEAU_CENTILOID = 110.0
_STEPS_A_YEAR = 24
# Clearing: of the median person a year, its spread as the SD of the logarithm among people and
# among regions, and the share of the load that is never cleared. The first, the second and the
# last were fitted to the published falls; the regions' is an estimate.
_CLEARED_A_YEAR, _PEOPLE_SPREAD, _REGION_SPREAD = 4.0, 1.04, 0.3
_NEVER_CLEARED = 0.14
# Doses every four weeks, and scans that may end the treatment every half year: once below the
# first mark, or twice in a row below the second. The trial's rule, by the latent Centiloid.
_WEEKS_BETWEEN_DOSES = 4
_WEEKS_BETWEEN_CHECKS, _CHECKS = 26, 3
_STOPS_ONCE, _STOPS_TWICE = 11.0, 25.0
_WEEKS_A_YEAR = 365.25 / 7


@dataclass(frozen=True, kw_only=True)
class Course:
    """How a person's amyloid goes on after the first visit.

    Attributes:
        disease: Amyloid at the first visit.
        yearly: Growth without treatment far below the plateau, Centiloid a year.
        clearance: Share of the load of each label that treatment clears, as a rate a year; None
            for a person who is not treated.
    """

    disease: Disease
    yearly: float
    clearance: NDArray[np.float64] | None = None

    @property
    def treated(self) -> bool:
        """Whether the person gets an antibody from the first visit on."""
        return self.clearance is not None

    @property
    def stops_after_years(self) -> float:
        """Years after the first visit at which treatment ends; 0 without any."""
        if self.clearance is None:
            return 0.0
        below = 0
        for check in range(1, _CHECKS):
            years = check * _WEEKS_BETWEEN_CHECKS / _WEEKS_A_YEAR
            level = _cleared(self.disease, self.clearance, years).latent_centiloid
            below = below + 1 if level < _STOPS_TWICE else 0
            if level < _STOPS_ONCE or below == 2:
                return years
        return _CHECKS * _WEEKS_BETWEEN_CHECKS / _WEEKS_A_YEAR

    @property
    def doses_after_years(self) -> list[float]:
        """Years after the first visit of each dose."""
        step = _WEEKS_BETWEEN_DOSES / _WEEKS_A_YEAR
        count = int(np.ceil(self.stops_after_years / step - 1e-9))
        return [number * step for number in range(count)]

    def after(self, years: float) -> Disease:
        """Give the amyloid so many years after the first visit."""
        if self.clearance is None:
            return _grown(self.disease, self.yearly, years)
        treated = min(years, self.stops_after_years)
        cleared = _cleared(self.disease, self.clearance, treated)
        return _grown(cleared, self.yearly, years - treated)


def draw_course(disease: Disease, treated: bool, random: np.random.Generator) -> Course:
    """Draw how a person's amyloid goes on.

    Args:
        disease: Amyloid at the first visit.
        treated: Whether the person is treated from the first visit on.
        random: Source of randomness; the same draws are made with and without treatment.
    """
    accumulates = disease.latent_centiloid > _ACCUMULATES_FROM
    yearly = float(random.normal(*(_YEARLY if accumulates else _YEARLY_WITHOUT)))
    person = random.lognormal(np.log(_CLEARED_A_YEAR), _PEOPLE_SPREAD)
    by_region = random.lognormal(-(_REGION_SPREAD**2) / 2, _REGION_SPREAD, len(disease.excess))
    return Course(disease=disease, yearly=yearly, clearance=person * by_region if treated else None)


def _grown(disease: Disease, yearly: float, years: float) -> Disease:
    """The amyloid after years without treatment, in the same places."""
    if years <= 0:
        return disease
    level = disease.latent_centiloid
    steps = max(1, round(years * _STEPS_A_YEAR))
    for _ in range(steps):
        room = 1 - max(level / _PLATEAU_CENTILOID, 0.0) ** 4
        level += yearly * max(room, 0.0) * years / steps
    grown = typical_excess(level) - typical_excess(disease.latent_centiloid)
    return replace(
        disease,
        latent_centiloid=level,
        excess=np.clip(disease.excess + grown, LEAST_EXCESS, SATURATION),
    )


def _cleared(disease: Disease, clearance: NDArray[np.float64], years: float) -> Disease:
    """The amyloid after years of treatment: less in every region, by its own rate."""

    def left(rate: NDArray[np.float64] | float) -> NDArray[np.float64]:
        return np.asarray(_NEVER_CLEARED + (1 - _NEVER_CLEARED) * np.exp(-rate * years))

    # What is below 0 is the variation of tissue without amyloid.
    load = np.maximum(disease.excess, 0)
    level = max(disease.latent_centiloid, 0.0)
    return replace(
        disease,
        latent_centiloid=disease.latent_centiloid - level * float(1 - left(clearance.mean())),
        excess=disease.excess - load * (1 - left(clearance)),
    )
