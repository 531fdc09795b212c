"""Which tracer a study names, and whether the user may name another."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from monai_amyloid.findings.finding import Finding, StudyRefused, Term, refusal, warning
from monai_amyloid.pet.formats.bids import entities
from monai_amyloid.pet.frames.series import FrameSeries
from monai_amyloid.pet.header.statement import FILE_NAME, Statement, header_of, statements_of
from monai_amyloid.pet.header.tracer_names import (
    amyloid_labels,
    names_no_tracer,
    names_other_tracer,
    tracer_label,
)
from monai_amyloid.pet.tracers import TRACER_CODES, TRACERS

_LONGEST_NAME = 200  # letters of a tracer's name; DICOM allows 64
# Where a description may name the tracer if nothing else does, the nearest to the image first.
_DESCRIPTIONS = ("SeriesDescription", FILE_NAME, "ProtocolName", "StudyDescription")
_REALLY = "--tracer-is-really"


def _codes(provenance: Mapping[str, Any]) -> list[dict[str, Any]]:
    """List the code items of the radiopharmaceutical; a sidecar may hold anything there."""
    codes = provenance.get("RadiopharmaceuticalCodeSequence")
    return [code for code in codes if isinstance(code, dict)] if isinstance(codes, list) else []


def _texts(provenance: Mapping[str, Any]) -> list[str]:
    """List every text where a tracer's name stands, without those that name nothing."""
    # A code without a meaning is a name too.
    codes = [code.get("CodeMeaning") or code.get("CodeValue") for code in _codes(provenance)]
    label = entities(Path(str(provenance.get(FILE_NAME, "")))).get("trc")
    named = (provenance.get("TracerName"), label, provenance.get("Radiopharmaceutical"), *codes)
    texts = dict.fromkeys(str(text)[:_LONGEST_NAME] for text in named if text)
    return [text for text in texts if not names_no_tracer(text)]


def _named(provenance: Mapping[str, Any]) -> list[str]:
    """List the amyloid tracers that a header names, by text or code; more than one is a clash."""
    coded = {
        TRACER_CODES.get((str(code.get("CodingSchemeDesignator")), str(code.get("CodeValue"))))
        for code in _codes(provenance)
    }
    spelled = [amyloid_labels(text) for text in _texts(provenance)]
    return sorted(label for label in coded.union(*spelled) if label)


def _described(provenance: Mapping[str, Any]) -> Statement | None:
    """The description that names a tracer, where nothing else does; the nearest to the image."""
    if _named(provenance) or _texts(provenance):
        return None
    for statement in statements_of(provenance, _DESCRIPTIONS):
        text = statement.text.lower()
        if (
            names_other_tracer(text, described=True)
            or amyloid_labels(text, described=True)
            or "amyloid" in text
        ):
            return statement
    return None


def tracer_of(provenance: Mapping[str, Any]) -> str | None:
    """Find the one amyloid tracer that a header names.

    Args:
        provenance: Header values by DICOM or BIDS keyword, and the name of the file.

    Returns:
        The BIDS label; None where the header is vague, or contradicts itself.
    """
    named = _named(provenance)
    return named[0] if len(named) == 1 and not other_tracers(provenance) else None


def other_tracers(provenance: Mapping[str, Any]) -> list[str | Path]:
    """List what a header says of tracers that are not graded here.

    Args:
        provenance: Header values by DICOM or BIDS keyword, and the name of the file.

    Returns:
        Names of other tracers; where no amyloid tracer is named, also names that are not known
        and a description with the name of another tracer.
    """
    texts = _texts(provenance)
    other = [text for text in texts if names_other_tracer(text)]
    if other or _named(provenance):
        return [*other]
    described = _described(provenance)
    if described is not None and names_other_tracer(described.text, described=True):
        return [described.value]
    return [*texts]


def known_label(tracer: str | None) -> str | None:
    """Give the BIDS label of the tracer that a user names.

    Args:
        tracer: Label or name as the user gave it, such as ``"18FFBB"`` or ``"NeuraCeq"``; or None.

    Raises:
        StudyRefused: If it names no known tracer; the message lists the known ones.
    """
    if tracer is None:
        return None
    label = tracer_label(tracer)
    if label is None:
        raise StudyRefused(
            "tracer_label_unknown",
            "unknown tracer {tracer!r}; needed a BIDS label, one of {labels}",
            tracer=tracer,
            labels=tuple(map(Term, TRACERS)),
        )
    return label


def with_tracer(series: FrameSeries, tracer: str | None, *, is_really: bool = False) -> FrameSeries:
    """Fill in the tracer that the user names where the header does not.

    Args:
        series: Frames as read.
        tracer: Tracer from the user, or None to rely on the header.
        is_really: Whether the user's word counts against the header's.

    Returns:
        The series with its tracer, still None where nobody names it; with a warning where the
        user overruled the header.

    Raises:
        StudyRefused: If the tracer is unknown, or the header names another amyloid tracer.
    """
    label = known_label(tracer)
    if label is None:
        return series
    header = header_of(series)
    texts, described = tuple(_texts(header)), _described(header)
    hints = frozenset() if described is None else amyloid_labels(described.text, described=True)
    if series.tracer == label and not other_tracers(header):
        return series
    if is_really:
        against = texts or (() if described is None or label in hints else (described.value,))
        overruled = warning(
            "tracer_overruled",
            "the header names the tracer {texts:;}; {tracer} was taken, by {option}",
            texts=against,
            tracer=Term(label),
            option=Term(_REALLY),
        )
        warnings = (*series.warnings, *([overruled] if against else []))
        # Unless a header states the half-life, it is that of the tracer that was overruled.
        stated = any(key in header for key in ("RadionuclideHalfLife", "TracerRadionuclide"))
        half_life = series.half_life if stated else None
        return replace(series, tracer=label, half_life=half_life, warnings=warnings)
    named = series.tracer or (None if label in hints else next(iter(sorted(hints)), None))
    if named not in (None, label):
        raise StudyRefused(
            "tracer_contradicts_option",
            "the header names the tracer {tracer} ({texts:;}), but {option} was given; leave the "
            "option out or correct it",
            where=Path(series.source),
            tracer=Term(str(named)),
            texts=texts or ((Term(str(named)),) if described is None else (described.value,)),
            option=Term(label),
        )
    return replace(series, tracer=label)


def tracer_refusals(provenance: Mapping[str, Any], where: Path) -> list[Finding]:
    """Say why what the header names is not one known amyloid tracer.

    A name that nobody here knows is not overruled by ``--tracer``: it may be any tracer.

    Args:
        provenance: Header values by DICOM or BIDS keyword, and the name of the file.
        where: The file or folder, for the message.

    Returns:
        The reasons; none where the header is silent.
    """
    named, described = _named(provenance), _described(provenance)
    reasons = []
    for text in other_tracers(provenance):
        if described is not None:
            reasons.append(
                refusal(
                    "tracer_described",
                    "no tracer is named, but {described}, needed an amyloid tracer ({labels}); if "
                    "the description is wrong, name the tracer with {option}",
                    where=where,
                    described=described.quoted,
                    labels=tuple(map(Term, TRACERS)),
                    option=Term(_REALLY),
                )
            )
        elif names_other_tracer(str(text)):
            reasons.append(
                refusal(
                    "tracer_not_of_amyloid",
                    "the radiopharmaceutical (0054,0016) is {text!r}, needed an amyloid tracer "
                    "({labels}); if the header is wrong, name the tracer with {option}",
                    where=where,
                    text=text,
                    labels=tuple(map(Term, TRACERS)),
                    option=Term(_REALLY),
                )
            )
        else:
            reasons.append(
                refusal(
                    "tracer_not_known",
                    "the header names the tracer {text!r}, which is not known here as an amyloid "
                    "tracer ({labels}); if it is another name of one of them, say of which with "
                    "{option}",
                    where=where,
                    text=text,
                    labels=tuple(map(Term, TRACERS)),
                    option=Term(_REALLY),
                )
            )
    if len(named) > 1:
        reasons.append(
            refusal(
                "tracers_contradict",
                "the header (0054,0016) names {tracers:and}, needed one tracer",
                where=where,
                tracers=tuple(map(Term, named)),
            )
        )
    return reasons
