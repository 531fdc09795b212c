"""Maps that programs store as PET, which show no uptake: by what their headers say."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from monai_amyloid.findings.finding import Finding, Phrase, phrase, refusal
from monai_amyloid.pet.formats.bids import entities
from monai_amyloid.pet.header.statement import FILE_NAME, Statement, statements_of, words

_ATTENUATION = phrase("map_of_attenuation", "an attenuation map or transmission image")
_SCORES = phrase("map_of_scores", "a statistical map such as one of z-scores")
_BINDING = phrase("map_of_binding", "a map of the binding potential")
_SUBTRACTION = phrase("map_of_subtraction", "a subtraction image")
_PARAMETRIC = phrase("map_of_parameters", "a parametric map of a kinetic model")
_PERCENT = phrase("map_of_percent", "a map of percentages")

# Units of what is no uptake, DICOM (PS3.3 C.8.9.1.1.3), UCUM and BIDS, without spaces and
# punctuation. SUV and ratios to a reference region (SUVR) are uptake on a linear scale.
_UNITS = {
    **dict.fromkeys(("1cm", "cm", "cm1", "1percm", "percm"), _ATTENUATION),
    **dict.fromkeys(("stddev", "z", "zscore", "zscores", "sd", "t"), _SCORES),
    **dict.fromkeys(("pcnt", "percent"), _PERCENT),
    **dict.fromkeys(
        (
            "mlminml",
            "mlming",
            "mgminml",
            "umolminml",
            "umolml",
            "mlg",
            "mlml",
            "min1",
            "1min",
            "min",
        ),
        _PARAMETRIC,
    ),
    **dict.fromkeys(("mlcm3", "mlcm3min", "mlminmlmin", "mlmin100ml", "mlmin100g"), _PARAMETRIC),
}
_NOT_WITH = r"(?<!with )(?<!using )(?<!from )(?<!by )(?<!via )"
# An image that was corrected by a map may name the map.
_NOT_CORRECTED_BY = r"(?! (?:\w+ )*(?:ac|corrected|recon|reconstruction)\b)"
_WORDS = (
    (
        rf"{_NOT_WITH}\b(?:u ?maps?|mu ?maps?|[µμ] ?maps?|attenuation (?:coefficient )?maps?"
        rf"|ac ?maps?|atten(?:uation)?maps?|transmission(?: scan| image)?)\b{_NOT_CORRECTED_BY}",
        _ATTENUATION,
    ),
    (r"\bz ?(?:scores?|maps?|stats?)\b|\bt ?(?:maps?|stats?)\b|\bp ?maps?\b", _SCORES),
    (r"\bstatistical (?:parametric )?maps?\b|\bspm ?[tz]\b", _SCORES),
    (r"\bbp ?nd\b|\bbp ?[fp]\b|\bbinding ?potential\b", _BINDING),
    (r"(?<!scatter )(?<!background )(?<!randoms )\bsubtract(?:ed|ion)\b", _SUBTRACTION),
    (r"\bdifference (?:image|map)\b|\bdiff ?map\b", _SUBTRACTION),
    (r"\bparametric\b|\bpatlak\b|\blogan (?:plot|dvr|vt|maps?|images?)\b", _PARAMETRIC),
    (r"\bm?srtm ?2?\b|\bdvr\b|\bmi ?map\b", _PARAMETRIC),
)
# Short names of parameters, which are also other things: "R1" may be the first run.
_SHORT = r"(?:k ?[1-4]a?|r ?[1i]|v ?[td]|ki|bp|cbf)"
_SHORT_ALONE = re.compile(
    rf"{_SHORT}|.*\b{_SHORT} (?:maps?|images?)\b.*|.*\bmaps? (?:of )?{_SHORT}\b.*"
)
_SHORT_WORD = re.compile(rf".*\b{_SHORT}\b.*")
_TEXTS = ("ImageType", "SeriesDescription", FILE_NAME)
# Labels of a BIDS name that give the name of a parameter, and the suffix of such a map.
_PARAMETER_LABELS = ("param", "meas")
_STATISTIC_LABEL = "stat"
_MAP_SUFFIX = "mimap"


class MapSign(NamedTuple):
    """What kind of map an image is.

    Attributes:
        kind: Name of the kind of map.
        quoted: What says so.
    """

    kind: Phrase
    quoted: Phrase


def map_of(provenance: Mapping[str, Any]) -> MapSign | None:
    """Tell what kind of map an image is, if its header says that it shows no uptake.

    A ratio to a reference region (SUVR) is no such map: dividing it again changes nothing. A
    distribution volume ratio (DVR) is one, for the Centiloid lines are of late SUVR.

    Args:
        provenance: Header values by DICOM or BIDS keyword, and the name of the file.
    """
    for statement in statements_of(provenance, ("CountsSource",)):
        if statement.text.upper() == "TRANSMISSION":
            return MapSign(_ATTENUATION, statement.quoted)
    for statement in statements_of(provenance, ("Units",)):
        unit = "percent" if statement.text == "%" else re.sub(r"[\W_]", "", statement.text).lower()
        if unit in _UNITS:
            return MapSign(_UNITS[unit], statement.quoted)
    return _map_by_labels(provenance) or _map_by_words(provenance)


def _map_by_labels(provenance: Mapping[str, Any]) -> MapSign | None:
    """By the entities of a BIDS name and its suffix."""
    labels = entities(Path(str(provenance.get(FILE_NAME, ""))))
    for key in (*_PARAMETER_LABELS, _STATISTIC_LABEL):
        text = labels.get(key, "")
        if "suv" in text.lower():
            return None
        if text:
            kind = _SCORES if key == _STATISTIC_LABEL else _kind_of(text) or _PARAMETRIC
            return MapSign(kind, Statement(FILE_NAME, f"{key}-{text}").quoted)
    if labels.get("suffix") == _MAP_SUFFIX:
        return MapSign(_PARAMETRIC, Statement(FILE_NAME, _MAP_SUFFIX).quoted)
    return None


def _map_by_words(provenance: Mapping[str, Any]) -> MapSign | None:
    """By what a program or a person wrote of the image."""
    kinds = str(provenance.get("ImageType", ""))
    for statement in statements_of(provenance, _TEXTS):
        # Each value of Image Type is a text of its own.
        for text in statement.text.split("\\"):
            short = _SHORT_WORD if "DERIVED" in kinds else _SHORT_ALONE
            kind = _kind_of(text)
            if kind is None and statement.keyword != FILE_NAME and short.fullmatch(words(text)):
                kind = _PARAMETRIC
            if kind is not None:
                return MapSign(kind, statement.quoted)
    return None


def map_refusal(provenance: Mapping[str, Any], where: Path) -> Finding | None:
    """Say why an image that is a map cannot be graded.

    Args:
        provenance: Header values by DICOM or BIDS keyword, and the name of the file.
        where: The file or folder, for the message.

    Returns:
        The reason, None for an image of uptake.
    """
    found = map_of(provenance)
    if found is None:
        return None
    return refusal(
        "map_without_uptake",
        "it is {kind} ({quoted}), which shows no uptake; needed the PET image that it was made of "
        "(in Bq/mL, SUV or SUVR)",
        where=where,
        kind=found.kind,
        quoted=found.quoted,
    )


def _kind_of(text: str) -> Phrase | None:
    """The kind of map that a description names."""
    spoken = words(text)
    kind = next((kind for pattern, kind in _WORDS if re.search(pattern, spoken)), None)
    # "Parametric SUVR" is a ratio image.
    return None if kind is _PARAMETRIC and re.search(r"\bsuvr?\b", spoken) else kind
