"""A real PACS, Orthanc, takes the DICOM results and gives them back as they were."""

import email.parser
import email.policy
import json
import os
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.uid import generate_uid

pytest.importorskip("highdicom")

from pet.vendors import make_truth, write_classic
from report.dicom_results import Written, run_program

pytestmark = pytest.mark.slow

PLUGIN = Path("/usr/share/orthanc/plugins/libOrthancDicomWeb.so")
START_SECONDS = 60.0  # a busy machine of two cores takes three
DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def free_ports() -> tuple[int, int]:
    with socket.socket() as one, socket.socket() as other:
        for probe in (one, other):
            probe.bind(("127.0.0.1", 0))
        return one.getsockname()[1], other.getsockname()[1]


class Pacs:
    """An Orthanc of our own, with an empty archive, on this machine's loopback alone."""

    def __init__(self, program: str, folder: Path) -> None:
        self.dicom_port, self.web_port = free_ports()
        settings = {
            "Name": "test",
            "StorageDirectory": str(folder / "archive"),
            "IndexDirectory": str(folder / "archive"),
            "Plugins": [str(PLUGIN)],
            "HttpPort": self.web_port,
            "HttpBindAddresses": ["127.0.0.1"],
            "RemoteAccessAllowed": False,
            "AuthenticationEnabled": False,
            "DicomAet": "ARCHIVE",
            "DicomPort": self.dicom_port,
            "DicomCheckCalledAet": True,
            "DefaultEncoding": "Utf8",  # of its answers to searches
            "SyncStorageArea": False,  # nothing is kept: do not wait for the disk
            "DicomWeb": {"Enable": True, "Root": "/dicom-web/"},
        }
        (folder / "orthanc.json").write_text(json.dumps(settings))
        self.log = folder / "orthanc.log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [program, folder / "orthanc.json"], stdout=log, stderr=log, cwd=folder
            )

    def wait(self) -> None:
        """Until it answers."""
        give_up = time.monotonic() + START_SECONDS
        while time.monotonic() < give_up and self.process.poll() is None:
            try:
                self.get("/dicom-web/studies")
                return
            except (urllib.error.URLError, ConnectionError):
                time.sleep(0.1)
        raise AssertionError(f"Orthanc did not start: {self.log.read_text(errors='replace')}")

    def get(self, path: str, accept: str = "application/dicom+json") -> tuple[bytes, str]:
        """The answer to a request, and its content type."""
        address = f"http://127.0.0.1:{self.web_port}{path}"
        request = urllib.request.Request(address, headers={"Accept": accept})
        with DIRECT.open(request, timeout=30) as answer:
            return answer.read(), answer.headers["Content-Type"]

    def stow(self, files: list[Path]) -> int:
        """Store files by STOW-RS (PS3.18 10.5); how many it took."""
        mark = generate_uid()
        parts = [
            f"--{mark}\r\nContent-Type: application/dicom\r\n\r\n".encode()
            + file.read_bytes()
            + b"\r\n"
            for file in files
        ]
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.web_port}/dicom-web/studies",
            data=b"".join(parts) + f"--{mark}--\r\n".encode(),
            headers={
                "Content-Type": f'multipart/related; type="application/dicom"; boundary={mark}',
                "Accept": "application/dicom+json",
            },
        )
        with DIRECT.open(request, timeout=60) as answer:
            said = json.load(answer)
        assert not said["00081198"].get("Value"), said  # Failed SOP Sequence
        return len(said["00081199"]["Value"])

    def wado(self, path: str) -> list[Dataset]:
        """Read back by WADO-RS (PS3.18 10.4)."""
        accept = 'multipart/related; type="application/dicom"; transfer-syntax=*'
        body, kind = self.get(f"/dicom-web{path}", accept)
        message = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(
            f"Content-Type: {kind}\r\n\r\n".encode() + body
        )
        parts = [part.get_payload(decode=True) for part in message.iter_parts()]
        return [pydicom.dcmread(BytesIO(part)) for part in parts]


@pytest.fixture(scope="module")
def pacs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pacs]:
    program = shutil.which("Orthanc", path=os.environ.get("PATH", "") + os.pathsep + "/usr/sbin")
    if program is None or not PLUGIN.is_file():
        missing = "orthanc" if program is None else "orthanc-dicomweb"
        pytest.skip(f"no Orthanc here: install the Debian package {missing}")
    server = Pacs(program, tmp_path_factory.mktemp("orthanc"))
    try:
        server.wait()
        yield server
    finally:
        server.process.terminate()
        try:
            server.process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            server.process.kill()
            server.process.wait()


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Written:
    folder = tmp_path_factory.mktemp("dicom")
    patient = {"PatientName": "KIM^MINJUN=金^敏俊=김^민준", "PatientID": "환자-7"}
    study = write_classic(make_truth(angles=(12, -7, 5)), folder / "study", **patient)
    return Written(study, folder / "written")


def path_of(image: Dataset) -> str:
    return (
        f"/studies/{image.StudyInstanceUID}/series/{image.SeriesInstanceUID}"
        f"/instances/{image.SOPInstanceUID}"
    )


def assert_given_back(pacs: Pacs, written: Written) -> None:
    """What the archive gives is, value by value, what was written."""
    for file in written.files:
        ours = pydicom.dcmread(file)
        (theirs,) = pacs.wado(path_of(ours))
        assert theirs == ours
        assert theirs.file_meta.TransferSyntaxUID == ours.file_meta.TransferSyntaxUID


def test_what_is_sent_by_c_store_is_given_back_by_wado(pacs: Pacs, written: Written) -> None:
    archive = "-aec", "ARCHIVE", "127.0.0.1", str(pacs.dicom_port)
    done = run_program("dcmtk", "storescu", "--required", *archive, *written.files)
    assert done.returncode == 0, done.stderr
    assert_given_back(pacs, written)


def test_what_is_sent_by_stow_is_given_back_by_wado(pacs: Pacs, written: Written) -> None:
    # In another language: new objects beside those of the first test.
    korean = written.again(written.folder.with_name("korean"), language="ko")
    assert pacs.stow(korean.files) == len(korean.files) == 8
    assert_given_back(pacs, korean)


def test_the_same_result_sent_twice_adds_nothing(pacs: Pacs, written: Written) -> None:
    pacs.stow(written.files)
    before = json.loads(pacs.get("/statistics", "application/json")[0])
    again = written.again(written.folder.with_name("again"))
    assert pacs.stow(again.files) == 8
    after = json.loads(pacs.get("/statistics", "application/json")[0])
    assert (after["CountInstances"], after["CountSeries"]) == (
        before["CountInstances"],
        before["CountSeries"],
    )
    assert_given_back(pacs, written)


def test_source_and_results_are_together_in_one_study_of_one_patient(
    pacs: Pacs, written: Written
) -> None:
    sources = [file for file in (written.folder.parent / "study").rglob("*") if file.is_file()]
    assert pacs.stow(sources + written.files) == len(sources) + 8
    (study,) = json.loads(pacs.get("/dicom-web/studies")[0])
    uid = str(written.source[0].StudyInstanceUID)
    assert study["0020000D"]["Value"] == [uid]
    assert study["00100010"]["Value"][0]["Phonetic"] == "김^민준"
    found = json.loads(pacs.get(f"/dicom-web/studies/{uid}/series")[0])
    modalities = {one["0020000E"]["Value"][0]: one["00080060"]["Value"][0] for one in found}
    ours = [pydicom.dcmread(file) for file in written.files]
    together = [modalities[str(one.SeriesInstanceUID)] for one in (written.source[0], *ours)]
    assert together == ["PT", "SR", "SEG", "OT", "DOC", "SEG", "OT", "OT", "KO"]


def test_the_archive_draws_the_page(pacs: Pacs, written: Written) -> None:
    from PIL import Image

    pacs.stow(written.files)
    page = written["page_sc"]
    drawn, _ = pacs.get(f"/dicom-web{path_of(page)}/rendered", "image/png")
    np.testing.assert_array_equal(np.asarray(Image.open(BytesIO(drawn))), page.pixel_array)
