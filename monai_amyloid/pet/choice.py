"""Which image of a study is graded, and why: rules that a person can read."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from monai_amyloid.pet.candidates import Candidate
from monai_amyloid.pet.header import other_tracers
from monai_amyloid.pet.image import MIN_VOXELS, StudyRefused
from monai_amyloid.pet.tracers import TRACERS


class Taken(NamedTuple):
    """The image to grade.

    Attributes:
        candidate: The image.
        words: One sentence for each image of the study: taken or left out, and why.
    """

    candidate: Candidate
    words: list[str]


_Rule = Callable[[Candidate, Sequence[Candidate], str | None], str | None]


def _without_attenuation(
    one: Candidate, left: Sequence[Candidate], tracer: str | None
) -> str | None:
    return "not corrected for attenuation" if one.is_uncorrected else None


def _of_another_tracer(one: Candidate, left: Sequence[Candidate], tracer: str | None) -> str | None:
    other = other_tracers(one.provenance)
    if other:
        return f"of another tracer ({other[0]})"
    if tracer is not None and one.tracer not in (None, tracer):
        return f"of {one.tracer}, while {tracer} was given"
    return None


def _projection_or_gated(
    one: Candidate, left: Sequence[Candidate], tracer: str | None
) -> str | None:
    if "MIP" in one.provenance.get("ImageType", ()):
        return "a maximum intensity projection"
    return "gated" if "GATED" in one.provenance.get("SeriesType", ()) else None


def _no_volume(one: Candidate, left: Sequence[Candidate], tracer: str | None) -> str | None:
    if 1 < one.images < MIN_VOXELS:
        return f"{one.images} images are no volume"
    return None


def _exported(one: Candidate, left: Sequence[Candidate], tracer: str | None) -> str | None:
    return "an export, and the original is there" if one.is_capture else None


def _outside_window(one: Candidate, left: Sequence[Candidate], tracer: str | None) -> str | None:
    label = one.tracer or tracer
    if label is None or one.minutes is None:
        return None
    start, end = one.minutes
    earliest, latest = TRACERS[label].accepted_minutes
    # A dynamic image needs some late frames, a static one has to be late as a whole.
    late = start <= latest and end >= earliest if one.is_dynamic else earliest <= start <= latest
    if late:
        return None
    return f"measured {start:.0f} to {end:.0f} min after injection"


def _frames_of_a_static(
    one: Candidate, left: Sequence[Candidate], tracer: str | None
) -> str | None:
    statics = [other for other in left if not other.is_dynamic]
    if not one.is_dynamic or len(statics) != 1:
        return None
    if one.minutes and statics[0].minutes:
        start, end = statics[0].minutes
        if one.minutes[1] <= start or end <= one.minutes[0]:
            return None
    return "its frames are in the static image"


_RULES: tuple[_Rule, ...] = (
    _projection_or_gated,
    _no_volume,
    _of_another_tracer,
    _without_attenuation,
    _exported,
    _outside_window,
    _frames_of_a_static,
)


def choose(
    candidates: Sequence[Candidate],
    others: Sequence[str],
    *,
    tracer: str | None,
    series: str | None,
    source: str,
) -> Taken:
    """Choose the one image to grade.

    A rule leaves images out only where it leaves one in: the last one is judged when it is read,
    with the reason in full.

    Args:
        candidates: Every image that may be the PET.
        others: What else is in the study, as it is listed for a person.
        tracer: BIDS label that the user gave.
        series: The user's own choice (``--series``), or None.
        source: The study, for messages.

    Raises:
        StudyRefused: If there is none, or more than one and nothing tells which; the message
            lists them and how to name one.
    """
    no_pet = [f"{other}: left out, no PET" for other in others]
    if series is not None:
        found = [one for one in candidates if one.answers_to(series)]
        if len(found) == 1:
            rest = [f"{one.label}: left out" for one in candidates if one is not found[0]]
            return Taken(found[0], [f"{found[0].label}: taken, named by the user", *rest, *no_pet])
        raise StudyRefused(
            f"{source}: {series!r} names {len(found)} of its PET images; needed one of "
            f"{_listed(candidates)}"
        )
    # A file without a patient (NIfTI) may be a copy of the series beside it.
    if len({one.patient for one in candidates} - {None}) > 1:
        raise StudyRefused(
            f"{source}: Patient ID (0010,0020) differs between {candidates[0].label} and the "
            "others, needed the study of one patient; pass the folder of one"
        )
    left, said = list(candidates), []
    for rule in _RULES:
        if len(left) == 1:  # judged when it is read
            break
        reasons = {one.key: rule(one, left, tracer) for one in left}
        kept = [one for one in left if reasons[one.key] is None]
        if kept:
            said += [
                f"{one.label}: left out, {reasons[one.key]}" for one in left if one not in kept
            ]
            left = kept
    if len(left) > 1:
        raise StudyRefused(
            f"{source}: found {len(left)} PET images: {_listed(left)}; needed one, pass the "
            f"folder or file of one, or name it, as with --series {left[0].key}"
        )
    why = "the only PET image" if len(candidates) == 1 else "the only PET image left"
    return Taken(left[0], [f"{left[0].label}: taken, {why}", *said, *no_pet])


def _listed(candidates: Sequence[Candidate]) -> str:
    """List images for a person."""
    return ", ".join(one.label for one in candidates) or "none"
