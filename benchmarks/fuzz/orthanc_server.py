"""A real Orthanc on loopback, which can be killed and started again with what it had."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Any

import requests

PROGRAM = shutil.which("Orthanc", path=os.environ.get("PATH", "") + os.pathsep + "/usr/sbin")
# dcmtk's: pynetdicom has a slower one of the same name beside Python.
_ELSEWHERE = [each for each in os.environ.get("PATH", "").split(os.pathsep)
              if Path(each) != Path(sys.executable).parent]  # fmt: skip
STORESCU = shutil.which("storescu", path=os.pathsep.join(_ELSEWHERE))
PLUGIN = Path("/usr/share/orthanc/plugins/libOrthancDicomWeb.so")
START_S = 90.0
_LEAST_PORT, _PORTS = 20_000, 12_000
_NUMBERS = count(64 * os.getpid())


def free_port() -> int:
    """A port on loopback that nobody listens at, and that the system gives to nobody meanwhile.

    The ports that a system chooses itself, for whoever listens or connects, lie above 32768; each
    process begins elsewhere below, and goes on.
    """
    for number in _NUMBERS:
        port = _LEAST_PORT + number % _PORTS
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise AssertionError("numbers do not end")


class Archive:
    """A server with a title of its own.

    Args:
        folder: Folder of its archive.
        title: Application entity title.
        node_ports: Ports at which nodes await answers about storage commitment; the first is
            called NODE, the others NODE2 and so on.
    """

    def __init__(self, folder: Path, title: str, *node_ports: int) -> None:
        folder.mkdir(parents=True)
        self.folder, self.title = folder, title
        self.dicom_port, self.web_port = free_port(), free_port()
        self.url = f"http://127.0.0.1:{self.web_port}"
        nodes = {
            f"node{number}": [f"NODE{number if number > 1 else ''}", "127.0.0.1", port]
            for number, port in enumerate(node_ports, 1)
        }
        settings = {
            "Name": title,
            "StorageDirectory": str(folder / "archive"),
            "IndexDirectory": str(folder / "archive"),
            "Plugins": [str(PLUGIN)] if PLUGIN.is_file() else [],
            "HttpPort": self.web_port,
            "HttpBindAddresses": ["127.0.0.1"],
            "RemoteAccessAllowed": False,
            "AuthenticationEnabled": False,
            "DicomAet": title,
            "DicomPort": self.dicom_port,
            "DicomCheckCalledAet": True,
            "DicomAlwaysAllowStore": True,
            "DicomModalities": nodes,
            "StableAge": 1,
        }
        (folder / "orthanc.json").write_text(json.dumps(settings))
        self._session = requests.Session()
        self._session.trust_env = False
        self.process: subprocess.Popen[bytes] | None = None
        self.start()

    def start(self) -> None:
        """Start it with what it had, and do not wait."""
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [str(PROGRAM), self.folder / "orthanc.json"], stdout=log, stderr=log
            )

    def wait(self) -> None:
        """Wait until it answers."""
        end = time.monotonic() + START_S
        while True:
            try:
                self.get("/system")
                return
            except requests.RequestException:
                if time.monotonic() > end:
                    log = (self.folder / "log").read_text(errors="replace")
                    raise TimeoutError(f"Orthanc did not start: {log}") from None
                time.sleep(0.1)

    def end(self, *, kill: bool = False) -> None:
        """End it, as an administrator does or at once."""
        if self.process is not None:
            self.process.kill() if kill else self.process.terminate()
            self.process.wait(timeout=60)
            self.process = None

    def get(self, path: str) -> Any:
        """The answer of its REST interface."""
        answer = self._session.get(f"{self.url}{path}", timeout=30)
        answer.raise_for_status()
        return answer.json()

    def delete(self, path: str) -> None:
        """Delete something by its REST interface."""
        self._session.delete(f"{self.url}{path}", timeout=30).raise_for_status()

    def owners(self, modality: str) -> dict[str, list[str]]:
        """PatientID of every image of a modality, by Study Instance UID."""
        return self._of(modality, "PatientID")

    def images(self, modality: str) -> dict[str, list[str]]:
        """Series descriptions of every image of a modality, by Study Instance UID."""
        return self._of(modality, "SeriesDescription")

    def _of(self, modality: str, name: str) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for one in self.get("/instances?expand"):
            tags = self.get(f"/instances/{one['ID']}/simplified-tags")
            if tags["Modality"] == modality:
                found.setdefault(tags["StudyInstanceUID"], []).append(tags[name])
        return found


def send(archive: Archive, files: list[Path], title: str = "SCANNER") -> bool:
    """Send files by storescu, as a scanner does; whether all were taken."""
    to = ["-aet", title, "-aec", archive.title, "127.0.0.1", str(archive.dicom_port)]
    command = [str(STORESCU), "-to", "5", "-ta", "20", "-td", "20", *to, *files]
    try:
        return subprocess.run(command, capture_output=True, timeout=60).returncode == 0
    except subprocess.TimeoutExpired:  # a server that was killed in the middle
        return False
