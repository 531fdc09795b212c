"""What a monitor is told, and who is told more."""

import shutil
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from monai_amyloid.node.operating.standing import (
    StandingReader,
    StandingWriter,
    standing_file,
)
from monai_amyloid.node.sending.sender import DestinationStatus

from .conftest import MakeSite, Site


def stand(site: Site, troubles: dict[str, str], *away: str) -> None:
    file = standing_file(site.settings.data, site.settings.name)
    there = [DestinationStatus(each, "no answer", 3.0) for each in away]
    StandingWriter(file).write(troubles, there)


def health(site: Site) -> tuple[int, list[str]]:
    site.application._application.state.site.state._at = float("-inf")
    answer = site.browser("192.0.2.1").get("/healthz")
    assert (answer.json()["status"] == "ok") == (answer.status_code == 200)
    return answer.status_code, answer.json()["troubles"]


def test_whoever_asks_learns_the_kind_of_trouble_and_no_more(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert health(site) == (503, ["not_running"])
    stand(site, {})
    assert health(site) == (200, [])
    stand(site, {"orthanc": "OrthancAwayError"}, "pacs")
    assert health(site) == (503, ["part", "destination"])
    monkeypatch.setattr("monai_amyloid.node.receiving.room.Room.is_there", lambda self: False)
    standing_file(site.settings.data, site.settings.name).unlink()
    assert health(site) == (503, ["disk_full"])
    with site.queue.database.writing() as connection:
        connection.exec_driver_sql("ALTER TABLE studies RENAME TO gone")
    assert "database" in health(site)[1]


def test_people_see_what_does_not_work(site: Site) -> None:
    browser = site.logged_in("read")
    assert "The node does not run" in browser.get("/").text
    assert "The node does not run" not in site.browser().get("/login").text


def test_a_node_that_gives_no_signs_of_life_does_not_run(tmp_path: Path) -> None:
    now, file = [0.0], tmp_path / "standing.json"
    reader, writer = StandingReader(file, lambda: now[0]), StandingWriter(file)
    assert not reader.read().running
    writer.write({"inbox": "OSError"}, [])
    assert reader.read().running and reader.read().troubles == {"inbox": "OSError"}
    now[0] = 15.0
    assert reader.read().running
    now[0] = 25.0
    assert not reader.read().running
    writer.write({}, [])
    assert reader.read().running
    for broken in (b"", b"[]", b'{"beat": 1}', b'{"beat": 1, "troubles": 3, "destinations": []}'):
        file.write_bytes(broken)
        assert not reader.read().running
    writer.close()
    assert not reader.read().running and not file.exists()


def numbers(text: str) -> dict[Any, float]:
    return {
        (
            sample.name.removeprefix("monai_amyloid_node_"),
            *sorted(sample.labels.values()),
        ): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_numbers_are_those_of_the_queue(site: Site) -> None:
    stand(site, {}, "pacs")
    found = numbers(site.browser().get("/metrics").text)
    assert found["studies", "held"] == 2 and found["studies", "confirmed"] == 1
    assert found["deliveries", "failed", "pacs"] == 1
    assert found["destination_away", "pacs"] == 1 and found["well",] == 1
    assert found["free_bytes",] == pytest.approx(
        shutil.disk_usage(site.settings.data).free, rel=0.2
    )


def test_numbers_are_for_this_machine_or_for_the_token(make_site: MakeSite, tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("a long token\n")
    site = make_site(metrics_token_file=str(file))
    near, far = site.browser(), site.browser("192.0.2.1")
    assert near.get("/metrics").status_code == 200
    assert near.get("/metrics", headers={"X-Forwarded-For": "192.0.2.1"}).status_code == 403
    assert far.get("/metrics").status_code == 403
    for sent, status in (("Bearer a long token", 200), ("Bearer a long", 403), ("Bearer", 403),
                         ("Basic a long token", 403), ("bearer a long token ", 200)):  # fmt: skip
        assert far.get("/metrics", headers={"Authorization": sent}).status_code == status
