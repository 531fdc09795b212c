"""What people look at, a page at a time, in both databases."""

from monai_amyloid.node.queue.queue import Queue
from node.test_queue import arrived, graded


def numbers(queue: Queue, **asked: object) -> list[int]:
    return [each.number for each in queue.worklist.studies(**asked)]


def test_studies_are_found_by_result_person_and_page(queue: Queue) -> None:
    for number in range(1, 6):
        graded(queue, f"1.{number}")
    queue.arrivals.add([arrived("2.1", 0, patient_id="a%_b", patient_name="KIM^MINSU")])
    assert numbers(queue) == [6, 5, 4, 3, 2, 1]
    assert numbers(queue, before=4, limit=2) == [3, 2]
    assert numbers(queue, after=2, limit=2) == [4, 3]
    assert numbers(queue, outcome="graded") == [5, 4, 3, 2, 1]
    assert numbers(queue, outcome="refused") == []
    assert numbers(queue, person="minsu") == numbers(queue, person="%_") == [6]
    assert numbers(queue, person="gildong", after=3) == [5, 4]
    assert numbers(queue, person="' OR 1=1 --") == []
    queue.decisions.grade_again(3, "reader")  # its result no longer counts
    assert numbers(queue, outcome="graded") == [5, 4, 2, 1]


def test_series_deliveries_and_the_trail_are_found(queue: Queue) -> None:
    number = graded(queue, "1.1", "pacs", held=True)
    assert sum(queue.worklist.pet_series(number).values()) == 2
    assert queue.worklist.pet_series(99) == {}
    [result] = queue.worklist.results(number)
    [delivery] = queue.worklist.deliveries(result.number)
    assert queue.worklist.study_of_delivery(delivery.number) == number
    assert queue.worklist.study_of_delivery(99) is None
    found = queue.deliveries.one(delivery.number)
    queue.deliveries.not_taken(found, "no", 1)
    assert [each.number for _, each in queue.worklist.errors()] == [delivery.number]
    assert queue.worklist.errors(before=delivery.number) == []
    trail = queue.worklist.audit()
    assert queue.worklist.newest_audit() == trail[::-1]
    assert queue.worklist.newest_audit(before=trail[-1].number, limit=1) == [trail[-2]]
