"""Zips: what is in them comes out, and nothing leads out of the folder or fills the disk."""

import errno
import stat
import zipfile
from pathlib import Path
from typing import Any, NoReturn

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monai_amyloid.findings.finding import StudyRefused
from monai_amyloid.pet.files import archive, entry, zip_archive
from monai_amyloid.pet.files.archive import unpack
from monai_amyloid.pet.files.entry import Room

from .unpacked import CONTENT, contents

# Many small examples on one folder, of which each is told apart below.
QUICK = settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def pack(path: Path, content: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", method) as file:
        for name, data in content.items():
            file.writestr(name, data)
    return path


def patched(path: Path, *changes: tuple[bytes, bytes]) -> Path:
    """Change bytes of a zip that no program would write, such as those of a name."""
    data = path.read_bytes()
    for old, new in changes:
        assert old in data
        assert len(old) == len(new)
        data = data.replace(old, new)
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_what_was_packed_comes_out(method: int, folder: Path, tmp_path: Path) -> None:
    unpack(pack(tmp_path / "연구 1.zip", CONTENT, method), folder, Room(files=10))
    assert contents(folder) == CONTENT


def test_folders_and_dots_in_names_are_fine(folder: Path, tmp_path: Path) -> None:
    unpack(pack(tmp_path / "s.zip", {"empty/": b"", "./a//b.dcm": b"b"}), folder, Room(files=10))
    assert contents(folder) == {"a/b.dcm": b"b"}


@pytest.mark.parametrize(
    "name", ["/up", "//host/up", "../up", "a/../../up", "C:up", "a/d:/up", "a/.. /up", "a/.../up"]
)
def test_a_name_that_leads_out_is_refused(name: str, folder: Path, tmp_path: Path) -> None:
    source = pack(tmp_path / "s.zip", {name: b"evil"})
    with pytest.raises(StudyRefused, match=r"s\.zip: the entry '.*up' has a name that may"):
        unpack(source, folder, Room(files=10))
    assert contents(tmp_path).keys() == {"s.zip"}


@pytest.mark.parametrize("name", [rb"..\up", b"a/\0../up", rb"\up", rb"c:\up"])
def test_backslashes_and_nuls_in_names_are_refused(
    name: bytes, folder: Path, tmp_path: Path
) -> None:
    blank = b"q" * len(name)
    source = patched(pack(tmp_path / "s.zip", {blank.decode(): b"evil"}), (blank, name))
    with pytest.raises(StudyRefused, match="has a name that may lead out"):
        unpack(source, folder, Room(files=10))
    assert contents(tmp_path).keys() == {"s.zip"}


def test_folders_in_folders_without_end_are_refused(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(StudyRefused, match=r"has a name .*at most 64"):
        unpack(pack(tmp_path / "s.zip", {"a/" * 1500 + "b": b""}), folder, Room(files=10))


@QUICK
@given(names=st.lists(st.text("./\\:aA가C \u202e~", min_size=1, max_size=9), max_size=4))
def test_no_name_writes_outside_the_folder(
    names: list[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    place = tmp_path_factory.mktemp("names")
    source = pack(place / "s.zip", dict.fromkeys(names, b"content"))
    inside = place / "a" / "b" / "c"
    inside.mkdir(parents=True)
    try:
        unpack(source, inside, Room(files=10))
    except StudyRefused as refused:
        assert str(refused).startswith(f"{source}: ")
    outside = {file for file in place.rglob("*") if not file.is_relative_to(inside)}
    assert outside == {source, place / "a", place / "a" / "b"}


@pytest.mark.parametrize("encoding", ["cp949", "utf-8"])
def test_korean_names_without_the_flag_for_utf8_are_read(
    encoding: str, folder: Path, tmp_path: Path
) -> None:
    name = "뇌 영상/아밀로이드.dcm".encode(encoding)
    blank = b"q" * len(name)
    source = patched(pack(tmp_path / "s.zip", {blank.decode(): b"k"}), (blank, name))
    unpack(source, folder, Room(files=10))
    assert contents(folder) == {"뇌 영상/아밀로이드.dcm": b"k"}


def test_western_names_without_the_flag_for_utf8_are_read(folder: Path, tmp_path: Path) -> None:
    name = "Schädel.dcm".encode("cp437")
    source = patched(pack(tmp_path / "s.zip", {"Schqdel.dcm": b"k"}), (b"Schqdel.dcm", name))
    unpack(source, folder, Room(files=10))
    assert contents(folder) == {"Schädel.dcm": b"k"}


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFBLK])
def test_links_and_special_files_in_it_are_left_out(
    kind: int, folder: Path, tmp_path: Path
) -> None:
    source = pack(tmp_path / "s.zip", {"file": b"data"})
    with zipfile.ZipFile(source, "a") as file:
        link = zipfile.ZipInfo("link")
        link.external_attr = (kind | 0o777) << 16
        file.writestr(link, "../../secret")
    unpack(source, folder, Room(files=10))
    assert contents(folder) == {"file": b"data"}


def test_an_encrypted_zip_is_refused(folder: Path, tmp_path: Path) -> None:
    source = pack(tmp_path / "s.zip", {"PET.dcm": b"secret"})
    # General purpose flags, at 6 in the local and at 8 in the central header (APPNOTE 4.3).
    local, central = b"PK\3\4\x14\0", b"PK\1\2\x14\3\x14\0"
    patched(source, (local + b"\0", local + b"\1"), (central + b"\0", central + b"\1"))
    with pytest.raises(StudyRefused, match=r"'PET.dcm' is encrypted; pass it without a password"):
        unpack(source, folder, Room(files=10))


def test_a_method_that_unpacks_without_measure_is_refused(folder: Path, tmp_path: Path) -> None:
    source = pack(tmp_path / "s.zip", {"a.dcm": b"a" * 1000}, zipfile.ZIP_BZIP2)
    with pytest.raises(StudyRefused, match=r"'a.dcm' is compressed by method 12, needed deflate"):
        unpack(source, folder, Room(files=10))


def test_an_archive_of_many_files_is_refused(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(
        StudyRefused, match="found more than 50,000 files, needed one study: this is a whole"
    ):
        unpack(pack(tmp_path / "s.zip", CONTENT), folder, Room(files=3))


def test_a_huge_list_of_files_is_not_read(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (entry, zip_archive):
        monkeypatch.setattr(module, "MOST_LIST_BYTES", 1000)
    names = {f"{number}" + "n" * 400: b"" for number in range(3)}
    with pytest.raises(StudyRefused, match=r"the list of its files is 1,\d+ bytes long.* 1,000: "):
        unpack(pack(tmp_path / "s.zip", names), folder, Room(files=10))


def test_a_decompression_bomb_is_refused(folder: Path, tmp_path: Path) -> None:
    source = pack(tmp_path / "s.zip", {"bomb.dcm": bytes(30 * 2**20)})
    with pytest.raises(StudyRefused, match=r"'bomb.dcm' unpacks to more than 1,000 times"):
        unpack(source, folder, Room(files=10))
    assert contents(folder) == {"bomb.dcm": b""}


def test_a_study_larger_than_the_limit_is_refused(folder: Path, tmp_path: Path) -> None:
    fits = pack(tmp_path / "fits.zip", {"a": bytes(5000), "b": bytes(3)})
    unpack(fits, folder, Room(bytes=5003))
    with pytest.raises(StudyRefused, match="unpacks to more than 4,294,967,296 bytes"):
        larger = pack(tmp_path / "s.zip", {"c": bytes(5000), "d": bytes(4)})
        unpack(larger, folder, Room(bytes=5003))
    assert contents(folder).keys() == {"a", "b"}


def test_two_archives_share_the_room_of_one_study(folder: Path, tmp_path: Path) -> None:
    room = Room(files=3, bytes=90)
    unpack(pack(tmp_path / "1.zip", {"a": bytes(50), "b": b""}), folder, room)
    with pytest.raises(StudyRefused, match="unpacks to more than"):
        unpack(pack(tmp_path / "2.zip", {"c": bytes(50)}), folder, room)
    with pytest.raises(StudyRefused, match="found more than"):
        unpack(pack(tmp_path / "3.zip", {"d": b"", "e": b""}), folder, room)


def test_bytes_are_counted_whatever_the_zip_claims(folder: Path, tmp_path: Path) -> None:
    size, claim = (60_000).to_bytes(4, "little"), (10).to_bytes(4, "little")
    source = patched(pack(tmp_path / "s.zip", {"a": b"\7" * 60_000}), (size, claim))
    with pytest.raises(StudyRefused, match="broken or truncated zip"):
        unpack(source, folder, Room(bytes=50_000))
    assert sum(map(len, contents(folder).values())) <= 50_000


def test_a_file_shorter_than_claimed_is_refused(folder: Path, tmp_path: Path) -> None:
    size, claim = (60_000).to_bytes(4, "little"), (60_001).to_bytes(4, "little")
    source = patched(pack(tmp_path / "s.zip", {"a": b"\7" * 60_000}), (size, claim))
    with pytest.raises(StudyRefused, match=r"broken or truncated zip .*'a' is cut off"):
        unpack(source, folder, Room(files=10))


def test_a_wrong_checksum_is_refused(folder: Path, tmp_path: Path) -> None:
    source = pack(tmp_path / "s.zip", {"a.dcm": b"uptake"}, zipfile.ZIP_STORED)
    with pytest.raises(StudyRefused, match=r"broken or truncated zip.*CRC.*copy the study again"):
        unpack(patched(source, (b"uptake", b"uptakf")), folder, Room(files=10))


def test_the_same_name_twice_is_refused(folder: Path, tmp_path: Path) -> None:
    source = patched(pack(tmp_path / "s.zip", {"a.dcm": b"1", "b.dcm": b"2"}), (b"b.dcm", b"a.dcm"))
    with pytest.raises(StudyRefused, match=r"'a.dcm' is there twice"):
        unpack(source, folder, Room(files=10))


@pytest.mark.parametrize("names", [("a", "a/b"), ("a/b", "a")])
def test_a_file_that_is_a_folder_too_is_refused(
    names: tuple[str, str], folder: Path, tmp_path: Path
) -> None:
    with pytest.raises(StudyRefused, match="is there twice"):
        unpack(pack(tmp_path / "s.zip", dict.fromkeys(names, b"1")), folder, Room(files=10))


def test_names_that_differ_by_case_never_overwrite_each_other(folder: Path, tmp_path: Path) -> None:
    both = {"IM1.dcm": b"upper", "im1.dcm": b"lower"}
    (tmp_path / "probe").touch()
    one_case = (tmp_path / "PROBE").exists()
    source = pack(tmp_path / "s.zip", both)
    if one_case:
        with pytest.raises(StudyRefused, match="differs from another name by case alone"):
            unpack(source, folder, Room(files=10))
    else:
        unpack(source, folder, Room(files=10))
        assert contents(folder) == both


def test_a_full_disk_is_told_as_that(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> NoReturn:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(archive, "_write", full)
    with pytest.raises(StudyRefused, match=r"s\.zip: the disk is full where it is unpacked"):
        unpack(pack(tmp_path / "s.zip", CONTENT), folder, Room(files=10))


def test_a_name_longer_than_the_disk_takes_is_refused(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(StudyRefused, match=r"s\.zip: cannot be unpacked"):
        unpack(pack(tmp_path / "s.zip", {"n" * 3000: b""}), folder, Room(files=10))


@pytest.mark.parametrize("kept", [0, 1, 30, 5000])
def test_a_zip_that_is_cut_is_refused(kept: int, folder: Path, tmp_path: Path) -> None:
    source = pack(tmp_path / "s.zip", CONTENT, zipfile.ZIP_STORED)
    source.write_bytes(source.read_bytes()[:kept])
    with pytest.raises(StudyRefused, match=r"s\.zip: a broken or truncated zip"):
        unpack(source, folder, Room(files=10))


@pytest.mark.slow
@QUICK
@given(changes=st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 255)), max_size=4))
def test_changed_bytes_are_refused_or_change_nothing(
    changes: list[tuple[int, int]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    place = tmp_path_factory.mktemp("bytes")
    data = bytearray(pack(place / "s.zip", CONTENT).read_bytes())
    for at, value in changes:
        data[at % len(data)] = value
    (place / "s.zip").write_bytes(data)
    (place / "out").mkdir()
    try:
        unpack(place / "s.zip", place / "out", Room(files=10))
    except StudyRefused:
        return
    # A name or the kind of an entry may change, but no byte of a file.
    assert set(contents(place / "out").values()) <= set(CONTENT.values())
