"""From storescu to the PACS with the shipped bundle: the result, its change, and a refusal."""

from pathlib import Path
from typing import Any

import pydicom
import pytest

from benchmarks.fuzz.orthanc_server import PLUGIN, PROGRAM, STORESCU, Archive, send
from benchmarks.timing.node import PRIORS, Department

pytest.importorskip("highdicom")

pytestmark = [
    pytest.mark.elsewhere,
    pytest.mark.skipif(
        PROGRAM is None or STORESCU is None or not PLUGIN.is_file(),
        reason="no Orthanc here: install the Debian packages orthanc, orthanc-dicomweb and dcmtk",
    ),
]


def objects(pacs: Archive, study_uid: str) -> dict[str, dict[str, Any]]:
    """The node's objects in a study, as the PACS tells of them, by their Series Number's end."""
    found = {}
    for one in pacs.get("/instances?expand"):
        tags = pacs.get(f"/instances/{one['ID']}/simplified-tags")
        if tags["StudyInstanceUID"] == study_uid and tags.get("Manufacturer") == "monai-amyloid":
            number = int(tags["SeriesNumber"]) % 1000
            if number > 900:
                found[str(number)] = tags
    return found


def without_tracer(study: Path) -> None:
    for file in study.iterdir():
        image = pydicom.dcmread(file)
        image.pop("RadiopharmaceuticalInformationSequence", None)
        for name in ("SeriesDescription", "StudyDescription", "ProtocolName"):
            image.pop(name, None)
        image.save_as(file)


@pytest.mark.parametrize("prior", PRIORS)
def test_the_result_and_the_change_lie_in_the_persons_study(tmp_path: Path, prior: str) -> None:
    people = 2 if prior == "get" else 1
    department = Department(tmp_path, people, prior)
    if people == 2:
        without_tracer(department.later[1])
    department.node.start()
    try:
        assert send(department.pacs, sorted(department.earlier[0].iterdir()))
        uids = []
        for study in department.later:
            department.deliver(study)
            uids.append(str(pydicom.dcmread(next(study.iterdir())).StudyInstanceUID))
        graded = objects(department.pacs, uids[0])
        # Report, maps, segments, page, PDF, key images; and the change.
        assert {"901", "902", "903", "904", "905", "906", "907", "908", "909"} == {*graded}
        assert {one["PatientID"] for one in graded.values()} == {
            str(pydicom.dcmread(next(department.later[0].iterdir())).PatientID)
        }
        result = department.node.queue.worklist.results(1)[0]
        assert "node_changed_in_years" in {found.code for found in result.reason}
        if people == 2:
            assert {"903", "904", "910"} == {*objects(department.pacs, uids[1])}
    finally:
        department.end()
