"""Studies graded by the workers of a cluster: the same table, to the byte."""

from pathlib import Path

import pytest

from monai_amyloid.grading.listing import list_named
from monai_amyloid.grading.options import OutputOptions
from monai_amyloid.grading.run import grade_studies
from monai_amyloid.phantom.cohorts.cohort import simulate
from monai_amyloid.work.cluster.choice import cluster_of

distributed = pytest.importorskip("distributed")


@pytest.mark.elsewhere
@pytest.mark.filterwarnings("ignore")
def test_a_cluster_gives_the_table_of_one_machine_and_goes_on_from_it(
    bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    simulate(tmp_path, 3)
    options = OutputOptions(report=False)
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address="127.0.0.1:0", host="127.0.0.1"
    ) as cluster:
        monkeypatch.chdir(tmp_path)  # no worker is there: relative paths are the command's
        studies = list_named([Path("scans")])
        address = cluster.scheduler_address.replace("127.0.0.1", "localhost")
        chosen = cluster_of(address)
        there = grade_studies(bundle, studies, Path("there"), options=options, cluster=chosen)
    here = grade_studies(bundle, studies, Path("here"), options=options)
    assert Path("there/results.csv").read_bytes() == Path("here/results.csv").read_bytes()
    again = grade_studies(bundle, studies, Path("there"), options=options)
    assert [each.seconds for each in again] == [each.seconds for each in there]
    assert [each.status for each in there] == [each.status for each in here]
    assert not list(Path("there").glob(".*"))
