import numpy as np
import pandas as pd
import pytest

from monai_amyloid.brain.quantities.suvr import regional_suvr
from monai_amyloid.brain.template import READ_REGIONS, measured_labels, regions
from monai_amyloid.phantom.cohorts.true_regions import true_suvr


def test_the_truth_of_a_read_region_is_what_measuring_a_scan_of_its_parts_gives() -> None:
    table = regions().table
    values = {label: 1 + label / 50 for label in table["label"].tolist()}
    scan = np.ones(measured_labels().shape, np.float32)
    for label, value in values.items():
        scan[regions().labels == label] = value
    truth = pd.DataFrame(
        {f"suvr_{row.region}_{row.hemisphere}": [values[row.label]] for row in table.itertuples()}
    )
    found = regional_suvr(scan)
    for name in READ_REGIONS:
        for side in ("", "_left", "_right"):
            expected = found[f"{name}{side}"]
            assert true_suvr(truth, f"{name}{side}")[0] == pytest.approx(expected, abs=1e-5)
