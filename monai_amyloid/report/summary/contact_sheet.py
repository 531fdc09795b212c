"""A contact sheet: every prepared scan at a glance, the doubtful ones first, in one HTML file."""

import base64
import io
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from monai_amyloid.brain.template import TEMPLATE_AFFINE, brain_mask, voi
from monai_amyloid.cohort.datalist import UNKNOWN, read_cohort
from monai_amyloid.output import replace_file
from monai_amyloid.report.pages import render_page
from monai_amyloid.report.pictures.cut_brain import DARKEST_SUVR, without_face
from monai_amyloid.report.pictures.outlines import upright
from monai_amyloid.version import __version__
from monai_amyloid.work.progress import SILENT, Progress

# Where the planes stand, in mm: a sagittal one beside the midline, a coronal one through the
# cerebellum, an axial one through basal nuclei and posterior cingulate.
PLANES = ((0, -6.0), (1, -50.0), (2, 8.0))
_BRAIN, _CEREBELLUM = (220, 60, 40), (30, 110, 220)


def write_contact_sheet(
    prepared: Path,
    progress: Progress = SILENT,
) -> Path:
    """Draw ``contact_sheet.html`` of a prepared cohort.

    Three planes of each scan with the template's outlines, which fit where reading and
    registration went well, and what was measured; those with warnings first, then by how well
    the scan matches the template. What was refused stands above, with the reason.

    Args:
        prepared: Folder that ``prepare`` wrote.
        progress: Shows how many scans are drawn.

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
        scans.append(_said(row))
        progress.advance()
    refused = prepared / "refused.tsv"
    reasons = pd.read_csv(refused, sep="\t", dtype=str) if refused.is_file() else pd.DataFrame()
    page = render_page(
        "contact_sheet.html.jinja",
        {"version": __version__, "scans": scans, "refused": reasons.to_dict("records")},
    )
    sheet = prepared / "contact_sheet.html"
    replace_file(sheet, page)
    return sheet


def _said(row: dict[Any, Any]) -> dict[str, str]:
    """What stands under a scan's picture."""
    warnings = str(row.get("warnings", UNKNOWN))
    return {
        "name": f"{row['participant_id']} {row['session_id']}",
        "bapl": "no grade" if pd.isna(row["bapl"]) else f"BAPL {row['bapl']}",
        "centiloid": f"Centiloid {row['centiloid']:.0f}" if pd.notna(row.get("centiloid")) else "",
        "match": f"match {row['_match']:.2f}" if pd.notna(row["_match"]) else "",
        "warnings": "" if warnings == UNKNOWN else warnings,
        "picture": _picture(Path(row["path"])),
    }


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
        ``(rows, columns, 3)``, 8 bits; head and front up, the patient's left on the left.
    """
    volume = without_face(volume)
    grey = np.asarray(255 * (1 - np.clip(volume / DARKEST_SUVR, 0, 1)), np.uint8)
    panels = []
    for axis, place in PLANES:
        index = round((place - TEMPLATE_AFFINE[axis, 3]) / TEMPLATE_AFFINE[axis, axis])
        panel = np.repeat(upright(grey, axis, index)[..., None], 3, axis=-1)
        for mask, colour in ((brain_mask(), _BRAIN), (voi("whole_cerebellum"), _CEREBELLUM)):
            inside = upright(mask, axis, index)
            panel[inside & ~ndimage.binary_erosion(inside)] = colour
        panels.append(panel)
    height = max(panel.shape[0] for panel in panels)
    padded = [
        np.pad(panel, ((0, height - panel.shape[0]), (0, 2), (0, 0)), constant_values=255)
        for panel in panels
    ]
    return np.concatenate(padded, axis=1)
