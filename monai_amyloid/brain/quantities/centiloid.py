"""From SUVR to Centiloid, by the tracer's own line."""

from monai_amyloid.pet.tracers import TRACERS


def centiloid(suvr: float, tracer: str) -> float:
    """Convert cortical SUVR to the Centiloid scale.

    Args:
        suvr: Mean SUVR of the GAAIN cortex over the whole cerebellum.
        tracer: BIDS label of the tracer, a key of :data:`monai_amyloid.pet.tracers.TRACERS`.

    Returns:
        Centiloid: about 0 in young controls, 100 in typical Alzheimer's disease.

    Raises:
        ValueError: If the tracer is unknown; a Centiloid of it would be a wrong number.

    References:
        Klunk et al. 2015, doi:10.1016/j.jalz.2014.07.003

    Examples:
        The line of florbetaben is 153.4 SUVR - 154.9, doi:10.1007/s00259-017-3749-6.

        >>> import monai_amyloid
        >>> round(monai_amyloid.centiloid(1.5, "18FFBB"), 1)
        75.2
    """
    if tracer not in TRACERS:
        raise ValueError(f"no Centiloid line for tracer {tracer!r}; known: {', '.join(TRACERS)}")
    line = TRACERS[tracer]
    return line.centiloid_slope * suvr + line.centiloid_intercept


def florbetaben_line(tracer: str) -> tuple[float, float]:
    """Slope and intercept from a tracer's SUVR to the florbetaben SUVR of the same Centiloid."""
    own, florbetaben = TRACERS[tracer], TRACERS["18FFBB"]
    slope = own.centiloid_slope / florbetaben.centiloid_slope
    shift = own.centiloid_intercept - florbetaben.centiloid_intercept
    return slope, shift / florbetaben.centiloid_slope
