"""Two real PACS: what storescu sends to one is graded and lies, committed, in the other."""

from pathlib import Path

import pytest

from benchmarks.fuzz.orthanc_server import PLUGIN, PROGRAM, STORESCU, Archive, free_port, send
from benchmarks.fuzz.small_studies import grade_small, settings, study, until, write
from monai_amyloid.node.queue.states import StudyState
from monai_amyloid.node.service import Node

pytestmark = [
    pytest.mark.elsewhere,
    pytest.mark.skipif(
        PROGRAM is None or STORESCU is None or not PLUGIN.is_file(),
        reason="no Orthanc here: install the Debian packages orthanc, orthanc-dicomweb and dcmtk",
    ),
]


def test_results_come_back_committed_through_restarts_and_a_wiped_log(tmp_path: Path) -> None:
    port = free_port()
    source = Archive(tmp_path / "source", "SOURCE")
    pacs = Archive(tmp_path / "pacs", "PACS", port)
    content = {
        "node": {"data": str(tmp_path / "data"), "name": "one", "title": "NODE",
                 "commitment_port": port},
        "orthanc": {"url": source.url, "poll_s": 0.2},
        "destination": [
            {"name": "pacs", "kind": "dimse", "host": "127.0.0.1", "port": pacs.dicom_port,
             "title": "PACS", "commitment": True, "retry_s": 0.5, "timeout_s": 5.0},
            {"name": "back", "kind": "dicomweb", "url": f"{source.url}/dicom-web",
             "retry_s": 0.5},
        ],
    }  # fmt: skip
    source.wait()
    pacs.wait()
    node = Node(settings(tmp_path, content), grade_small)
    node.start()
    try:
        first = write(study("first"), tmp_path / "first")
        assert send(source, first) and send(source, first)  # twice: one study
        until(lambda: node.queue.worklist.counts()[StudyState.SENT] == 1)
        source.end()
        source.start()
        source.wait()
        source.delete("/changes")
        assert send(source, write(study("second"), tmp_path / "second"))
        until(lambda: node.queue.worklist.counts()[StudyState.SENT] == 2)
        confirmed = ("pacs", "confirmed"), ("back", "sent")
        until(
            lambda: (
                {
                    (name, str(state)): count
                    for (name, state), count in node.queue.worklist.delivery_counts().items()
                }
                == dict.fromkeys(confirmed, 2)
            )
        )
    finally:
        node.stop()
    try:
        results = pacs.images("OT")
        assert sorted(results.values()) == [["3 images"], ["3 images"]]
        # The results that the node sent into its own source were never graded.
        assert source.images("OT") == results
        assert {each.calling_title for each in node.queue.worklist.studies()} == {"SCANNER"}
    finally:
        source.end()
        pacs.end()
