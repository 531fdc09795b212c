"""Commands over a real Slurm of two nodes, one of which fails, give the tables of one machine.

``MONAI_AMYLOID_SLURM_PEOPLE=60`` takes as many scans, and a quarter of an hour.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pandas as pd
import pytest
from loopback_slurm import Slurm, loopback_slurm, missing

ROOT = Path(__file__).resolve().parents[2]
PEOPLE, FOLDS = int(os.environ.get("MONAI_AMYLOID_SLURM_PEOPLE", "15")), 5
LONGEST_S = 60 * PEOPLE
CROSSVAL = [
    *("--config-file", "configs/train.json", "--config-file", "configs/resnet50_3d.json"),
    *("--folds", str(FOLDS), "--set", "spacing_mm=8"),
    *("--set", "max_epochs=1", "--set", "device=cpu"),
]
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(bool(missing()), reason=missing()),
]
pytest.importorskip("dask_jobqueue", reason="pip install 'monai-amyloid[cluster]'")


@pytest.fixture(scope="module")
def slurm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Slurm]:
    with loopback_slurm(tmp_path_factory.mktemp("slurm")) as started:
        (started.folder / "cluster.toml").write_text(
            'workers = 2\nmemory = "3 GB"\ntime = "01:00:00"\ninterface = "lo"\n'
        )
        yield started


@pytest.fixture(scope="module")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("cohort")
    run("simulate", place, "--participants", str(PEOPLE), "--seed", "0", "--workers", "2")
    table = pd.read_csv(place / "participants.tsv", sep="\t", dtype=str, keep_default_na=False)
    table["bapl"] = [1 + number % 3 for number in range(len(table))]
    table.to_csv(place / "participants.tsv", sep="\t", index=False)
    return place


@pytest.fixture(scope="module")
def prepared(cohort: Path) -> Path:
    run("prepare", cohort, "--output", cohort / "prepared", "--no-contact-sheet")
    return cohort / "prepared"


def start(*arguments: str | Path, environment: dict[str, str]) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", "from monai_amyloid.cli import main; main()", *map(str, arguments)],
        cwd=ROOT,
        env={**environment, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def run(*arguments: str | Path) -> None:
    with start(*arguments, environment=dict(os.environ)) as process:
        _, errors = process.communicate(timeout=LONGEST_S)
    assert process.returncode in (0, 1), errors[-3000:]


def run_while_a_node_fails(slurm: Slurm, made: str, output: Path, *arguments: str | Path) -> None:
    """Run a command over Slurm, and kill a node when the first thing is made, which comes back."""
    chosen = ["--cluster", f"slurm:{slurm.folder / 'cluster.toml'}"]
    with start(*arguments, *chosen, environment=slurm.environment) as process:
        until = time.monotonic() + LONGEST_S
        while not list(output.glob(made)) and process.poll() is None and time.monotonic() < until:
            time.sleep(0.1)
        assert process.poll() is None, process.stderr.read()[-3000:]
        ours = [process.pid, *slurm.processes_of("n1"), *slurm.processes_of("n2")]
        assert {address for each in ours for address in listening(each)} == {"127.0.0.1"}
        slurm.kill_node("n2")
        slurm.start_node("n2")
        _, errors = process.communicate(timeout=LONGEST_S)
    assert process.returncode in (0, 1), errors[-3000:]
    assert "Traceback" not in errors
    assert not list(output.glob(".*.partial"))


def listening(process: int) -> set[str]:
    """Addresses at which a process waits for others."""
    held = set()
    for place in Path(f"/proc/{process}/fd").glob("*"):
        with suppress(OSError):
            held.add(str(place.readlink()))
    found = set()
    for table, size in (("tcp", 8), ("tcp6", 32)):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            words = line.split()
            if words[3] == "0A" and f"socket:[{words[9]}]" in held:
                address = bytes.fromhex(words[1][:size])
                found.add(".".join(str(byte) for byte in address[::-1]) if size == 8 else "IPv6")
    return found


def test_studies_are_graded_as_on_one_machine(slurm: Slurm, cohort: Path, tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    infer = ["infer", cohort / "scans", "--no-report", "--output"]
    run(*infer, here)
    run_while_a_node_fails(slurm, "*/result.json", there, *infer, there)
    assert (there / "results.csv").read_bytes() == (here / "results.csv").read_bytes()


def test_scans_are_prepared_as_on_one_machine(
    slurm: Slurm, cohort: Path, prepared: Path, tmp_path: Path
) -> None:
    there = tmp_path / "there"
    prepare = ["prepare", cohort, "--no-contact-sheet", "--output", there]
    run_while_a_node_fails(slurm, "scans/*.row.json", there, *prepare)
    names = ["participants.tsv", *(f"scans/{path.name}" for path in prepared.glob("scans/*.nii*"))]
    assert len(names) == 1 + PEOPLE
    for name in names:
        assert (there / name).read_bytes() == (prepared / name).read_bytes(), name


def test_folds_are_trained_as_on_one_machine(slurm: Slurm, prepared: Path, tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    crossval = ["crossval", *CROSSVAL, "--dataset-dir", prepared, "--output-dir"]
    run(*crossval, here)
    run_while_a_node_fails(slurm, "fold*/checkpoint.pt", there, *crossval, there)
    for fold in range(FOLDS):
        name = f"fold{fold}/predictions.tsv"
        assert (there / name).read_bytes() == (here / name).read_bytes(), name
    assert (there / "evaluation.tsv").read_bytes() == (here / "evaluation.tsv").read_bytes()
