"""Sentences of the report that depend on a result."""

from collections.abc import Mapping
from dataclasses import replace

from monai_amyloid.brain.template import READ_REGIONS
from monai_amyloid.evaluation.deciding.conformal import COVERAGE
from monai_amyloid.findings.finding import Finding, Phrase, phrase
from monai_amyloid.findings.rules import BAPL_NAMES, GRADES
from monai_amyloid.report.study.regions import region_name
from monai_amyloid.report.words import WORDS
from monai_amyloid.result.result import Result

# One side has more than the other where it has this share of both.
_MORE = 0.58
# A second region is named where it has this share of all.
_NAMED = 0.2
# Four equal regions have a quarter each: where none has this, none stands out.
_STANDS_OUT = 0.3


def what_drove(result: Result) -> Phrase | None:
    """Which of the read regions drove the grade most, by the activation map's shares.

    Args:
        result: A result whose ``explanation`` holds the share of each read region and side.

    Returns:
        One sentence; None where there is no explanation.
    """
    shares = result.explanation
    if not shares or result.grade is None:
        return None
    sides = {name: (shares[f"{name}_left"], shares[f"{name}_right"]) for name in READ_REGIONS}
    order = sorted(sides, key=lambda name: -sum(sides[name]))
    named = [name for name in order[:2] if name == order[0] or sum(sides[name]) >= _NAMED]
    parts = tuple(_part(name, *sides[name]) for name in named)
    if sum(sides[order[0]]) < _STANDS_OUT:
        return phrase(
            "drove_none",
            "None of the four read regions stood out (an even share is 25%); most: {parts}.",
            parts=parts,
        )
    # Of a doubtful study no sentence names one grade.
    if result.grade == 1 and result.status == "graded":
        return phrase(
            "drove_lowest",
            "Of the four read regions, these support {grade} most (an even share is 25%): {parts}.",
            grade=result.grade_name(),
            parts=parts,
        )
    return phrase(
        "drove",
        "Of the four read regions, these contributed most to the grade (an even share is 25%): "
        "{parts}.",
        parts=parts,
    )


def where_strongest(result: Result) -> Phrase | None:
    """Where the map of what drove the grade is strongest, whichever region that is of.

    Args:
        result: A result with its ``strongest_spot``; None where there is none.
    """
    spot = result.strongest_spot
    if not spot:
        return None
    region, _, side = str(spot["region"]).rpartition("_")
    if side not in ("left", "right"):
        region, side = str(spot["region"]), ""
    if not region:
        return phrase(
            "strongest_nowhere",
            "The strongest single spot lies outside every region, such as in white matter.",
        )
    if side == "left":
        return phrase(
            "strongest_left",
            "The strongest single spot: {region}, left.",
            region=region_name(region),
        )
    if side == "right":
        return phrase(
            "strongest_right",
            "The strongest single spot: {region}, right.",
            region=region_name(region),
        )
    return phrase(
        "strongest_middle", "The strongest single spot: {region}.", region=region_name(region)
    )


def _part(name: str, left: float, right: float) -> Phrase:
    region, share = region_name(name), left + right
    if share > 0 and left / share >= _MORE:
        return phrase(
            "drove_left", "{region} ({share:.0%}, left more than right)", region=region, share=share
        )
    if share > 0 and right / share >= _MORE:
        return phrase(
            "drove_right",
            "{region} ({share:.0%}, right more than left)",
            region=region,
            share=share,
        )
    return phrase("drove_both", "{region} ({share:.0%})", region=region, share=share)


def reasons(result: Result) -> list[Finding]:
    """Why a study is refused or needs a reader, the heaviest first, none of them twice.

    Args:
        result: A result; the name of its study, which the page bears, is not repeated, nor is a
            file that the reason before speaks of.
    """
    found, texts, before = list[Finding](), set[str](), result.name
    for each in result.of_level("refusal", "doubt"):
        place = str(each.values.get("where"))
        if place in (result.name, before):
            values = {name: value for name, value in each.values.items() if name != "where"}
            each = replace(each, values=values)
        before = place
        if str(each) not in texts:
            texts.add(str(each))
            found.append(each)
    return found


def grade_meanings(result: Result) -> Mapping[int, Phrase]:
    """What each grade means, by its number; empty where the bundle's grades are not BAPL."""
    if result.grade_names != BAPL_NAMES:
        return {}
    return {grade: WORDS[f"bapl{grade}"] for grade in GRADES}


def how_sure(result: Result) -> Phrase | None:
    """What a set of one likely grade promises.

    Args:
        result: A result; None where a reader is needed, to whom its reasons say more.
    """
    if result.status != "graded" or result.prediction_set is None:
        return None
    return phrase(
        "how_sure",
        "{grades} alone is likely. On scans like those of the training such a set holds the "
        "reader's grade in {coverage:.0%}.",
        grades=result.answer,
        coverage=COVERAGE,
    )
