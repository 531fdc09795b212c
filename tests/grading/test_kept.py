"""What a run keeps of its results: little, and enough for the same table and page."""

from dataclasses import replace
from pathlib import Path

import pytest

from monai_amyloid.errors import RunError
from monai_amyloid.findings.finding import note, warning
from monai_amyloid.grading.many.kept import GradedStudies, KeptResult, Listed, Shelf
from monai_amyloid.grading.many.looks import LookTimes
from monai_amyloid.report.summary.page import write_summary_page
from monai_amyloid.result.result import Result, rounded, write_result
from monai_amyloid.result.result_table import write_results
from monai_amyloid.result.same_scan import SameScans

WHOLE = Result(
    name="s",
    status="graded",
    findings=(note("series_one", "one series"), warning("noise", "noise {cv:.0%}", cv=0.2)),
    grade=3,
    prediction_set=(3,),
    probabilities={1: 0.1, 2: 0.2, 3: 0.7},
    centiloid=80.5,
    centiloid_interval=(70.0, 91.0),
    suvr={"cortex": 1.5, "frontal": 1.4, "putamen_left": 1.7},
    z_scores={"cortex": 3.0, "frontal": 2.0},
    adjusted={"centiloid": 82.0},
    explanation={"frontal_left": 1.0},
    study={"tracer": "18FFBB", "series_instance_uid": "1.2"},
    model={"name": "m", "learnt_from": "simulated"},
    seconds={"read": 0.5, "network": 1.0},
)
REFUSED = Result(name="r", status="refused", findings=(warning("noise", "noise"),))
NO_TWINS = SameScans(())


def many(count: int) -> list[Result]:
    return [
        replace(
            WHOLE if number % 3 else REFUSED, name=f"s{number}", made_from={"scan": f"{number}"}
        )
        for number in range(count)
    ]


def listed(results: list[Result], shelf: Shelf, sites: dict[str, str] | None = None) -> Listed:
    kept = [KeptResult.of(each) for each in results]
    for each in kept:
        shelf.put(each)
    same = SameScans((each.name, each.scan) for each in kept)
    return Listed(kept, shelf, same, sites or {})


def test_table_and_page_are_those_of_the_whole_results(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    results, earlier = many(7), [replace(WHOLE, name="of before")]
    write_results(results, tmp_path / "whole.csv", earlier)
    write_summary_page(results, tmp_path / "whole.html", "ko", earlier)
    monkeypatch.setattr("monai_amyloid.result.result_table._ROWS", 2)
    shelf = Shelf(tmp_path)
    write_results(listed(results, shelf), tmp_path / "kept.csv", listed(earlier, shelf))
    write_summary_page(listed(results, shelf), tmp_path / "kept.html", "ko", listed(earlier, shelf))
    shelf.close()
    for name in ("csv", "html"):
        assert (tmp_path / f"kept.{name}").read_bytes() == (tmp_path / f"whole.{name}").read_bytes()
    assert not list(tmp_path.glob(".*"))


def test_a_result_on_the_shelf_is_no_longer_in_memory(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    [kept] = listed([replace(WHOLE, made_from={"scan": "a"})], shelf).kept
    assert kept.content == b"" and kept.seconds == 1.5
    found = shelf.read(kept)
    assert (found.centiloid, found.explanation, found.study) == (80.5, None, {"tracer": "18FFBB"})
    assert [str(each) for each in found.findings] == ["noise 20%"]


def test_twins_and_sites_are_said_of_what_is_listed_alone(tmp_path: Path) -> None:
    twins = [replace(WHOLE, name=name, made_from={"scan": "a"}) for name in ("one", "two")]
    shelf = Shelf(tmp_path)
    found = [*listed(twins, shelf, {"two": "site-1"})]
    assert [len(each.warnings) for each in found] == [2, 2]
    assert [each.study.get("site") for each in found] == [None, "site-1"]
    assert all(len(shelf.read(each).warnings) == 1 for each in listed(twins, shelf).kept)


def test_results_come_from_the_disk_and_what_it_did_not_take_from_memory(tmp_path: Path) -> None:
    written, shelf = replace(WHOLE, name="w", made_from={"scan": "a"}), Shelf(tmp_path)
    (tmp_path / "w").mkdir()
    write_result(written, tmp_path / "w")
    kept = [KeptResult.of(written), KeptResult.of(REFUSED)]
    for each in kept:
        shelf.put(each)
    results = GradedStudies(kept, tmp_path, NO_TWINS, LookTimes())
    assert results[0] == rounded(written) and results[-1].status == "refused"
    (tmp_path / "w" / "result.json").unlink()
    with pytest.raises(RunError, match="run the same command again"):
        results[0]
