"""Whether an image was corrected for attenuation, by every sign that headers give."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from monai_amyloid.findings.finding import Finding, Phrase, phrase, refusal, warning
from monai_amyloid.pet.dicom.attributes import named
from monai_amyloid.pet.header.statement import FILE_NAME, statements_of, words

# What a reconstruction or its user wrote about this image.
_DESCRIPTIONS = (
    *("SeriesDescription", "ReconstructionMethod", "ReconMethodName"),
    *("ConvolutionKernel", FILE_NAME),
)
# Texts about the correction itself: free text in BIDS and in DICOM (0054,1101); a flag of an
# enhanced PET.
_METHODS = ("AttenuationCorrectionMethod", "AttenuationCorrection", "AttenuationCorrected")
# Of a whole acquisition, of which both images may be made.
_ACQUISITION = ("ProtocolName",)
# A rate of counts is no activity: what scanners give where nothing was corrected (PS3.3
# C.8.9.1.1.3). Corrected images have it too, and then say that they are.
_RATES = ("PROPCPS", "PROPCNTS", "CPS")

_SORT = "stat|static|dyn|dynamic|osem|op|psf|tof|fbp|mlem|recon|pet|brain|head|wb|img|images"
_NAMED = rf"(?:{_SORT}|ct|mr)?n(?:o|on)?ac(?:{_SORT})?"
_NO = "no|non|not|without|wo|ohne|sans|sin"
_OTHER = "scatter|decay|random|randoms|dead|deadtime|motion|normali[sz]ation|partial"
_UNCORRECTED = re.compile(
    # NAC, NoAC, nacstat; not "no NAC", "NAC removed".
    rf"(?<!no )(?<!not )(?<!non )(?<!than )(?<!without )\b{_NAMED}\b"
    r"(?! (?:removed|excluded|deleted|replaced))"
    # no AC, w/o AC, non attenuation corrected, without attenuation correction
    rf"|\b(?:{_NO}|w o) (?:(?:ct|mr|been|for|any|yet|the) )*"
    rf"(?:(?:ct|mr)?ac|att|attn|atten\w*|correct\w*|corr|corrig\w*|korr\w*|schw\w+korrektur)\b"
    rf"(?! for (?:{_OTHER})\b)(?: correct\w*| corr\b)?"
    rf"|\bun ?(?:corr?|correct\w*|korrig\w*)\b(?! for (?:{_OTHER})\b)"
    r"|\bnon?(?:att|corr)\w*"
    r"|\b(?:att(?:n|en\w*)?(?: corr\w*)?|(?:ct|mr)?ac) (?:is |was )?"
    rf"(?:not\b(?! (?:{_OTHER}))|none|no$|off|false|disabled|omitted|skipped)\b"
    r"|감쇠 ?보정 ?(?:안|없|미|전|하지)|(?:비|미) ?(?:감쇠 ?)?보정"
)
_CORRECTED = re.compile(
    rf"\b(?:ac|ctac|mrac|attn|ac(?:{_SORT}|ct|mr))\b|\battenuation correct|\bcorrected for atten"
)
_BARE = re.compile(r"\bac\b")
_OTHER_BEFORE = re.compile(rf"\b(?:{_OTHER}|pv)(?: (?:was|is|been|correction))? $")

# Free texts about the correction, without spaces and punctuation.
_SAYS_NOTHING = re.compile(
    "|(na|null|nan|unknown|undefined|unspecified|other|tbd"
    "|not(specified|reported|available|stated|provided|applicable|known|recorded))"
)
_SAYS_NONE = re.compile(
    "none(applied|done|performed|used)?|nothing|no|non|not|nil|false|off|0|n|never|disabled|absent"
    "|missing|raw|keine|nein|없음|아니오|안함"
)
_NOT_DONE = re.compile(
    r"\bnot (?:been )?(?:applied|done|performed|used|made|carried out|available)\b"
    r"|\b(?:omitted|skipped|(?:switched|turned) off|disabled)\b"
)
_OF_ANOTHER = re.compile(rf"\b(?:{_OTHER}|contrast|diagnostic)\b")


# How a sign is quoted, and whether it says that attenuation was corrected; None for neither.
_Sign = tuple[Phrase, bool | None]


class Attenuation(NamedTuple):
    """What a header says; both where it contradicts itself, none where it is silent.

    Attributes:
        corrected: What says that attenuation was corrected.
        not_corrected: What says that it was not.
    """

    corrected: Phrase | None
    not_corrected: Phrase | None


def attenuation_of(provenance: Mapping[str, Any]) -> Attenuation:
    """Decide whether an image was corrected for attenuation.

    Args:
        provenance: Header values by DICOM or BIDS keyword, and the name of the file.

    Returns:
        The first sign for each side.
    """
    stated, described = list(_stated(provenance)), list(_described(provenance))
    not_corrected = _first(False, [*stated, *described])
    # "AC" in a description is no word against what the scanner wrote.
    corrected = _first(True, stated if not_corrected else [*stated, *described])
    if corrected is None and not_corrected is None:
        not_corrected = _weak_sign(provenance)
    return Attenuation(corrected, not_corrected)


def _first(says: bool, signs: list[_Sign]) -> Phrase | None:
    return next((quoted for quoted, verdict in signs if verdict is says), None)


def attenuation_refusal(provenance: Mapping[str, Any], where: Path) -> Finding | None:
    """Say why an image cannot be graded for its attenuation.

    A header that contradicts itself is refused too. Scanners write Corrected Image by
    themselves, and people write descriptions, so either may be stale; but 40 Centiloid lie
    between the two, and the image with both signs right is next to it in the archive.

    Args:
        provenance: Header values by DICOM or BIDS keyword, and the name of the file.
        where: The file or folder, for the message.

    Returns:
        The reason, None for a corrected image and a silent header.
    """
    corrected, not_corrected = attenuation_of(provenance)
    if not_corrected is None:
        return None
    if corrected is not None:
        return refusal(
            "attenuation_contradicts",
            "the header contradicts itself: by one sign attenuation was not corrected "
            "({not_corrected}), by another it was ({corrected}); needed the attenuation-corrected "
            "series; ask where it was reconstructed which sign is true, and correct the other",
            where=where,
            not_corrected=not_corrected,
            corrected=corrected,
        )
    return refusal(
        "attenuation_not_corrected",
        "attenuation was not corrected: {not_corrected}; needed the attenuation-corrected series",
        where=where,
        not_corrected=not_corrected,
    )


def attenuation_warnings(provenance: Mapping[str, Any]) -> tuple[Finding, ...]:
    """Warn of the header of a DICOM PET that does not say whether attenuation was corrected.

    Corrected Image (0028,0051) and Units are required there (PS3.3 C.8.9.1); a sidecar is often
    silent, and so is an export of another kind, which has no Units.

    Args:
        provenance: Header values by DICOM or BIDS keyword.
    """
    is_pet = provenance.get("source") == "dicom" and "Units" in provenance
    if not is_pet or any(attenuation_of(provenance)):
        return ()
    return (
        warning(
            "attenuation_not_said",
            "the header does not say whether attenuation was corrected ({attribute} is empty); it "
            "was taken as corrected, and the numbers are wrong if it was not",
            attribute=named("CorrectedImage"),
        ),
    )


def _stated(provenance: Mapping[str, Any]) -> Iterator[_Sign]:
    """What attributes say that are meant for it."""
    for statement in statements_of(provenance, ("CorrectedImage",)):
        if "ATTN" in statement.text.upper():
            yield statement.quoted, True
        elif not _SAYS_NOTHING.fullmatch(_squeezed(statement.text)):
            yield (
                phrase(
                    "sign_without_attn", "{statement}, without ATTN", statement=statement.quoted
                ),
                False,
            )
    for statement in statements_of(provenance, _METHODS):
        yield statement.quoted, _method_says(statement.text)
    for statement in statements_of(provenance, ("ImageType",)):
        yield statement.quoted, _description_says(statement.text)


def _described(provenance: Mapping[str, Any]) -> Iterator[_Sign]:
    """What the reconstruction and its user wrote in words."""
    for statement in statements_of(provenance, _DESCRIPTIONS):
        yield statement.quoted, _description_says(statement.text)


def _weak_sign(provenance: Mapping[str, Any]) -> Phrase | None:
    """What tells an uncorrected image where nothing else says anything."""
    for statement in statements_of(provenance, _ACQUISITION):
        if _description_says(statement.text) is False:
            return statement.quoted
    for statement in statements_of(provenance, ("Units",)):
        if statement.text.upper() in _RATES:
            return phrase(
                "sign_rate_alone",
                "{statement}, and nothing says that it was corrected",
                statement=statement.quoted,
            )
    return None


def _description_says(text: str) -> bool | None:
    """Whether a description names a corrected image, or one that is not; None for neither."""
    spoken = words(text)

    def left(found: re.Match[str]) -> str:
        return found[0] if _OTHER_BEFORE.search(spoken[: found.start()]) else ""

    rest = _UNCORRECTED.sub(left, spoken)
    if rest != spoken:
        # "AC and NAC" names both; the MRAC of an "MRAC_PET_NAC" is how it was scanned.
        return None if _BARE.search(rest) else False
    return True if _CORRECTED.search(spoken) else None


def _method_says(text: str) -> bool | None:
    """The same of a free text about the correction, in which any other word names a method."""
    if _SAYS_NOTHING.fullmatch(_squeezed(text)):
        return None
    clauses = [clause for clause in re.split(r"[;,.()\[\]|\\]", text) if _squeezed(clause)]
    if _SAYS_NONE.fullmatch(_squeezed(clauses[0]) if clauses else ""):
        return False
    for clause in clauses:
        spoken = words(clause)
        if not _OF_ANOTHER.search(spoken) and (
            _description_says(clause) is False or _NOT_DONE.search(spoken)
        ):
            return False
    return True


def _squeezed(text: str) -> str:
    return re.sub(r"[\W_]", "", text).lower()
