"""What tests of every kind of archive pack, and what they find where it is unpacked."""

from pathlib import Path

CONTENT = {
    "PET 영상/뇌 1.dcm": b"\1" * 5000,
    "PET 영상/0002": b"two",
    "a.nii": b"",
    "깊/은/곳": b"x",
}


def contents(folder: Path) -> dict[str, bytes]:
    files = (file for file in folder.rglob("*") if file.is_file())
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in files}
