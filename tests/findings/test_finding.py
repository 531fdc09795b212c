"""Findings: their texts, what is kept of them, and refusals that carry them."""

import json
import pickle
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monai_amyloid.findings.finding import (
    Finding,
    StudyRefused,
    Term,
    Uid,
    phrase,
    refusal,
    warning,
)
from monai_amyloid.findings.phrase import LONGEST_TEXT, in_language


def test_values_are_formatted_and_joined_in_the_text() -> None:
    said = warning(
        "code",
        "found {names:and} of {sizes:x:g} mm, {share:.0%} of {label!r}",
        names=("one", "two"),
        sizes=(2.0, 2.5),
        share=0.428,
        label=Term("PT"),
        where=Path("scan.nii"),
    )
    assert str(said) == "scan.nii: found one and two of 2 x 2.5 mm, 43% of 'PT'"
    assert "one 및 two" in in_language(said, "ko")


@given(st.text(), st.text())
def test_a_text_is_one_printable_line_whatever_a_header_holds(value: str, where: str) -> None:
    text = str(refusal("code", "found {value}", value=value * 50, where=where))
    assert text.isprintable() and len(text) <= LONGEST_TEXT


@given(st.text())
def test_braces_of_a_header_are_no_values(value: str) -> None:
    finding = refusal("code", "found {value}", value="{where.__class__}" + value)
    assert str(Finding.from_content(json.loads(json.dumps(finding.as_content())))) == str(finding)


def test_what_a_file_keeps_of_a_finding_says_the_same_again() -> None:
    part = phrase("part", "{count} images", count=3)
    finding = refusal("code", "{parts}: {uid}", parts=(part, part), uid=Uid("1.2"), where=Path("a"))
    kept = json.loads(json.dumps(finding.as_content()))
    assert kept["level"] == "refusal" and kept["values"]["parts"][0]["values"] == {"count": 3}
    again = Finding.from_content(kept)
    assert str(again) == str(finding) == "a: 3 images, 3 images: 1.2"
    assert again.as_content() == kept


def test_several_reasons_make_one_refusal_that_names_the_study_once() -> None:
    reasons = [refusal(f"code{n}", f"reason {n}", where="scan") for n in (1, 2)]
    refused = StudyRefused.of(reasons)
    assert str(refused) == "scan: reason 1; and reason 2"
    again = pickle.loads(pickle.dumps(refused))  # noqa: S301 (made here)
    assert isinstance(again, StudyRefused) and again.findings == tuple(reasons)


def test_a_refusal_has_its_finding() -> None:
    with pytest.raises(StudyRefused, match=r"^a: found 3") as refused:
        raise StudyRefused("too_many", "found {count}", count=3, where="a")
    [finding] = refused.value.findings
    assert (finding.code, finding.level, finding.values["count"]) == ("too_many", "refusal", 3)
