from pathlib import Path

import pandas as pd
import pytest

from monai_amyloid.brain.quantities.centiloid import centiloid
from monai_amyloid.pet.tracers import TRACERS


@pytest.mark.parametrize(
    ("tracer", "column", "tolerance"),
    # The SUVR is given in hundredths: half of one is 0.77 Centiloid on the florbetaben line.
    # The PiB rows were measured by another site's pipeline, 1 Centiloid off the standard line.
    [("18FFBB", "f18", 1.0), ("11CPIB", "pib", 2.0)],
)
def test_the_published_rows_of_gaain_are_reproduced(
    shared_data: Path, tracer: str, column: str, tolerance: float
) -> None:
    rows = pd.read_csv(shared_data / "tables" / "gaain_florbetaben.csv")
    found = rows[f"{column}_suvr_wcb"].map(lambda value: centiloid(value, tracer))
    assert len(rows) == 35
    assert (found - rows[f"{column}_cl"]).abs().max() < tolerance


@pytest.mark.parametrize("tracer", TRACERS)
def test_every_tracers_line_rises_from_young_controls_to_disease(tracer: str) -> None:
    # About 1.0 in young controls and 1.6 to 2.1 in Alzheimer's disease, for every tracer.
    assert -20 < centiloid(1.0, tracer) < 10
    assert 60 < centiloid(1.8, tracer) < 140


@pytest.mark.parametrize("tracer", ["18FFDG", "", "florbetaben"])
def test_an_unknown_tracer_has_no_centiloid(tracer: str) -> None:
    with pytest.raises(ValueError, match=rf"no Centiloid line for tracer '{tracer}'.*18FFBB"):
        centiloid(1.3, tracer)
