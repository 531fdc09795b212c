"""Two scans of one person, of which one thing after another is compared."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from monai_amyloid.pet.header.statement import statements_of, words
from monai_amyloid.pet.image import PetImage


@dataclass(frozen=True)
class Pair:
    """An earlier and a later scan.

    Attributes:
        earlier: Earlier scan as it was read.
        later: Later scan as it was read.
        quality_earlier: Measures of the earlier scan, see
            :mod:`monai_amyloid.brain.quality.measures`.
        quality_later: Measures of the later scan.
    """

    earlier: PetImage
    later: PetImage
    quality_earlier: Mapping[str, float | None] = field(default_factory=dict)
    quality_later: Mapping[str, float | None] = field(default_factory=dict)

    def texts(self, *keywords: str) -> tuple[str, str]:
        """What both headers say under the first of several keywords that each of them has.

        Args:
            keywords: DICOM and BIDS keywords of one thing.

        Returns:
            Texts of the earlier and the later scan, empty where a header is silent.
        """
        found = []
        for image in (self.earlier, self.later):
            stated = (each.text for each in statements_of(image.provenance, keywords))
            found.append(next((text for text in stated if is_stated(text)), ""))
        return found[0], found[1]

    def numbers(self, keyword: str) -> tuple[float | None, float | None]:
        """What the provenance of both scans has as a number.

        Args:
            keyword: Name of a number in the provenance.
        """
        return (
            known(self.earlier.provenance.get(keyword)),
            known(self.later.provenance.get(keyword)),
        )

    def measured(self, name: str) -> tuple[float | None, float | None]:
        """What was measured on both scans.

        Args:
            name: One of :data:`monai_amyloid.brain.quality.measures.MEASURES`.
        """
        return known(self.quality_earlier.get(name)), known(self.quality_later.get(name))


def known(value: object) -> float | None:
    """A number that is one, None for what is missing or not finite.

    Args:
        value: Value of a header or a measure.
    """
    return float(value) if isinstance(value, (int, float)) and math.isfinite(value) else None


def is_stated(text: str) -> bool:
    """Whether a text of a header says anything.

    Args:
        text: Value of a header.
    """
    return words(text) not in ("", "n a", "none", "unknown", "null", "not applicable")


def apart(one: float | None, other: float | None, most: float) -> bool:
    """Whether two known values differ by more than a bound.

    Args:
        one: Value of the earlier scan.
        other: Value of the later scan.
        most: Largest difference that is usual.
    """
    # A difference that is the bound but for the rounding of floats is not beyond it.
    return one is not None and other is not None and abs(one - other) > most * (1 + 1e-9)


def differ(texts: tuple[str, str]) -> bool:
    """Whether two headers say different things; where one is silent, nothing is known.

    Args:
        texts: Texts of the earlier and the later scan.
    """
    one, other = (words(text).replace(" ", "") for text in texts)
    return bool(one) and bool(other) and one != other
