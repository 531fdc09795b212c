"""A cohort of three on disk, made once."""

from pathlib import Path

import pytest

from monai_amyloid.phantom.cohort import simulate


@pytest.fixture(scope="session")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three participants as NIfTI, of seed 5, made by one worker."""
    folder = tmp_path_factory.mktemp("phantom") / "cohort"
    simulate(folder, 3, seed=5)
    return folder
