"""Fixtures for every room's tests."""

import os
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import settings

from monai_amyloid.work.progress import Progress

CONFIGS = Path(__file__).resolve().parents[1] / "configs"
CONFIGS_3D = [CONFIGS / "train.json", CONFIGS / "resnet50_3d.json"]
# The files that take longest, longest first: the one that begins last keeps the other process idle.
LONGEST = ("tests/brain/test_wrong_input.py", "tests/test_shipped_bundle.py",
           "tests/test_cli_follow.py", "tests/explore/test_exploration.py",
           "tests/pet/test_fuzzing.py", "tests/cohort/test_prepare.py",
           "tests/pet/test_vendors.py", "tests/learning/test_training.py",
           "tests/phantom/test_leaks.py", "tests/bundle/test_verbs.py")  # fmt: skip
# Random examples of a test that does not say how many; more of them find rarer faults. How long
# one takes says how busy the machine is, and nothing about the code.
EXAMPLES = int(os.environ.get("MONAI_AMYLOID_EXAMPLES", "100"))
settings.register_profile("as many as asked for", max_examples=EXAMPLES, deadline=None)
settings.load_profile("as many as asked for")
AMYLOID = {1: 0.0, 2: 0.5, 3: 1.0}  # part of the positive template in each grade


class CountedProgress(Progress):
    """A progress that keeps what is reported to it: the total, then ``made`` or ``kept``."""

    def __init__(self) -> None:
        self.reports: list[object] = []

    def start(self, total: int) -> None:
        self.reports.append(total)

    def advance(self, *, finished_before: bool = False) -> None:
        self.reports.append("kept" if finished_before else "made")


@pytest.fixture
def progress() -> CountedProgress:
    return CountedProgress()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep what needs a browser for `make elsewhere`, and put long files first.

    Two processes end together where files of many slow tests do not begin last.
    """
    for item in items:
        if "browser" in getattr(item, "fixturenames", ()):
            item.add_marker("elsewhere")
    root = Path(__file__).resolve().parents[1]
    slow = Counter(item.path for item in items if item.get_closest_marker("slow"))
    slow |= {root / name: 10_000 - place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: -slow[item.path])


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The real scans that are not part of this project; the test is skipped without them."""
    beside = Path(__file__).resolve().parents[2] / "shared" / "data"
    folder = Path(os.environ.get("MONAI_AMYLOID_SHARED_DATA", beside))
    if not folder.is_dir():
        pytest.skip(f"no shared data at {folder}; set MONAI_AMYLOID_SHARED_DATA")
    return folder


@pytest.fixture(scope="session")
def untrained_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fold's folder as training leaves it: random weights, an eighth as wide, coarse voxels."""
    from benchmarks.untrained import write_untrained_run

    run = tmp_path_factory.mktemp("run") / "fold0"
    return write_untrained_run(run, CONFIGS_3D, {"spacing_mm": 8.0, "widen_factor": 0.125})


@pytest.fixture(scope="session")
def bundle(untrained_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle as export writes it; its grades mean nothing."""
    from monai_amyloid.bundle.export import export

    return export(untrained_run, CONFIGS_3D, tmp_path_factory.mktemp("bundles") / "untrained")


@pytest.fixture(scope="session")
def studies(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two simulated DICOM studies, ``sub-0001`` and ``sub-0002``."""
    from monai_amyloid.phantom.cohorts.cohort import simulate
    from monai_amyloid.phantom.cohorts.plan import Plan

    folder = tmp_path_factory.mktemp("병원 clinic")
    simulate(folder, 2, Plan(seed=3, sites=("site-1",)), form="dicom")
    for number in (1, 2):
        study = folder / "scans" / f"sub-{number:04d}_ses-01"
        study.rename(study.with_name(f"sub-{number:04d}"))
    return folder / "scans"


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Fifteen noisy scans, five a grade, on the template grid."""
    import nibabel as nib
    import numpy as np
    import pandas as pd
    from cohort.tables import suvr_row

    from monai_amyloid.brain.template import TEMPLATE_AFFINE, pet_templates

    folder = tmp_path_factory.mktemp("prepared")
    random = np.random.default_rng(0)
    negative, positive = pet_templates()
    rows = []
    for number in range(15):
        grade = number % 3 + 1
        part = AMYLOID[grade] + random.normal(0, 0.05)
        volume = (1 - part) * negative + part * positive
        noisy = volume + random.normal(0, 0.1, volume.shape)
        name = f"sub-{number:02d}.nii"
        nib.save(nib.Nifti1Image(noisy.astype(np.float32), TEMPLATE_AFFINE), folder / name)
        row: dict[str, object] = {"participant_id": f"sub-{number:02d}", "session_id": "ses-01"}
        row |= {"path": name}
        row |= {"tracer": "18FFBB", "bapl": grade}
        rows.append(row | suvr_row(grade, random.normal(0, 0.05)))
    pd.DataFrame(rows).to_csv(folder / "participants.tsv", sep="\t", index=False)
    return folder
