"""Which image of a study is graded, and why: rules that a person can read."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from monai_amyloid.findings.finding import Finding, Phrase, StudyRefused, Term, note, phrase
from monai_amyloid.pet.choice.candidates import Candidate
from monai_amyloid.pet.choice.traits import labels_apart, measured
from monai_amyloid.pet.header.map_kinds import map_of
from monai_amyloid.pet.header.named_tracer import other_tracers
from monai_amyloid.pet.image import MIN_VOXELS
from monai_amyloid.pet.tracers import TRACERS


class Taken(NamedTuple):
    """The image to grade.

    Attributes:
        candidate: Image that was taken.
        notes: One note for each image of the study: taken or left out, and why.
    """

    candidate: Candidate
    notes: list[Finding]


# Why an image is left out, or None: of the image, all that are left, and the user's tracer.
_Rule = Callable[[Candidate, Sequence[Candidate], str | None], Phrase | None]


def _named_as_no_pet(
    one: Candidate, left: Sequence[Candidate], tracer: str | None
) -> Phrase | None:
    if one.shows is None:
        return None
    return phrase("image_named_as_no_pet", "by its name {shows}", shows=one.shows)


def _without_attenuation(
    one: Candidate, left: Sequence[Candidate], tracer: str | None
) -> Phrase | None:
    if not one.is_uncorrected:
        return None
    return phrase("image_without_attenuation_correction", "not corrected for attenuation")


def _of_another_tracer(
    one: Candidate, left: Sequence[Candidate], tracer: str | None
) -> Phrase | None:
    other = other_tracers(one.provenance)
    if other:
        return phrase("image_of_no_amyloid", "of another tracer ({text})", text=other[0])
    if tracer is not None and one.tracer not in (None, tracer):
        return phrase(
            "image_of_another_tracer",
            "of {tracer}, while {option} was given",
            tracer=Term(one.tracer),
            option=Term(tracer),
        )
    return None


def _projection_or_gated(
    one: Candidate, left: Sequence[Candidate], tracer: str | None
) -> Phrase | None:
    if "MIP" in one.provenance.get("ImageType", ()):
        return phrase("image_is_projection", "a maximum intensity projection")
    if "GATED" in one.provenance.get("SeriesType", ()):
        return phrase("image_is_gated", "gated")
    return None


def _no_volume(one: Candidate, left: Sequence[Candidate], tracer: str | None) -> Phrase | None:
    if 1 < one.images < MIN_VOXELS:
        return phrase("image_is_no_volume", "{count} images are no volume", count=one.images)
    return None


def _no_uptake(one: Candidate, left: Sequence[Candidate], tracer: str | None) -> Phrase | None:
    found = map_of(one.provenance)
    if found is None:
        return None
    return phrase("image_is_map", "{kind} ({quoted})", kind=found.kind, quoted=found.quoted)


def _exported(one: Candidate, left: Sequence[Candidate], tracer: str | None) -> Phrase | None:
    if not one.is_capture:
        return None
    return phrase("image_is_export", "an export, and the original is there")


def _outside_window(one: Candidate, left: Sequence[Candidate], tracer: str | None) -> Phrase | None:
    label = one.tracer or tracer
    if label is None or one.minutes is None:
        return None
    start, end = one.minutes
    earliest, latest = TRACERS[label].accepted_minutes
    # A dynamic image needs some late frames, a static one has to be late as a whole.
    late = start <= latest and end >= earliest if one.is_dynamic else earliest <= start <= latest
    if late:
        return None
    return measured(one)


def _frames_of_a_static(
    one: Candidate, left: Sequence[Candidate], tracer: str | None
) -> Phrase | None:
    statics = [other for other in left if not other.is_dynamic]
    if not one.is_dynamic or len(statics) != 1:
        return None
    if one.minutes and statics[0].minutes:
        start, end = statics[0].minutes
        if one.minutes[1] <= start or end <= one.minutes[0]:
            return None
    return phrase("image_frames_in_static", "its frames are in the static image")


_RULES: tuple[_Rule, ...] = (
    _named_as_no_pet,
    _projection_or_gated,
    _no_volume,
    _no_uptake,
    _of_another_tracer,
    _without_attenuation,
    _exported,
    _outside_window,
    _frames_of_a_static,
)


def choose(
    candidates: Sequence[Candidate],
    others: Sequence[Phrase],
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
        others: Labels of every other series of the study.
        tracer: BIDS label that the user names, or None.
        series: The user's own choice (``--series``), or None.
        source: Path of the study, for messages.

    Raises:
        StudyRefused: If there is none, or more than one and nothing tells which; the message
            lists them and how to name one.
    """
    no_pet = [note("series_no_pet", "{image}: left out, no PET", image=other) for other in others]
    if series is not None:
        return _named_by_user(candidates, no_pet, series, source)
    # A file without a patient (NIfTI) may be a copy of the series beside it.
    if len({one.patient for one in candidates} - {None}) > 1:
        raise StudyRefused(
            "several_patients",
            "Patient ID (0010,0020) differs between {image} and the others, needed the study of "
            "one patient; pass the folder of one",
            where=Path(source),
            image=candidates[0].label,
        )
    left = list(candidates)
    left_out: list[Finding] = []
    for rule in _RULES:
        if len(left) == 1:  # judged when it is read
            break
        reasons = {id(one): rule(one, left, tracer) for one in left}
        kept = [one for one in left if reasons[id(one)] is None]
        if kept:
            left_out += [
                note(
                    "series_left_out",
                    "{image}: left out, {reason}",
                    image=one.label,
                    reason=reasons[id(one)],
                )
                for one in left
                if one not in kept
            ]
            left = kept
    if len(left) > 1:
        raise StudyRefused(
            "several_pet_images",
            "found {count} PET images: {images}; needed one, or the average of those that are "
            "frames of one scan; pass the folder or file of one, or name it, as with {option} "
            "{key}",
            where=Path(source),
            count=len(left),
            images=labels_apart(left),
            option=Term("--series"),
            key=left[0].key,
        )
    if len(candidates) == 1:
        taken = note("series_only", "{image}: taken, the only PET image", image=left[0].label)
    else:
        taken = note(
            "series_only_left", "{image}: taken, the only PET image left", image=left[0].label
        )
    return Taken(left[0], [taken, *left_out, *no_pet])


def _named_by_user(
    candidates: Sequence[Candidate], no_pet: Sequence[Finding], series: str, source: str
) -> Taken:
    """Take the one image that the user names."""
    found = [one for one in candidates if one.answers_to(series)]
    if len(found) != 1:
        raise StudyRefused(
            "series_option_names_no_single_image",
            "{series!r} names {count} of its PET images; needed one of {images}",
            where=Path(source),
            series=series,
            count=len(found),
            images=labels_apart(candidates) or phrase("no_images", "none"),
        )
    taken = note("series_named", "{image}: taken, named by the user", image=found[0].label)
    rest = [
        note("series_not_named", "{image}: left out", image=one.label)
        for one in candidates
        if one is not found[0]
    ]
    return Taken(found[0], [taken, *rest, *no_pet])
