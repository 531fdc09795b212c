"""The commands of the node: a broken config is one line, a node ends in order."""

import signal
import sys
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from benchmarks.fuzz.small_studies import grade_small, study, until, write
from monai_amyloid.cli import app
from monai_amyloid.node.service import Node

CONFIG = """
[node]
data = "data"
name = "one"
[inbox]
folder = "inbox"
settle_s = 0
[complete]
study_quiet_s = 0.2
[retention]
least_free_mb = 0
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    (tmp_path / "inbox").mkdir()
    file = tmp_path / "node.toml"
    file.write_text(CONFIG)
    return file


def command(*arguments: object) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["node", *map(str, arguments)])
    return done.exit_code, done.output + ("" if done.exception is None else str(done.exception))


@pytest.mark.slow
def test_a_config_that_works_is_checked_and_changes_nothing(config: Path) -> None:
    status, text = command("check", config)
    assert status == 0 and "ok: the bundle is whole" in text
    assert not (config.parent / "data").exists()


def test_what_does_not_answer_is_named(config: Path) -> None:
    config.write_text(
        CONFIG.replace('"inbox"', '"away"')
        + '[orthanc]\nurl = "http://127.0.0.1:9"\n'
        + '[[destination]]\nname = "pacs"\nkind = "dimse"\nhost = "127.0.0.1"\nport = 9\n'
        + 'title = "PACS"\ntimeout_s = 1\n'
    )
    status, text = command("check", config)
    assert status and text.count("not ok: ") == 3
    for part in ("found no folder", "does not answer as one", "pacs does not answer"):
        assert part in text


def test_a_command_needs_a_config_or_both_folders(config: Path) -> None:
    assert command("run")[0] == 2
    assert command("run", config, "--inbox", config.parent)[0] == 2
    assert "found no queue" in command("show", config)[1]


@pytest.mark.slow
def test_the_worklist_is_shown_and_backed_up_while_the_node_runs(config: Path) -> None:
    from monai_amyloid.node.config import read_settings

    write(study("ct", Modality="CT"), config.parent / "inbox")
    node = Node(read_settings(config), grade_small)
    node.start()
    try:
        until(lambda: "ignored" in command("show", config)[1])
        status, text = command("backup", config, config.parent / "backup")
        assert status == 0 and "names patients" in text
        assert "another run" in command("restore", config, config.parent / "backup")[1]
    finally:
        node.stop()
    assert command("restore", config, config.parent / "backup")[0] == 0


@pytest.mark.elsewhere
def test_a_node_of_two_folders_ends_in_order_by_sigterm(tmp_path: Path) -> None:
    import subprocess

    inbox, output = tmp_path / "inbox", tmp_path / "output"
    write(study("ct", Modality="CT"), inbox)
    run = [sys.executable, "-c", "from monai_amyloid.cli import main; main()", "node", "run"]
    process = subprocess.Popen([*run, "--inbox", inbox, "--output", output])
    log = output / "log" / "node.jsonl"
    until(lambda: log.is_file() and "received" in log.read_text(), 60)
    begin = time.monotonic()
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=30) == 143 and time.monotonic() - begin < 20
    assert '"event": "stopped"' in log.read_text()
    assert output.stat().st_mode & 0o077 == 0
