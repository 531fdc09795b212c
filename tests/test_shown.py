"""What acts on a screen is seen instead, wherever a name is shown."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monai_amyloid.findings.finding import refusal
from monai_amyloid.report.summary.page import write_summary_page
from monai_amyloid.result.result import Result, one_line
from monai_amyloid.shown import as_folder_name, spelled, unspelled, visible
from monai_amyloid.study_names import study_name

ACTS = {"\x1b[2J": r"\x1b[2J", "a\nb": r"a\x0ab", "a\rb": r"a\x0db", "\u202egpj": r"\u202egpj",
        "\u200bz": r"\u200bz", "\u2066x": r"\u2066x", "\ufeffx": r"\ufeffx", "\u3164": r"\u3164",
        "\x7f": r"\x7f", "\x9b31m": r"\x9b31m", "\u2028": r"\u2028", "\udcb0": r"\udcb0",
        "\U000e0041": r"\U000e0041", "a\x00": r"a\x00", "\u00ad": r"\xad"}  # fmt: skip


@pytest.mark.parametrize(("text", "seen"), ACTS.items())
def test_what_acts_is_spelled(text: str, seen: str) -> None:
    assert visible(text) == seen == visible(seen) and unspelled(seen) == text
    assert one_line(Result(name=text, status="refused")).startswith(f"{seen}: ")
    assert str(refusal("code", "{name}", name=text)) == seen
    assert "\\" not in as_folder_name(text) and as_folder_name(text).isprintable()


@pytest.mark.parametrize("text", ["홍길동", "Müller", "金民俊", "C:\\data", "\u03b1", "µ", "👍"])
def test_names_of_people_and_paths_stay(text: str) -> None:
    assert visible(text) == text == as_folder_name(text)


@given(st.text())
def test_every_text_is_found_again(text: str) -> None:
    assert unspelled(spelled(text)) == text


@pytest.mark.parametrize("name", ["a\x1b[31m", "b\n=1", "c\u202ed"])
def test_no_folder_and_no_page_is_called_so(name: str, tmp_path: Path) -> None:
    (tmp_path / name).mkdir()
    assert study_name(tmp_path / name).isprintable()
    page = write_summary_page([Result(name=name, status="refused")], tmp_path / "page.html")
    content = (page or tmp_path / "page.html").read_text(encoding="utf-8")
    assert visible(name).split("\\")[0] in content and name not in content
