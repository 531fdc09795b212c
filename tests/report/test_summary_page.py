"""The page on many studies."""

import re
from pathlib import Path
from urllib.parse import unquote

import pytest

from monai_amyloid.findings.finding import refusal
from monai_amyloid.report.summary.page import write_summary_page
from monai_amyloid.result.result import Result

pytest.importorskip("jinja2")
pytest.importorskip("matplotlib")
HOSTILE = "병원 1#2?3%41/\"'<script>alert(1)</script>"
CHANCES = {1: 0.1, 2: 0.1, 3: 0.8}


def result(name: str, centiloid: float) -> Result:
    return Result(name=name, status="graded", grade=3, probabilities=CHANCES, centiloid=centiloid)


def page_of(folder: Path, results: list[Result]) -> str:
    return write_summary_page(results, folder / "summary.html").read_text(encoding="utf-8")


def test_counts_and_the_median_are_told(tmp_path: Path) -> None:
    refused = Result(name="r", status="refused", findings=(refusal("code", "no brain"),))
    page = page_of(tmp_path, [result("a", 10), result("b", 90), result("c", 50), refused])
    counts = re.findall(r"<strong>([^<]+)</strong>", page)
    assert counts == ["4", "3", "0", "1", "0", "0", "3", "50"]
    assert "no brain" in page


def test_a_link_leads_to_the_study_of_any_name(tmp_path: Path) -> None:
    page = page_of(tmp_path, [result(HOSTILE, 10)])
    (link,) = re.findall(r'href="([^"]*)"', page)
    assert re.fullmatch(r"[\w.%~-]+/report\.html", link, re.ASCII)
    assert unquote(link) == f"{HOSTILE}/report.html"
    assert "<script>alert" not in page


def test_three_thousand_studies_fit_into_a_megabyte(tmp_path: Path) -> None:
    text = "the cerebellum is 61% inside the field of view, needed 80%; use another scan"
    reason = (refusal("code", text),)
    many = [
        Result(name=f"병원 sub-{number:04d}", status="refused", findings=reason)
        for number in range(300)
    ]
    many += [result(f"sub-{number:04d}", number / 30) for number in range(2700)]
    assert len(page_of(tmp_path, many).encode()) < 1_000_000


def test_no_study_at_all_is_a_page_too(tmp_path: Path) -> None:
    assert "<strong>\N{EN DASH}</strong>" in page_of(tmp_path, [])
