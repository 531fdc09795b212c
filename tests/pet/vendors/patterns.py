"""What each vendor's PET headers look like.

The times and counts of GE were seen in a real Discovery ST series; the other patterns are from
memory of such headers, so a reader that passes here has still to meet real ones.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pydicom
from pydicom.dataset import Dataset

# Counts of the Philips pattern: Bq/mL for one of them, (7053,1009).
PHILIPS_BQML_PER_COUNT = 0.40625


@dataclass(frozen=True)
class Pattern:
    """One vendor's habits.

    Attributes:
        manufacturer: (0008,0070).
        model: (0008,1090).
        decay: Decay Correction (0054,1102) that its scanners choose by themselves.
        units: (0054,1001).
        slope: Whether Rescale Slope differs by ``"slice"``, by ``"frame"``, or not (``"series"``).
        corrected: Corrected Image (0028,0051) without DECY and ATTN.
        texts: Free texts of the series.
        static: Series Type (0054,1000) of one frame.
        time_slices: Number of Time Slices (0054,0101) of a static series; None for absent.
        start_datetime: Whether it writes (0018,1078) beside or instead of (0018,1072).
        start_time: Whether it writes (0018,1072).
        reference_is_start: Whether Frame Reference Time (0054,1300) is the frame's start, not the
            time of its average activity (PS3.3 C.8.9.4.1.5).
        descending: Whether Image Index 1 is the slice stored last.
    """

    manufacturer: str
    model: str
    decay: str
    units: str
    slope: str
    corrected: tuple[str, ...]
    texts: Mapping[str, str] = field(default_factory=dict)
    static: tuple[str, str] = ("STATIC", "IMAGE")
    time_slices: int | None = None
    start_datetime: bool = True
    start_time: bool = True
    reference_is_start: bool = False
    descending: bool = False


VENDORS = {
    "siemens": Pattern(
        "SIEMENS",
        "Biograph64_mCT",
        "START",
        "BQML",
        "slice",
        ("NORM", "DTIM", "SCAT", "RAN"),
        {
            "ReconstructionMethod": "PSF+TOF 4i21s",
            "ConvolutionKernel": "XYZ Gauss2.00",
            "AttenuationCorrectionMethod": "measured,AC_CT_Brain",
            "ScatterCorrectionMethod": "Model-based",
            "RandomsCorrectionMethod": "DLYD",
        },
        descending=True,
    ),
    # A real Discovery ST series: Number of Time Slices 6 in a static series of 267 slices, the
    # Frame Reference Time of a bed its start, while Decay Factor belongs to its middle.
    "ge": Pattern(
        "GE MEDICAL SYSTEMS",
        "Discovery MI",
        "ADMIN",
        "BQML",
        "slice",
        ("SCAT", "DTIM", "RAN", "RADL", "DCAL", "SLSENS", "NORM"),
        {
            "ReconstructionMethod": "VPFXS",
            "AttenuationCorrectionMethod": "CTAC-measured,, 0.096000 cm-1,",
            "ScatterCorrectionMethod": "Model Based",
            "RandomsCorrectionMethod": "SING",
        },
        time_slices=6,
        start_datetime=False,
        reference_is_start=True,
        descending=True,
    ),
    "philips": Pattern(
        "Philips Medical Systems",
        "Ingenuity TF PET/CT",
        "START",
        "CNTS",
        "frame",
        ("RAN", "SCAT", "DTIM", "NORM", "DCAL"),
        {
            "ReconstructionMethod": "BLOB-OS-TF",
            "AttenuationCorrectionMethod": "CTAC-SG",
            "ScatterCorrectionMethod": "SS-SIMUL",
            "RandomsCorrectionMethod": "DLYD",
        },
        time_slices=1,
    ),
    "canon": Pattern(
        "CANON_MEC",
        "Cartesion Prime",
        "START",
        "BQML",
        "slice",
        ("NORM", "RAN", "SCAT", "DTIM", "DCAL"),
        {"ReconstructionMethod": "OSEM+TOF+PSF", "AttenuationCorrectionMethod": "CT"},
        start_datetime=False,
    ),
    "toshiba": Pattern(
        "TOSHIBA",
        "Celesteion",
        "START",
        "BQML",
        "frame",
        ("NORM", "RAN", "SCAT", "DTIM", "DCAL"),
        {"ReconstructionMethod": "3D-OSEM", "AttenuationCorrectionMethod": "CT"},
        start_datetime=False,
    ),
    "uih": Pattern(
        "UIH",
        "uMI 780",
        "START",
        "BQML",
        "slice",
        ("NORM", "DTIM", "RAN", "SCAT", "RADL"),
        {
            "ReconstructionMethod": "OSEM_TOF_PSF_i2_s20",
            "AttenuationCorrectionMethod": "measured,CT",
        },
        start_time=False,
    ),
}


def stamp(when: datetime) -> str:
    """Write a moment as DICOM's DT."""
    return when.strftime("%Y%m%d%H%M%S.%f")


def add_private(
    dataset: Dataset,
    vendor: str,
    *,
    injected: datetime,
    scan: datetime,
    corrected_to: datetime,
    tracer: str,
    suv_per_bqml: float,
    bqml_per_count: float,
) -> None:
    """Add what a vendor writes beside the standard.

    Args:
        dataset: One image.
        vendor: Key of :data:`VENDORS`.
        injected: When the tracer was given.
        scan: When the first frame began.
        corrected_to: When the voxels mean.
        tracer: Its name.
        suv_per_bqml: What turns Bq/mL into SUV by body weight.
        bqml_per_count: What turns a count into Bq/mL.
    """
    elements: dict[str, tuple[int, str, list[tuple[int, str, Any]]]] = {
        "siemens": (0x0071, "SIEMENS MED PT", [(0x22, "DT", stamp(corrected_to))]),
        "ge": (
            0x0009,
            "GEMS_PETD_01",
            [
                (0x0D, "DT", stamp(scan)),
                (0x36, "LO", tracer),
                (0x3B, "DT", stamp(injected)),
            ],
        ),
        "philips": (
            0x7053,
            "Philips PET Private Group",
            [
                (0x00, "DS", f"{suv_per_bqml * bqml_per_count:.9g}"),
                (0x09, "DS", f"{bqml_per_count:.9g}"),
            ],
        ),
        "uih": (0x0065, "Image Private Header", [(0x0A, "DT", stamp(injected))]),
    }
    if vendor in elements:
        group, creator, items = elements[vendor]
        block = dataset.private_block(group, creator, create=True)
        for offset, representation, value in items:
            if representation == "DS":
                value = pydicom.valuerep.DSfloat(value, auto_format=True)
            block.add_new(offset, representation, value)
