"""What a header or a file's name says in words, and how a message quotes it."""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from pydicom.datadict import tag_for_keyword

from monai_amyloid.findings.finding import Phrase, Term, phrase
from monai_amyloid.pet.dicom.attributes import named
from monai_amyloid.pet.formats.bids import entities, stem_of
from monai_amyloid.pet.frames.series import FrameSeries

# Key for the name of an image in one file. It may name a person: no part of the provenance.
FILE_NAME = "file_name"
# Entities of a BIDS name that describe the image rather than the person or the session.
_DESCRIBING = ("acq", "rec", "desc", "model", "param", "meas", "stat")


class Statement(NamedTuple):
    """A text, and where it stands.

    Attributes:
        keyword: DICOM or BIDS keyword, or :data:`FILE_NAME`.
        text: What stands there.
    """

    keyword: str
    text: str

    @property
    def value(self) -> str | Path:
        """The text as a value of a message: what a file is called is kept private as a path."""
        return Path(self.text) if self.keyword == FILE_NAME else self.text

    @property
    def quoted(self) -> Phrase:
        """The text with its place, for a message."""
        if self.keyword == FILE_NAME:
            return phrase("said_by_file_name", "the file's name says {text}", text=self.value)
        known = tag_for_keyword(self.keyword) is not None
        attribute = named(self.keyword) if known else Term(self.keyword)
        return phrase(
            "said_by_header", "{attribute} is {text!r}", attribute=attribute, text=self.text
        )


def header_of(series: FrameSeries) -> dict[str, Any]:
    """Give what the header of an image says, and the name of its file.

    Args:
        series: Frames as read.

    Returns:
        Values by DICOM or BIDS keyword, and by :data:`FILE_NAME`, save for the many files of
        DICOM, whose names say nothing.
    """
    header = dict(series.provenance)
    if header.get("source") in (None, "dicom"):
        return header
    return {**header, FILE_NAME: Path(series.source).name}


def statements_of(provenance: Mapping[str, Any], keywords: Sequence[str]) -> Iterator[Statement]:
    """Give the texts of a header; several values of one keyword are joined as DICOM does.

    Args:
        provenance: Header values by DICOM or BIDS keyword.
        keywords: The keywords, among them :data:`FILE_NAME` for what the file's name says.

    Yields:
        One for each keyword that says something, in their order; of a BIDS name one for each
        entity that describes the image.
    """
    for keyword in keywords:
        value = provenance.get(keyword)
        if keyword == FILE_NAME and value:
            labels = entities(Path(value))
            # A name of one word is no BIDS name: it has no entity.
            texts = [labels[key] for key in _DESCRIBING if key in labels]
            texts = texts if len(labels) > 1 else [stem_of(Path(value))]
            yield from (Statement(keyword, text) for text in texts)
        elif value is not None:
            parts = value if isinstance(value, (list, tuple)) else [value]
            text = "\\".join(map(str, parts)).strip()
            if text:
                yield Statement(keyword, text)


def words(text: str) -> str:
    """Give the words of a text in lower case with one space between them.

    ``BrainNAC_2`` are the words ``brain nac 2``.

    Args:
        text: Description, label or name of a file.
    """
    parted = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text)
    return " ".join(re.findall(r"[^\W\d_]+|\d+", parted)).lower()
