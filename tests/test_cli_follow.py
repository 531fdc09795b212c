"""What a person sees who follows a patient at the command line."""

import csv
import shutil
from pathlib import Path

import pydicom
import pytest
from commands import program as run

from benchmarks.fuzz.planting import DIGITS, WORD
from benchmarks.fuzz.searching import found_below, found_in
from monai_amyloid.result.followed import read_followed

pytestmark = pytest.mark.slow
PLANTED = {
    "PatientName": f"{WORD}^Ann",
    "PatientID": DIGITS,
    "PatientBirthDate": "19480229",
    "StudyDescription": f"amyloid of {WORD}",
    "SeriesDescription": f"PET AC {WORD}",
    "ReferringPhysicianName": f"{WORD}^Doctor",
    "ManufacturerModelName": WORD,
}


@pytest.fixture(scope="module")
def visits(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two DICOM studies of one patient, whose headers and folders tell who that is."""
    from monai_amyloid.phantom.cohorts.cohort import simulate
    from monai_amyloid.phantom.cohorts.plan import Plan

    folder = tmp_path_factory.mktemp("in")
    plan = Plan(seed=3, sites=("site-1",), sessions=2)
    simulate(folder, 1, plan, form="dicom")
    studies = []
    for number, study in enumerate(sorted((folder / "scans").iterdir())):
        for file in study.iterdir():
            dataset = pydicom.dcmread(file)
            for keyword, value in PLANTED.items():
                setattr(dataset, keyword, value)
            dataset.save_as(file)
        studies.append(study.rename(folder / f"{WORD} {number}"))
    return studies


@pytest.fixture(scope="module")
def done(bundle: Path, visits: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the whole program writes of both."""
    output = tmp_path_factory.mktemp("out")
    ended = run("follow", *visits, "--bundle", bundle, "--output", output, "--cleared", "11,25x2")
    (output / "said.txt").write_text(f"{ended.returncode}\n{ended.stdout}\n{ended.stderr}")
    return output


def test_two_studies_of_a_patient_are_one_line_and_one_report(done: Path) -> None:
    status, line, *_ = (done / "said.txt").read_text(encoding="utf-8").splitlines()
    assert status == "0" and line.startswith("person-0001: Centiloid ")
    assert " in 2.0 years, " in line and line.endswith("(below 11, or twice in a row below 25)")
    person = done / "person-0001"
    assert {each.name for each in person.iterdir()} == {
        *("follow.html", "follow.json", "follow.pdf", "visit-1", "visit-2")
    }
    followed = read_followed(person)
    assert followed is not None and followed.is_whole and followed.overall is not None
    [row] = csv.DictReader((done / "follow.csv").read_text(encoding="utf-8-sig").splitlines())
    assert float(row["change"]) == pytest.approx(followed.overall.centiloid, rel=1e-3)
    assert followed.overall.regions["cortex"].interval[0] < followed.overall.regions["cortex"].suvr


def test_nothing_that_tells_who_was_scanned_leaves(done: Path, visits: list[Path]) -> None:
    assert found_below(done) == {}
    said = (done / "said.txt").read_text(encoding="utf-8").replace(str(done), "")
    assert found_in(said) == [] and "2000-01-01" not in said
    dates = [path for path in done.rglob("*.json") if b"2000-01-01" in path.read_bytes()]
    assert dates == [] and found_in(visits[0].name) != []


def test_a_finished_person_is_not_repeated_and_a_prior_is_the_same(
    bundle: Path, done: Path, visits: list[Path], tmp_path: Path
) -> None:
    output = shutil.copytree(done, tmp_path / "out")
    before = (output / "person-0001" / "follow.json").read_bytes()
    time = (output / "person-0001" / "follow.json").stat().st_mtime_ns
    again = run("follow", *visits[::-1], "--bundle", bundle, "--output", output,
                "--cleared", "11,25x2")  # fmt: skip
    assert again.returncode == 0, again.stderr
    assert (output / "person-0001" / "follow.json").stat().st_mtime_ns == time
    prior = run("infer", visits[1], "--prior", visits[0], "--bundle", bundle,
                "--output", output, "--no-report")  # fmt: skip
    assert prior.returncode == 0 and "person-0001: Centiloid " in prior.stdout
    first, second = read_followed(done / "person-0001"), read_followed(output / "person-0001")
    assert first is not None and second is not None and first.changes == second.changes
    assert before != (output / "person-0001" / "follow.json").read_bytes()


def test_one_refused_visit_costs_the_others_nothing_but_the_status(
    bundle: Path, visits: list[Path], tmp_path: Path
) -> None:
    broken = shutil.copytree(visits[1], tmp_path / "broken")
    for number, file in enumerate(sorted(broken.iterdir())):
        dataset = pydicom.dcmread(file)
        dataset.SeriesInstanceUID = dataset.StudyInstanceUID = "1.2.3"
        dataset.save_as(file)
        if number % 2:  # a slice is missing beside each
            file.unlink()
    done = run("follow", *visits, broken, "--bundle", bundle, "--output", tmp_path / "out",
               "--no-report", "--workers", "1")  # fmt: skip
    assert done.returncode == 1, done.stderr
    [line] = [each for each in done.stdout.splitlines() if each.startswith("person-0001")]
    assert "change " in line and "; refused: visit-" in line


@pytest.mark.parametrize(
    ("arguments", "status", "why"),
    [
        (["one", "two"], 1, "these are scans of two patients"),
        (["one", "one"], 1, "which is named twice"),
        (["one", "there"], 2, "no such file or folder: there"),
        (["one", "--cleared", "below 24"], 2, "needed a Centiloid such as 24.1"),
        (["one", "--doses", "there.tsv"], 2, "no such table"),
        (["one", "two", "--date", "2020-01-01"], 2, "found 1 --date for 2 studies"),
        (["one", "--dicom"], 2, "--identify"),
        (["one", "--output", "one"], 2, "is the study itself"),
    ],
)
def test_what_cannot_be_followed_is_said_before_any_work(
    bundle: Path, studies: Path, tmp_path: Path, arguments: list[str], status: int, why: str
) -> None:
    for name, study in (("one", "sub-0001"), ("two", "sub-0002")):
        shutil.copytree(studies / study, tmp_path / name)
    before = sorted(tmp_path.rglob("*"))
    options = [] if "--output" in arguments else ["--output", "out"]
    done = run("follow", *arguments, *options, "--bundle", bundle, folder=tmp_path)
    assert done.returncode == status and why in done.stderr
    assert sorted(tmp_path.rglob("*")) == before
