import json
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from monai_amyloid.errors import UserError
from monai_amyloid.output import (
    OWN,
    as_bytes,
    read_array,
    read_json_record,
    remove_partials,
    replace_file,
    replacing,
    writable_folder,
    write_table,
)


def test_a_folder_is_made_and_left_empty(tmp_path: Path) -> None:
    folder = writable_folder(tmp_path / "새 폴더" / "deep")
    assert folder == tmp_path / "새 폴더" / "deep"
    assert list(folder.iterdir()) == []
    (folder / "result").touch()
    assert [path.name for path in writable_folder(folder).iterdir()] == ["result"]


@pytest.mark.parametrize("below", ["file", "file/out", "file/deep/out"])
def test_a_folder_below_a_file_is_the_users_mistake(tmp_path: Path, below: str) -> None:
    (tmp_path / "file").write_text("kept")
    with pytest.raises(UserError, match=r"cannot write here \(.+\); choose another") as error:
        writable_folder(tmp_path / below)
    assert "\n" not in str(error.value)
    assert (tmp_path / "file").read_text() == "kept"


def test_a_file_is_replaced_whole_and_alone(tmp_path: Path) -> None:
    path = tmp_path / "result.json"
    for content in (b"one", b"longer than before", b""):
        replace_file(path, content)
        assert path.read_bytes() == content
    assert list(tmp_path.iterdir()) == [path]


def test_a_write_that_fails_halfway_leaves_the_earlier_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "result.json"
    replace_file(path, b"earlier")

    def full_disk(self: Path, content: bytes) -> int:
        with self.open("wb") as file:
            file.write(content[: len(content) // 2])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full_disk)
    with pytest.raises(OSError, match="No space left"):
        replace_file(path, b"later and longer")
    assert path.read_bytes() == b"earlier"


def test_a_table_is_read_back_by_pandas(tmp_path: Path) -> None:
    table = pd.DataFrame(
        {"name": ["가", "b"], "suvr": [1.0 / 3, np.nan], "bapl": pd.array([3, None], "Int64")}
    )
    write_table(table, tmp_path / "t.tsv")
    content = (tmp_path / "t.tsv").read_bytes()
    assert content == "name\tsuvr\tbapl\n가\t0.333333\t3\nb\tn/a\tn/a\n".encode()
    again = pd.read_csv(tmp_path / "t.tsv", sep="\t", na_values="n/a", dtype={"bapl": "Int64"})
    pd.testing.assert_frame_equal(again, table, rtol=1e-5)


posix = pytest.mark.skipif(os.name != "posix", reason="links and modes of POSIX")


@posix
@pytest.mark.parametrize("leads", ["elsewhere", "nowhere"])
def test_no_file_is_written_where_a_link_leads(tmp_path: Path, leads: str) -> None:
    aim = tmp_path / leads
    if leads == "elsewhere":
        aim.write_bytes(b"of somebody else")
    link = tmp_path / "result.json"
    link.symlink_to(aim)
    replace_file(link, b"new")
    assert not link.is_symlink() and link.read_bytes() == b"new"
    assert not aim.exists() or aim.read_bytes() == b"of somebody else"


@posix
def test_a_folder_that_is_a_link_is_refused_and_one_below_a_link_is_not(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "disk")
    with pytest.raises(UserError, match=r"is a link, .* such as .*disk$"):
        writable_folder(tmp_path / "link")
    assert writable_folder(tmp_path / "link" / "results").is_dir()


@posix
def test_files_follow_the_umask_but_what_is_the_owners_alone(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        replace_file(tmp_path / "shared", b"")
        write_table(pd.DataFrame({"a": [1]}), tmp_path / "key", OWN)
    finally:
        os.umask(before)
    modes = [(tmp_path / name).stat().st_mode & 0o777 for name in ("shared", "key")]
    assert modes == [0o640, 0o600]


def test_nobody_can_foresee_or_share_the_place_of_a_new_file(tmp_path: Path) -> None:
    with replacing(tmp_path / "x") as one, replacing(tmp_path / "x") as other:
        assert one != other and one.parent == other.parent == tmp_path
        one.write_bytes(b"one")
        assert other.read_bytes() == b""
    assert [path.name for path in tmp_path.iterdir()] == ["x"]


def test_what_a_killed_process_had_half_written_is_removed_and_nothing_else(tmp_path: Path) -> None:
    ended = 2**22 + 1  # more than any process's number
    left, recent = f".a.json.{ended}.partial", f".b.json.{ended}.partial"
    kept = [f".c.json.{os.getpid()}.partial", ".someones.partial", "d.partial", "a.json"]
    for name in (left, recent, *kept):
        (tmp_path / name).touch()
    os.utime(tmp_path / left, (0, 0))
    remove_partials(tmp_path, shared=True)
    assert not (tmp_path / left).exists() and (tmp_path / recent).exists()
    remove_partials(tmp_path)
    if os.name != "nt":
        assert {path.name for path in tmp_path.iterdir()} == {*kept}
    remove_partials(tmp_path / "nowhere")


@pytest.mark.parametrize("content", [b"", b'{"a": ', b"[1]", b"\xff\xfe", b"[" * 100_000, None])
def test_a_record_that_is_none_is_empty(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "record.json").write_bytes(content)
    assert read_json_record(tmp_path / "record.json") == {}


@pytest.mark.parametrize("size", [0, 10, 100, 200])
def test_an_array_that_is_cut_off_is_none(tmp_path: Path, size: int) -> None:
    np.save(tmp_path / "a.npy", np.ones(20))
    whole = (tmp_path / "a.npy").read_bytes()
    assert read_array(tmp_path / "a.npy") is not None and len(whole) > 200
    (tmp_path / "a.npy").write_bytes(whole[:size])
    assert read_array(tmp_path / "a.npy") is None


def test_a_name_that_is_no_text_is_written_escaped_and_json_gives_it_back() -> None:
    name = os.fsdecode(b"\xb3\xaa.zip")
    assert as_bytes(name) == b"\\udcb3\\udcaa.zip"
    assert json.loads(as_bytes(json.dumps([name], ensure_ascii=False))) == [name]
