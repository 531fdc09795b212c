"""Uptake that is not amyloid: how people differ in it, and one person between two visits."""

from dataclasses import astuple, dataclass, replace

import numpy as np

from monai_amyloid.phantom.people.uptake import TissueValues

# SD between people of white matter, cerebellar grey and cerebellar white matter.
_PEOPLE_SD = (0.09, 0.03, 0.04)
# SD of the contrast of the cerebellum between people: what its white matter has more its grey
# matter has less, in the ratio of their parts in the whole cerebellum, which stays. An estimate.
_CONTRAST_SD, _WHITE_TO_GREY = 0.11, 1.27
# SD of one person from day to day: blood flow, clearance and weight change what is seen late. An
# estimate, set so that plain Centiloid repeats as published (benchmarks/studies/simulator).
_DAY_SD = (0.02, 0.02, 0.018)
# Mean and SD of the change a year: old white matter holds more of the tracer. Estimates.
_YEARLY = ((0.003, 0.004), (0.0, 0.002), (0.0, 0.002))


@dataclass(frozen=True, kw_only=True)
class Physiology:
    """Factors of the uptake of tissues without amyloid, against a typical person.

    Attributes:
        white: Factor of cerebral white matter, dimensionless.
        cerebellar_grey: Factor of cerebellar grey matter, dimensionless.
        cerebellar_white: Factor of the white matter of cerebellum and brainstem, dimensionless.
    """

    white: float = 1.0
    cerebellar_grey: float = 1.0
    cerebellar_white: float = 1.0

    def vary(self, values: TissueValues) -> TissueValues:
        """Give a typical person's tissues the uptake of this person."""
        grey, white = values.grey.copy(), values.white * np.float32(self.white)
        for label in values.labels_of("cerebellum", "brainstem"):
            white[label] = values.white[label] * self.cerebellar_white
        for label in values.labels_of("cerebellum"):
            grey[label] *= self.cerebellar_grey
        return replace(values, grey=grey, white=white)


def draw_physiology(random: np.random.Generator) -> Physiology:
    """Draw one person's usual uptake."""
    usual = _from([random.normal(1.0, deviation) for deviation in _PEOPLE_SD])
    contrast = float(np.clip(random.normal(0, _CONTRAST_SD), -0.2, 0.2))
    return replace(
        usual,
        cerebellar_grey=usual.cerebellar_grey * (1 - _WHITE_TO_GREY * contrast),
        cerebellar_white=usual.cerebellar_white * (1 + contrast),
    )


def draw_drift(random: np.random.Generator) -> Physiology:
    """Draw how a person's uptake changes in a year, as factors."""
    return _from([1 + random.normal(*change) for change in _YEARLY])


def on_a_day(
    usual: Physiology, drift: Physiology, years: float, random: np.random.Generator
) -> Physiology:
    """Draw a person's uptake on one day.

    Args:
        usual: Uptake on average at the first visit.
        drift: Change in a year.
        years: Years since the first visit.
        random: Source of randomness.
    """
    day = [random.normal(1.0, deviation) for deviation in _DAY_SD]
    parts = zip(astuple(usual), astuple(drift), day, strict=True)
    return _from([level * yearly**years * today for level, yearly, today in parts])


def _from(factors: list[float]) -> Physiology:
    white, cerebellar_grey, cerebellar_white = factors
    return Physiology(
        white=white, cerebellar_grey=cerebellar_grey, cerebellar_white=cerebellar_white
    )
