"""What is recognised and not read is refused by its own name, with what to do."""

import bz2
import io
import zipfile
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from scipy.io import netcdf_file, savemat

from monai_amyloid.findings.finding import StudyRefused
from monai_amyloid.pet.formats.table import FORMATS
from monai_amyloid.pet.formats.unread import UNREAD
from monai_amyloid.pet.study import read_study

VALUES = np.random.default_rng(2).gamma(2, 900, (9, 10, 11)).astype(np.float32)
INTERFILE = b"!INTERFILE :=\n!imaging modality := PT\n"


def numpy_file() -> bytes:
    stream = io.BytesIO()
    np.save(stream, VALUES)
    return stream.getvalue()


def matlab_file() -> bytes:
    stream = io.BytesIO()
    savemat(stream, {"pet": VALUES})
    return stream.getvalue()


def minc_file() -> bytes:
    stream = io.BytesIO()
    with netcdf_file(stream, "w") as file:
        file.createDimension("xspace", 9)
        file.flush()
        return stream.getvalue()


def office_file() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as file:
        file.writestr("word/document.xml", "<a/>")
    return stream.getvalue()


# Name, content, what is said. A second line of a kind has a name that says nothing or less.
KINDS = [
    ("pet.4dfp.ifh", b"INTERFILE :=\n", r"4dfp.*nifti_4dfp"),
    ("pet+orig.HEAD", b"type = string-attribute\n", r"AFNI.*3dAFNItoNIFTI"),
    ("pet+orig.BRIK.gz", b"\x1f\x8b\x08", r"AFNI.*3dAFNItoNIFTI"),
    ("pet.mnc", minc_file(), r"MINC.*mnc2nii"),
    ("volume", minc_file(), r"MINC.*mnc2nii"),
    ("lh.pet.gii", b"<?xml", r"GIfTI.*surface"),
    ("pet.PAR", b"# === DATA DESCRIPTION FILE", r"PAR/REC.*dcm2niix"),
    ("pet.hv", INTERFILE, r"Interfile.*NIfTI.*DICOM"),
    ("pet.i.hdr", INTERFILE, r"Interfile.*NIfTI.*DICOM"),
    ("pet.v", bytes(600), r"Interfile.*NIfTI.*DICOM"),
    ("PET_LISTMODE.ptd", bytes(600), r"raw data of a PET scanner.*reconstruct"),
    ("scan.l", bytes(600), r"raw data of a PET scanner.*reconstruct"),
    ("scan.rdf", bytes(600), r"raw data of a PET scanner.*reconstruct"),
    ("pet.npy", numpy_file(), r"NumPy.*which way is up"),
    ("pet.bin", numpy_file(), r"NumPy.*which way is up"),
    ("pet.mat", matlab_file(), r"MATLAB.*which way is up"),
    ("pet.h5", b"\x89HDF\r\n\x1a\n", r"HDF5.*which way is up"),
    ("pet.nii.bz2", bz2.compress(bytes(400)), r"image that is compressed.*unpack it"),
    ("pet.mha.gz", b"\x1f\x8b\x08", r"image that is compressed.*unpack it"),
    ("pet.nii.xz", b"\xfd7zXZ\0", r"image that is compressed.*unpack it"),
    ("pet.nii.zst", b"\x28\xb5\x2f\xfd", r"Zstandard.*unpack it"),
    ("study.7z", b"7z\xbc\xaf\x27\x1c", r"7-Zip.*unpack it"),
    ("study.rar", b"Rar!\x1a\x07\1\0", r"RAR.*unpack it"),
    ("export", b"Rar!\x1a\x07\1\0", r"RAR.*unpack it"),
    ("study.lz4", b"\x04\x22\x4d\x18", r"LZ4.*unpack it"),
    ("study.egg", b"EGGA", r"ALZip.*unpack it"),
    ("disc.iso", bytes(600), r"image of a disc.*copy the files"),
    ("no extension", nib.Nifti1Image(VALUES, np.eye(4)).to_bytes(), r"NIfTI.*name it \.nii"),
    ("report.pdf", b"%PDF-1.7", r"PDF.*pass the folder that has the images"),
    ("letter.docx", office_file(), r"document or table.*pass the folder that has the images"),
    ("cine.mp4", b"\0\0\0\x18ftypmp42", r"video.*pass the folder that has the images"),
]


@pytest.mark.parametrize(("name", "content", "said"), KINDS)
def test_it_is_refused_by_its_own_name(
    name: str, content: bytes, said: str, tmp_path: Path
) -> None:
    (tmp_path / "study").mkdir()
    (tmp_path / "study" / name).write_bytes(content)
    with pytest.raises(StudyRefused, match=said) as refused:
        read_study(tmp_path / "study")
    assert "export it again" not in str(refused.value)
    if not name.endswith((".bz2", ".xz", ".gz", ".docx")):  # unpacked, or said to be broken
        with pytest.raises(StudyRefused, match=said):
            read_study(tmp_path / "study" / name)


def test_kinds_are_counted_and_only_images_have_advice(tmp_path: Path) -> None:
    for number in range(3):
        (tmp_path / f"{number}.hv").write_bytes(INTERFILE)
    (tmp_path / "report.pdf").write_bytes(b"%PDF-1.7")
    (tmp_path / "what").write_bytes(b"ever")
    with pytest.raises(StudyRefused) as refused:
        read_study(tmp_path)
    assert (
        "files found: 5, none of them an image that is read: Interfile (3, such as '0.hv'), "
        "PDF (1, such as 'report.pdf'), unknown (1, such as 'what'); needed"
    ) in str(refused.value)
    assert "pass the folder that has" not in str(refused.value)


def test_they_do_not_disturb_an_image_beside_them(series: Path) -> None:
    for name, content, _ in KINDS:
        (series / name).write_bytes(content)
    found = read_study(series)
    assert found.provenance["source"] == "dicom"
    assert len(found.provenance["series"]) <= 2


def test_no_name_is_of_two_kinds_and_none_of_a_format_that_is_read() -> None:
    suffixes = [suffix for each in UNREAD for suffix in each.suffixes]
    assert len(set(suffixes)) == len(suffixes)
    read = {suffix for each in FORMATS if each.magic is None for suffix in each.suffixes}
    assert not read & set(suffixes)
