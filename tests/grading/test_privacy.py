"""Nothing tells who was scanned, in any file or line, unless that was asked for."""

import json
import re
import shutil
import subprocess
import time
import unicodedata
import zipfile
from pathlib import Path

import nibabel as nib
import numpy as np
import pydicom
import pytest
from commands import program
from hypothesis import given
from hypothesis import strategies as st

from monai_amyloid.findings.finding import Finding, Term, Uid, note, phrase, refusal, warning
from monai_amyloid.following.visits import Person, PlannedVisit
from monai_amyloid.grading.privacy import Privacy, finding_for_person
from monai_amyloid.pet.study import read_study
from monai_amyloid.result.result import Result

pytestmark = pytest.mark.slow

PLANTED = {
    "SpecificCharacterSet": "ISO_IR 192",
    "PatientName": "HONG^KILDONG=洪^吉童=홍^길동",
    "PatientID": "DA-0077120034",
    "PatientBirthDate": "19480229",
    "AccessionNumber": "ACC5599381",
    "OtherPatientIDs": ["4802291234567", "SEQ-66120"],
    "ReferringPhysicianName": "Quillfeather^Ottoline",
    "OperatorsName": ["Umberfield^Tansy", "Wexcombe^Ivo"],
    "InstitutionName": "Willowbrook Hospital",
    "SeriesDescription": "PET AC HONG KILDONG Willowbrook Hospital",
    "StudyDate": "20210517",
}
# As it is read: several values of one, a line each.
IDENTITY = {
    key: "\n".join(value) if isinstance(value, list) else value for key, value in PLANTED.items()
}
TELLING = re.compile(
    "hong|kildong|홍|길동|洪|吉童|77120034|1948.?02.?29|480229|ACC5599381|Quillfeather|2021.?05.?17"
    r"|66120|Tansy|Umberfield|Wexcombe|Willowbrook"
    r"|\d+\.\d+\.\d+\.\d+\.\d+",
    re.IGNORECASE,
)


def plant(study: Path, target: Path) -> Path:
    """The same study of a person who does not exist, in every header and name."""
    target.mkdir(parents=True)
    for number, file in enumerate(sorted(study.iterdir())):
        dataset = pydicom.dcmread(file)
        for keyword, value in PLANTED.items():
            setattr(dataset, keyword, value)
        dataset.save_as(target / f"홍길동_{dataset.SOPInstanceUID}_{number}.dcm")
    return target


@pytest.fixture(scope="module")
def clinic(studies: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive whose every name tells, with good studies and bad ones."""
    clinic = tmp_path_factory.mktemp("archive") / "HONG_KILDONG_DA-0077120034"
    good = plant(studies / "sub-0001", clinic / "1.2.840.99.77.5" / "PT 20210517")
    cut = shutil.copytree(good, clinic / "HongKildong 19480229" / "PT")
    for file in sorted(cut.iterdir())[::2]:
        file.unlink()
    broken = shutil.copytree(good, clinic / "길동 홍" / "PT")
    last = sorted(broken.iterdir())[-1]
    last.write_bytes(last.read_bytes()[:-5000])
    with zipfile.ZipFile(clinic / "0077120034.zip", "w") as archive:
        for file in good.iterdir():
            archive.write(file, f"홍길동/{file.name}")
    image = read_study(good)
    nib.save(nib.Nifti1Image(image.data, image.affine), clinic / "0077120034_HONG.nii.gz")
    sidecar = {"PatientName": "HONG^KILDONG", "TracerName": "florbetaben"}
    (clinic / "0077120034_HONG.json").write_text(json.dumps(sidecar))
    return clinic


@pytest.fixture(scope="module")
def run(bundle: Path, clinic: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A run over it by the command, and all that it printed."""
    output = tmp_path_factory.mktemp("results")
    named = sorted(path for path in clinic.iterdir() if path.suffix != ".json")
    done = program("infer", *named, "--bundle", bundle, "--output", output, "--workers", "1")
    assert done.returncode == 1, done.stderr
    return output, done.stdout + done.stderr


def texts_of(path: Path) -> str:
    """All text of a file: of a PDF what it shows and what stands beside, of HTML no pictures."""
    content = path.read_bytes()
    if path.suffix == ".pdf":
        # What is packed is no text, and by chance any short word stands in it.
        content = re.sub(rb"stream\r?\n.*?endstream", b"", content, flags=re.DOTALL)
        if program := shutil.which("pdftotext"):
            content += subprocess.run([program, path, "-"], capture_output=True, check=True).stdout
    text = content.decode("utf-8", "ignore")
    return re.sub(r"base64,[A-Za-z0-9+/=]+|initBrain.*?</script>", "", text, flags=re.DOTALL)


def test_no_file_and_no_line_tells_who_was_scanned(run: tuple[Path, str]) -> None:
    output, printed = run
    files = [path for path in output.rglob("*") if path.is_file()]
    assert {path.suffix for path in files} == {".json", ".csv", ".html", ".pdf", ".png", ".gz"}
    for path in files:
        text = texts_of(path) if path.suffix not in (".png", ".gz") else ""
        # A version in run.json is no UID.
        text = re.sub(r'"(versions|platform)": [^}]*', "", text)
        found = TELLING.search(f"{path.relative_to(output).as_posix()}\n{text}")
        assert found is None, (path.name, text[max(found.start() - 60, 0) : found.end() + 20])
    assert TELLING.search(printed) is None, printed


def test_the_map_holds_nothing_of_the_head_but_the_brain(run: tuple[Path, str]) -> None:
    files = list(run[0].glob("*/activation.nii.gz"))
    assert len(files) == 3
    for file in files:
        image = nib.load(file)
        values = np.asarray(image.dataobj)
        litres = (values > 0).sum() * np.prod(image.header.get_zooms()) / 1e6
        assert 0 < litres < 2.5 and values.max() <= 1
        assert not any(image.header[key].tobytes().strip(b"\0") for key in ("descrip", "db_name"))


def test_reasons_still_say_what_is_wrong(run: tuple[Path, str]) -> None:
    results = [json.loads(path.read_text("utf-8")) for path in run[0].glob("*/result.json")]
    assert sorted(result["status"] == "refused" for result in results) == [False] * 3 + [True] * 2
    reasons = " ".join(reason for each in results for reason in each["reasons"])
    assert re.search(r"study-000\d/PT", reasons) and "gap" in reasons
    assert all(each["patient"] is None for each in results)
    # `--series` takes the number.
    taken = " ".join(text for each in results for text in each["study"].get("series", ()))
    assert (
        taken.count("PT '")
        == len(re.findall(r"'PET AC …' \(\d+ images, number \d{6}\)", taken))
        == 2
    )


@pytest.mark.parametrize(
    "name",
    ["HONG_KILDONG", "kildonghong", "홍길동 PET", "길동홍", "DA-0077120034", "77120034",
     "x19480229", "1948-02-29", "PT_480229", "김민준", "1.2.840.113619.2.55.3", "20210517",
     "pet_2024-01-05", "1_2_840_113619_2_55", "SEQ 66120", "Tansy",
     unicodedata.normalize("NFD", "홍길동")],
)  # fmt: skip
def test_a_name_that_tells_is_known(name: str) -> None:
    assert Privacy(IDENTITY).tells(name)


@pytest.mark.parametrize(
    "name",
    ["sub-000123", "sub-01_ses-02", "뇌 PET", "visit 2", "scan", "FBB", "정상군", "1", "0000"],
)
def test_a_name_that_tells_nothing_is_kept(name: str) -> None:
    assert not Privacy(IDENTITY).tells(name)


@pytest.mark.parametrize(
    "identity",
    [{"PatientName": "PET^BRAIN"}, {"PatientName": "LEE^A"}, {"PatientID": "109"}, {}, None,
     {"PatientID": "0000"}, {"PatientID": "1"}, {"PatientID": "1234"}, {"PatientID": "00541001"},
     {"PatientName": "KIM^MIN"}, {"PatientName": "LONG^ASA"}, {"StudyDate": "20000101"},
     {"PatientName": "sub-0001", "PatientID": "sub-0001"}, {"PatientName": "AN^TO=.*=(("}],
)  # fmt: skip
def test_what_the_program_says_itself_is_never_changed(identity: dict[str, str] | None) -> None:
    found = refusal(
        "code",
        "no amyloid brain PET: {count} slices of {files}, {named} is {unit}, a long scan as a "
        "whole, 20 min after injection, {size:,} bytes",
        count=109,
        files=1234,
        named=Term("Units (0054,1001)"),
        unit=Term("MIN"),
        size=20000101,
    )
    result = Result(name="study-0001", status="refused", findings=(found,))
    assert Privacy(identity).clean_result(result, Path("in") / "x").findings == (found,)


def refused(*findings: Finding) -> Result:
    return Result(name="study-0001", status="refused", findings=findings)


def test_a_value_is_cleaned_by_what_it_is() -> None:
    study = Path("in") / "홍길동"
    part = phrase("part", "{label!r}", label="PT HONG KILDONG")
    said = refused(
        refusal(
            "code",
            "{parts} {uid} {name} {files}",
            where=study / "a" / "1.2.3.4.5.dcm",
            parts=(part, part),
            uid=Uid("1.2.840.113619"),
            name="Hong, Kildong",
            files=(study / "김민준.dcm", Path("elsewhere/Kim/IM_0012.dcm")),
        )
    )
    # Nothing need be known of the person.
    for identity in (IDENTITY, None):
        assert Privacy(identity).clean_result(said, study).reasons == (
            "study-0001/a/….dcm: 'PT …', 'PT …' … … study-0001/….dcm, …/IM_0012.dcm",
        )


@pytest.mark.parametrize(
    ("reason", "shown"),
    [
        ("{0}/scan.json: the sidecar is no JSON", "…/scan.json"),
        ("No such file: '{1}/a/김민준.dcm'", "No such file: …"),
        ("found PT 'x' (2 images), CT \"O'Brien 7712003\" (4", "found PT …"),
        ("(KeyError: C:\\data\\홍길동\\IM 3.dcm)", "(…: C:\\data\\…"),
        ("needed {1}/HONGKIL…", "…"),
        ("needed 'HONG KILD…", "…"),
    ],
)  # fmt: skip
def test_errors_of_other_libraries_tell_no_part_of_a_path(reason: str, shown: str) -> None:
    study = Path("/data/HONG KILDONG/HONG 1")
    for said in ("error", "text"):
        found = refusal("code", "{error}", error=reason.format(study.parent, study))
        [text] = Privacy(None).clean_result(refused(found), study).reasons
        assert shown[:1] in text and not re.search("hong|kild|brien|홍|김|7712", text.lower()), said


def test_a_result_keeps_of_the_header_what_this_program_made() -> None:
    study = {"tracer": "18FFBB", "source": "dicom", "series_instance_uid": "1.2", "odd": "HONG"}
    result = Result(name="study-0001", status="graded", study={**study, "suv_factor": 2.0})
    kept = Privacy(None).clean_result(result, Path("x")).study
    assert kept == {"tracer": "18FFBB", "source": "dicom", "suv_factor": 2.0}


@pytest.mark.parametrize("hostile", ["'a", "/", "a/", "1.", '"', "a.dcm", "x" * 50])
def test_an_endless_message_of_another_library_takes_no_time(hostile: str) -> None:
    began = time.perf_counter()
    result = refused(refusal("code", "{text}", text=hostile * 100_000))
    said = Privacy(IDENTITY).clean_result(result, Path("in") / "x")
    assert len(said.reasons[0]) < 5000 and time.perf_counter() - began < 2


def test_a_thousand_studies_keep_no_memory_and_take_seconds() -> None:
    began = time.perf_counter()
    for number in range(200):
        privacy = Privacy({**IDENTITY, "PatientID": f"{number}77120034"})
        assert privacy.tells(f"{number}77120034") and not privacy.tells("visit 2")
    assert time.perf_counter() - began < 1


@given(st.text(max_size=80), st.text(max_size=80))
def test_any_name_and_any_text_are_taken(name: str, text: str) -> None:
    privacy = Privacy({"PatientName": name * 200, "PatientID": name, "StudyDate": name})
    assert privacy.tells(name) in (True, False)
    result = refused(refusal("code", "{text}", text=text), note("series_code", "{text}", text=name))
    assert privacy.clean_result(result, Path(name.replace("\0", "") or "x")).patient is None


def test_scans_of_a_person_are_called_as_their_visits_unless_results_may_name_them() -> None:
    paths = [Path("/hospital/HONG GILDONG/1948"), Path("/hospital/HONG GILDONG/1950")]
    visits = tuple(
        PlannedVisit(path=path, name=f"visit-{number}", date=None, years=None, tracer=None,
                     series=None, tracer_is_really=False, content="")
        for number, path in enumerate(paths, start=1)
    )  # fmt: skip
    person = Person(name="person-0001", visits=visits)
    found = warning("code", "{file}; {files}; {other_file}", file=paths[1], files=tuple(paths),
                    other_file=Path("/hospital/HONG/HONG.dcm"))  # fmt: skip
    text = str(finding_for_person(found, person, identify=False))
    assert text == "visit-2; visit-1, visit-2; …/….dcm"
    assert finding_for_person(found, person, identify=True) == found
