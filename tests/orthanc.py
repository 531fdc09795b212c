"""A real PACS, Orthanc, of a test's own."""

import email.parser
import email.policy
import json
import os
import shutil
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

import pydicom
from pydicom.dataset import Dataset
from pydicom.uid import generate_uid

from benchmarks.fuzz.orthanc_server import free_port

PLUGIN = Path("/usr/share/orthanc/plugins/libOrthancDicomWeb.so")
START_SECONDS = 60.0  # a busy machine of two cores takes three
DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def free_ports() -> tuple[int, int]:
    return free_port(), free_port()


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


@contextmanager
def running(folder: Path) -> Iterator[Pacs]:
    """An Orthanc with an empty archive in a folder, ended in the end.

    FileNotFoundError: if a Debian package is not installed.
    """
    program = shutil.which("Orthanc", path=os.environ.get("PATH", "") + os.pathsep + "/usr/sbin")
    if program is None or not PLUGIN.is_file():
        missing = "orthanc" if program is None else "orthanc-dicomweb"
        raise FileNotFoundError(f"no Orthanc here: install the Debian package {missing}")
    server = Pacs(program, folder)
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
