"""A contact sheet: every prepared scan at a glance, the doubtful ones first, in one HTML file."""

import base64
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from monai_amyloid.brain.template import TEMPLATE_AFFINE, brain_mask, voi
from monai_amyloid.cells import read_cells
from monai_amyloid.cohort.datalist import UNKNOWN, read_cohort
from monai_amyloid.findings.catalogue import ENGLISH
from monai_amyloid.findings.finding import Phrase, from_text, phrase
from monai_amyloid.output import replace_file
from monai_amyloid.pictures.cut_brain import DARKEST_SUVR, without_face
from monai_amyloid.pictures.orientation import lettered, upright
from monai_amyloid.pictures.slices import SHEET_PLANES
from monai_amyloid.report.pages import render_page
from monai_amyloid.report.words import RESEARCH_USE, WORDS, by_name, named
from monai_amyloid.version import __version__
from monai_amyloid.work.progress import SILENT, Progress

_BRAIN, _CEREBELLUM = (220, 60, 40), (30, 110, 220)

_WORDS = by_name(
    phrase("sheet_title", "Contact sheet"),
    phrase(
        "sheet_note",
        "Do the outlines fit? Red: the brain of the template; blue: the whole cerebellum, which "
        "uptake is divided by. Scans with warnings come first, then those that match the template "
        "least. Head up; in the axial slice the front is up. L and R: the patient's left and "
        "right. If a scan does not fit, take its row out of the table.",
    ),
    phrase("sheet_participant", "Participant"),
    phrase("sheet_session", "Session"),
    phrase("sheet_reason", "Reason"),
    phrase("sheet_prepared", "Prepared"),
)


def write_contact_sheet(
    prepared: Path,
    progress: Progress = SILENT,
    language: str = ENGLISH,
) -> Path:
    """Draw ``contact_sheet.html`` of a prepared cohort.

    Three planes of each scan with the template's outlines, which fit where reading and
    registration went well, and what was measured; those with warnings first, then by how well
    the scan matches the template. Refused scans stand above, with the reason.

    Args:
        prepared: Folder that ``prepare`` wrote.
        progress: Shows how many scans are drawn.
        language: Code of the language that is shown first; the page holds every one.

    Returns:
        Path of the sheet.

    Raises:
        UserError: If Jinja is not installed, or nothing is prepared there.
    """
    table = read_cohort(prepared / "participants.tsv")
    warned = table.get("warnings", pd.Series(UNKNOWN, table.index)) == UNKNOWN
    match = pd.to_numeric(table.get("registration", pd.Series(1.0, table.index)), errors="coerce")
    rows = table.assign(_calm=warned, _match=match).sort_values(["_calm", "_match"])
    progress.start(len(rows))
    scans = []
    for row in rows.to_dict("records"):
        scans.append(_scan(row))
        progress.advance()
    file = prepared / "refused.tsv"
    refused = (
        read_cells(pd.read_csv(file, sep="\t", dtype=str, keep_default_na=False)).to_dict("records")
        if file.is_file()
        else []
    )
    content = {
        "words": WORDS,
        "sheet": _WORDS,
        "research_use": RESEARCH_USE,
        "version": __version__,
        "heading": _heading(len(scans), len(refused)),
        "scans": scans,
        "refused": [_refused(row) for row in refused],
    }
    sheet = prepared / "contact_sheet.html"
    replace_file(sheet, render_page("contact_sheet.html.jinja", content, language))
    return sheet


def _heading(prepared: int, refused: int) -> Phrase:
    if not refused:
        return phrase("sheet_counts", "Prepared scans: {prepared}", prepared=prepared)
    return phrase(
        "sheet_counts_refused",
        "Prepared scans: {prepared}, refused: {refused}",
        prepared=prepared,
        refused=refused,
    )


def _refused(row: Mapping[Any, Any]) -> dict[str, Any]:
    """A row of the table of refused scans."""
    return {**row, "reason": _remarks(row, "reason")}


def _scan(row: Mapping[Any, Any]) -> dict[str, Any]:
    """A scan's picture and what stands under it."""
    name = f"{row['participant_id']} {row['session_id']}"
    grade = phrase("sheet_no_grade", "no grade")
    facts = [grade if pd.isna(row["bapl"]) else named(f"BAPL {row['bapl']}")]
    if pd.notna(row.get("centiloid")):
        facts.append(
            phrase("sheet_centiloid", "Centiloid {centiloid:.0f}", centiloid=row["centiloid"])
        )
    if pd.notna(row["_match"]):
        facts.append(phrase("sheet_match", "match {match:.2f}", match=row["_match"]))
    return {
        "name": name,
        "facts": facts,
        "warnings": _remarks(row, "warnings"),
        "picture": _picture(Path(row["path"])),
        "described": phrase("sheet_picture", "Three planes of {scan}", scan=name),
    }


def _remarks(row: Mapping[Any, Any], column: str) -> Phrase | None:
    """What was found of a scan; in English alone where a table has no column ``findings``."""
    findings, text = (str(row.get(name, UNKNOWN)) for name in ("findings", column))
    if text == UNKNOWN:
        return None
    found = from_text(findings if findings.startswith("[") else UNKNOWN)
    return Phrase("remarks", "{findings:;}", {"findings": found}) if found else named(text)


def _picture(path: Path) -> str:
    volume = np.asarray(nib.load(path).dataobj, np.float32)
    buffer = io.BytesIO()
    Image.fromarray(three_planes(volume)).save(buffer, format="JPEG", quality=80)
    return f"data:image/jpeg;base64,{base64.b64encode(buffer.getvalue()).decode()}"


def three_planes(volume: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Sagittal, coronal and axial slices side by side with the template's outlines.

    Args:
        volume: SUVR ``(X, Y, Z)`` on the template's grid, RAS+.

    Returns:
        ``(rows, columns, 3)``, 8 bits; head and front up, the patient's sides in letters.
    """
    volume = without_face(volume)
    grey = np.asarray(255 * (1 - np.clip(volume / DARKEST_SUVR, 0, 1)), np.uint8)
    panels = []
    for axis, place in SHEET_PLANES:
        index = round((place - TEMPLATE_AFFINE[axis, 3]) / TEMPLATE_AFFINE[axis, axis])
        panel = np.repeat(upright(grey, axis, index)[..., None], 3, axis=-1)
        for mask, colour in ((brain_mask(), _BRAIN), (voi("whole_cerebellum"), _CEREBELLUM)):
            inside = upright(mask, axis, index)
            panel[inside & ~ndimage.binary_erosion(inside)] = colour
        panels.append(lettered(panel, axis))
    height = max(panel.shape[0] for panel in panels)
    padded = [
        np.pad(panel, ((0, height - panel.shape[0]), (0, 2), (0, 0)), constant_values=255)
        for panel in panels
    ]
    return np.concatenate(padded, axis=1)
