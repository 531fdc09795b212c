"""Findings in English and Korean, for pages that hold both."""

from monai_amyloid.findings.catalogue import in_language
from monai_amyloid.findings.finding import Phrase
from monai_amyloid.report.words import Text


def in_both(said: Phrase) -> Text:
    """A finding in both languages."""
    return Text(in_language(said, "en"), in_language(said, "ko"))
