"""The queue loses nothing and doubles nothing, in both databases, whatever the clock says."""

import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import delete, text, update
from sqlalchemy.exc import DBAPIError

from monai_amyloid.errors import UserError
from monai_amyloid.findings.finding import doubt
from monai_amyloid.node.queue.arrived import Arrived, Position, TakenFile
from monai_amyloid.node.queue.leases import Leases
from monai_amyloid.node.queue.outcome import Graded, MadeObject, SendingPlan
from monai_amyloid.node.queue.queue import Queue
from monai_amyloid.node.queue.states import DeliveryState, StudyState
from monai_amyloid.node.queue.studies import Study
from monai_amyloid.node.queue.tables import audit


def arrived(study: str, number: int, digest: str = "", **changed: object) -> Arrived:
    made = Arrived(
        study_uid=study, series_uid=f"{study}.1", sop_uid=f"{study}.1.{number}", modality="PT",
        digest=digest or f"{study}-{number}", file=f"images/{study}-{number}", source="inbox",
        patient_id="4711", patient_name="HONG^GILDONG",
    )  # fmt: skip
    return replace(made, **changed)


def whole(queue: Queue, uid: str, count: int = 2) -> Study:
    """A study that waits to be graded."""
    queue.arrivals.add([arrived(uid, number) for number in range(count)])
    study = next(each for each in queue.worklist.studies() if each.study_uid == uid)
    assert queue.line.complete(study, "test")
    study = queue.worklist.study(study.number)
    assert queue.line.move(study, StudyState.WAITING)
    return queue.worklist.study(study.number)


def graded(queue: Queue, uid: str, *names: str, held: bool = False) -> int:
    """A study with a result, of which one object goes to each destination."""
    number = whole(queue, uid).number
    taken = queue.line.take("one")
    assert taken is not None and taken.number == number
    made = MadeObject(f"{uid}.9.{taken.revision}", "1.2", f"{uid}.9", Path("results/x.dcm"))
    result = Graded(status="graded", grade=2, centiloid=30.0, objects=(made,))
    assert queue.line.finish(taken, result, SendingPlan(names, held))
    return number


def state(queue: Queue, number: int) -> StudyState:
    return queue.worklist.study(number).state


def test_a_study_that_is_sent_twice_is_one_and_graded_once(queue: Queue) -> None:
    number = graded(queue, "1.1")
    assert queue.arrivals.add([arrived("1.1", 0), arrived("1.1", 1)]) == 0
    assert state(queue, number) == StudyState.GRADED
    assert len(queue.worklist.studies()) == 1


def test_late_images_supersede_the_result_and_what_was_not_sent_of_it(queue: Queue) -> None:
    number = graded(queue, "1.1", "pacs")
    assert queue.arrivals.add([arrived("1.1", 7)]) == 1
    study = queue.worklist.study(number)
    assert (study.state, study.revision, study.pet_instances) == (StudyState.RECEIVED, 2, 3)
    assert study.reason[0].code == "node_late_images"
    [result] = queue.worklist.results(number)
    assert not result.current
    [delivery] = queue.worklist.deliveries(result.number)
    assert delivery.state == DeliveryState.SUPERSEDED


def test_a_ct_that_comes_late_changes_no_result(queue: Queue) -> None:
    number = graded(queue, "1.1")
    queue.arrivals.add([arrived("1.1", 8, modality="CT", file=None)])
    assert state(queue, number) == StudyState.GRADED


def test_an_image_that_comes_while_it_is_completed_keeps_the_study_open(queue: Queue) -> None:
    queue.arrivals.add([arrived("1.1", 1)])
    [study] = queue.worklist.studies()
    queue.arrivals.add([arrived("1.1", 2)])
    assert not queue.line.complete(study, "test")


def test_a_result_of_images_that_are_no_longer_all_is_not_kept(queue: Queue) -> None:
    number = whole(queue, "1.1").number
    taken = queue.line.take("one")
    queue.arrivals.add([arrived("1.1", 9)])
    assert taken is not None
    assert not queue.line.finish(taken, Graded(status="graded"), SendingPlan())
    assert not queue.worklist.results(number)


def test_the_order_is_of_arrival_and_priority_although_the_clock_goes_backwards(
    queue: Queue,
) -> None:
    numbers = [whole(queue, f"1.{each}").number for each in range(4)]
    queue.decisions.set_priority(numbers[2], "reader", 5)
    order = [taken.number for _ in range(4) if (taken := queue.line.take("one"))]
    assert order == [numbers[2], numbers[0], numbers[1], numbers[3]]
    assert queue.line.take("one") is None


def test_a_node_that_is_gone_loses_its_study_and_its_late_answer_is_not_kept(
    queue: Queue,
) -> None:
    number = whole(queue, "1.1").number
    taken = queue.line.take("gone")
    now = 0.0
    other = Leases(queue.database, "one", lease_s=60.0, monotonic=lambda: now)
    other.beat()
    now = 59.0
    other.beat()
    assert queue.line.take("one") is None
    now = 61.0
    other.beat()
    again = queue.line.take("one")
    assert taken is not None and again is not None and again.number == number
    assert not queue.line.finish(taken, Graded(status="graded"), SendingPlan())
    assert queue.line.finish(again, Graded(status="graded"), SendingPlan())


def test_a_node_that_lives_keeps_its_study_and_a_duty_has_one_node(queue: Queue) -> None:
    whole(queue, "1.1")
    queue.line.take("two")
    clock = [0.0]
    one = Leases(queue.database, "one", monotonic=lambda: clock[0])
    two = Leases(queue.database, "two", monotonic=lambda: clock[0])
    assert two.has_duty("send") and not one.has_duty("send")
    for clock[0] in (50.0, 100.0, 150.0):
        two.beat()
        one.beat()
    assert queue.line.take("one") is None and not one.has_duty("send")
    two.let_go()
    assert queue.line.take("one") is not None and one.has_duty("send")


def test_a_study_on_which_processes_end_fails_after_some(queue: Queue) -> None:
    number = whole(queue, "1.1").number
    for times in (1, 2):
        taken = queue.line.take("one")
        assert taken is not None
        assert queue.line.ended(taken, "signal SIGSEGV", 2) == (times == 2)
    assert state(queue, number) == StudyState.FAILED


def test_a_position_is_kept_with_its_images_or_not_at_all(queue: Queue) -> None:
    broken = arrived("1.1", 1, study_uid=None)
    with pytest.raises(DBAPIError):
        queue.arrivals.add([broken], source="o", position=Position(7, "x"))
    assert queue.arrivals.position("o") == Position(0) and not queue.worklist.studies()
    queue.arrivals.add([arrived("1.1", 1)], source="o", position=Position(7, "x"))
    assert queue.arrivals.position("o") == Position(7, "x")


def test_a_file_is_taken_once_as_it_is(queue: Queue) -> None:
    file = TakenFile("/inbox/a.dcm", 10, 99)
    queue.arrivals.add([], taken=[file])
    assert queue.arrivals.is_taken(file)
    assert not queue.arrivals.is_taken(TakenFile("/inbox/a.dcm", 11, 99))


def test_the_state_of_a_study_follows_from_its_deliveries(queue: Queue) -> None:
    number = graded(queue, "1.1", "a", "b")
    a, b = queue.deliveries.next("a"), queue.deliveries.next("b")
    assert a is not None and b is not None
    queue.deliveries.sent(a)
    assert state(queue, number) == StudyState.GRADED
    for times in (1, 2, 3):
        b = queue.deliveries.next("b")
        assert b is not None
        assert queue.deliveries.not_taken(b, "status A900", 3) == (times == 3)
    assert state(queue, number) == StudyState.FAILED
    [(study, failed)] = queue.worklist.errors()
    assert (study, failed.error) == (number, "status A900")
    queue.decisions.send_again(failed.number, "reader")
    again = queue.deliveries.next("b")
    assert again is not None and again.attempts == 0
    queue.deliveries.sent(again)
    assert state(queue, number) == StudyState.SENT
    for delivery in (a, again):
        queue.deliveries.asked(replace(delivery, state=DeliveryState.SENT), f"9.{delivery.number}")
        queue.deliveries.confirmed(f"9.{delivery.number}", all_kept=True, most=3)
    assert state(queue, number) == StudyState.CONFIRMED


def test_what_a_destination_lost_is_sent_again(queue: Queue) -> None:
    number = graded(queue, "1.1", "a")
    delivery = queue.deliveries.next("a")
    assert delivery is not None
    queue.deliveries.sent(delivery)
    queue.deliveries.asked(replace(delivery, state=DeliveryState.SENT), "9.9")
    queue.deliveries.confirmed("9.9", all_kept=False, most=3)
    assert state(queue, number) == StudyState.GRADED
    again = queue.deliveries.next("a")
    assert again is not None and again.attempts == 1
    queue.deliveries.confirmed("of nobody", all_kept=True, most=3)
    assert state(queue, number) == StudyState.GRADED


def test_a_held_result_waits_for_a_person(queue: Queue) -> None:
    number = graded(queue, "1.1", "a", held=True)
    assert state(queue, number) == StudyState.HELD and queue.deliveries.next("a") is None
    queue.decisions.send(number, "reader")
    assert state(queue, number) == StudyState.GRADED and queue.deliveries.next("a")
    queue.decisions.hold(number, "reader")
    assert state(queue, number) == StudyState.HELD and queue.deliveries.next("a") is None
    queue.decisions.ignore(number, "reader")
    assert state(queue, number) == StudyState.IGNORED
    with pytest.raises(UserError, match="cannot be sent"):
        queue.decisions.send(number, "reader")


def test_grading_again_supersedes_and_keeps_the_earlier_result(queue: Queue) -> None:
    number = graded(queue, "1.1", "a")
    queue.decisions.grade_again(number, "reader", series="AC", tracer="florbetaben")
    study = queue.worklist.study(number)
    assert (study.state, study.series, study.tracer) == (StudyState.COMPLETE, "AC", "18FFBB")
    queue.line.move(study, StudyState.WAITING)
    taken = queue.line.take("one")
    assert taken is not None
    queue.line.finish(
        taken, Graded(status="needs_reader", reason=(doubt("d", "x"),)), SendingPlan()
    )
    newest, earlier = queue.worklist.results(number)
    assert newest.current and not earlier.current and newest.images == earlier.images
    with pytest.raises(UserError, match="needed one such as"):
        queue.decisions.grade_again(number, "reader", tracer="water")


def test_images_that_were_removed_and_come_again_are_here_again(queue: Queue) -> None:
    number = graded(queue, "1.1")
    with queue.database.writing() as connection:
        connection.execute(text("UPDATE studies SET files_removed = true"))
    with pytest.raises(UserError, match="removed"):
        queue.decisions.grade_again(number, "reader")
    queue.arrivals.add([arrived("1.1", 0)])
    assert state(queue, number) == StudyState.GRADED
    assert not queue.worklist.study(number).files_removed


def test_the_audit_trail_tells_who_did_what_and_cannot_be_changed(queue: Queue) -> None:
    number = graded(queue, "1.1", "a", held=True)
    queue.decisions.saw(number, "reader")
    queue.decisions.send(number, "reader")
    delivery = queue.deliveries.next("a")
    assert delivery is not None
    queue.deliveries.sent(delivery)
    entries = queue.worklist.audit()
    assert [(each.event, each.who) for each in entries] == [
        ("RECEIVED", "one"), ("MADE", "one"), ("SEEN", "reader"), ("CHANGED", "reader"),
        ("SENT", "one"),
    ]  # fmt: skip
    for change in (update(audit).values(who="nobody"), delete(audit)):
        with pytest.raises(DBAPIError, match="append-only"), queue.database.writing() as connection:
            connection.execute(change)
    message = ET.fromstring(entries[-1].message)  # noqa: S314 (our own)
    code = message.find("EventIdentification/EventID")
    assert code is not None and code.get("csd-code") == "110104"
    users = [each.get("UserID") for each in message.findall("ActiveParticipant")]
    assert users == ["one", "a"]
    found = message.findall("ParticipantObjectIdentification")
    assert [each.get("ParticipantObjectID") for each in found] == ["1.1", "4711"]


def test_a_study_that_is_graded_again_may_have_the_same_objects(queue: Queue) -> None:
    number = graded(queue, "1.1", "a")
    queue.decisions.grade_again(number, "reader")
    queue.line.move(queue.worklist.study(number), StudyState.WAITING)
    taken = queue.line.take("one")
    assert taken is not None
    same = MadeObject("1.1.9.1", "1.2", "1.1.9", Path("results/y.dcm"))
    result = Graded(status="graded", objects=(same,))
    assert queue.line.finish(taken, result, SendingPlan(("a",)))
    delivery = queue.deliveries.next("a")
    assert delivery is not None and queue.deliveries.objects(delivery) == [same]


def test_an_own_object_is_known_by_its_uid(queue: Queue) -> None:
    graded(queue, "1.1")
    assert queue.arrivals.own(["1.1.9.1", "1.2.3"]) == {"1.1.9.1"}
