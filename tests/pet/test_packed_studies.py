"""A study packed in any way is the study, whose files are told by the archive's name."""

import bz2
import gzip
import lzma
import shutil
import tarfile
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from monai_amyloid.findings.finding import StudyRefused
from monai_amyloid.grading.listing import list_named
from monai_amyloid.pet.files.fingerprint import fingerprint
from monai_amyloid.pet.files.sources import open_study
from monai_amyloid.pet.identity import identity_of
from monai_amyloid.pet.image import PetImage
from monai_amyloid.pet.study import read_study
from monai_amyloid.writing.nifti import write_nifti

Pack = Callable[[Path, Path], Path]


def zipped(folder: Path, path: Path) -> Path:
    with zipfile.ZipFile(path, "w") as file:
        for entry in sorted(folder.iterdir()):
            file.write(entry, f"export/{entry.name}")
    return path


def tarred(folder: Path, path: Path) -> Path:
    with tarfile.open(path, f"w:{path.suffix[1:].replace('tgz', 'gz').replace('tar', '')}") as file:
        file.add(folder, "export")
    return path


def one_by_one(folder: Path, pattern: str, compress: Callable[[bytes], bytes]) -> Path:
    for number, file in enumerate(sorted(folder.iterdir())):
        (folder / pattern.format(number)).write_bytes(compress(file.read_bytes()))
        file.unlink()
    return folder


PACKED: dict[str, Pack] = {
    "s.zip": zipped,
    "s.tar": tarred,
    "s.tar.gz": tarred,
    "s.TGZ": lambda folder, path: tarred(folder, path.with_suffix(".tgz")).rename(path),
    "s.tar.bz2": tarred,
    "s.tar.xz": tarred,
    "no name of an archive": lambda folder, path: tarred(
        folder, path.with_suffix(".tar.gz")
    ).rename(path),
}
ONE_BY_ONE: dict[str, Callable[[bytes], bytes]] = {
    "IM{:04d}.dcm.gz": gzip.compress,
    "IM{:04d}.gz": gzip.compress,
    "1.2.840.{:d}.GZ": gzip.compress,
    "IM{:04d}.dcm.bz2": bz2.compress,
    "IM{:04d}.IMA.xz": lzma.compress,
}


def told(image: PetImage) -> str:
    return "; ".join(map(str, image.provenance["series"]))


@pytest.fixture
def temporary(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where temporary files are made, of which nothing may be said or left."""
    place = tmp_path_factory.mktemp("made for a moment")
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    return place


@pytest.mark.parametrize(
    ("name", "in_folder"),
    # Within a folder the name tells what is packed.
    [*((name, False) for name in PACKED), *((n, True) for n in PACKED if "no name" not in n)],
)
def test_a_packed_series_is_the_series(
    name: str, in_folder: bool, series: Path, image: PetImage, tmp_path: Path, temporary: Path
) -> None:
    (tmp_path / "study").mkdir()
    path = PACKED[name](series, tmp_path / "study" / name)
    (tmp_path / "study" / "readme.txt").write_text("viewer")
    study = path.parent if in_folder else path
    found = read_study(study)
    np.testing.assert_allclose(found.data, image.data, atol=1)
    assert identity_of(study) == identity_of(series)
    assert (f"unpacked (1, the first is '{name}')" in told(found)) is in_folder
    assert not list(temporary.iterdir())


@pytest.mark.parametrize("pattern", ONE_BY_ONE)
def test_a_series_whose_files_are_packed_one_by_one_is_the_series(
    pattern: str, series: Path, image: PetImage, temporary: Path
) -> None:
    person = identity_of(series)
    one_by_one(series, pattern, ONE_BY_ONE[pattern])
    np.testing.assert_allclose(read_study(series).data, image.data, atol=1)
    assert "unpacked (12, the first is" in told(read_study(series))
    one = series / pattern.format(3)
    np.testing.assert_allclose(read_study(one).data, image.data, atol=1)
    assert identity_of(series) == identity_of(one) == person
    assert [each.path for each in list_named([series])] == [series]
    before = fingerprint(one)
    (series / pattern.format(4)).write_bytes(b"changed")
    assert fingerprint(one) != before
    assert not list(temporary.iterdir())


def test_a_file_that_is_named_gz_and_is_none_is_read(series: Path, image: PetImage) -> None:
    for file in list(series.iterdir()):
        file.rename(file.with_suffix(".dcm.gz"))
    np.testing.assert_allclose(read_study(series).data, image.data, atol=1)
    found = read_study(series / "0002.dcm.gz")
    np.testing.assert_allclose(found.data, image.data, atol=1)


def test_parts_of_a_series_in_archives_and_loose_are_one_series(
    series: Path, image: PetImage, tmp_path: Path
) -> None:
    for number, pack in enumerate((zipped, tarred)):
        part = tmp_path / "part"
        part.mkdir()
        for file in sorted(series.glob("*.dcm"))[:4]:
            shutil.move(file, part)
        pack(part, series / ("a.zip" if number == 0 else "b.tar.gz"))
        shutil.rmtree(part)
    np.testing.assert_allclose(read_study(series).data, image.data, atol=1)


@pytest.mark.parametrize("pack", [zipped, tarred])
@pytest.mark.parametrize("is_nifti", [True, False])
def test_an_archive_beside_what_was_unpacked_of_it_adds_nothing(
    pack: Pack, is_nifti: bool, series: Path, image: PetImage, tmp_path: Path
) -> None:
    if is_nifti:
        series = tmp_path / "nifti"
        write_nifti(image, series / "scan.nii.gz")
    archive = pack(series, tmp_path / ("s.zip" if pack is zipped else "s.tar.gz"))
    shutil.move(archive, series)
    found = read_study(series)
    np.testing.assert_allclose(found.data, image.data, atol=1)
    assert "only PET image;" in told(found)


@pytest.mark.parametrize("name", ["IM1.dcm.gz", "IM1.gz", "IM1.dcm.GZ"])
def test_what_was_unpacked_and_is_no_image_is_not_to_be_unpacked(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(gzip.compress(b"no image"))
    with pytest.raises(StudyRefused, match=rf"unknown \(1, such as '{name}'") as refused:
        read_study(tmp_path)
    assert "unpack it" not in str(refused.value)


def test_a_zip_in_a_zip_is_read_and_whose_it_is(
    series: Path, image: PetImage, tmp_path: Path
) -> None:
    person = identity_of(series)
    (tmp_path / "outer").mkdir()
    zipped(series, tmp_path / "outer" / "inner.zip")
    outer = zipped(tmp_path / "outer", tmp_path / "outer.zip")
    np.testing.assert_allclose(read_study(outer).data, image.data, atol=1)
    assert identity_of(outer) == person


@pytest.mark.parametrize("name", ["viewer.zip", "viewer.tar.gz", "manual.dcm.gz"])
def test_a_broken_archive_beside_the_series_is_left_out_and_told(
    name: str, series: Path, image: PetImage, temporary: Path
) -> None:
    broken = gzip.compress(bytes(5000))[:30] if name.endswith("gz") else b"PK\3\4 broken"
    (series / name).write_bytes(broken)
    found = read_study(series)
    np.testing.assert_allclose(found.data, image.data, atol=1)
    said = "; ".join(map(str, found.provenance["warnings"]))
    assert f"left out what could not be unpacked ({series / name}: a broken" in said
    assert temporary.name not in said + told(found)


def test_a_broken_archive_alone_is_refused_by_its_own_name(
    series: Path, tmp_path: Path, temporary: Path
) -> None:
    (tmp_path / "outer").mkdir()
    inner = zipped(series, tmp_path / "outer" / "inner.zip")
    inner.write_bytes(inner.read_bytes()[:-40])
    for study in (tmp_path / "outer", zipped(tmp_path / "outer", tmp_path / "outer.zip")):
        with pytest.raises(StudyRefused) as refused:
            read_study(study)
        assert str(refused.value).startswith(str(study))
        assert "inner.zip: a broken or truncated zip" in str(refused.value)
        assert identity_of(study) is None or "PatientID" in (identity_of(study) or {})


def test_a_refusal_names_the_archive(series: Path, tmp_path: Path, temporary: Path) -> None:
    (series / "0005.dcm").write_bytes((series / "0005.dcm").read_bytes()[:-50])
    study = tmp_path / "in" / "s.tar.gz"
    study.parent.mkdir()
    tarred(series, study)
    for path in (study, study.parent):
        with pytest.raises(StudyRefused) as refused:
            read_study(path)
        assert str(refused.value).startswith(str(study / "export" / "0005.dcm"))
        assert temporary.name not in str(refused.value)


def test_an_archive_beside_a_file_that_the_user_names_is_no_part_of_its_series(
    series: Path, tmp_path: Path
) -> None:
    shutil.move(zipped(series, tmp_path / "copy.zip"), series)
    with open_study(series / "0003.dcm") as found:
        assert not found.unpacked and len(found.files) == 13


def test_archives_of_one_study_are_one_and_of_two_are_two(series: Path, tmp_path: Path) -> None:
    place = tmp_path / "portal"
    place.mkdir()
    zipped(series, place / "series1.zip")
    tarred(series, place / "series2.tar.gz")
    assert [each.path for each in list_named([place])] == [place]
    (place / "unknown.zip").write_bytes(b"")
    assert len(list_named([place])) == 3
