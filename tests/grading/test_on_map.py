"""Studies placed on a cohort's map: result, table, report, and what makes a run grade again."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from explore.cohorts import make_cohort, without_umap

from monai_amyloid.errors import UserError
from monai_amyloid.exploring.saved_map import SavedMap, write_map
from monai_amyloid.exploring.view import Scanned, look
from monai_amyloid.grading.options import OutputOptions
from monai_amyloid.grading.run import grade_studies
from monai_amyloid.result.result import read_result

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def cohort_map(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of a cohort of numbers, in a folder whose name tells a person."""
    made = replace(make_cohort(120), sites=np.full(120, "n/a"))
    about = Scanned(made.amount, made.acquisition, made.sites, np.arange(120).astype(str))
    with without_umap():
        view = look("regional", made.suvr, about)
    cases = {
        "bapl": made.bapl.astype(float),
        "centiloid": 100 * made.stage,
        "score": view.score,
        "cluster": view.clusters["gaussian_mixture"].labels.astype(float),
        "loneliness": view.surroundings.loneliness,
    }
    path = tmp_path_factory.mktemp("maps") / "Hong_Gildong" / "map.npz"
    path.parent.mkdir()
    write_map(
        SavedMap(
            representation=view.representation,
            continuum=view.continuum,
            early_mark=30.0,
            axes=view.axes,
            cases=cases,
            maps=view.maps,
        ),
        path,
    )
    return path


@pytest.fixture(scope="module")
def placed(
    bundle: Path, studies: Path, cohort_map: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A study graded with the map, report and all."""
    output = tmp_path_factory.mktemp("placed")
    grade_studies(
        bundle, [studies / "sub-0001"], output, options=OutputOptions(placed_on=cohort_map)
    )
    return output


def test_result_and_table_tell_the_place(placed: Path) -> None:
    content = json.loads((placed / "sub-0001" / "result.json").read_text())
    on_map = content["on_map"]
    low, high = on_map["interval"]
    assert 0 <= low <= on_map["score"] <= high <= 100
    assert 0 <= on_map["early_amyloid_chance"] <= 1 and 0 <= on_map["share_as_far"] <= 1
    assert set(on_map["position"]) == {"umap", "pca", "diffusion"}
    assert {"bapl", "centiloid", "score", "distance"} == set(content["nearest_cases"][0])
    row = pd.read_csv(placed / "results.csv").iloc[0]
    assert row["score"] == pytest.approx(on_map["score"], rel=1e-3)
    assert (row["score_low"], row["score_high"]) == pytest.approx((low, high), rel=1e-3)
    result = read_result(placed / "sub-0001")
    assert result is not None and result.on_map == on_map


def test_the_report_shows_it_in_both_languages(placed: Path) -> None:
    page = (placed / "sub-0001" / "report.html").read_text()
    score = json.loads((placed / "sub-0001" / "result.json").read_text())["on_map"]["score"]
    assert f"Continuum score {score:.0f} of 100" in page
    assert f"연속체 점수 {score:.0f}점, 100점 만점" in page
    assert page.count('r="2" fill=') == 120
    assert "Nearest cases of the cohort" in page and "Nearest simulated cases" not in page


def test_nothing_tells_where_the_map_lay(placed: Path) -> None:
    for file in placed.rglob("*"):
        if file.is_file():
            assert b"Gildong" not in file.read_bytes(), file


def test_another_map_is_another_result_and_the_same_is_none(
    placed: Path, bundle: Path, studies: Path, cohort_map: Path, tmp_path: Path
) -> None:
    def made_from(options: OutputOptions, output: Path) -> str:
        [result] = grade_studies(bundle, [studies / "sub-0001"], output, options=options)
        return result.made_from["by"]

    moved = tmp_path / "moved.npz"
    moved.write_bytes(cohort_map.read_bytes())
    before = (placed / "sub-0001" / "result.json").stat().st_mtime_ns
    first = made_from(OutputOptions(placed_on=moved), placed)
    assert (placed / "sub-0001" / "result.json").stat().st_mtime_ns == before
    assert made_from(OutputOptions(report=False), tmp_path / "other") != first
    plain = json.loads((tmp_path / "other" / "sub-0001" / "result.json").read_text())
    assert plain["on_map"] is None
    assert "score" not in pd.read_csv(tmp_path / "other" / "results.csv").columns


def test_a_map_that_is_missing_or_none_is_said_before_any_work(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"no map at .*monai-amyloid explore"):
        OutputOptions(report=False, placed_on=tmp_path / "map.npz")
    (tmp_path / "map.npz").write_text("no map")
    with pytest.raises(UserError, match=r"map\.npz: no map that .*make it again"):
        OutputOptions(report=False, placed_on=tmp_path / "map.npz")
