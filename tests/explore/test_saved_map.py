"""A map on disk, and scans that are placed on it."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from monai_amyloid.errors import UserError
from monai_amyloid.exploring.early import early_mark
from monai_amyloid.exploring.saved_map import SavedMap, read_map, write_map
from monai_amyloid.exploring.view import Scanned, look

from .cohorts import PARTS, Cohort, make_cohort, without_umap

pytestmark = pytest.mark.slow

QUALITY = ("fwhm_mm", "noise_cv")


@pytest.fixture(scope="module")
def cohort() -> Cohort:
    """Without sites: a new scan's is not known."""
    made = make_cohort(150)
    return replace(made, sites=np.full(150, "n/a"))


@pytest.fixture(scope="module")
def saved(cohort: Cohort) -> SavedMap:
    """As exploring makes it."""
    people = np.array([f"Hong Gildong {place}" for place in range(150)])
    about = Scanned(cohort.amount, cohort.acquisition, cohort.sites, people)
    with without_umap():
        view = look("regional", cohort.suvr, about)
    centiloid = 100 * cohort.stage
    cases = {
        "bapl": np.where(np.arange(150) % 5 == 0, 0, cohort.bapl).astype(float),
        "centiloid": centiloid,
        "score": view.score,
        "cluster": view.clusters["gaussian_mixture"].labels.astype(float),
        "loneliness": view.surroundings.loneliness,
    }
    mark = early_mark(view.score, centiloid)
    return SavedMap(
        representation=view.representation,
        continuum=view.continuum,
        early_mark=mark,
        axes=view.axes,
        cases=cases,
        maps=view.maps,
    )


@pytest.fixture(scope="module")
def path(saved: SavedMap, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """It, written."""
    file = tmp_path_factory.mktemp("map") / "map.npz"
    write_map(saved, file)
    return file


def measured(cohort: Cohort, row: int) -> tuple[dict[str, float], dict[str, float]]:
    suvr = {name: float(cohort.suvr.iloc[row][name]) for name in PARTS}
    return suvr, dict(zip(QUALITY, cohort.acquisition[row].tolist(), strict=True))


@pytest.mark.parametrize("row", [1, 66, 149])
def test_a_scan_of_the_cohort_is_placed_where_it_is(
    cohort: Cohort, saved: SavedMap, path: Path, row: int
) -> None:
    placed = read_map(path).place(*measured(cohort, row), "18FFBB")
    assert placed.score == pytest.approx(saved.cases["score"][row])
    low, high = placed.interval
    assert low <= placed.score <= high
    for name, place in placed.position.items():
        assert place == pytest.approx(saved.maps[name][row], abs=0.02)
    if saved.cases["bapl"][row]:
        assert placed.neighbours[0]["distance"] == pytest.approx(0, abs=1e-6)
        assert placed.neighbours[0]["bapl"] == cohort.bapl[row]


def test_neighbours_are_graded_cases_alone(cohort: Cohort, saved: SavedMap) -> None:
    placed = saved.place(*measured(cohort, 5), "18FFBB")  # which has no grade itself
    assert len(placed.neighbours) == 8
    assert {case["bapl"] for case in placed.neighbours} <= {1, 2, 3}
    distances = [case["distance"] for case in placed.neighbours]
    assert distances == sorted(distances) and distances[0] > 0


def test_more_amyloid_scores_higher_and_is_more_likely_early(
    cohort: Cohort, saved: SavedMap
) -> None:
    least, most = np.argmin(cohort.stage), np.argmax(cohort.stage)
    low, high = (saved.place(*measured(cohort, int(row)), "18FFBB") for row in (least, most))
    assert low.score < 25 < 75 < high.score
    assert low.early_amyloid_chance is not None and high.early_amyloid_chance is not None
    assert low.early_amyloid_chance < 0.5 < 0.99 < high.early_amyloid_chance


def test_what_is_no_such_scan_is_unlike_the_cohort(cohort: Cohort, saved: SavedMap) -> None:
    regions, quality = measured(cohort, 3)
    strange = {name: value + 0.5 * (-1) ** at for at, (name, value) in enumerate(regions.items())}
    assert saved.place(strange, quality, "18FFBB").share_as_far == 0
    assert saved.place(regions, quality, "18FFBB").share_as_far > 0.01


def test_a_map_holds_no_name(path: Path) -> None:
    with np.load(path, allow_pickle=False) as content:
        texts = " ".join(str(content[name]) for name in content.files if content[name].dtype == "U")
        assert "Gildong" not in path.read_bytes().decode("latin-1") + texts
        assert {name for name in content.files if content[name].dtype.kind not in "fU"} == set()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("case_cluster", 1e12),
        ("case_cluster", -2.0),
        ("case_bapl", 2.5),
        ("case_bapl", np.nan),
        ("case_axes", np.nan),
        ("places", np.inf),
        ("scale", np.nan),
        ("names", "no_region"),
    ],
)
def test_a_map_of_numbers_that_no_cohort_has_is_refused(
    path: Path, tmp_path: Path, name: str, value: object
) -> None:
    with np.load(path, allow_pickle=False) as content:
        parts = dict(content)
    changed = parts[name].copy()
    changed.flat[0] = value
    np.savez(tmp_path / "map.npz", **parts | {name: changed})
    with pytest.raises(UserError, match=r"no map that .*explore.*make it again"):
        read_map(tmp_path / "map.npz")


def test_what_is_no_map_is_refused_in_one_line(path: Path, tmp_path: Path) -> None:
    with np.load(path, allow_pickle=False) as content:
        parts = dict(content)
    whole = path.read_bytes()
    files = {name: tmp_path / f"{name}.npz" for name in ("cut", "text", "pickle", "other", "bent")}
    files["cut"].write_bytes(whole[: len(whole) // 2])
    files["text"].write_text("a map")
    np.savez(files["pickle"], **parts | {"mean": np.array([{"a": 1}], object)})
    np.savez(files["other"], **parts | {"format": np.array("map/9")})
    np.savez(files["bent"], **parts | {"case_axes": parts["case_axes"][:, :2]})
    for file in files.values():
        with pytest.raises(UserError, match=r"no map that .*explore.*make it again") as refusal:
            read_map(file)
        assert "\n" not in str(refusal.value)
    with pytest.raises(UserError, match="make one with"):
        read_map(tmp_path / "none.npz")
