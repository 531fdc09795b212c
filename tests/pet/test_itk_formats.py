"""MetaImage and NRRD: the same voxels at the same place as the NIfTI that SimpleITK writes."""

import json
import re
import shutil
import zlib
from collections.abc import Callable
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from monai_amyloid.findings.finding import StudyRefused
from monai_amyloid.pet.formats.table import format_of
from monai_amyloid.pet.frames.series import FrameSeries
from monai_amyloid.pet.identity import identity_of

VOXELS = np.random.default_rng(1).integers(0, 9000, (11, 10, 9)).astype(np.int16)
FORMS = [".mha", ".mhd", ".nrrd", ".nhdr"]
FRAMES = {"FrameTimesStart": [0, 300, 600], "FrameDuration": [300] * 3, "InjectionStart": -5400}
LPST = b"space: left-posterior-superior-time"


def scan(voxels: np.ndarray = VOXELS, direction: np.ndarray | None = None) -> sitk.Image:
    image = sitk.GetImageFromArray(voxels, isVector=False)
    image.SetSpacing((2.0, 2.5, 3.25, 1.0)[: voxels.ndim])
    image.SetOrigin((10.5, -20.25, 30.0, 0.0)[: voxels.ndim])
    if direction is not None:
        image.SetDirection(direction.ravel())
    return image


def write(image: sitk.Image, path: Path, *, packed: bool = False) -> Path:
    sitk.WriteImage(image, str(path), packed)
    return path


def read(path: Path) -> FrameSeries:
    found = format_of(path)
    assert found is not None
    return found.read_frames(path)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("turned")


@pytest.mark.parametrize("form", FORMS)
@settings(max_examples=30, deadline=None)
@given(
    st.permutations(range(3)),
    st.tuples(*[st.sampled_from([1.0, -1.0])] * 3),
    st.tuples(*[st.floats(-180, 180)] * 3),
    st.booleans(),
)
def test_voxels_and_affine_are_those_of_the_nifti(
    folder: Path,
    form: str,
    order: list[int],
    flips: tuple[float, ...],
    angles: tuple[float, ...],
    packed: bool,
) -> None:
    turned = Rotation.from_euler("xyz", angles, degrees=True).as_matrix()
    image = scan(direction=turned @ (np.eye(3)[list(order)] * flips))
    series = read(write(image, folder / f"scan{form}", packed=packed))
    expected = nib.as_closest_canonical(nib.load(write(image, folder / "scan.nii")))
    # Where two axes are as near to one direction, rounding to the NIfTI's float32 decides.
    if nib.aff2axcodes(series.affine) == ("R", "A", "S") and series.shape == expected.shape:
        np.testing.assert_array_equal(series.frames[0].load(), np.asarray(expected.dataobj))
        np.testing.assert_allclose(series.affine, expected.affine, atol=2e-4)


@pytest.mark.parametrize("kind", [np.uint8, np.int16, np.uint16, np.int32, np.float32, np.float64])
@pytest.mark.parametrize("form", FORMS)
def test_every_type_of_voxel_is_read(tmp_path: Path, form: str, kind: type) -> None:
    voxels: np.ndarray = (VOXELS % 250).astype(kind)
    series = read(write(scan(voxels), tmp_path / f"scan{form}"))
    assert series.frames[0].load().dtype == np.float32
    assert series.provenance["stored_type"] == np.dtype(kind).name
    # LPS to RAS: the first two axes run backwards.
    np.testing.assert_array_equal(series.frames[0].load(), voxels.T[::-1, ::-1])


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("form", FORMS)
def test_frames_are_read_with_the_times_of_the_sidecar(
    tmp_path: Path, form: str, packed: bool
) -> None:
    voxels = np.stack([VOXELS, VOXELS[::-1], VOXELS * 2])
    path = write(scan(voxels), tmp_path / f"scan{form}", packed=packed)
    if form in (".nrrd", ".nhdr"):  # ITK does not name the space of 4D
        path.write_bytes(path.read_bytes().replace(b"space dimension: 4", LPST))
    (tmp_path / "scan.json").write_text(json.dumps({**FRAMES, "TracerName": "florbetaben"}))
    series = read(path)
    assert [frame.start for frame in series.frames] == [5400, 5700, 6000]
    assert series.tracer == "18FFBB"
    for frame, expected in zip(series.frames, voxels, strict=True):
        np.testing.assert_array_equal(frame.load(), expected.T[::-1, ::-1])
    (tmp_path / "scan.json").unlink()
    with pytest.raises(StudyRefused, match="found 3 frames but no FrameTimesStart in a sidecar"):
        read(path)


@pytest.mark.parametrize("space", ["right-anterior-superior", "RAS", "left-anterior-superior"])
def test_an_nrrd_of_another_space_lies_where_it_says(tmp_path: Path, space: str) -> None:
    path = write(scan(), tmp_path / "scan.nrrd")
    content = path.read_bytes().replace(b"left-posterior-superior", space.encode())
    path.write_bytes(content)
    first = [-10.5, -20.25, 30] if space.startswith("left") else [10.5, -20.25, 30]
    series = read(path)
    affine = series.affine
    corners = np.array([affine @ [x, y, z, 1] for x in (0, 8) for y in (0, 9) for z in (0, 10)])
    assert np.abs(corners[:, :3] - first).sum(axis=1).min() < 1e-6


def edit(old: str, new: str) -> Callable[[bytes], bytes]:
    def edited(content: bytes) -> bytes:
        assert re.search(old.encode(), content)
        return re.sub(old.encode(), new.encode(), content, count=1)

    return edited


REFUSED = {
    "no orientation": (".mha", edit("TransformMatrix = .*\n", ""), "which way is up"),
    "no spacing": (".mha", edit("ElementSpacing = .*\n", ""), "which way is up"),
    "no space": (".nrrd", edit("space: .*\n", "space dimension: 3\n"), "which way is up"),
    "an unknown space": (".nrrd", edit("left-posterior-superior", "scanner-xyz"), "is up"),
    "no directions": (".nrrd", edit("space directions: .*\n", ""), "which way is up"),
    "inches": (".mha", edit("NDims = 3", "NDims = 3\nDistanceUnits = in"), "needed mm"),
    "metres": (".nrrd", edit("endian", 'space units: "m" "m" "m"\nendian'), "needed mm"),
    "a flat voxel": (".mha", edit("2 2.5 3.25", "2 2.5 0"), "needed 0.3 to 10 mm"),
    "not finite": (".mha", edit("Offset = 10.5", "Offset = nan"), "needed 3 finite numbers"),
    "a lost spacing": (".mha", edit("2 2.5 3.25", "2 2.5"), "'2 2.5', needed 3 finite numbers"),
    "commas": (".mha", edit("2 2.5 3.25", "2,2.5,3.25"), "truncated or not a MetaImage file"),
    "long directions": (".mha", edit("Matrix = 1 0", "Matrix = 1.4 0"), "directions of length 1"),
    "flat directions": (".mha", edit("0 0 1\n", "0 1 0\n"), "do not span a volume|singular|Bad"),
    "an axis without direction": (".nrrd", edit(r"\(2,0,0\)", "none"), "which way is up"),
    "not finite NRRD": (".nrrd", edit(r"\(2,0,0\)", "(nan,0,0)"), "truncated or not an NRRD"),
    "no byte order": (".nrrd", edit("endian: little\n", ""), "truncated or not an NRRD file"),
    "an unknown byte order": (".mha", edit("MSB = False", "MSB = Maybe"), "needed True or False"),
    "a huge claim": (".mha", edit("9 10 11", "4096 4096 4096"), "the header claims 4096"),
    "a huge NRRD": (".nrrd", edit("9 10 11", "4096 4096 4096"), "the header claims 4096"),
    "2D": (".mha", edit("9 10 11", "9 110 1"), "needed a brain volume"),
    "more axes than sizes": (".mha", edit("NDims = 3", "NDims = 99"), "NDims is 99"),
    "colour": (".mha", edit("DimSize", "ElementNumberOfChannels = 3\nDimSize"), "needed 1"),
    "ASCII": (".mha", edit("BinaryData = True", "BinaryData = False"), "needed True"),
    "hex": (".nrrd", edit("encoding: raw", "encoding: hex"), "needed raw or gzip"),
    "skipped bytes": (".nrrd", edit("endian", "byte skip: 7\nendian"), "byteskip is '7'"),
    "an offset": (".nrrd", edit("endian", "old min: 100\nendian"), "oldmin is '100'"),
    "an unknown type": (".mha", edit("MET_SHORT", "MET_OTHER"), "truncated or not a MetaImage"),
    "no NRRD": (".nrrd", edit("NRRD", "NRRB"), "truncated or not an NRRD file"),
    "a key twice": (".mha", edit("NDims = 3\n", "NDims = 3\nNDims = 3\n"), "in its header twice"),
    "a field twice": (".nrrd", edit("endian", "encoding: raw\nendian"), "in its header twice"),
    "a hidden end": (".mha", edit("NDims", "Comment = ElementDataFile = x\nNDims"), "no key"),
    "longer voxels": (".mha", lambda content: content + b"\0", "and it has more"),
    "shorter voxels": (".nrrd", lambda content: content[:-1], "1979 bytes of voxels, needed 1980"),
    "no voxels": (".nrrd", lambda content: content.split(b"\n\n")[0] + b"\n\n", "has 0 bytes"),
    "no end": (".mha", lambda content: content.split(b"ElementDataFile")[0], "does not end with"),
    "zeros": (".mha", lambda content: bytes(4000), "truncated or not a MetaImage file"),
    "nothing": (".nrrd", lambda content: b"", "truncated or not an NRRD file"),
}


@pytest.mark.parametrize("fault", REFUSED)
def test_a_faulty_file_is_refused_with_its_fault(tmp_path: Path, fault: str) -> None:
    form, spoil, reason = REFUSED[fault]
    path = write(scan(), tmp_path / f"scan{form}")
    path.write_bytes(spoil(path.read_bytes()))
    with pytest.raises(StudyRefused, match=reason) as refused:
        read(path).frames[0].load()
    assert str(refused.value).startswith(f"{path}: ")
    assert "0x" not in str(refused.value)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("kind", ["colour", "complex"])
def test_voxels_of_several_numbers_are_refused(tmp_path: Path, form: str, kind: str) -> None:
    colours = sitk.GetImageFromArray(np.stack([VOXELS] * 3, -1), isVector=True)
    complexes = sitk.RealAndImaginaryToComplex(*[sitk.Cast(scan(), sitk.sitkFloat32)] * 2)
    path = write(colours if kind == "colour" else complexes, tmp_path / f"scan{form}")
    with pytest.raises(StudyRefused, match=r"needed 1; |needed one number a voxel"):
        read(path)


def packed_voxels(path: Path) -> tuple[Path, int]:
    """The file of an image's compressed voxels, and where they begin in it."""
    if path.suffix == ".mha":
        return path, path.read_bytes().index(b"LOCAL\n") + 6
    if path.suffix == ".nrrd":
        return path, path.read_bytes().index(b"\n\n") + 2
    return next(path.parent.glob("scan.*raw*")), 0


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("damage", ["cut", "flipped", "longer", "bomb"])
def test_compressed_voxels_that_are_not_whole_are_refused(
    tmp_path: Path, form: str, damage: str
) -> None:
    path = write(scan(), tmp_path / f"scan{form}", packed=True)
    file, start = packed_voxels(path)
    content = file.read_bytes()
    header, voxels = content[:start], content[start:]
    bomb = zlib.compressobj(wbits=31)
    spoilt = {
        "cut": voxels[:-9],
        "flipped": voxels[:-20] + bytes([voxels[-20] ^ 255]) + voxels[-19:],
        "longer": voxels + b"more",
        "bomb": bomb.compress(bytes(2**22)) + bomb.flush(),
    }[damage]
    size = re.compile(rb"CompressedDataSize.*\n")
    stated = b"CompressedDataSize = %d\n" % len(spoilt)
    file.write_bytes(size.sub(stated, header) + spoilt)
    if file != path:
        path.write_bytes(size.sub(stated, path.read_bytes()))
    with pytest.raises(StudyRefused, match=r"not an? (MetaImage|NRRD) file \((?!Compressed)"):
        read(path)


@pytest.mark.parametrize("stated", [b"CompressedDataSize = 9000000000\n", b""])
@pytest.mark.parametrize("form", [".mha", ".mhd"])
def test_a_false_size_of_compressed_voxels_is_refused(
    tmp_path: Path, form: str, stated: bytes
) -> None:
    path = write(scan(), tmp_path / f"scan{form}", packed=True)
    path.write_bytes(re.sub(rb"CompressedDataSize.*\n", stated, path.read_bytes()))
    with pytest.raises(StudyRefused, match=r"CompressedDataSize is (9000000000|absent), and the"):
        read(path)


OUTSIDE = ["../scan.raw", "/etc/passwd", "a/../../scan.raw", r"..\scan.raw", "C:scan.raw"]


@pytest.mark.parametrize("name", OUTSIDE)
@pytest.mark.parametrize("form", [".mhd", ".nhdr"])
def test_voxels_outside_the_folder_are_refused(tmp_path: Path, form: str, name: str) -> None:
    (tmp_path / "in").mkdir()
    path = write(scan(), tmp_path / "in" / f"scan{form}")
    (tmp_path / "in" / "scan.raw").rename(tmp_path / "scan.raw")
    path.write_bytes(path.read_bytes().replace(b"scan.raw", name.encode()))
    with pytest.raises(StudyRefused, match="needed a file in the header's own folder"):
        read(path)
    found = format_of(path)
    assert found is not None and found.files_beside(path) == [tmp_path / "in" / "scan.json"]


@pytest.mark.parametrize("form", [".mhd", ".nhdr"])
def test_a_link_out_of_the_folder_is_refused(tmp_path: Path, form: str) -> None:
    (tmp_path / "in").mkdir()
    path = write(scan(), tmp_path / "in" / f"scan{form}")
    (tmp_path / "in" / "scan.raw").rename(tmp_path / "scan.raw")
    try:
        (tmp_path / "in" / "scan.raw").symlink_to(tmp_path / "scan.raw")
    except OSError:
        pytest.skip("links need a right that is missing here")
    with pytest.raises(StudyRefused, match="needed a file in the header's own folder"):
        read(path)


@pytest.mark.parametrize(
    ("form", "name", "reason"),
    [
        (".mhd", "LIST", "a file for each slice"),
        (".mhd", "scan%03d.raw 1 11 1", "a file for each slice"),
        (".nhdr", "LIST 2", "a file for each slice"),
        (".nhdr", "scan%03d.raw 1 11 1", "a file for each slice"),
        (".mhd", "gone.raw", "there is no such file"),
        (".nhdr", "gone.raw", "there is no such file"),
        (".nhdr", ".", "there is no such file"),
    ],
)
def test_voxels_that_are_not_one_file_are_refused(
    tmp_path: Path, form: str, name: str, reason: str
) -> None:
    path = write(scan(), tmp_path / f"scan{form}")
    path.write_bytes(path.read_bytes().replace(b"scan.raw", name.encode()))
    with pytest.raises(StudyRefused, match=reason):
        read(path)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("key", ["0010|0010", "DICOM_0010_0010", "PatientName", "patient name"])
@pytest.mark.parametrize("encoding", ["utf-8", "euc_kr"])
def test_a_person_in_the_header_is_found_and_not_kept(
    tmp_path: Path, form: str, key: str, encoding: str
) -> None:
    image = scan()
    image.SetMetaData(key, "XXXXXX")
    image.SetMetaData("Comment", "XXXXXX, seen today")
    path = write(image, tmp_path / f"scan{form}")
    path.write_bytes(path.read_bytes().replace(b"XXXXXX", "홍길동".encode(encoding)))
    assert (identity_of(path) or {}).get("PatientName") == "홍길동"
    assert identity_of(tmp_path) == identity_of(path)
    assert "홍길동" not in str(read(path).provenance)


@pytest.mark.parametrize("form", FORMS)
def test_a_person_is_found_in_a_zip_and_beside_a_broken_sidecar(tmp_path: Path, form: str) -> None:
    image = scan()
    image.SetMetaData("0010|0010", "KIM^MINJUN")
    (tmp_path / "in").mkdir()
    path = write(image, tmp_path / "in" / f"scan{form}")
    shutil.make_archive(str(tmp_path / "study"), "zip", tmp_path / "in")
    assert identity_of(tmp_path / "study.zip") == {"PatientName": "KIM^MINJUN"}
    (tmp_path / "in" / "scan.json").write_text("{broken")
    assert identity_of(path) == {"PatientName": "KIM^MINJUN"}
