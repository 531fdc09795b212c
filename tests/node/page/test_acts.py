"""What people decide reaches the queue, with who; what others make a browser send does not."""

import re
import threading

import pytest

from monai_amyloid.errors import UserError
from monai_amyloid.node.page.study import possible
from monai_amyloid.node.queue.decisions import POSSIBLE
from monai_amyloid.node.queue.states import DeliveryState, StudyState
from monai_amyloid.pet.dicom.membership.gathering import series_number

from .conftest import MakeSite, Site, act, token

S = StudyState


def state(site: Site, number: int) -> StudyState:
    return site.queue.worklist.study(number).state


@pytest.mark.parametrize(("number", "name", "after"), [
    (1, "send", S.GRADED), (3, "release", S.COMPLETE), (6, "hold", S.HELD), (5, "hold", S.HELD),
    (5, "ignore", S.IGNORED), (8, "grade_again", S.COMPLETE), (7, "release", S.COMPLETE),
])  # fmt: skip
def test_a_decision_reaches_the_queue_with_who(
    site: Site, number: int, name: str, after: StudyState
) -> None:
    browser = site.logged_in("operate")
    assert f'action="/study/{number}/{name}"' in browser.get(f"/study/{number}").text
    answer = act(browser, f"/study/{number}/{name}")
    assert answer.headers["location"] == f"/study/{number}" and state(site, number) == after
    assert ("CHANGED", "operate") in site.trail()
    assert "It is done." in browser.get(f"/study/{number}").text
    assert "It is done." not in browser.get(f"/study/{number}").text


def test_what_is_offered_can_be_done_and_what_is_not_cannot(make_site: MakeSite) -> None:
    queue = make_site(40).queue
    acts = ("release", "grade_again", "send", "hold", "ignore")
    assert set(acts) == set(POSSIBLE)
    tried = 0
    for number in range(1, 41):  # five of each kind: each act is tried on a fresh one
        name = acts[(number - 1) // 8]
        study = queue.worklist.study(number)
        result = queue.worklist.current_results([number]).get(number)
        there = queue.worklist.deliveries(result.number) if result else []
        offered = name in possible(study, result, there)
        try:
            getattr(queue.decisions, name)(number, "reader")
            done = True
        except UserError:
            done = False
        assert done == offered, (number, name)
        tried += offered
    assert tried > 10


def test_one_of_two_pets_is_picked(site: Site) -> None:
    browser = site.logged_in("operate")
    text = browser.get("/study/2").text
    choices = re.findall(r'name="series" value="(\d+)"', text)
    expected = [series_number(f"1.2.826.0.3.2.{each}") for each in (0, 1)]
    assert choices == expected
    assert act(browser, "/study/2/grade_again", series="12345").status_code == 400
    act(browser, "/study/2/grade_again", series=choices[1], tracer="18FFBB")
    study = site.queue.worklist.study(2)
    assert (study.state, study.series, study.tracer) == (S.COMPLETE, choices[1], "18FFBB")
    assert 'name="series"' not in browser.get("/study/8").text


def test_a_delivery_is_sent_again(site: Site) -> None:
    browser = site.logged_in("operate")
    assert "out of resources" in browser.get("/errors").text
    assert act(browser, "/delivery/5/send_again").headers["location"] == "/study/5"
    [delivery] = site.queue.worklist.deliveries(5)
    assert delivery.state == DeliveryState.PENDING and "/study/5" not in browser.get("/errors").text
    assert act(browser, "/delivery/77/send_again").status_code == 404


def test_a_priority_is_set(site: Site) -> None:
    browser = site.logged_in("operate")
    act(browser, "/study/4/set_priority", priority="7")
    assert site.queue.worklist.study(4).priority == 7
    for wrong in ("", "x", "1e9", "99999", "7; DROP TABLE studies"):
        assert act(browser, "/study/4/set_priority", priority=wrong).status_code == 400


def test_a_role_may_do_no_more_than_it_says(site: Site) -> None:
    reader, operator = site.logged_in("read"), site.logged_in("operate")
    assert 'action="/study/1/send"' not in reader.get("/study/1").text
    assert act(reader, "/study/1/send").status_code == 403 and state(site, 1) == S.HELD
    assert act(reader, "/delivery/5/send_again").status_code == 403
    assert reader.get("/audit").status_code == operator.get("/audit").status_code == 403
    assert site.trail().count(("ALERT", "read")) == 3
    assert site.logged_in("administer").get("/audit").status_code == 200


def test_a_form_of_another_site_does_nothing(site: Site) -> None:
    browser, other = site.logged_in("operate"), site.logged_in("operate")
    right = token(browser, "/")
    headers = ({"Origin": "http://evil.example"}, {"Origin": "null"}, {"Origin": "http://["},
               {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"})  # fmt: skip
    for each in headers:
        answer = browser.post("/study/1/send", data={"token": right}, headers=each)
        assert answer.status_code == 403
    for wrong in ("", right[:-1], token(other, "/"), right.upper()):
        assert browser.post("/study/1/send", data={"token": wrong}).status_code == 403
    assert browser.get("/study/1/send").status_code == 405
    assert state(site, 1) == S.HELD and ("ALERT", "operate") in site.trail()
    same = {"Origin": "http://localhost:8043", "Sec-Fetch-Site": "same-origin"}
    assert browser.post("/study/1/send", data={"token": right}, headers=same).status_code == 303


def test_forms_that_are_none_are_refused(site: Site) -> None:
    browser = site.logged_in("operate")
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    tries = (
        (415, {"json": {"token": "x"}}),
        (415, {"files": {"token": b"x"}}),
        (413, {"content": b"a=" + b"x" * 20_000, "headers": kind}),
        (400, {"content": b"a=%ff", "headers": kind}),
        (400, {"content": "a=\u00e9".encode(), "headers": kind}),
        (400, {"content": b"&".join(b"a%d=1" % n for n in range(99)), "headers": kind}),
        (400, {"content": b"token=a&token=b", "headers": kind}),
        (400, {"content": b"token=a%00", "headers": kind}),
        (403, {"content": b"", "headers": kind}),
    )
    for status, sent in tries:
        assert browser.post("/study/1/send", **sent).status_code == status, sent
    assert state(site, 1) == S.HELD


def test_a_decision_that_comes_too_late_is_told_in_words(site: Site) -> None:
    first, second = site.logged_in("operate"), site.logged_in("operate")
    act(first, "/study/1/send")
    act(second, "/study/1/send")
    assert "That cannot be done now." in second.get("/study/1").text
    assert site.trail().count(("CHANGED", "operate")) == 1


def test_two_people_who_decide_at_once_decide_once(site: Site) -> None:
    browsers = [site.logged_in("operate") for _ in range(4)]
    forms = [{"token": token(each, "/")} for each in browsers]
    threads = [
        threading.Thread(target=each.post, args=("/study/1/send",), kwargs={"data": form})
        for each, form in zip(browsers, forms, strict=True)
    ]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert site.trail().count(("CHANGED", "operate")) == 1 and state(site, 1) == S.GRADED


def test_what_goes_wrong_is_one_sentence_and_a_line_of_the_log(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = site.logged_in("read")

    def broken(*_: object) -> None:
        raise ZeroDivisionError("HONG^GILDONG")

    monkeypatch.setattr(site.queue.worklist, "current_results", broken)
    answer = browser.get("/")
    assert answer.status_code == 500 and "That went wrong" in answer.text
    assert "HONG" not in answer.text and "Traceback" not in answer.text
    log = site.log.read_text()
    assert "ZeroDivisionError" in log and "HONG" not in log
    monkeypatch.undo()
    with site.queue.database.writing() as connection:
        connection.exec_driver_sql("ALTER TABLE studies RENAME TO gone")
    answer = browser.get("/")
    assert answer.status_code == 503 and "cannot be read or written" in answer.text
