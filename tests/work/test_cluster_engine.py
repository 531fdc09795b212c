"""Workers of a cluster that crash, fail, are killed or lose the scheduler; two real ones here."""

import os
import signal
import time
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from benchmarks.dask_processes import dask_processes
from monai_amyloid.errors import RunError
from monai_amyloid.work.cluster.choice import Cluster, engine_for
from monai_amyloid.work.engine import Crash

distributed = pytest.importorskip("distributed")
pytestmark = [
    pytest.mark.elsewhere,
    pytest.mark.skipif(os.name == "nt", reason="signals"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]


@pytest.fixture(scope="module")
def two_workers() -> Iterator[Any]:
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address="127.0.0.1:0", host="127.0.0.1"
    ) as cluster:
        yield cluster


def each(cluster: Any, folder: Path, make: Any, items: list[Any]) -> Iterator[tuple[int, Any]]:
    engine = engine_for(Cluster(address=cluster.scheduler_address), 2, folder)
    return engine.each(make, items)


def square_unless_hostile(number: int, log: Path) -> int:
    with (log / f"{number}-{os.getpid()}").open("w"):
        if number == 3:
            os._exit(11)  # as a decoder that crashes: no exception, no word
        if number == 5:
            raise ValueError("five")
        return number**2


def test_what_ends_its_process_is_a_crash_and_all_else_is_made(
    two_workers: Any, tmp_path: Path
) -> None:
    items = [0, 1, 2, 3, 4, 6, 7, 8, 9, 10]
    made = dict(each(two_workers, tmp_path, partial(square_unless_hostile, log=tmp_path), items))
    assert made == {place: Crash(11) if n == 3 else n**2 for place, n in enumerate(items)}
    assert [len(list(tmp_path.glob(f"{number}-*"))) for number in (2, 3, 4)] == [1, 2, 1]
    assert not list(tmp_path.glob(".*"))  # the job is put away


def test_an_exception_is_the_callers_and_shows_where_it_was_raised(
    two_workers: Any, tmp_path: Path
) -> None:
    make = partial(square_unless_hostile, log=tmp_path)
    with pytest.raises(ValueError, match="five") as caught:
        list(each(two_workers, tmp_path, make, [1, 5]))
    assert "in square_unless_hostile" in caught.value.__notes__[0]


def double(number: int) -> int:
    return 2 * number


def test_many_are_made_with_few_under_way(
    two_workers: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from monai_amyloid.work.cluster import engine

    under_way: list[tuple[int, int]] = []
    submit = engine._Run._submit

    def counted(run: Any, batch: Any) -> None:
        submit(run, batch)
        under_way.append((len(run.under_way), len(batch.places)))

    monkeypatch.setattr(engine._Run, "_submit", counted)
    made = dict(each(two_workers, tmp_path, double, list(range(2000))))
    assert made == {n: 2 * n for n in range(2000)}
    assert max(count for count, _ in under_way) <= 4
    assert under_way[0][1] == 1 and len(under_way) < 100


def note_and_wait(folder: Path) -> None:
    (folder / f"pid-{os.getpid()}").touch()
    try:
        time.sleep(60)
    except KeyboardInterrupt:
        (folder / f"ended-{os.getpid()}").touch()
        raise


def running(folder: Path) -> list[int]:
    return [int(path.name.removeprefix("pid-")) for path in folder.glob("pid-*")]


def test_who_stops_listening_ends_what_runs(two_workers: Any, tmp_path: Path) -> None:
    made = each(two_workers, tmp_path, first_and_then_wait, [None, *[tmp_path] * 2])
    next(iter(made))
    until = time.monotonic() + 20
    while not running(tmp_path) and time.monotonic() < until:
        time.sleep(0.05)
    made.close()  # type: ignore[attr-defined]
    assert running(tmp_path)
    assert {f"ended-{each}" for each in running(tmp_path)} == {
        path.name for path in tmp_path.glob("ended-*")
    }


def first_and_then_wait(folder: Path | None) -> None:
    if folder is not None:
        note_and_wait(folder)


def kill_the_worker(number: int, folder: Path) -> int:
    """Once for 1, as a node that fails; always for 2, as a study for which no node has memory."""
    if number == 2 or (number == 1 and not (folder / "killed").exists()):
        (folder / "killed").touch()
        os.kill(os.getppid(), signal.SIGKILL)
        time.sleep(60)
    return number


def test_a_worker_that_is_lost_is_not_the_items_fault_at_once(tmp_path: Path) -> None:
    import dask

    with (
        dask.config.set({"distributed.scheduler.allowed-failures": 0}),
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address="127.0.0.1:0", host="127.0.0.1"
        ) as cluster,
    ):
        make = partial(kill_the_worker, folder=tmp_path)
        assert dict(each(cluster, tmp_path, make, [0, 1, 2, 3])) == {
            0: 0, 1: 1, 2: Crash(None), 3: 3
        }  # fmt: skip


def test_a_folder_that_no_worker_sees_is_one_clear_error(
    two_workers: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from monai_amyloid.work.cluster import engine

    submit = engine._Run._submit

    def elsewhere(run: Any, batch: Any) -> None:
        run.job = replace(run.job, path=str(tmp_path / "elsewhere" / "job"), patience_s=0.0)
        submit(run, batch)

    monkeypatch.setattr(engine._Run, "_submit", elsewhere)
    with pytest.raises(RunError, match=r"does not see .*elsewhere as this machine does"):
        list(each(two_workers, tmp_path, double, [1]))


def test_no_scheduler_is_one_clear_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("monai_amyloid.work.cluster.scheduler._LONGEST_S", 1.0)
    engine = engine_for(Cluster(address="tcp://127.0.0.1:9"), 2, tmp_path)
    with pytest.raises(RunError, match=r"no scheduler answers at tcp://127\.0\.0\.1:9"):
        list(engine.each(double, [1]))


def kill_the_scheduler_once(number: int, scheduler: int) -> int:
    if number == 3:
        os.kill(scheduler, signal.SIGKILL)
        time.sleep(60)
    return number


def test_a_scheduler_that_is_lost_is_one_clear_error(tmp_path: Path) -> None:
    with dask_processes(tmp_path / "dask", 1) as dask:
        make = partial(kill_the_scheduler_once, scheduler=dask.scheduler.pid)
        made = []
        with pytest.raises(RunError, match=r"the scheduler was lost.*the same command goes on"):
            for place, _ in engine_for(Cluster(address=dask.address), 1, tmp_path).each(
                make, list(range(10))
            ):
                made.append(place)
    assert 0 in made and 3 not in made
    assert not list(tmp_path.glob(".*"))
