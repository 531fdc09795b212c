"""What must not matter: order, names and depth of the files; and nothing is said aloud."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pydicom
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monai_amyloid.findings.finding import StudyRefused
from monai_amyloid.pet.image import PetImage
from monai_amyloid.pet.study import read_study

from .vendors import make_truth, write_classic, write_enhanced, write_hospital_folder
from .vendors.oracles import files_of

LATE = make_truth(
    (12, 12, 10), zooms=(10, 10, 10), frames=[(5400 + 300 * i, 300) for i in range(2)]
)
# Names that the systems of hospitals allow; case and Unicode form are kept apart by a number, and
# files from folders by a letter that no folder has.
NAMES = st.text(st.sampled_from("aZ0_- .영상é"), min_size=1, max_size=8).map(str.strip)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Path], PetImage]:
    """The files of a study with 2 time frames, and how it is read where they lie."""
    folder = tmp_path_factory.mktemp("as written")
    write_classic(LATE, folder, names="plain", decay="NONE")
    return files_of(folder), read_study(folder)


@pytest.mark.slow
@settings(max_examples=25, deadline=None)
@given(st.data())
def test_files_in_any_folder_under_any_name_are_one_image(
    written: tuple[list[Path], PetImage],
    tmp_path_factory: pytest.TempPathFactory,
    data: st.DataObject,
) -> None:
    files, expected = written
    root = tmp_path_factory.mktemp("shuffled")
    folders = data.draw(st.lists(st.lists(NAMES.filter(bool), max_size=3), min_size=1, max_size=4))
    for number, at in enumerate(data.draw(st.permutations(range(len(files))))):
        parts = [part.strip(".") or "x" for part in folders[at % len(folders)]]
        place = root.joinpath(*parts)
        place.mkdir(parents=True, exist_ok=True)
        os.link(files[at], place / f"{data.draw(NAMES).strip('.')}v{number}")
    found = read_study(root)
    shutil.rmtree(root)
    np.testing.assert_array_equal(found.data, expected.data)
    np.testing.assert_array_equal(found.affine, expected.affine)
    assert found.provenance == expected.provenance


def test_frames_of_a_multiframe_file_in_any_order_are_one_image(tmp_path: Path) -> None:
    images = [
        read_study(write_enhanced(LATE, tmp_path / str(seed) / "x", seed=seed))
        for seed in (None, 1, 2)
    ]
    for image in images[1:]:
        np.testing.assert_array_equal(image.data, images[0].data)
        np.testing.assert_array_equal(image.affine, images[0].affine)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::UserWarning:pydicom")
def test_reading_says_nothing_aloud(tmp_path: Path) -> None:
    folder = write_hospital_folder(LATE, tmp_path / "study", dicomdir=False)
    for file in files_of(folder / "PET AC"):
        dataset = pydicom.dcmread(file)
        # What other programs warn of: wrong characters, times, lengths and UIDs.
        dataset.SpecificCharacterSet = "ISO_IR nowhere"
        for keyword, value in (
            ("PatientBirthDate", b"unknown!"),
            ("PatientAge", b"eighty"),
            ("ReferencedSOPInstanceUID", b"1.2.03.x "),
            ("PatientWeight", b"70.00000000000000000000"),
            ("StudyTime", b"25:99 "),
            ("PatientName", b"\xb1\xe8\xff\xfe"),
        ):
            tag = pydicom.datadict.tag_for_keyword(keyword)
            representation = pydicom.datadict.dictionary_VR(tag)
            dataset[tag] = pydicom.dataelem.RawDataElement(
                pydicom.tag.Tag(tag), representation, len(value), value, 0, False, True
            )
        dataset.save_as(file)
    code = "import sys; from monai_amyloid.pet.study import read_study; read_study(sys.argv[1])"
    done = subprocess.run([sys.executable, "-c", code, folder], capture_output=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


@pytest.mark.filterwarnings("ignore:Invalid value for VR TM:UserWarning")
def test_every_refusal_of_a_spoilt_header_is_one_line_with_file_or_tag(tmp_path: Path) -> None:
    write_classic(LATE, tmp_path, names="plain")
    file = tmp_path / "00007.dcm"
    original = file.read_bytes()
    spoilt = {
        "ImagePositionPatient": ["0", "0", "1e9"],
        "ImageOrientationPatient": ["1", "0", "0", "0", "0", "1"],
        "PixelSpacing": ["10", "11"],
        "RescaleSlope": "-1",
        "Rows": 13,
        "BitsStored": 12,
        "Units": "GML",
        "DecayCorrection": "NONE",
    }
    for keyword, value in spoilt.items():
        dataset = pydicom.dcmread(file)
        setattr(dataset, keyword, value)
        dataset.save_as(file)
        with pytest.raises(StudyRefused) as refusal:
            read_study(tmp_path)
        # A dot leaves out line ends.
        assert re.fullmatch(r".*(\.dcm|\(00[0-9A-F]{2},).*", str(refusal.value))
        file.write_bytes(original)
    assert str(read_study(tmp_path).provenance["frames"]).startswith("2 of 2 frames")
