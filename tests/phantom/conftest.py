"""A cohort of three on disk and a typical head, made once."""

from pathlib import Path

import pytest

from monai_amyloid.phantom.cohorts.cohort import simulate
from monai_amyloid.phantom.cohorts.plan import Plan
from monai_amyloid.phantom.people.geometry.morphology import Morphology
from monai_amyloid.phantom.people.head import Head, shape_head


@pytest.fixture(scope="session")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three participants as NIfTI, of seed 5, made by one worker."""
    folder = tmp_path_factory.mktemp("phantom") / "cohort"
    simulate(folder, 3, Plan(seed=5))
    return folder


@pytest.fixture(scope="session")
def typical_head() -> Head:
    """The head that real group means show on average."""
    return shape_head(Morphology())
