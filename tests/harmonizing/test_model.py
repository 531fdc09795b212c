import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harmonizing.cameras import people, read_by, scans
from monai_amyloid.cohort.datalist import CohortError
from monai_amyloid.errors import UserError
from monai_amyloid.harmonizing.covariates import read_covariates
from monai_amyloid.harmonizing.fitting import fit_harmonization
from monai_amyloid.harmonizing.model import Harmonization, read_harmonization
from monai_amyloid.harmonizing.scans import Scans

SITES = np.repeat([0, 1], 20)


def cohort() -> Scans:
    grades = np.tile([1, 3], 20)
    return scans(read_by(people(40, grades == 3), SITES), SITES, bapl=grades)


def fitted() -> Harmonization:
    found = cohort()
    return fit_harmonization(found, read_covariates(found, []), 8.0)[0]


def test_a_model_that_was_written_and_read_harmonises_the_same(tmp_path: Path) -> None:
    model = fitted()
    model.write(tmp_path / "harmonization.json")
    again = read_harmonization(tmp_path / "harmonization.json")
    assert again == model
    np.testing.assert_array_equal(again.harmonized(cohort()), model.harmonized(cohort()))


def test_a_model_is_applied_by_hand_with_a_subtraction_and_a_division(tmp_path: Path) -> None:
    fitted().write(tmp_path / "model.json")
    content = json.loads((tmp_path / "model.json").read_text())
    line = content["sites"]["site B"]
    scan = cohort().table.iloc[25]
    by_hand = (scan.suvr_frontal - line["shift"]["suvr_frontal"]) / line["scale"]["suvr_frontal"]
    assert fitted().harmonized(cohort())[25, 1] == pytest.approx(by_hand)


def test_a_new_site_another_tracer_and_another_reference_are_refused_by_name() -> None:
    new = cohort()
    new.table.loc[3, "site"] = "병원 C"
    for other, needed in [
        (new, "does not know 병원 C; it knows site A, site B"),
        (replace(cohort(), tracer="18FAV45"), "tracer 18FAV45, and the model is of 18FFBB"),
        (replace(cohort(), reference="pons"), "reference pons"),
        (replace(cohort(), measured=("centiloid",)), "no column suvr_cortex"),
    ]:
        with pytest.raises(CohortError, match=needed):
            fitted().check(other)


HOSTILE: dict[str, Any] = {
    "another schema": {"schema": "monai-amyloid-harmonization/2"},
    "an unknown key": {"run": "code"},
    "a missing key": {"tracer": None},
    "no sites": {"sites": {}},
    "sites that are a list": {"sites": []},
    "a scale of 0": {"scale": 0},
    "a scale that is a text": {"scale": "1"},
    "a scale that is true": {"scale": True},
    "a huge shift": {"shift": 1e300},
    "a covariate that is an object": {"covariates": [{}]},
    "a coarse resolution": {"fwhm_mm": 500},
}


@pytest.mark.parametrize("change", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_model_that_was_tampered_with_is_refused(tmp_path: Path, change: dict[str, Any]) -> None:
    fitted().write(tmp_path / "model.json")
    content = json.loads((tmp_path / "model.json").read_text())
    for key, value in change.items():
        if key in ("scale", "shift"):
            content["sites"]["site A"][key]["centiloid"] = value
        elif value is None:
            del content[key]
        else:
            content[key] = value
    (tmp_path / "model.json").write_text(json.dumps(content))
    with pytest.raises(UserError, match=r"model\.json: no harmonisation that can be used"):
        read_harmonization(tmp_path / "model.json")


def test_a_model_with_nan_or_of_another_column_is_refused(tmp_path: Path) -> None:
    fitted().write(tmp_path / "model.json")
    text = (tmp_path / "model.json").read_text()
    for wrong in (text.replace('"fwhm_mm": 8.0', '"fwhm_mm": NaN'),
                  text.replace("suvr_frontal", "=cmd()"), text[:-20], "[]"):  # fmt: skip
        assert wrong != text
        (tmp_path / "model.json").write_text(wrong)
        with pytest.raises(UserError, match="can be used"):
            read_harmonization(tmp_path / "model.json")
