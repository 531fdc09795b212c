"""The report of several visits, as a file."""

import base64
import io
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from result.persons import AFTER, ALONE, BEFORE, REGIONS, TREATED, several

from monai_amyloid.brain.template import brain_mask, pet_templates
from monai_amyloid.findings.finding import doubt, warning
from monai_amyloid.pictures.cut_brain import grey
from monai_amyloid.pictures.orientation import slice_sides
from monai_amyloid.pictures.slices import slice_index
from monai_amyloid.report.follow.scans import common_black, shown_scans
from monai_amyloid.report.follow.scrolling import scroller
from monai_amyloid.report.follow.trend import trend
from monai_amyloid.result.followed import Followed

from .reading import english, shown

pytest.importorskip("jinja2")
pytest.importorskip("matplotlib")
MINUS = "\N{MINUS SIGN}"
NAMES = ("a network", "sub-01", "sub-02", "ses-")


def scans_of(followed: Followed) -> tuple[list[Any], Any]:
    """The positive and then the negative template, with None where the visit was refused."""
    negative, positive = (np.asarray(each, np.float32) for each in pet_templates()[:2])
    volumes: list[Any] = [negative] * len(followed.visits)
    volumes[0] = positive
    pairs = zip(followed.visits, volumes, strict=True)
    volumes = [None if visit.result.status == "refused" else volume for visit, volume in pairs]
    return volumes, None if followed.overall is None else negative - positive


def page_of(folder: Path, followed: Followed, language: str = "en") -> str:
    from monai_amyloid.report.follow.page import write_follow_page

    path = write_follow_page(folder / "follow.html", followed, *scans_of(followed), language)
    return path.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> str:
    return page_of(tmp_path_factory.mktemp("follow"), TREATED)


def text_of(page: str, language: str) -> str:
    return " ".join(shown(page, language).split()).replace(" :", ":").replace(MINUS, "-")


def test_the_page_loads_nothing_and_is_small(page: str) -> None:
    assert "default-src 'none'" in page and len(page) < 900_000
    links = re.findall(r'(?:src|href)="([^"]*)"', page)
    assert len(links) == 24 and all(each.startswith("data:image/") for each in links)
    assert not re.search(r"@import|url\((?!#)|<link", page)


def test_the_main_finding_is_the_change_of_the_result(page: str) -> None:
    main = re.search(r'<p id="main">(.*?)</p>', page, re.DOTALL)
    assert main is not None
    assert text_of(main[1], "en") == (
        "Centiloid has fallen: change -63 [-69, -57] (95% interval) in 1.5 years; "
        "-42 [-46, -38] a year; cannot tell whether amyloid is cleared (rule: below 24.1 "
        "Centiloid; chance 79%)."
    )
    assert "센틸로이드 감소: 1.5년간 변화 -63 [-69, -57] (95% 구간)" in text_of(main[1], "ko")


def test_the_tables_hold_the_numbers_of_the_result(page: str) -> None:
    text = text_of(page, "en")
    for number in ("86 [78, 95]", "84 [77, 91]", "19 [10, 27]", "21 [15, 27]", "-68"):
        assert number in text
    for change in REGIONS.values():
        low, high = change.interval
        assert f"{change.suvr:+.2f} [{low:+.2f}, {high:+.2f}]" in text
    assert "BAPL 1 or 2, needs a reader" in text


@pytest.mark.parametrize("person", [TREATED, several(3), several(2, years=False), ALONE])
def test_no_english_is_left_in_korean(person: Followed, tmp_path: Path) -> None:
    page = page_of(tmp_path, person, "ko")
    assert english(shown(page), *NAMES) == []
    assert len(english(shown(page, "en"))) > 60


def test_warnings_stand_before_notes_and_doubts_beside_the_finding(tmp_path: Path) -> None:
    odd = doubt("code", "{number} of 9", number=99)
    change = replace(TREATED.changes[0], findings=(*TREATED.changes[0].findings, odd))
    page = page_of(tmp_path, replace(TREATED, changes=(change,)))
    places = [page.rindex(text) for text in ("99 of 9", "22 of 2", "11 of 1", "44 of 4")]
    assert places == sorted(places)
    assert page.index("99 of 9") < page.index('id="visits"')


def test_what_makes_a_visit_doubtful_stands_on_the_page(tmp_path: Path) -> None:
    odd, noisy = doubt("code", "{number} of 8", number=88), warning("code", "{n} of 7", n=77)
    visit = replace(TREATED.visits[1], result=replace(AFTER, findings=(noisy, odd)))
    page = page_of(tmp_path, replace(TREATED, visits=(TREATED.visits[0], visit)))
    before, after = text_of(page, "en").split("88 of 8")
    assert before.rstrip().endswith("Visit 2, year 1.5") and after.lstrip().startswith("77 of 7")


@pytest.mark.parametrize(("days", "said"), [(19, "in 19 days"), (200, "in 7 months")])
def test_a_time_below_a_year_is_no_zero(tmp_path: Path, days: int, said: str) -> None:
    years = days / 365.25
    change = replace(TREATED.changes[0], years=years)
    visits = (TREATED.visits[0], replace(TREATED.visits[1], years=years))
    page = page_of(tmp_path, replace(TREATED, visits=visits, changes=(change,)))
    assert f"(95% interval) {said}" in text_of(page, "en")
    assert f"Visit 2, year {years:.2g}" in text_of(page, "en")
    korean = {19: "19일간 변화", 200: "7개월간 변화"}[days]
    assert korean in text_of(page, "ko")


def test_a_refused_visit_has_its_reason_and_no_number(tmp_path: Path) -> None:
    page = page_of(tmp_path, ALONE)
    assert "Refused: 1 of 3" in text_of(page, "en")
    assert "No change could be measured" in page and 'id="changes"' not in page
    assert page.count("<img ") == 8


@pytest.mark.parametrize(("count", "columns"), [(2, 3), (4, 5), (5, 3), (12, 3)])
def test_many_visits_are_shown_by_the_first_and_the_last(count: int, columns: int) -> None:
    person = several(count)
    scans = shown_scans(person, *scans_of(person), scale=1)
    assert len(scans) == columns
    assert str(scans[0].name) == "Visit 1, year 0.0"
    assert str(scans[-2].name) == f"Visit {count + 1}, year {count:.1f}"


def test_the_same_uptake_is_the_same_grey_in_every_scan() -> None:
    volumes, _ = scans_of(TREATED)
    first, last = shown_scans(TREATED, [volumes[0], 0.6 * volumes[0]], None, scale=1)
    again, same = shown_scans(TREATED, [volumes[0], volumes[0]], None, scale=1)
    pairs = zip(again.pictures, same.pictures, strict=True)
    assert all((one == other).all() for one, other in pairs)
    for dark, light in zip(first.pictures, last.pictures, strict=True):
        assert light.mean() > dark.mean() + 5


@pytest.mark.parametrize(("size", "channel"), [(-0.4, 2), (0.4, 0)])
def test_less_is_blue_and_more_is_orange(size: float, channel: int) -> None:
    volumes, _ = scans_of(TREATED)
    difference = np.where(brain_mask(), np.float32(size), np.float32(0))
    *_, shown_difference = shown_scans(TREATED, volumes, difference, scale=1)
    middle = shown_difference.pictures[2][30:60, 25:50].astype(int)
    other = middle[..., 2 - channel]
    assert (middle[..., channel] - other > 60).mean() > 0.95


def test_scrolled_slices_lie_where_the_program_looks() -> None:
    volumes, difference = scans_of(TREATED)
    made = scroller(volumes, difference)
    assert made is not None and len(made["sheets"]) == 3
    width, height = made["settings"]["size"]
    row, column = divmod(made["settings"]["start"], made["settings"]["columns"])
    sheet = np.asarray(Image.open(io.BytesIO(base64.b64decode(made["sheets"][0].split(",")[1]))))
    found = sheet[row * height : (row + 1) * height, column * width : (column + 1) * width]
    black = common_black(volumes)
    expected = grey(volumes[0], black)[::-1, ::-1, slice_index(2, 26.0)].T
    assert np.abs(found.astype(int) - expected).mean() < 3
    assert made["settings"]["first"] + 2 * made["settings"]["start"] == 26


def test_noise_of_single_voxels_is_not_coloured() -> None:
    volumes, _ = scans_of(TREATED)
    noise = np.random.default_rng(0).normal(0, 0.2, volumes[0].shape).astype(np.float32)
    *_, shown_difference = shown_scans(TREATED, volumes, noise, scale=1)
    picture = shown_difference.pictures[2].astype(int)
    assert (np.ptp(picture, axis=-1) > 20).mean() < 0.01


def test_the_change_from_the_first_to_the_last_stands_first(tmp_path: Path) -> None:
    text = text_of(page_of(tmp_path, several(4)), "en")
    places = [
        text.index(f"Visit {name}") for name in ("1 to visit 5", "1 to visit 3", "3 to visit 4")
    ]
    assert places == sorted(places)


def test_the_left_of_the_patient_is_on_the_right_as_in_the_report_of_one_study() -> None:
    volumes, difference = scans_of(TREATED)
    x = np.arange(difference.shape[0])[:, None, None]  # RAS+: x grows to the right
    left = np.where(brain_mask() & (x < 44), np.float32(-0.5), np.float32(0))
    *_, shown_difference = shown_scans(TREATED, volumes, left, scale=1)
    blue = shown_difference.pictures[2].astype(int)
    coloured = (blue[..., 2] - blue[..., 0] > 40).sum(axis=0)
    half = len(coloured) // 2
    assert slice_sides(2) == ("R", "L") and coloured[half:].sum() > 20 * coloured[:half].sum()


def test_the_course_stands_at_the_years_with_doses_and_the_rule() -> None:
    chart = trend(TREATED)
    first, last = chart.points
    assert chart.by_years and [each.label for each in chart.points] == ["84", "21"]
    ticks = {label: place for place, label in chart.x_ticks}
    assert (first.x, last.x) == (ticks["0"], ticks["1.5"]) and len(chart.doses) == 3
    assert first.x < chart.doses[0] < chart.doses[2] < (first.x + last.x) / 2
    assert chart.rules[0][1] == "24.1" and first.y < chart.rules[0][0] < last.y
    assert last.low is not None and last.low > last.y > last.high


def test_visits_without_years_stand_in_their_order(tmp_path: Path) -> None:
    person = several(2, years=False)
    chart = trend(person)
    assert not chart.by_years and [label for _, label in chart.x_ticks] == ["1", "2", "3"]
    text = text_of(page_of(tmp_path, person), "en")
    assert "Visits in their order" in text and "a year" not in text.replace("Difference", "")


def test_what_a_person_is_called_cannot_run(tmp_path: Path) -> None:
    name = "<script>alert(1)</script>\"' & 홍길동"
    visit = replace(TREATED.visits[0], result=replace(BEFORE, name=name, patient={name: name}))
    hostile = replace(TREATED, name=name, visits=(visit, TREATED.visits[1]))
    page = page_of(tmp_path, hostile)
    assert "<script>alert" not in page and "&lt;script&gt;alert(1)" in page


def test_the_pictures_are_of_the_page(page: str) -> None:
    uris = re.findall(r'src="(data:image/jpeg;base64,[^"]*)"', page)
    volumes, difference = scans_of(TREATED)
    expected = shown_scans(TREATED, volumes, difference)[0].pictures[0].astype(int)
    found = np.asarray(Image.open(io.BytesIO(base64.b64decode(uris[0].split(",")[1]))))
    assert np.abs(found - expected).mean() < 3


def test_each_visit_has_a_volume_or_none() -> None:
    with pytest.raises(ValueError, match="1 volumes and 2 visits"):
        shown_scans(TREATED, [None], None)
