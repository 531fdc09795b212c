"""What tells the images of a study apart, for the person who has to name one."""

from collections.abc import Mapping, Sequence

from monai_amyloid.findings.finding import Phrase, phrase
from monai_amyloid.pet.choice.candidates import Candidate
from monai_amyloid.pet.header.statement import statements_of

_KEYWORDS = (
    *("ReconstructionMethod", "ReconMethodName", "ConvolutionKernel", "ReconFilterType"),
    *(
        "ReconFilterSize",
        "ImageType",
        "Units",
        "CorrectedImage",
        "TracerName",
        "Radiopharmaceutical",
    ),
)
# The message has an end (LONGEST_TEXT), where it says what to do.
_MOST_COMPARED = 6


def labels_apart(candidates: Sequence[Candidate]) -> tuple[Phrase, ...]:
    """List images for a person, each with what is not the same in all of them.

    Args:
        candidates: Images of which the person has to name one.
    """
    if len(candidates) > _MOST_COMPARED:
        return tuple(one.label for one in candidates)
    each = [_traits(one) for one in candidates]
    names = dict.fromkeys(name for traits in each for name in traits)
    # What an image does not say cannot be looked for in it, but the others' values help.
    differing = [name for name in names if len({str(traits.get(name)) for traits in each}) > 1]
    return tuple(
        _with_traits(one.label, [traits[name] for name in differing if name in traits])
        for one, traits in zip(candidates, each, strict=True)
    )


def measured(one: Candidate) -> Phrase | None:
    """Say when an image was measured, None where that is not known.

    Args:
        one: Image of a study.
    """
    if one.minutes is None:
        return None
    start, end = one.minutes
    return phrase(
        "image_outside_window",
        "measured {start_min:.0f} to {end_min:.0f} min after injection",
        start_min=start,
        end_min=end,
    )


def _traits(one: Candidate) -> Mapping[str, Phrase]:
    """What can be said of an image by its headers, by the name of each trait."""
    traits = {
        statement.keyword: statement.quoted
        for statement in statements_of(one.provenance, _KEYWORDS)
    }
    kind = (
        phrase("trait_dynamic", "dynamic") if one.is_dynamic else phrase("trait_static", "static")
    )
    traits["frames"] = kind
    time = measured(one)
    if time is not None:
        traits["time"] = time
    voxels, zooms = one.size
    if voxels and zooms:
        traits["size"] = phrase(
            "trait_size", "{voxels:x} voxels of {zooms_mm:x:.4g} mm", voxels=voxels, zooms_mm=zooms
        )
    return traits


def _with_traits(label: Phrase, traits: Sequence[Phrase]) -> Phrase:
    if not traits:
        return label
    return phrase("image_with_traits", "{image} [{traits:;}]", image=label, traits=tuple(traits))
