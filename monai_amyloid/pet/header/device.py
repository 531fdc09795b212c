"""Which machine made an image: a mark to compare two images by, which names no hospital."""

from collections.abc import Mapping
from typing import Any

from monai_amyloid.checksum import sha256

# The number of a machine, and the name that its owner gave it: that may be a person's or a place's.
_KEYWORDS = {"device_mark": "DeviceSerialNumber", "station_mark": "StationName"}
_LETTERS = 12


def device_marks(header: Mapping[str, Any]) -> dict[str, str]:
    """Give what tells one machine from another without naming it.

    Args:
        header: Values of a header or sidecar by DICOM keyword, which BIDS shares.

    Returns:
        ``device_mark`` and ``station_mark`` for the provenance, each the beginning of a checksum;
        none where the header has no number or name.
    """
    texts = {mark: str(header.get(key) or "").strip() for mark, key in _KEYWORDS.items()}
    return {mark: sha256(text.casefold())[:_LETTERS] for mark, text in texts.items() if text}
