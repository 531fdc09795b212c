"""The head of a whole body: the part of a long scan that can be graded."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from monai_amyloid.findings.finding import StudyRefused, warning
from monai_amyloid.pet.header.content import LONGEST_HEAD_MM
from monai_amyloid.pet.image import PetImage

# From the crown to the shoulders.
HEAD_MM = 300.0
# A head is wider than this at every level but the very crown, noise in air is not.
_SMALLEST_SECTION_MM2 = 2000.0
# Of the usual maximum of a slice: tissue of a head, above what scatter leaves in air. The liver
# and the bladder, far brighter than a brain, are but a few slices.
_TISSUE = 0.1
# Every third voxel each way tells a body from air, in a ninth of the memory.
_STRIDE = 3


def cut_to_head(image: PetImage, source: str) -> PetImage:
    """Cut a scan that is longer than a head down to the uppermost 300 mm of the body.

    Whether there is a brain in it is for the registration to find out.

    Args:
        image: RAS+ volume of any length.
        source: File or folder, for the message.

    Returns:
        The image as it is, or its upper part with a warning.

    Raises:
        StudyRefused: If there is no body in it.
    """
    height = float(image.zooms[2])
    count = image.data.shape[2]
    if height * count <= LONGEST_HEAD_MM:
        return image
    part = image.data[::_STRIDE, ::_STRIDE]
    peaks = np.percentile(part.reshape(-1, count), 98, axis=0)
    tissue = _TISSUE * float(np.median(peaks[peaks > 0])) if (peaks > 0).any() else np.inf
    area = (part > tissue).sum(axis=(0, 1)) * float(np.prod(image.zooms[:2])) * _STRIDE**2
    body = np.flatnonzero(area >= _SMALLEST_SECTION_MM2)
    if not body.size:
        raise StudyRefused(
            "no_body", "found no body in it, needed a scan with a head", where=Path(source)
        )
    top = min(int(body[-1]) + 1 + round(20 / height), count)
    bottom = max(top - round(HEAD_MM / height), 0)
    affine = image.affine.copy()
    affine[:3, 3] += bottom * affine[:3, 2]
    cut = warning(
        "scan_cut_to_head",
        "a scan {length_mm:.0f} mm long: cut to the uppermost {kept_mm:.0f} mm of the body",
        length_mm=height * count,
        kept_mm=height * (top - bottom),
    )
    provenance = dict(image.provenance)
    provenance["warnings"] = [*provenance.get("warnings", ()), cut]
    return replace(image, data=image.data[:, :, bottom:top], affine=affine, provenance=provenance)
