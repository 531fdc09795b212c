"""Every format of the table, whichever it is: named, listed, fingerprinted, chosen and read."""

import json
import pkgutil
from importlib import import_module
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813

from monai_amyloid.brain.normalization import normalize
from monai_amyloid.bundle.studies import list_studies
from monai_amyloid.findings.finding import StudyRefused
from monai_amyloid.grading.listing import list_named
from monai_amyloid.pet import formats
from monai_amyloid.pet.files.fingerprint import fingerprint
from monai_amyloid.pet.formats.table import FORMATS, format_named, format_of
from monai_amyloid.pet.image import PetImage
from monai_amyloid.pet.known_words import only_known
from monai_amyloid.pet.study import read_study
from monai_amyloid.phantom.cohorts.cohort import simulate
from monai_amyloid.phantom.cohorts.plan import Plan

SUFFIXES = [suffix for each in FORMATS for suffix in each.suffixes]
EXPORTS = [suffix for each in FORMATS if each.is_export for suffix in each.suffixes]


def write(image: sitk.Image, path: Path) -> Path:
    """Write an image by the program that others use for the format."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix in (".mgz", ".mgh"):
        sitk.WriteImage(image, str(path.with_suffix(".nii")))
        nifti = nib.load(path.with_suffix(".nii"))
        nib.save(nib.MGHImage(np.asarray(nifti.dataobj, np.float32), nifti.affine), path)
        path.with_suffix(".nii").unlink()
    else:
        sitk.WriteImage(image, str(path))
    sidecar = {"TracerName": "florbetaben", "TracerRadionuclide": "F18"}
    path.with_name(f"{path.name.split('.')[0]}.json").write_text(json.dumps(sidecar))
    return path


@pytest.fixture
def image() -> sitk.Image:
    voxels = np.random.default_rng(4).gamma(2, 900, (12, 11, 10)).astype(np.float32)
    voxels[0] = 0
    scan = sitk.GetImageFromArray(voxels)
    scan.SetSpacing((2.0, 2.5, 3.0))
    return scan


def test_every_name_is_of_one_format_and_in_any_case() -> None:
    assert len(set(SUFFIXES)) == len(SUFFIXES)
    for each in FORMATS:
        for suffix in each.suffixes:
            assert format_named(Path(f"scan{suffix.upper()}")) is each
    assert format_named(Path("scan.dcm")) is None
    assert format_named(Path("scan.v.txt")) is None


def test_every_module_that_describes_a_format_is_in_the_table() -> None:
    found = pkgutil.walk_packages(formats.__path__, f"{formats.__name__}.")
    modules = [import_module(each.name) for each in found]
    described = [module.FORMAT for module in modules if hasattr(module, "FORMAT")]
    assert sorted(each.name for each in described) == sorted(each.name for each in FORMATS)


@pytest.mark.parametrize("suffix", EXPORTS)
def test_a_folder_with_an_image_and_all_its_files_is_one_image(
    image: sitk.Image, tmp_path: Path, suffix: str
) -> None:
    write(image, tmp_path / f"scan{suffix}")
    read = read_study(tmp_path)
    assert read.tracer == "18FFBB"
    name = format_named(tmp_path / f"scan{suffix}").name
    assert [str(each) for each in read.provenance["series"]] == [
        f"{name} 'scan{suffix}': taken, the only PET image"
    ]


@pytest.mark.parametrize("suffix", EXPORTS)
def test_an_export_is_left_out_beside_an_original(
    image: sitk.Image, tmp_path: Path, suffix: str
) -> None:
    write(image, tmp_path / "scan.nii.gz")
    write(image * 2, tmp_path / f"copy{suffix}")
    found = read_study(tmp_path).provenance
    assert found["source"] == "nifti"
    assert "left out, an export, and the original is there" in str(found["series"][1])
    (tmp_path / "scan.nii.gz").unlink()
    assert read_study(tmp_path).provenance["source"] != "nifti"


def test_two_exports_are_not_chosen_between(image: sitk.Image, tmp_path: Path) -> None:
    write(image, tmp_path / "a.mha")
    write(image, tmp_path / "b.nrrd")
    with pytest.raises(StudyRefused, match=r"found 2 PET images: MetaImage 'a.mha', NRRD 'b.nrrd'"):
        read_study(tmp_path)
    assert read_study(tmp_path, series="b.nrrd").provenance["source"] == "nrrd"


@pytest.mark.parametrize("suffix", [".nii.gz", *EXPORTS])
def test_the_fingerprint_changes_with_every_file_of_an_image(
    image: sitk.Image, tmp_path: Path, suffix: str
) -> None:
    path = write(image, tmp_path / f"scan{suffix}")
    (tmp_path / "other.txt").write_text("no part of the image")
    before = fingerprint(path)
    parts = [path, *format_of(path).files_beside(path)]
    for part in parts:
        content = part.read_bytes()
        part.write_bytes(content + b" ")
        assert fingerprint(path) != before
        part.write_bytes(content)
    (tmp_path / "other.txt").write_text("changed")
    assert fingerprint(path) == before


def test_a_folder_of_images_lists_each_once(image: sitk.Image, tmp_path: Path) -> None:
    names = [f"scan{number}{suffix}" for number, suffix in enumerate((".nii", *EXPORTS))]
    for name in names:
        write(image, tmp_path / name)
    listed = [Path(each["image"]).name for each in list_studies(str(tmp_path))]
    assert listed == sorted(names)


def test_images_beside_packed_studies_are_studies(image: sitk.Image, tmp_path: Path) -> None:
    for name in ("a.zip", "b.zip"):
        (tmp_path / name).write_bytes(b"")
    for suffix in (".nhdr", ".mha"):
        write(image, tmp_path / f"visit{suffix}")
    found = [each.path.name for each in list_named([tmp_path])]
    assert found == ["a.zip", "b.zip", "visit.mha", "visit.nhdr"]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_file_named_after_a_patient_is_hidden_in_messages(suffix: str) -> None:
    cleaned = only_known(f"cannot read 0077120034{suffix} now", of_error=True)
    assert cleaned.startswith("cannot read") and "0077120034" not in cleaned


def same_scan(one: PetImage, other: PetImage) -> bool:
    """Whether two images hold the same values at the same places, of one tracer."""
    same = one.tracer == other.tracer and np.array_equal(one.affine, other.affine)
    return same and np.array_equal(one.data, other.data)


@pytest.mark.slow
def test_a_converted_scan_has_the_same_centiloid(tmp_path: Path) -> None:
    simulate(tmp_path / "cohort", 1, Plan(seed=5, sites=("site-1",)), form="nifti")
    scan = next((tmp_path / "cohort" / "scans").glob("*.nii.gz"))
    original = sitk.ReadImage(str(scan), sitk.sitkFloat32)
    expected = normalize(read_study(scan, tracer="18FFBB"))
    converted = None
    for suffix in (each.suffixes[0] for each in FORMATS if each.is_export):
        image = read_study(write(original, tmp_path / f"scan{suffix}"))
        # The same values in the same places are the same brain, which is looked for once.
        if converted is None or not same_scan(converted.source, image):
            converted = normalize(image)
        assert converted.centiloid == pytest.approx(expected.centiloid, abs=0.01), suffix
        np.testing.assert_allclose(converted.suvr, expected.suvr, atol=2e-3)
