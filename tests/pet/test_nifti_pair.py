"""NIfTI in two files, and what looks like it: Analyze, halves, names that tell other bytes."""

import gzip
import json
import struct
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from monai_amyloid.findings.finding import StudyRefused
from monai_amyloid.pet.files.fingerprint import fingerprint
from monai_amyloid.pet.image import PetImage
from monai_amyloid.pet.study import read_study

VALUES = np.random.default_rng(7).integers(0, 9000, (10, 11, 12)).astype(np.int16)
VALUES[:3] = 0
AFFINE = np.array([[-2, 0.1, 0, 15], [0.1, 2, 0.2, -7], [0, -0.2, 3, 9], [0, 0, 0, 1]], float)


def pair(folder: Path, kind: type = nib.Nifti1Pair, values: np.ndarray = VALUES) -> Path:
    folder.mkdir(exist_ok=True)
    nib.save(kind(values, AFFINE), folder / "scan.hdr")
    return folder / "scan.hdr"


def packed(file: Path) -> Path:
    file.with_name(file.name + ".gz").write_bytes(gzip.compress(file.read_bytes()))
    file.unlink()
    return file.with_name(file.name + ".gz")


def same(image: PetImage, values: np.ndarray = VALUES) -> bool:
    turned = nib.as_closest_canonical(nib.Nifti1Image(values.astype(np.float32), AFFINE))
    assert np.allclose(image.affine, turned.affine, atol=1e-4)
    return np.array_equal(image.data, turned.get_fdata(dtype=np.float32))


@pytest.mark.parametrize("kind", [nib.Nifti1Pair, nib.Nifti2Pair])
@pytest.mark.parametrize("how", ["plain", "both packed", "voxels packed", "upper case"])
def test_a_pair_is_one_image_by_folder_header_or_voxels(
    kind: type, how: str, tmp_path: Path
) -> None:
    header = pair(tmp_path / "study", kind)
    voxels = header.with_suffix(".img")
    if how == "both packed":
        header = packed(header)
    if how.endswith("packed"):
        voxels = packed(voxels)
    if how == "upper case":
        header, voxels = (one.rename(one.with_name(one.name.upper())) for one in (header, voxels))
    header.with_name(f"{header.name.split('.')[0]}.json").write_text('{"TracerName": "PiB"}')
    for study in (header.parent, header, voxels):
        image = read_study(study)
        assert same(image) and image.tracer == "11CPIB"
        assert "NIfTI pair" in str(image.provenance["series"][0])
    before = fingerprint(header)
    voxels.write_bytes(voxels.read_bytes() + b" ")
    assert fingerprint(header) != before


@pytest.mark.parametrize("voxels", [np.uint8, np.int64, ">i2", np.float64])
def test_voxels_of_every_type_and_order_of_bytes_are_read(voxels: object, tmp_path: Path) -> None:
    header = nib.Nifti1Header(endianness=">") if voxels == ">i2" else None
    values = (VALUES // 100).astype(voxels)
    image = nib.Nifti1Pair(values, AFFINE, header, dtype=values.dtype.newbyteorder("="))
    nib.save(image, tmp_path / "scan.hdr")
    nib.save(nib.Nifti1Image(values, AFFINE, dtype=values.dtype), tmp_path / "other.nii")
    assert same(read_study(tmp_path / "scan.hdr"), values)
    assert same(read_study(tmp_path / "other.nii"), values)


@pytest.mark.parametrize("suffix", [".img", ".hdr"])
def test_half_a_pair_is_refused_and_the_other_half_named(suffix: str, tmp_path: Path) -> None:
    header = pair(tmp_path / "study")
    (header.with_suffix(".img") if suffix == ".hdr" else header).unlink()
    missing = r"scan\.img" if suffix == ".hdr" else r"\.hdr"
    for study in (header.parent, header.with_suffix(suffix)):
        with pytest.raises(StudyRefused, match=f"{missing}.*both"):
            read_study(study)


@pytest.mark.parametrize("kind", [nib.AnalyzeImage, nib.Spm99AnalyzeImage, nib.Spm2AnalyzeImage])
def test_analyze_is_refused_by_its_name(kind: type, tmp_path: Path) -> None:
    header = pair(tmp_path / "study", kind)
    for study in (header.parent, header, header.with_suffix(".img")):
        with pytest.raises(StudyRefused, match=r"Analyze 7\.5.*left.*dcm2niix") as refused:
            read_study(study)
        assert "export it again" not in str(refused.value)


def test_a_pair_beside_a_single_file_is_left_out(tmp_path: Path) -> None:
    nib.save(nib.Nifti1Image(VALUES, AFFINE), tmp_path / "pet.nii")
    pair(tmp_path, values=VALUES + 1)
    assert same(read_study(tmp_path))


@pytest.mark.parametrize(
    ("slope", "intercept", "is_read"),
    [(np.nan, np.nan, True), (np.nan, 0, True), (0, np.nan, True), (2, np.nan, False)],
)
def test_a_scale_of_nan_is_no_scale(
    slope: float, intercept: float, is_read: bool, tmp_path: Path
) -> None:
    for header in (pair(tmp_path), tmp_path / "scan.nii"):
        if header.suffix == ".nii":
            nib.save(nib.Nifti1Image(VALUES, AFFINE), header)
        content = bytearray(header.read_bytes())
        content[112:120] = struct.pack("<ff", slope, intercept)
        header.write_bytes(content)
        if is_read:
            assert same(read_study(header))
            continue
        with pytest.raises(StudyRefused, match="scl_slope is"):
            read_study(header)


@pytest.mark.parametrize("name", ["scan.nii.gz", "scan.nii", "scan.mgz", "scan.mgh", "scan.NII.GZ"])
@pytest.mark.parametrize("is_packed", [True, False])
def test_a_name_that_tells_other_bytes_is_read_with_a_warning(
    name: str, is_packed: bool, tmp_path: Path
) -> None:
    kind = nib.MGHImage if ".mg" in name else nib.Nifti1Image
    file = tmp_path / name
    content = kind(VALUES.astype(np.float32), AFFINE).to_bytes()
    file.write_bytes(gzip.compress(content) if is_packed else content)
    image = read_study(file)
    assert same(image)
    named = name.lower().endswith((".gz", ".mgz"))
    said = "; ".join(map(str, image.provenance["warnings"]))
    assert ("read by its content" in said) is (named != is_packed)


@pytest.mark.parametrize("name", ["scan.json", "scan.JSON", "SCAN.json"])
def test_a_sidecar_is_found_in_any_case_of_letters(name: str, tmp_path: Path) -> None:
    nib.save(nib.Nifti1Image(VALUES, AFFINE), tmp_path / "scan.nii")
    (tmp_path / name).write_text(json.dumps({"TracerName": "florbetaben"}))
    assert read_study(tmp_path).tracer == "18FFBB"


def test_cifti_is_refused_by_its_name(tmp_path: Path) -> None:
    image = nib.Nifti2Image(np.ones((1, 1, 1, 1, 9, 10), np.float32), np.eye(4))
    image.header.set_intent(3006, allow_unknown=True)
    nib.save(image, tmp_path / "pet.dscalar.nii")
    with pytest.raises(StudyRefused, match="found CIFTI"):
        read_study(tmp_path)
