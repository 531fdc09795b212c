"""Tars: the same guards as for zips, for each way to compress them."""

import bz2
import gzip
import io
import lzma
import shutil
import subprocess
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from monai_amyloid.findings.finding import StudyRefused
from monai_amyloid.pet.files.archive import unpack
from monai_amyloid.pet.files.entry import Room

from .unpacked import CONTENT, contents

COMPRESSED: dict[str, Callable[[bytes], bytes]] = {
    ".tar": bytes,
    ".tar.gz": gzip.compress,
    ".tgz": gzip.compress,
    ".tar.bz2": bz2.compress,
    ".tar.xz": lzma.compress,
}


def member(name: str, data: bytes = b"", kind: bytes = tarfile.REGTYPE) -> tarfile.TarInfo:
    found = tarfile.TarInfo(name)
    found.size, found.type, found.linkname = len(data), kind, "../../secret"
    return found


def pack(path: Path, members: list[tuple[tarfile.TarInfo, bytes]], **options: Any) -> Path:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", **options) as file:
        for each, data in members:
            file.addfile(each, io.BytesIO(data))
    suffix = "".join(path.suffixes) or ".tar"
    path.write_bytes(COMPRESSED[suffix](stream.getvalue()))
    return path


def packed(path: Path, content: dict[str, bytes] = CONTENT) -> Path:
    return pack(path, [(member(name, data), data) for name, data in content.items()])


@pytest.mark.parametrize("suffix", COMPRESSED)
def test_what_was_packed_comes_out(suffix: str, folder: Path, tmp_path: Path) -> None:
    room = Room()
    unpack(packed(tmp_path / f"s{suffix}"), folder, room)
    assert contents(folder) == CONTENT
    assert (Room().bytes - room.bytes, Room().files - room.files) == (5004, 4)


@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_every_form_of_tar_is_read(form: int, folder: Path, tmp_path: Path) -> None:
    long = "/".join(["folder of an export"] * 8)
    source = pack(tmp_path / "s.tar", [(member(f"{long}/a", b"A"), b"A")], format=form)
    unpack(source, folder, Room())
    assert contents(folder) == {f"{long}/a": b"A"}


def test_what_another_program_packed_comes_out(folder: Path, tmp_path: Path) -> None:
    inside = tmp_path / "inside"
    for name, data in CONTENT.items():
        (inside / name).parent.mkdir(parents=True, exist_ok=True)
        (inside / name).write_bytes(data)
    program = shutil.which("tar")
    if program is None:
        pytest.skip("no program tar here")
    subprocess.run([program, "-czf", "s.tgz", "-C", "inside", "."], cwd=tmp_path, check=True)
    unpack(tmp_path / "s.tgz", folder, Room())
    assert contents(folder) == CONTENT


def test_korean_names_of_an_old_system_are_read(folder: Path, tmp_path: Path) -> None:
    each = [(member("뇌/영상.dcm", b"k"), b"k")]
    source = pack(tmp_path / "s.tar", each, encoding="cp949", format=tarfile.GNU_FORMAT)
    unpack(source, folder, Room())
    assert contents(folder) == {"뇌/영상.dcm": b"k"}


@pytest.mark.parametrize("suffix", [".tar", ".tar.gz"])
@pytest.mark.parametrize("name", ["/up", "../up", "a/../../up", "C:up", "a\\..\\up", "a/.. /up"])
def test_a_name_that_leads_out_is_refused(
    name: str, suffix: str, folder: Path, tmp_path: Path
) -> None:
    source = packed(tmp_path / f"s{suffix}", {name: b"evil"})
    with pytest.raises(StudyRefused, match=r"the entry '.*up' has a name that may lead out"):
        unpack(source, folder, Room())
    assert contents(tmp_path).keys() == {source.name}


@pytest.mark.parametrize(
    "kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE]
)
def test_links_and_devices_are_left_out_and_nothing_is_written_through_them(
    kind: bytes, folder: Path, tmp_path: Path
) -> None:
    through = (member("link", kind=kind), b""), (member("link/file", b"evil"), b"evil")
    unpack(pack(tmp_path / "s.tar", [*through, (member("b", b"B"), b"B")]), folder, Room())
    assert contents(folder) == {"link/file": b"evil", "b": b"B"}
    assert not any(file.is_symlink() for file in folder.rglob("*"))


@pytest.mark.parametrize("suffix", COMPRESSED)
@pytest.mark.parametrize("kept", [0.0, 0.3, 0.5, 0.9])
def test_one_that_is_cut_is_refused(suffix: str, kept: float, folder: Path, tmp_path: Path) -> None:
    many = {f"{number}.dcm": bytes([number]) * 3000 for number in range(40)}
    source = packed(tmp_path / f"s{suffix}", many)
    # The zeros behind a plain one are no part of it.
    length = 40 * 3584 if suffix == ".tar" else source.stat().st_size
    source.write_bytes(source.read_bytes()[: int(length * kept)])
    with pytest.raises(StudyRefused, match=r"a broken or truncated (tar|compressed)"):
        unpack(source, folder, Room())


def test_a_broken_header_does_not_end_a_tar_silently(folder: Path, tmp_path: Path) -> None:
    source = packed(tmp_path / "s.tar", {"a": b"A", "b": b"B", "c": b"C"})
    content = bytearray(source.read_bytes())
    content[1024 + 150] ^= 1  # the checksum of the second
    source.write_bytes(content)
    with pytest.raises(StudyRefused, match="its list of files breaks off"):
        unpack(source, folder, Room())


@pytest.mark.parametrize("suffix", [".tar.gz", ".tar.bz2", ".tar.xz"])
def test_a_wrong_checksum_is_refused(suffix: str, folder: Path, tmp_path: Path) -> None:
    source = packed(tmp_path / f"s{suffix}")
    content = bytearray(source.read_bytes())
    content[-6 if suffix == ".tar.gz" else len(content) // 2] ^= 1
    source.write_bytes(content)
    with pytest.raises(StudyRefused, match="broken or truncated"):
        unpack(source, folder, Room())


@pytest.mark.slow
@pytest.mark.parametrize("suffix", [".tar.gz", ".tar.bz2", ".tar.xz"])
def test_a_decompression_bomb_is_refused(suffix: str, folder: Path, tmp_path: Path) -> None:
    source = packed(tmp_path / f"s{suffix}", {"bomb": bytes(40 * 2**20)})
    with pytest.raises(StudyRefused, match="'bomb' unpacks to more than 1,000 times"):
        unpack(source, folder, Room())
    assert contents(folder) == {"bomb": b""}


@pytest.mark.parametrize("kind", [tarfile.REGTYPE, b"Z"])
def test_more_than_a_study_has_is_refused_even_where_it_is_skipped(
    kind: bytes, folder: Path, tmp_path: Path
) -> None:
    large = bytes(9000)
    source = pack(tmp_path / "s.tar.gz", [(member("a", large, kind), large)])
    with pytest.raises(StudyRefused, match="unpacks to more than"):
        unpack(source, folder, Room(bytes=8000))


def test_a_name_of_gigabytes_is_not_read(folder: Path, tmp_path: Path) -> None:
    long = member("././@LongLink", kind=tarfile.GNUTYPE_LONGNAME)
    long.size = 2**31
    (tmp_path / "s.tar").write_bytes(long.tobuf() + bytes(4096))
    with pytest.raises(StudyRefused, match="the list of its files is 2,147,483,648 bytes long"):
        unpack(tmp_path / "s.tar", folder, Room())


def test_sizes_that_lead_back_are_refused(folder: Path, tmp_path: Path) -> None:
    back = member("a", b"A" * 512)
    back.size = -1024
    content = member("first").tobuf() + back.tobuf(tarfile.GNU_FORMAT) + bytes(4096)
    (tmp_path / "s.tar").write_bytes(content)
    with pytest.raises(StudyRefused, match="broken or truncated tar"):
        unpack(tmp_path / "s.tar", folder, Room())


def test_too_many_and_double_entries_are_refused(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(StudyRefused, match="this is a whole archive"):
        unpack(packed(tmp_path / "s.tar"), folder, Room(files=3))
    twice = [(member("a.dcm", b"1"), b"1")] * 2
    with pytest.raises(StudyRefused, match=r"'a.dcm' is there twice"):
        unpack(pack(tmp_path / "t.tar", twice), folder, Room())
