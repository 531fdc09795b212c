"""Legacy Converted Enhanced PET (PS3.3 A.71): a classic series in one file, by highdicom."""

from pathlib import Path

import pydicom
from highdicom.legacy import LegacyConvertedEnhancedPETImage
from pydicom.uid import generate_uid


def write_legacy_converted(series: Path, file: Path) -> Path:
    """Turn a folder with a classic series into a Legacy Converted Enhanced PET file.

    Args:
        series: Folder as :func:`tests.pet.vendors.classic.write_classic` writes it.
        file: To write.

    Returns:
        The file.
    """
    slices = [pydicom.dcmread(one) for one in sorted(series.rglob("*")) if one.is_file()]
    uids = [generate_uid(entropy_srcs=["legacy", kind]) for kind in ("series", "image")]
    image = LegacyConvertedEnhancedPETImage(slices, uids[0], 1, uids[1], 1)
    # highdicom draws UIDs and looks at the clock: the same call has to write the same bytes.
    for keyword, value in (
        ("InstanceCreationDate", "20000102"),
        ("InstanceCreationTime", "120000"),
    ):
        setattr(image, keyword, value)
    dimensions = generate_uid(entropy_srcs=["legacy", "dimensions"])
    for name in ("DimensionOrganizationSequence", "DimensionIndexSequence"):
        for item in image.get(name, ()):
            item.DimensionOrganizationUID = dimensions
    for item in image.get("ContributingEquipmentSequence", ()):
        item.ContributionDateTime = "20000102120000"
    file.parent.mkdir(parents=True, exist_ok=True)
    image.save_as(file)
    return file
