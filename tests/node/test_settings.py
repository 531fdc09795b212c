"""A config says what is wrong with it in one line: where, what was found, what to do."""

import tomllib
from pathlib import Path

import pytest

from monai_amyloid.errors import UserError
from monai_amyloid.node.config import read_settings, settings_of

WHOLE = """
[node]
data = "data"
name = "pet-node"
[inbox]
folder = "inbox"
[complete.counts]
kind = "dimse"
host = "pacs"
port = 104
title = "PACS"
[[destination]]
name = "archive"
kind = "dicomweb"
url = "https://archive/dicom-web"
[[rule]]
calling_title = "PET*"
send_to = ["archive"]
"""


def test_a_config_is_read_with_paths_beside_it(tmp_path: Path) -> None:
    (tmp_path / "node.toml").write_text(WHOLE)
    settings = read_settings(tmp_path / "node.toml")
    assert settings.data == tmp_path / "data" and settings.rule[0].send_to == ("archive",)
    assert settings.complete.counts and settings.complete.counts.port == 104
    assert not settings_of(tomllib.loads(WHOLE.split("[[")[0]), tmp_path / "x").destination


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ('data = "data"', "", "[node]: data is missing"),
        ('data = "data"', "data = 3", "[node] data: found 3, needed a path in quotes"),
        ('data = "data"', 'data = "inbox/in"', "data is inside the inbox"),
        ('name = "pet-node"', 'name = "a b"', "found name 'a b'"),
        ('[inbox]\nfolder = "inbox"', "", "found neither [inbox] nor [orthanc]"),
        ('folder = "inbox"', 'floder = "inbox"', "[inbox]: found 'floder', which means nothing; "
         "is 'folder' meant?"),
        ("port = 104", 'port = "104"', "[complete.counts] port: found '104', needed a whole"),
        ("port = 104", "port = 0", "[complete.counts]: kind dimse needs host, port and title"),
        ('"dicomweb"', '"web"', "[[destination]] 1 kind: found 'web', needed dimse or dicomweb"),
        ("https://", "ftp://", "[[destination]] 1: kind dicomweb needs url"),
        ('["archive"]', '["archiv"]', "needed the name of a [[destination]]; is 'archive' meant?"),
        ('["archive"]', '"archive"', "[[rule]] 1 send_to: found 'archive', needed a list"),
        ("[[rule]]", '[[rule]]\nuse_tracer = "water"', "[[rule]] 1: found tracer 'water'"),
        ("[[rule]]", "[sending]\nrefused = true\n[[rule]]", "[sending] refused: found True"),
        ("[[rule]]", "[retention]\ndays = -1\n[[rule]]", "[retention] days: found -1"),
        ("[[rule]]", "[[rule]", "cannot be read as TOML"),
    ],
)  # fmt: skip
def test_what_is_wrong_stands_in_one_line(
    tmp_path: Path, before: str, after: str, message: str
) -> None:
    file = tmp_path / "node.toml"
    assert before in WHOLE
    file.write_text(WHOLE.replace(before, after))
    with pytest.raises(UserError) as refused:
        read_settings(file)
    assert message in str(refused.value) and str(refused.value).startswith(f"{file}: ")
    assert "\n" not in str(refused.value)
