"""DICOM objects in a real viewer: python -m benchmarks.studies.dicom_viewer OHIF STUDY OBJECTS.

``npm pack @ohif/app@3.13.2`` and ``tar xzf`` give OHIF, in ``package/dist``. ``STUDY`` is a DICOM
study and ``OBJECTS`` the folder that ``infer --dicom --identify`` wrote of it. Its own Orthanc on
loopback takes both, a small server shows OHIF over its DICOMweb, and headless Chromium opens the
study, the segmentation of the read regions and the report. Needs the Debian packages orthanc,
orthanc-dicomweb and chromium-driver; ``--pictures FOLDER`` keeps what was seen.
"""

import argparse
import json
import shutil
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from benchmarks.figures import record

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests"))

from orthanc import DIRECT, running

SOURCE = {
    "namespace": "@ohif/extension-default.dataSourcesModule.dicomweb",
    "sourceName": "dicomweb",
    "configuration": {
        "friendlyName": "Orthanc",
        "name": "orthanc",
        **dict.fromkeys(("wadoUriRoot", "qidoRoot", "wadoRoot"), "/dicom-web"),
        "imageRendering": "wadors",
        "thumbnailRendering": "wadors",
        "enableStudyLazyLoad": True,
        "omitQuotationForMultipartRequest": True,
        "bulkDataURI": {"enabled": True},
    },
}
SETTINGS = {
    "routerBasename": None,
    "extensions": [],
    "modes": [],
    "customizationService": {},
    "showStudyList": True,
    "maxNumberOfWebWorkers": 2,
    "maxNumRequests": {"interaction": 20, "thumbnail": 5, "prefetch": 10},
    "investigationalUseDialog": {"option": "never"},
    "defaultDataSourceName": "dicomweb",
    "dataSources": [SOURCE],
}
# WebGL without a graphics card.
BROWSER = (
    "headless=new no-sandbox no-first-run disable-dev-shm-usage use-gl=angle use-angle=swiftshader "
    "enable-unsafe-swiftshader ignore-gpu-blocklist window-size=1500,950"
)
REGIONS, REPORT = "Regions that were read", "BAPL, Centiloid, SUVR"
SLICES_DOWN = 12  # from where OHIF opens a segmentation, to the ventricles
MOST_SECONDS = 90


class Viewer(SimpleHTTPRequestHandler):
    """OHIF's files, and the archive's DICOMweb under the same address."""

    def __init__(self, archive: str, *arguments: Any, **more: Any) -> None:
        self.archive = archive
        super().__init__(*arguments, **more)

    def do_GET(self) -> None:
        """Answer from the archive, with the settings, with a file, or with the one page."""
        if self.path.startswith("/dicom-web"):
            self._of_archive()
        elif self.path.startswith("/app-config.js"):
            self._answer(200, "text/javascript", f"window.config={json.dumps(SETTINGS)}".encode())
        else:
            name = self.path.partition("?")[0].lstrip("/")
            if not (Path(self.directory) / name).is_file():
                self.path = "/index.html"  # the viewer's own routes
            super().do_GET()

    def log_message(self, *_: Any) -> None:
        """Say nothing of requests."""

    def _of_archive(self) -> None:
        # The archive names its addresses by the host that was asked.
        headers = {"Accept": self.headers.get("Accept", "*/*"), "Host": self.headers["Host"]}
        address = self.archive + self.path
        request = urllib.request.Request(address, headers=headers)  # noqa: S310  loopback
        try:
            with DIRECT.open(request, timeout=60) as answer:
                self._answer(answer.status, answer.headers["Content-Type"], answer.read())
        except urllib.error.HTTPError as error:
            self._answer(error.code, "text/plain", error.read())

    def _answer(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class Page:
    """The viewer's page in a browser."""

    def __init__(self, scratch: str, pictures: Path | None) -> None:
        options = webdriver.ChromeOptions()
        for each in [*BROWSER.split(), f"user-data-dir={scratch}/browser"]:
            options.add_argument(f"--{each}")
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        options.binary_location = shutil.which("chromium") or ""
        driver = Service(shutil.which("chromedriver"))
        self.browser = webdriver.Chrome(options=options, service=driver)
        self.pictures = pictures

    @property
    def text(self) -> str:
        """All text that is seen."""
        return str(self.browser.execute_script("return document.body.innerText"))

    def wait(self, holds: Callable[[], bool], what: str) -> None:
        """Until something holds."""
        end = time.monotonic() + MOST_SECONDS
        while not holds():
            if time.monotonic() > end:
                raise TimeoutError(f"{what} was not seen in {MOST_SECONDS} s")
            time.sleep(0.2)

    def click(self, label: str, tag: str = "*", times: int = 1) -> None:
        """Click what bears a text, once it is there."""
        where = f"//{tag}[contains(text(), '{label}') or normalize-space()='{label}']"
        self.wait(lambda: bool(self.browser.find_elements(By.XPATH, where)), label)
        found = self.browser.find_element(By.XPATH, where)
        actions = ActionChains(self.browser)
        (actions.double_click(found) if times == 2 else actions.click(found)).perform()

    def keep(self, name: str) -> None:
        """Keep a picture of what is seen."""
        time.sleep(2)  # until the last slice is drawn
        if self.pictures is not None:
            self.browser.save_screenshot(self.pictures / f"{name}.png")


def look(page: Page, address: str, series: int) -> list[str]:
    """Open the study, the regions over the scan and the report; what the browser complains of."""
    page.browser.get(address)
    page.click("Skip all")  # the viewer's introduction
    page.wait(lambda: page.text.count("\nS:") >= series, f"{series} series")
    page.click(REGIONS, times=2)
    page.click("Yes", "button")  # open it
    page.wait(lambda: "Do you want to open" not in page.text, "the segmentation")
    for _ in range(SLICES_DOWN):
        ActionChains(page.browser).send_keys(Keys.ARROW_DOWN).perform()
        time.sleep(0.2)
    page.keep("viewer_regions")
    page.click(REPORT, times=2)
    page.wait(lambda: "Learnt from simulated scans, not tested on patients" in page.text, "report")
    page.keep("viewer_report")
    log = page.browser.get_log("browser")
    return [str(each["message"]) for each in log if each["level"] == "SEVERE"]


def main() -> None:
    """Say what was seen."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    for name in ("ohif", "study", "objects"):
        parser.add_argument(name, type=Path)
    parser.add_argument("--pictures", type=Path)
    options = parser.parse_args()
    objects = sorted(options.objects.glob("*.dcm"))
    with tempfile.TemporaryDirectory() as scratch, running(Path(scratch)) as archive:
        archive.stow([path for path in options.study.rglob("*") if path.is_file()])
        archive.stow(objects)
        [study] = json.loads(archive.get("/dicom-web/studies")[0])
        uid = study["0020000D"]["Value"][0]
        handler = partial(Viewer, f"http://127.0.0.1:{archive.web_port}", directory=options.ohif)
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        page = Page(scratch, options.pictures)
        try:
            address = f"http://127.0.0.1:{server.server_port}/viewer?StudyInstanceUIDs={uid}"
            errors = look(page, address, len(objects) + 1)
        finally:
            page.browser.quit()
            server.shutdown()
    print(f"{len(objects)} objects listed, regions and report seen, {len(errors)} errors", *errors)
    record("objects of a result that OHIF lists, its regions and report seen", len(objects))
    record("errors in OHIF's console", len(errors))


if __name__ == "__main__":
    main()
