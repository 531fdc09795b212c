"""The rows of the tables of the report of several visits."""

from dataclasses import dataclass
from typing import Any

from monai_amyloid.brain.template import READ_REGIONS
from monai_amyloid.findings.finding import Finding, Phrase, by_weight, phrase
from monai_amyloid.pictures.orientation import slice_sides
from monai_amyloid.pictures.slices import PLANES
from monai_amyloid.report.follow.scans import SLICES_MM, ShownScan
from monai_amyloid.report.follow.sentences import (
    DIRECTIONS,
    change_name,
    grade_sentence,
    plain_centiloid,
    signed,
    signed_suvr,
    visit_name,
    years_shown,
)
from monai_amyloid.report.study.provenance import source_name, tracer_name
from monai_amyloid.report.study.regions import region_name
from monai_amyloid.report.words import WORDS, joined, minus
from monai_amyloid.result.followed import Change, Followed

_DASH = "\N{EN DASH}"
_SIDES = ("", "_left", "_right")


@dataclass(frozen=True)
class SliceRow:
    """A slice that every scan is cut at.

    Attributes:
        plane: Name of the plane.
        place: Place of the slice in the template, mm.
        sides: Sides of the patient at the left and the right edge.
    """

    plane: Phrase
    place: str
    sides: tuple[str, str]

    def name_of(self, scan: ShownScan) -> Phrase:
        """What the picture of a scan at this place is, for people who do not see it."""
        return phrase(
            "slice_of",
            "{scan}: {plane}, {place}",
            scan=scan.name,
            plane=self.plane,
            place=self.place,
        )


def slice_rows() -> list[SliceRow]:
    """The slices in the order of the pictures."""
    return [
        SliceRow(WORDS[PLANES[axis]], minus(f"{'xyz'[axis]} = {mm:g} mm"), slice_sides(axis))
        for axis, mm in SLICES_MM
    ]


def visit_rows(followed: Followed) -> list[dict[str, Any]]:
    """A row a visit: what the table of the visits says, and what its scan was read from.

    Args:
        followed: What is known of the visits.
    """
    rows = []
    for place, visit in enumerate(followed.visits):
        result, source = visit.result, source_name(visit.result)
        tracer = tracer_name(result.study.get("tracer"))
        refused = result.status == "refused"
        rows.append(
            {
                "name": visit_name(place, visit),
                "study": result.name,
                "years": years_shown(visit.years),
                "date": visit.date or _DASH,
                "reasons": result.of_level("refusal") if refused else (),
                "grade": None if refused else grade_sentence(result),
                "alone": plain_centiloid(result.centiloid, result.centiloid_interval),
                "together": plain_centiloid(visit.centiloid, visit.interval),
                "findings": result.of_level("doubt", "warning"),
                "made_from": joined([tracer] if source is None else [tracer, source]),
            }
        )
    return rows


def change_rows(followed: Followed) -> list[dict[str, Any]]:
    """A row a change, the overall one first: its name, numbers and findings.

    Args:
        followed: What is known of the visits.
    """
    return [
        {
            "name": change_name(change),
            "years": years_shown(change.years),
            "change": signed(change.centiloid, change.interval),
            "yearly": _yearly(change),
            "plain": minus(f"{change.plain:+.0f}"),
            "direction": DIRECTIONS[change.direction],
            "findings": by_weight(change.findings),
        }
        for change in _overall_first(followed)
    ]


def _overall_first(followed: Followed) -> list[Change]:
    overall = followed.overall
    return sorted(followed.changes, key=lambda each: each is not overall)


def _yearly(change: Change) -> Phrase | str:
    if change.yearly is None or change.yearly_interval is None:
        return _DASH
    return signed(change.yearly, change.yearly_interval)


def region_tables(followed: Followed) -> list[tuple[Phrase, list[tuple[Phrase, str, str, str]]]]:
    """The regions of each change, the overall one first: name, both sides, left and right.

    Args:
        followed: What is known of the visits.
    """
    changes = [each for each in _overall_first(followed) if each.regions]
    return [(change_name(each), region_rows(each)) for each in changes]


def region_rows(change: Change) -> list[tuple[Phrase, str, str, str]]:
    """The cortex and each read region of one change: name, both sides, left and right."""
    rows = []
    for region in ("cortex", *READ_REGIONS):
        cells = [change.regions.get(f"{region}{side}") for side in _SIDES]
        both, left, right = (
            "" if cell is None else signed_suvr(cell.suvr, cell.interval) for cell in cells
        )
        if both or left or right:
            rows.append((region_name(region), both, left, right))
    return rows


def doubts_of(followed: Followed) -> list[Finding]:
    """Why a reader must look: doubts of the whole and of the changes, each once."""
    every = [*followed.findings, *(one for each in followed.changes for one in each.findings)]
    found = {str(one): one for one in every if one.level in ("refusal", "doubt")}
    return list(found.values())
