"""What the pages show, and to whom: no patient unless the config says so."""

import re
import sys
from pathlib import Path

import pytest

from benchmarks.fuzz.small_studies import PATIENT
from monai_amyloid.node.page.worklist import STATES_OF
from monai_amyloid.node.queue.states import StudyState

from .conftest import MakeSite, Site

sys.path.insert(0, str(Path(__file__).parents[2]))
from report.reading import english, shown

PLACES = ("/", "/study/2", "/errors", "/audit", "/nothing", "/?group=failed")


def numbers(text: str) -> list[int]:
    return [int(each) for each in re.findall(r'<th scope="row"><a href="/study/(\d+)"', text)]


def test_every_state_is_in_one_group() -> None:
    grouped = [state for states in STATES_OF.values() for state in states]
    assert sorted(grouped) == sorted(StudyState)


def test_the_list_is_turned_page_by_page_there_and_back(make_site: MakeSite) -> None:
    browser = make_site(130).logged_in("read")
    place, seen = "/", []
    while place:
        text = browser.get(place).text
        seen.append(numbers(text))
        found = re.search(r'<a href="([^"]+)" rel="next"', text)
        place = found[1].replace("&amp;", "&") if found else ""
    assert [each for rows in seen for each in rows] == list(range(130, 0, -1)) and [
        *map(len, seen)
    ] == [50, 50, 30]
    back = re.search(r'<a href="([^"]+)" rel="prev"', text)
    assert back and numbers(browser.get(back[1]).text) == seen[1]
    assert 'rel="prev"' not in browser.get("/").text


def test_the_list_is_filtered_by_state_result_and_number(make_site: MakeSite) -> None:
    browser = make_site(80).logged_in("read")
    assert numbers(browser.get("/?group=failed").text) == list(range(77, 0, -8))
    assert numbers(browser.get("/?outcome=refused").text) == list(range(74, 0, -8))
    assert numbers(browser.get("/?group=held&outcome=graded").text) == []
    assert numbers(browser.get("/?number=17").text) == [17]
    assert numbers(browser.get("/?number=900").text) == []
    for wrong in (
        "group=x",
        "outcome=x",
        "number=x",
        "before=-1",
        "after=%00",
        "number=" + "9" * 99,
    ):
        assert browser.get(f"/?{wrong}").status_code == 400


def test_no_patient_is_named_unless_the_config_says_so(site: Site) -> None:
    browser = site.logged_in("administer")
    for place in (*PLACES, "/study/1/result/1/report.html"):
        text = browser.get(place).text
        assert PATIENT not in text and "Amyloid PET</dd>" not in text
        if place != "/audit":  # PS3.15 A.5 demands PatientID in a message
            assert "4711" not in text
    assert browser.get("/?person=HONG").text.count("/study/") == 8  # nothing to search in


def test_patients_are_named_and_found_where_the_config_says_so(make_site: MakeSite) -> None:
    site = make_site(20, show_patients=True)
    browser = site.logged_in("read")
    text = browser.get("/").text
    assert PATIENT in text and "4711-20" in text
    assert numbers(browser.get("/?person=4711-1").text) == [*range(19, 9, -1), 1]
    assert numbers(browser.get("/?person=hong%5Eg&group=failed").text) == [13, 5]
    assert numbers(browser.get("/?person=%25").text) == []
    assert PATIENT in browser.get("/study/1").text
    assert [each for each in site.trail() if each[0] == "ASKED"] == [("ASKED", "read")]


def test_the_sight_of_a_study_and_of_its_report_is_kept_with_who(site: Site) -> None:
    browser = site.logged_in("read")
    browser.get("/study/1")
    browser.get("/study/1/result/1/report.html")
    assert site.trail() == [("LOGGED_IN", "read"), ("SEEN", "read"), ("SEEN", "read")]
    assert site.queue.worklist.audit()[-1].study_uid == "1.2.826.0.1.1"


def test_a_result_that_names_the_patient_is_not_shown(site: Site) -> None:
    folder = site.settings.data / "results/000001/study-000001"
    (folder / "report.pdf").write_bytes(b"%PDF")
    browser = site.logged_in("read")
    assert browser.get("/study/1/result/1/report.pdf").status_code == 404
    (folder / "report_unnamed.html").unlink()
    assert browser.get("/study/1/result/1/report.html").status_code == 404
    assert "names the patient" in browser.get("/study/1").text


def test_a_report_can_do_nothing_but_show_itself(site: Site) -> None:
    browser = site.logged_in("read")
    answer = browser.get("/study/1/result/1/report.html")
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("sandbox allow-scripts; default-src 'none'")
    assert "allow-same-origin" not in policy and "connect-src" not in policy
    assert 'sandbox="allow-scripts"' in browser.get("/study/1").text


@pytest.mark.parametrize("place", [
    "/study/1/result/1/../../../../users.json", "/study/1/result/1/report.html/../x",
    "/study/1/result/1/..%2f..%2fusers.json", "/study/1/result/2/report.html", "/study/0",
    "/study/999999999", "/study/99999999999999999999", "/study/1.0", "/study/-1", "/study/1%00",
    "//etc/passwd", "/..%2f..%2fetc%2fpasswd", "/study/1/result/1/result.json",
    "/results/000001/study-000001/report.html", "/users.json", "/study/%31%20", "/docs",
])  # fmt: skip
def test_no_path_leads_elsewhere(site: Site, place: str) -> None:
    answer = site.logged_in("administer").get(f"http://localhost:8043{place}")
    assert answer.status_code == 404 and "argon2" not in answer.text


def test_a_folder_of_the_database_that_leads_out_is_not_followed(site: Site) -> None:
    for name in ("report.html", "report_unnamed.html"):
        (site.settings.data.parent / name).write_text("secret")
    with site.queue.database.writing() as connection:
        connection.exec_driver_sql("UPDATE results SET folder = '..' WHERE number = 1")
    browser = site.logged_in("read")
    assert browser.get("/study/1/result/1/report.html").status_code == 404


def test_hostile_texts_stay_texts(make_site: MakeSite) -> None:
    site = make_site(8, show_patients=True)
    with site.queue.database.writing() as connection:
        hostile = "<script>alert(1)</script>\u202e{{ 7*7 }}"
        connection.exec_driver_sql(
            "UPDATE studies SET patient_name = ?, calling_title = ?, description = ?",
            (hostile, hostile, hostile),
        )
        connection.exec_driver_sql("UPDATE deliveries SET error = ?", (hostile,))
    browser = site.logged_in("administer")
    for place in ("/", "/study/5", "/errors"):
        text = browser.get(place).text
        assert "<script>alert" not in text and "\u202e" not in text and "49" not in text
        assert "&lt;script&gt;alert(1)" in text


# Names of people, machines and codes; and what a made finding says.
NAMES = (
    *("more than one grade is likely", "out of resources", "administer", "PET1", "inbox", "pacs"),
    *("study-000002", "--series", "11CPIB", "0xA700", "NAC", "AC", "one"),
)


@pytest.mark.parametrize("place", [*PLACES, "/study/1", "/study/5"])
def test_no_english_is_left_in_korean(site: Site, place: str) -> None:
    browser = site.logged_in("administer")
    korean, plain = (
        browser.get(place, headers={"Accept-Language": each}).text for each in ("ko-KR", "en")
    )
    korean = re.sub(r"<code>.*?</code>", "", korean)  # messages of the trail, in XML
    assert english(shown(korean), *NAMES) == [] and "검사" in korean
    assert len(english(shown(plain, "en"), *NAMES)) > 10


def test_the_language_that_was_chosen_is_kept(site: Site) -> None:
    browser = site.browser()
    assert "비밀번호" in browser.get("/login?language=ko").text
    assert "비밀번호" in browser.get("/login", headers={"Accept-Language": "en"}).text
    assert "Password" in browser.get("/login?language=en").text
    assert browser.get("/login?language=../../etc").status_code == 200


def test_every_answer_has_its_headers(site: Site) -> None:
    for place in ("/login", "/nothing", "/healthz", "/page.css", "/page.js"):
        headers = site.browser().get(place).headers
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cache-control"] == "no-store"
        assert "server" not in headers
    assert site.browser(base_url="http://evil.example:8043").get("/login").status_code == 400
