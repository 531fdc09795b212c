"""The page on many studies."""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from result.persons import BEFORE, FALLEN, TREATED

from monai_amyloid.findings.finding import doubt, refusal, warning
from monai_amyloid.report.summary.page import write_people_page, write_summary_page
from monai_amyloid.report.summary.rows import ATTENTION
from monai_amyloid.result.result import Result
from monai_amyloid.result.same_scan import SameScans

from .browsing import until

pytest.importorskip("jinja2")
pytest.importorskip("matplotlib")
HOSTILE = "병원 1#2?3%41/\"'<script>alert(1)</script>"
CHANCES = {1: 0.1, 2: 0.1, 3: 0.8}
MODEL = {"learnt_from": "simulated"}


def result(name: str, centiloid: float, **other: Any) -> Result:
    return Result(
        **{
            **{"name": name, "status": "graded", "grade": 3, "prediction_set": (3,)},
            **{"probabilities": CHANCES, "centiloid": centiloid, "model": MODEL},
            **other,
        }
    )


REFUSED = Result(name="r", status="refused", findings=(refusal("code", "no brain"),))
DOUBTFUL = result(
    "d",
    20,
    status="needs_reader",
    grade=2,
    prediction_set=(1, 2),
    findings=(doubt("unsure", "unsure"),),
    study={"tracer": "18FAV45", "site": "site-2"},
)


def page_of(folder: Path, results: list[Result]) -> str:
    return write_summary_page(results, folder / "summary.html").read_text(encoding="utf-8")


def table_of(page: str) -> dict[str, Any]:
    """What the page's program makes the table of."""
    found = re.search(r'<script type="application/json" id="table">(.*?)</script>', page)
    assert found is not None
    table: dict[str, Any] = json.loads(found[1])
    return table


def test_what_needs_attention_is_counted_and_the_median_told(tmp_path: Path) -> None:
    warned = result("w", 10, findings=(warning("noise", "noise"),))
    page = page_of(tmp_path, [warned, result("b", 90), result("c", 50), REFUSED, DOUBTFUL])
    counts = re.findall(r"<strong>([^<]+)</strong>", page)
    # All, refused, needs a reader, with warnings, without remarks; graded alone by grade; median.
    assert counts == ["5", "1", "1", "1", "2", "0", "0", "3", "35"]
    assert "Learnt from simulated scans, not tested on patients." in page


def test_a_doubtful_study_shows_its_set_and_never_one_grade_alone(tmp_path: Path) -> None:
    table = table_of(page_of(tmp_path, [DOUBTFUL]))
    [row] = table["rows"]
    assert table["texts"]["en"][row["answer"]] == "BAPL 1 or 2"
    assert (row["grades"], row["chances"]) == ([1, 2], [10.0, 10.0, 80.0])
    assert "BAPL 2" not in table["texts"]["en"]


def test_the_name_of_a_study_stands_once_in_its_row(tmp_path: Path) -> None:
    named = refusal("empty", "the folder is empty", where=Path("r"))
    table = table_of(page_of(tmp_path, [replace(REFUSED, findings=(named,))]))
    [remark] = table["rows"][0]["remarks"]
    assert table["texts"]["en"][remark] == "the folder is empty"


def test_a_link_leads_to_the_study_of_any_name(tmp_path: Path) -> None:
    page = page_of(tmp_path, [result(HOSTILE, 10)])
    [row] = table_of(page)["rows"]
    assert re.fullmatch(r"[\w.%~-]+/report\.html", row["link"], re.ASCII)
    assert unquote(row["link"]) == f"{HOSTILE}/report.html"
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


def test_the_same_scan_under_two_names_is_said_of_both(tmp_path: Path) -> None:
    one, two = (result(name, 10, made_from={"scan": "ab"}) for name in ("one", "two"))
    other, empty = result("other", 10, made_from={"scan": "cd"}), replace(REFUSED, made_from={})
    every = [one, other, two, empty, replace(empty, name="r2")]
    same = SameScans((each.name, each.made_from.get("scan", "")) for each in every)
    assert [len(same.marked(each).warnings) for each in every] == [1, 0, 1, 0, 0]
    [said] = same.marked(two).warnings
    assert str(said) == "one and two are the same scan, byte for byte: count it once"


@pytest.fixture
def page(browser: Any, tmp_path: Path) -> Any:
    """Two hundred and forty studies of two tracers and sites, in which each kind is there."""
    many = [
        result(
            f"s{number}",
            float(number),
            study={"tracer": "18FFBB", "site": "site-1"},
            findings=(warning("noise", "noise"),) if number % 10 == 0 else (),
        )
        for number in range(237)
    ]
    minus = result("s-12", -12.0, study={"tracer": "18FFBB"})
    hostile = replace(REFUSED, name=HOSTILE)
    path = write_summary_page([*many, minus, DOUBTFUL, hostile], tmp_path / "s.html")
    browser.get_log("browser")
    browser.get(path.as_uri())
    until(lambda: browser.execute_script("return document.body.dataset.ready"))
    yield browser
    assert browser.get_log("browser") == []


def names(page: Any) -> list[str]:
    return [str(each) for each in page.execute_script(
        "return [...document.querySelectorAll('#studies tbody tr')].map((row) => "
        "row.cells[0].textContent)")]  # fmt: skip


@pytest.mark.slow
def test_what_needs_attention_comes_first_and_headings_sort(page: Any) -> None:
    assert names(page)[:4] == [HOSTILE, "d", "s0", "s10"] and len(names(page)) == 50
    load = page.find_element("css selector", "[data-by=centiloid]")
    load.click()
    assert names(page)[:3] == ["s-12", "s0", "s1"]
    load.click()
    assert names(page)[:3] == ["s236", "s235", "s234"]
    for _ in range(4):
        page.find_element("id", "next").click()
    assert len(names(page)) == 40 and names(page)[-2:] == ["s-12", HOSTILE]
    assert page.find_element("id", "rows").text == "Rows 201 to 240"
    page.find_element("css selector", "[data-by=rank]").click()
    assert names(page)[:4] == ["d", "s0", "s1", "s2"]


@pytest.mark.slow
def test_filters_narrow_one_another_and_are_taken_back(page: Any) -> None:
    def choose(name: str, text: str) -> None:
        page.execute_script(
            "const list = document.getElementById(arguments[0]);"
            "list.value = [...list.options].find((one) => one.text === arguments[1]).value;"
            "list.dispatchEvent(new Event('change'))",
            name,
            text,
        )

    page.find_element("css selector", "[data-state=warned]").click()
    assert len(names(page)) == 24 and page.find_element("id", "count").text == "24"
    page.find_element("id", "find").send_keys("s10")
    assert names(page) == ["s10", "s100"]
    page.find_element("id", "reset").click()
    assert page.find_element("id", "count").text == "240"
    choose("grade", "BAPL 1")
    assert names(page) == ["d"]
    choose("grade", "without a grade")
    assert names(page) == [HOSTILE]
    page.find_element("id", "reset").click()
    choose("tracer", "18FAV45")
    choose("site", "site-1")
    assert names(page) == [] and page.find_element("id", "none").is_displayed()
    page.find_element("id", "reset").click()
    choose("reason", "unsure")
    row = page.find_element("css selector", "#studies tbody tr").text
    assert row.splitlines()[1:4] == ["BAPL 1 or 2", "10 / 10 / 80", "20"] or "BAPL 1 or 2" in row
    page.find_element("css selector", "[data-language=ko]").click()
    assert "판독자 확인 필요" in page.find_element("css selector", "#studies tbody tr").text


@pytest.mark.slow
def test_ten_thousand_rows_are_fluid(browser: Any, tmp_path: Path) -> None:
    """A step takes the page's thread less than a frame of 50 ms; frames are benchmarks/timing's."""
    from benchmarks.timing.summary_page import frames_while, many_results

    browser.get(write_summary_page(many_results(10_000), tmp_path / "s.html").as_uri())
    until(lambda: browser.execute_script("return document.body.dataset.ready"))
    for name in ("sorting", "filtering", "scrolling"):
        assert frames_while(browser, name)[3] <= 50, name


def test_people_who_changed_come_before_those_who_did_not(tmp_path: Path) -> None:
    sure = replace(TREATED.visits[1], result=replace(BEFORE, name="ses-02"))
    changed = replace(TREATED, visits=(TREATED.visits[0], sure))
    same = replace(changed, changes=(replace(FALLEN, direction="cannot_tell", findings=()),))
    people = [replace(same, name="sub-02"), changed, replace(TREATED, name="sub-03")]
    page = write_people_page(people, tmp_path / "p.html", "follow.html").read_text("utf-8")
    rows = table_of(page)["rows"]
    assert [row["state"] for row in rows] == [
        ATTENTION.index(s) for s in ("calm", "changed", "needs_reader")
    ]
    assert [row["change"] for row in rows] == ["\u221263 [\u221269, \u221257]"] * 3
    assert rows[1]["link"] == "sub-01/follow.html"


def test_the_studies_of_each_site_are_counted_where_there_are_several(tmp_path: Path) -> None:
    sited = [result(f"s{n}", 10, study={"site": f"site-{n % 2 + 1}"}) for n in range(5)]
    page = page_of(tmp_path, [*sited, DOUBTFUL, REFUSED])
    [table] = re.findall(r'<details class="sites">.*?</details>', page, re.DOTALL)
    rows = [re.findall(r"<t[hd][^>]*>([^<]*)</t[hd]>", row) for row in table.split("<tr>")[2:]]
    # All, refused, needs a reader, with warnings, without remarks.
    assert rows == [["site-1", "3", "0", "0", "0", "3"], ["site-2", "3", "0", "1", "0", "2"]]
    assert "sites" not in re.findall(r"<details class=.(\w+)", page_of(tmp_path, sited[::2]))
