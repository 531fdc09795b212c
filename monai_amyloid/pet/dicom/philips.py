"""Philips' private way to say what a stored value means."""

from typing import Any

from monai_amyloid.findings.finding import StudyRefused, Term
from monai_amyloid.pet.dicom.attributes import broken_attribute, named
from monai_amyloid.pet.dicom.header import Header

_PHILIPS_GROUP = 0x7053
_PHILIPS_CREATOR = "Philips PET Private Group"
# Element of the private block, and the unit (DICOM defined term) that it leads to.
_PHILIPS_FACTORS = ((0x09, "BQML"), (0x00, "GML"))


def philips_factor(header: Header) -> tuple[float, str] | None:
    """Give the private factor that turns Philips' counts into a quantity.

    Philips stores counts (Units CNTS); an activity concentration factor (7053,xx09) leads to
    Bq/mL, an SUV factor (7053,xx00) to g/mL. Either may be missing or 0.

    Args:
        header: Header of a classic file.

    Returns:
        The factor and the DICOM term of its unit, None where there is none.

    Raises:
        StudyRefused: If a factor is there and is broken or negative.

    References:
        Philips DICOM conformance statements of Gemini and Ingenuity TF; the same attributes are
        described in the documentation of dcm2niix.
    """
    try:
        block = header.dataset.private_block(_PHILIPS_GROUP, _PHILIPS_CREATOR)
    except KeyError:
        return None
    except Exception as error:  # pydicom converts on access, so broken bytes show up here
        raise broken_attribute(Term(f"{_PHILIPS_CREATOR} (7053,0010)"), header.file) from error
    for element, unit in _PHILIPS_FACTORS:
        factor = _number(block, element, header)
        if factor:
            return factor, unit
    return None


def _number(block: Any, element: int, header: Header) -> float:
    """Give a private number, 0 where it is missing."""
    if element not in block:
        return 0.0
    try:
        value = block[element].value
        text = value.decode("ascii") if isinstance(value, bytes) else str(value)
        factor = float(text.strip("\0 ") or 0)
    except Exception:  # the bytes are no text, or the text is no number
        factor = -1.0
    if not 0 <= factor < float("inf"):
        raise StudyRefused(
            "dicom_philips_factor",
            "{attribute} is no factor, needed 0 or more where {units_attribute} is CNTS; export it "
            "again",
            where=header.file,
            attribute=Term(f"{_PHILIPS_CREATOR} (7053,{0x1000 + element:04X})"),
            units_attribute=named("Units"),
        )
    return factor
