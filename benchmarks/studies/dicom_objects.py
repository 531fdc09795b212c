"""DICOM objects of nine forms by three validators: python -m benchmarks.studies.dicom_objects.

Every object of a result is made from a series of each form (classic, sagittal, cut, dynamic,
enhanced, enhanced dynamic, legacy converted, secondary captures) and read by ``dciodvfy``
(dicom3tools: is it what its definition asks), dcmtk (``dcmdump``, ``dcm2xml``, and for structured
reports ``dsrdump``) and highdicom over pydicom, which writes no value back that the standard
forbids. A cell is the number of errors, a mark where a program is not here. In English and, of the
classic form, in Korean.
"""

import shutil
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import highdicom
import pydicom
from highdicom.ko import KeyObjectSelectionDocument
from highdicom.pm import ParametricMap
from highdicom.seg import segread
from highdicom.sr import srread

from benchmarks.figures import record
from monai_amyloid.pacs import kinds

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests"))

from report.dicom_results import RESULT, Written
from report.test_dicom_segmentation import SOURCES

VALIDATORS = ("dciodvfy", "dcmtk", "highdicom")


def said_wrong(program: str, *arguments: str | Path) -> int:
    """How many errors a program names in an object; one where it fails without naming any."""
    found = shutil.which(program)
    if found is None:
        raise FileNotFoundError(f"no {program}: install dicom3tools and dcmtk")
    called = [found, *map(str, arguments)]
    done = subprocess.run(called, capture_output=True, text=True, errors="replace")
    lines = [*done.stdout.splitlines(), *done.stderr.splitlines()]
    errors = sum(line.startswith(("Error", "Abort", "E:", "F:")) for line in lines)
    # dciodvfy's status says nothing: it is 1 after a warning.
    return errors or int(program != "dciodvfy" and done.returncode != 0)


def by_dcmtk(path: Path) -> int:
    """Errors of dcmtk's programs, which parse every element."""
    programs = [("dcmdump", "-q"), ("dcm2xml", "+Wb")]
    if path.name in (kinds.REPORT, kinds.KEY_IMAGES):
        programs.append(("dsrdump", "+U8"))
    return sum(said_wrong(*each, path) for each in programs)


READERS: dict[str, Callable[[Path], Any]] = {
    kinds.REPORT: lambda path: _report(path),
    kinds.ACTIVATION_SEGMENTS: lambda path: segread(path).get_volume(),
    kinds.REGION_SEGMENTS: lambda path: segread(path).get_volume(combine_segments=False),
    kinds.ACTIVATION_MAP: lambda path: _map(path),
    kinds.SUVR_MAP: lambda path: _map(path),
    kinds.KEY_IMAGES: lambda path: KeyObjectSelectionDocument.from_dataset(pydicom.dcmread(path)),
    kinds.PAGE: lambda path: highdicom.imread(path).get_frames(),
    kinds.DOCUMENT: lambda path: pydicom.dcmread(path).EncapsulatedDocument,
}


def _report(path: Path) -> Any:
    content: Any = srread(path).content
    content.get_volumetric_roi_measurement_groups()
    return content.get_image_measurement_groups()


def _map(path: Path) -> Any:
    ParametricMap.from_dataset(pydicom.dcmread(path))
    return highdicom.imread(path).get_volume(apply_real_world_transform=True)


def by_highdicom(path: Path) -> int:
    """Errors of highdicom's own class for the object, and of pydicom's check of every value."""
    settings = pydicom.config.settings
    reading, writing = settings.reading_validation_mode, settings.writing_validation_mode
    settings.reading_validation_mode = settings.writing_validation_mode = pydicom.config.RAISE
    try:
        pydicom.dcmread(path).save_as(BytesIO(), enforce_file_format=True)
        READERS[path.name](path)
    except Exception as error:
        print(f"{path}: {type(error).__name__}: {error}")
        return 1
    finally:
        settings.reading_validation_mode, settings.writing_validation_mode = reading, writing
    return 0


def main() -> None:
    """Print a row a form and object, a column a validator; then the sums."""
    warnings.simplefilter("ignore")
    validate = {
        "dciodvfy": lambda path: said_wrong("dciodvfy", path),
        "dcmtk": by_dcmtk,
        "highdicom": by_highdicom,
    }
    sums, count = dict.fromkeys(VALIDATORS, 0), 0
    print(f"{'form':22}{'object':22}" + "".join(f"{name:>12}" for name in VALIDATORS))
    with tempfile.TemporaryDirectory() as scratch:
        for form, make in [*SOURCES.items(), ("classic, Korean", SOURCES["classic"])]:
            folder = Path(scratch) / form
            language = "ko" if "Korean" in form else "en"
            result = replace(RESULT, study={})
            written = Written(
                make(folder / "study"), folder / "written", result, "18FFBB", language=language
            )
            for path in written.files:
                errors = {name: validate[name](path) for name in VALIDATORS}
                sums = {name: sums[name] + errors[name] for name in VALIDATORS}
                count += 1
                cells = "".join(f"{errors[name]:12d}" for name in VALIDATORS)
                print(f"{form:22}{path.name:22}{cells}")
    print(f"\n{count} objects: " + ", ".join(f"{name} {sums[name]}" for name in VALIDATORS))
    record("DICOM objects of nine forms of sources and in Korean", count)
    for name in VALIDATORS:
        record(f"errors that {name} finds in the DICOM objects", sums[name])


if __name__ == "__main__":
    main()
