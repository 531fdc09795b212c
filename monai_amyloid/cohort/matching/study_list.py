"""The studies in a folder: each subfolder, archive and image, but not what belongs to one."""

from pathlib import Path

from monai_amyloid.cohort.datalist import CohortError
from monai_amyloid.pet.files.archive import is_packed_name
from monai_amyloid.pet.formats.bids import stem_of
from monai_amyloid.pet.formats.table import format_named, image_with

# Files that lie beside studies and are none; sidecars among them.
_NO_STUDIES = (
    ".json .bval .bvec .csv .tsv .xlsx .xlsm .xls .xlsb .ods .txt .md .pdf .doc .docx .ppt .pptx "
    ".hwp .hwpx .html .htm .xml .png .jpg .jpeg .bmp .gif .log .ini .db .lnk .py .sh .bat .exe "
    ".inf .yaml .yml .toml"
)


def list_studies(folder: Path) -> list[Path]:
    """List the studies in a folder.

    Args:
        folder: Holds one study folder or file for each scan.

    Returns:
        Subfolders and files, sorted; a sidecar, or the voxels beside a header, is part of its
        image.

    Raises:
        CohortError: If it is no folder, or cannot be read.
    """
    if not folder.is_dir():
        raise CohortError(f"{folder}: no such folder; name that of the studies with --studies")
    try:
        entries = sorted(each for each in folder.iterdir() if not each.name.startswith((".", "~$")))
    except OSError as error:
        raise CohortError(f"{folder}: cannot be read ({error.strerror})") from error
    return [each for each in entries if each.is_dir() or _is_study(each)]


def list_visits(folder: Path) -> list[Path]:
    """List what may be visits in the folder of a person: subfolders, archives and images.

    Args:
        folder: Folder that may also be one study, of thousands of files.

    Returns:
        Subfolders and files, sorted; none where the folder cannot be read, which is said when it
        is read as a study.
    """
    try:
        entries = sorted(each for each in folder.iterdir() if not each.name.startswith("."))
    except OSError:
        return []
    return [e for e in entries if format_named(e) or is_packed_name(e) or e.is_dir()]


def _is_study(file: Path) -> bool:
    if format_named(file) or is_packed_name(file):
        return _image_of(file) in (None, file)
    return file.suffix.lower() not in _NO_STUDIES.split() and _image_of(file) is None


def _image_of(file: Path) -> Path | None:
    try:
        return image_with(file)
    except Exception:  # it is refused with a reason when it is read
        return None


def name_of(study: Path) -> str:
    """A folder's name, also of a link, or a file's without its extensions."""
    if study.is_dir():
        return study.name
    if format_named(study) or is_packed_name(study):
        return stem_of(study)
    # 2019.3.12 is no file of the extension .12.
    return study.stem if study.suffix[1:].isalpha() else study.name
