"""A real MONAI Label server grades studies with an exported bundle, as the package itself does."""

import json
import os
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from monai_amyloid.grading.grader import Grader

ROOT = Path(__file__).resolve().parents[2]
ELSEWHERE = Path(os.environ.get("MONAI_AMYLOID_ELSEWHERE", ROOT / ".elsewhere"))
PYTHON = ELSEWHERE / "monai_label" / "bin" / "python"
MODEL = "amyloid_pet_bapl_classification"
SECONDS_TO_START = 180

pytestmark = pytest.mark.skipif(
    not PYTHON.exists(), reason=f"no MONAI Label at {PYTHON.parents[1]}; run `make elsewhere`"
)


@pytest.fixture(scope="module")
def clinic(studies: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The studies, where MONAI Label may write beside them, and an empty one."""
    folder = shutil.copytree(studies, tmp_path_factory.mktemp("label") / "병원 studies")
    (folder / "sub-empty").mkdir()
    return folder


@pytest.fixture(scope="module")
def port(bundle: Path, clinic: Path) -> Iterator[int]:
    """Port of a running server, whose model is the bundle."""
    app = shutil.copytree(ROOT / "scripts" / "monai_label", clinic.parent / "app")
    named = shutil.copytree(bundle, clinic.parent / MODEL)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        number = free.getsockname()[1]
    command = [PYTHON, app / "start_server.py", "start_server", "--app", app, "--studies", clinic]
    command += ["--conf", "bundle", named, "--host", "127.0.0.1", "--port", str(number)]
    with (clinic.parent / "server.log").open("w") as log:
        server = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, cwd=app)
    try:
        wait_for(server, number, clinic.parent / "server.log")
        yield number
    finally:
        server.terminate()
        server.wait(timeout=60)


def wait_for(server: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    """Return when the server answers; fail when it ends or does not answer in time."""
    end = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < end and server.poll() is None:
        try:
            return socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.5)
    pytest.fail(f"the server did not start:\n{log.read_text()[-3000:]}")


def ask(port: int, method: str, path: str) -> tuple[int, Any]:
    """Status and JSON of a request."""
    connection = HTTPConnection("127.0.0.1", port, timeout=300)
    connection.request(method, path)
    answer = connection.getresponse()
    return answer.status, json.loads(answer.read())


def infer(port: int, study: Path) -> tuple[int, Any]:
    return ask(port, "POST", f"/infer/{MODEL}?output=json&image={quote(str(study))}")


def test_server_lists_the_bundle_as_a_classification_into_three_grades(port: int) -> None:
    status, info = ask(port, "GET", "/info/")
    assert status == 200
    assert list(info["models"]) == [MODEL]
    assert info["models"][MODEL]["type"] == "classification"
    assert info["models"][MODEL]["labels"] == {"BAPL 1": 0, "BAPL 2": 1, "BAPL 3": 2}


@pytest.mark.parametrize("name", ["sub-0001", "sub-0002"])
def test_server_says_of_a_study_what_the_package_says(
    port: int, clinic: Path, bundle: Path, name: str
) -> None:
    status, said = infer(port, clinic / name)
    expected = Grader(bundle).grade(clinic / name).result
    assert status == 200
    scores = {one["label"]: one["score"] for one in said["prediction"]}
    chances = {f"BAPL {grade}": p for grade, p in (expected.probabilities or {}).items()}
    assert scores == pytest.approx(chances, abs=1e-4)
    assert said["bapl"] == expected.bapl
    assert said["status"] == expected.status
    assert said["prediction_set"] == list(expected.prediction_set or ())
    assert said["centiloid"] == pytest.approx(expected.centiloid, abs=1e-3)
    assert said["centiloid_interval"] == pytest.approx(expected.centiloid_interval, abs=1e-3)


def test_server_refuses_an_empty_study_in_one_line(port: int, clinic: Path) -> None:
    status, said = infer(port, clinic / "sub-empty")
    assert status == 422
    assert "the folder is empty" in said["detail"]
    assert "\n" not in said["detail"]


def test_server_names_nobody_where_it_refuses_a_study(port: int, clinic: Path) -> None:
    study = shutil.copytree(clinic / "sub-0001", clinic / "HONG_KILDONG")
    last = sorted(study.iterdir())[-1]
    last.rename(study / "홍길동.dcm")
    for file in sorted(study.iterdir())[1::2]:
        file.unlink()
    status, said = infer(port, study)
    assert status == 422 and "study" in said["detail"]
    assert not re.search("hong|kildong|홍길동", said["detail"], re.IGNORECASE)


def test_server_has_no_answer_for_a_study_that_is_not_there(port: int, clinic: Path) -> None:
    status, said = infer(port, clinic / "sub-9999")
    assert status == 404
    assert "no such study" in said["detail"]
