from pathlib import Path

import pytest

from monai_amyloid.output import replacing


def test_a_file_written_whole_replaces_the_one_before(tmp_path: Path) -> None:
    path = tmp_path / "made" / "table.tsv"
    for text in ("old", "new"):
        with replacing(path) as part:
            part.write_text(text)
    assert path.read_text() == "new"
    assert list(path.parent.iterdir()) == [path]


def test_a_failure_while_writing_keeps_the_one_before(tmp_path: Path) -> None:
    path = tmp_path / "table.tsv"
    path.write_text("old")
    with pytest.raises(RuntimeError, match="power cut"), replacing(path) as part:
        part.write_text("half")
        raise RuntimeError("power cut")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]
