"""A picture of a study, to judge registration and uptake at a glance."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from textwrap import fill, shorten
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from monai_amyloid.brain.normalization import BrainPet
from monai_amyloid.findings.catalogue import ENGLISH
from monai_amyloid.findings.finding import Phrase, phrase
from monai_amyloid.output import replacing
from monai_amyloid.pictures.lettering import Lettering
from monai_amyloid.pictures.outlines import COLOURS
from monai_amyloid.pictures.slices import PLANES, SlicedScan, draw_slice, slice_index, tile
from monai_amyloid.report.words import RESEARCH_USE, WORDS, joined, minus
from monai_amyloid.result.limits import learnt_from
from monai_amyloid.result.result import Result, with_interval

# The axis that each plane is cut across, and where: the middle and both hemispheres; cerebellum,
# precuneus and frontal lobe; cerebellum, basal ganglia and parietal lobe.
_SLICES_MM = ((-32.0, 2.0, 32.0), (-62.0, -20.0, 28.0), (-34.0, 6.0, 40.0))
_SCALE, _GAP = 3, 6  # pixels
_MARGIN, _ABOVE, _BELOW = 14, 132, 90
_SIZE = 13.0  # of the captions' letters, pixels
_RED, _SOFT = "#b00000", "#606060"
_WRAPPED, _LONGEST_NAME = 118, 90
_MOST_IN_A_ROW = 6
# Fewer columns would be too narrow for the words above pictures.
_LEAST_WIDTH = 660
# The level of zlib after which the file hardly gets smaller and takes twice the time.
_PACKED = 3


def write_picture(
    brain: BrainPet,
    result: Result | None,
    path: Path,
    language: str = ENGLISH,
    scan: SlicedScan | None = None,
) -> None:
    """Draw the normalised scan in three planes with the template's outlines.

    Args:
        brain: The normalised scan.
        result: Result of the study, for the caption; None where the scan was not graded.
        path: PNG to write.
        language: Code of the captions' language.
        scan: Slices of ``brain``, where they were cut already.

    Raises:
        UserError: If no font with the letters of the language is installed.
    """
    scan = SlicedScan.of(brain) if scan is None else replace(scan, activation=None)
    rows = [
        [draw_slice(scan, axis, slice_index(axis, place), _SCALE) for place in places]
        for axis, places in enumerate(_SLICES_MM)
    ]
    sheet = tile(rows, _GAP)
    size = (sheet.shape[1] + 2 * _MARGIN, sheet.shape[0] + _ABOVE + _BELOW)
    picture = Image.new("RGB", size, "white")
    picture.paste(Image.fromarray(sheet), (_MARGIN, _ABOVE))
    captions = Lettering(picture, language)
    _name_slices(captions, rows, sheet.shape[1])
    _write_captions(captions, size, brain, scan, result)
    _save(picture, path)


def write_slices(bag: NDArray[Any], result: Result, path: Path, language: str = ENGLISH) -> None:
    """Draw pictures as they were read, with their grade.

    Args:
        bag: Pictures of one person ``(X, Y, n)``, 0 to 255.
        result: Result of the pictures, for the caption.
        path: PNG to write.
        language: Code of the caption's language.

    Raises:
        UserError: If no font with the letters of the language is installed.
    """
    columns = min(bag.shape[2], _MOST_IN_A_ROW)
    planes = np.clip(np.moveaxis(bag, 2, 0), 0, 255).astype(np.uint8)
    shown = [np.repeat(plane.T[::-1, :, None], 3, axis=-1) for plane in planes]
    shown += [np.full_like(shown[0], 255)] * (-len(shown) % columns)
    sheet = tile([shown[at : at + columns] for at in range(0, len(shown), columns)], 2)
    large = Image.fromarray(sheet).resize(
        (2 * sheet.shape[1], 2 * sheet.shape[0]), Image.Resampling.BICUBIC
    )
    width = max(large.width + 2 * _MARGIN, _LEAST_WIDTH)
    picture = Image.new("RGB", (width, large.height + 90), "white")
    picture.paste(large, ((width - large.width) // 2, 48))
    captions = Lettering(picture, language)
    only = captions.say(phrase("picture_only", "a picture, no Centiloid"))
    grade = captions.say(_grade_of(result))
    captions.write((width / 2, 14), f"{grade}   {only}", 16, anchor="ma")
    last = f"{captions.say(learnt_from(result))} {captions.say(RESEARCH_USE)}"
    captions.write((width / 2, picture.height - 14), last, 12, anchor="md")
    _save(picture, path)


def _save(picture: Image.Image, path: Path) -> None:
    with replacing(path) as partial:
        picture.save(partial, format="PNG", compress_level=_PACKED)


def _name_slices(
    captions: Lettering, rows: Sequence[Sequence[NDArray[np.uint8]]], width: int
) -> None:
    """Write what each slice is above it."""
    top = float(_ABOVE)
    for axis, (plane, places, row) in enumerate(zip(PLANES, _SLICES_MM, rows, strict=True)):
        for column, place in enumerate(places):
            left = _MARGIN + column * (width + _GAP) / len(places)
            name = f"{captions.say(WORDS[plane])}, {'xyz'[axis]} = {minus(f'{place:g}')} mm"
            captions.write((left + 2, top + 1), name, 11)
        top += row[0].shape[0] + _GAP


def _write_captions(
    captions: Lettering,
    size: tuple[int, int],
    brain: BrainPet,
    scan: SlicedScan,
    result: Result | None,
) -> None:
    (width, height), quality = size, brain.quality
    if result is not None:
        captions.write(
            (_MARGIN, 10), shorten(result.name, _LONGEST_NAME, placeholder="…"), _SIZE, bold=True
        )
    captions.write((width / 2, 30), _caption(captions, brain, result), 19, anchor="ma")
    measured = phrase(
        "picture_quality",
        "match {match:.2f}, cerebellum in view {covered:.0%}, resolution {fwhm_mm:.1f} mm, noise "
        "{noise:.0%}",
        match=quality["registration"],
        covered=quality["cerebellum_covered"],
        fwhm_mm=quality["fwhm_mm"],
        noise=quality["noise_cv"],
    )
    captions.write((width / 2, 57), measured, _SIZE, anchor="ma")
    # All that the study's page warns of, the reading's warnings among them.
    found = brain.warnings if result is None else (*result.of_level("doubt"), *result.warnings)
    remarks = "; ".join(captions.say(each) for each in found)
    line = fill(remarks or captions.say(WORDS["no_warnings"]), _WRAPPED, max_lines=3)
    colour = _RED if found else _SOFT
    captions.write((width / 2, 76), line, _SIZE, colour=colour, anchor="ma")
    x, y = float(_MARGIN), height - _BELOW + 8
    for name, of_outline in COLOURS.items():
        captions.write((x, y), WORDS[name], _SIZE, colour=of_outline, bold=True)
        x += captions.width(WORDS[name], _SIZE, bold=True) + 12
    legend = phrase(
        "picture_legend",
        "Outlines of the template, which must match the scan. SUVR over the cerebellum: 0 white, "
        "{black:.2f} black ({share:.0%} of white matter).",
        black=scan.window.black,
        share=scan.window.share,
    )
    captions.write((_MARGIN, y + 21), legend, 11.5)
    sides = phrase("picture_sides", "L and R: the patient's left and right.")
    shaded = phrase("picture_shaded", "Shaded: outside the field of view.")
    learnt = () if result is None or result.grade is None else (learnt_from(result),)
    for row, texts in enumerate(((sides, shaded), (*learnt, RESEARCH_USE))):
        captions.write((_MARGIN, y + 40 + 18 * row), " ".join(map(captions.say, texts)), 11.5)


def _caption(captions: Lettering, brain: BrainPet, result: Result | None) -> str:
    interval = None if result is None else result.centiloid_interval
    measured = with_interval(brain.centiloid, interval)
    centiloid = f"{captions.say(WORDS['centiloid'])} {minus(measured)}"
    if result is None:
        return centiloid
    if result.status == "refused":
        why = "; ".join(captions.say(each) for each in result.of_level("refusal"))
        return fill(f"{captions.say(WORDS['refused'])}: {why}", _WRAPPED // 2, max_lines=1)
    return f"{captions.say(_grade_of(result))}   {centiloid}"


def _grade_of(result: Result) -> Phrase:
    chances = ", ".join(
        f"{result.grade_name(int(grade))} {chance:.0%}"
        for grade, chance in (result.probabilities or {}).items()
    )
    words = [result.answer] if result.status == "graded" else [WORDS["needs_reader"], result.answer]
    return Phrase("grade", "{grade}   ({chances})", {"grade": joined(words), "chances": chances})
