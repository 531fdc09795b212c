"""Texts of an object in the language that was asked for, where its character set can hold them."""

import copy
import warnings
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

from pydicom.dataset import Dataset

from monai_amyloid.findings.catalogue import ENGLISH
from monai_amyloid.findings.finding import Phrase
from monai_amyloid.findings.phrase import in_language
from monai_amyloid.pacs.meanings import MEANINGS

UNICODE = "ISO_IR 192"
# Characters of an LO (PS3.5 6.2); bytes for the readers that count those.
_LONGEST_MEANING = 64
_ASCII_ALONE = ("", "ISO_IR 6", "ISO 2022 IR 6")


@dataclass(frozen=True)
class Wording:
    """The language of an object's texts, and whether they may hold any character.

    Attributes:
        language: ISO 639 code.
        whole: Whether the object is in Unicode; else its texts are in ASCII.
    """

    language: str
    whole: bool

    def text(self, content: Phrase | str) -> str:
        """A text as the object can hold it.

        Args:
            content: A phrase of this program, or a text; a path in one may be in Korean.
        """
        text = in_language(content, self.language) if isinstance(content, Phrase) else content
        return text if self.whole else text.encode("ascii", "replace").decode()

    def short(self, content: Phrase | str) -> str:
        """A text in the 64 bytes that a label or a description has.

        Args:
            content: A phrase of this program, or a text.
        """
        return self.text(content).encode()[:_LONGEST_MEANING].decode(errors="ignore")

    def translate(self, made: Dataset) -> None:
        """Say the meaning of every known code in the language; codes stay what they are.

        Args:
            made: Object, which is changed in place.
        """
        if self.language == ENGLISH:
            return
        for code in _codes(made):
            value = code.get("CodeValue") or code.get("LongCodeValue")
            meaning = MEANINGS.get((code.CodingSchemeDesignator, value))
            if meaning is not None:
                code.CodeMeaning = self.short(meaning)


def wording_of(patient: Dataset, language: str) -> Wording:
    """The language that an object of a patient can be in.

    Args:
        patient: What the object holds of the patient, from :func:`in_unicode` where that can be.
        language: ISO 639 code of the language that was asked for.

    Returns:
        The language that was asked for where the object is in Unicode; else English.
    """
    whole = patient.get("SpecificCharacterSet") == UNICODE
    return Wording(language if whole else ENGLISH, whole)


def in_unicode(patient: Dataset) -> Dataset:
    """The texts of a patient in Unicode; as they are where that cannot be done without a guess.

    Args:
        patient: What an image holds of the patient and the study.
    """
    declared = patient.get("SpecificCharacterSet") or ""
    names = [declared] if isinstance(declared, str) else list(declared)
    if names == [UNICODE]:
        return patient
    # pydicom raises whatever broken bytes lead it to, and warns of those that it replaces.
    with suppress(Exception), warnings.catch_warnings():
        warnings.simplefilter("error")
        turned = copy.deepcopy(patient)
        turned.decode()
        texts = "".join(str(each.value) for each in turned.iterall() if each.VR != "SQ")
        if not texts.isascii() and all(name in _ASCII_ALONE for name in names):
            return patient  # bytes of a character set that is not declared
        turned.SpecificCharacterSet = UNICODE
        return turned
    return patient


def _codes(item: Dataset) -> Iterator[Dataset]:
    """Every code of an object."""
    for element in item:
        if element.VR == "SQ":
            for child in element.value:
                if "CodingSchemeDesignator" in child and "CodeMeaning" in child:
                    yield child
                yield from _codes(child)
