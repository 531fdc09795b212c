"""What cannot be harmonised is refused by name."""

from pathlib import Path

import numpy as np
import pytest

from harmonizing.cameras import people, read_by, scans
from monai_amyloid.cohort.datalist import CohortError
from monai_amyloid.harmonizing.covariates import read_covariates
from monai_amyloid.harmonizing.fitting import check_sites, doubts, fit_harmonization
from monai_amyloid.harmonizing.scans import Scans, read_scans

SITES = np.repeat([0, 1], 12)
GRADES = np.tile([1, 2, 3], 8)


def cohort(**columns: object) -> Scans:
    return scans(read_by(people(24, GRADES == 3), SITES), SITES, **columns)


def test_one_site_is_refused() -> None:
    with pytest.raises(CohortError, match="one site, site A"):
        check_sites(cohort(site="site A"))


def test_a_site_of_two_scans_is_refused_by_name() -> None:
    with pytest.raises(CohortError, match=r"fewer than 5 scans of site C \(2\)"):
        check_sites(cohort(site=["site A"] * 12 + ["site B"] * 10 + ["site C"] * 2))


def test_a_site_without_a_usable_name_is_refused() -> None:
    with pytest.raises(CohortError, match="a site of 5000 letters, xxx"):
        check_sites(cohort(site=["x" * 5000] * 12 + ["site B"] * 12))


def test_only_what_prepare_measures_is_harmonised_and_only_numbers(tmp_path: Path) -> None:
    table = cohort().table.assign(path="a.tsv", tracer="18FFBB", fwhm_mm=6.0, suvr_X2=1.0)
    table.to_csv(tmp_path / "participants.tsv", sep="\t", index=False)
    (tmp_path / "a.tsv").touch()
    assert read_scans(tmp_path, "site").measured == ("suvr_cortex", "suvr_frontal", "centiloid")
    for wrong, column in [("n/a", "suvr_frontal"), ("n/a", "site")]:
        changed = table.astype(object)
        changed.loc[3, column] = wrong
        changed.to_csv(tmp_path / "participants.tsv", sep="\t", index=False)
        with pytest.raises(CohortError, match=f"{column} is unknown of sub-3 ses-01"):
            read_scans(tmp_path, "site")
    with pytest.raises(CohortError, match="no column camera, needed it of every scan; --site"):
        read_scans(tmp_path, "camera")


def test_one_id_of_two_people_is_refused() -> None:
    ids = [f"{n % 12:02d}" for n in range(24)]
    with pytest.raises(CohortError, match="00, 01, 02, 03, 04 and 7 more has two sexes"):
        check_sites(cohort(participant_id=ids, sex=["F"] * 12 + ["M"] * 12))
    check_sites(cohort(participant_id=ids, sex=["F"] * 12 + ["f"] * 6 + ["n/a"] * 6))


def test_a_covariate_that_is_another_name_of_the_site_is_refused_with_its_values() -> None:
    needed = r"diagnosis cannot be separated.*site A: AD; site B: CN"
    with pytest.raises(CohortError, match=needed):
        read_covariates(cohort(diagnosis=["AD"] * 12 + ["CN"] * 12), ["diagnosis"])


def test_a_covariate_that_is_nearly_the_site_is_warned_of() -> None:
    diagnosis = ["AD"] * 100 + ["CN"] + ["CN"] * 100 + ["AD"]
    sites = np.repeat([0, 1], 101)
    found = scans(read_by(people(202, sites), sites), sites, diagnosis=diagnosis)
    assert "almost the same as site" in read_covariates(found, ["diagnosis"]).warnings[0]


@pytest.mark.parametrize(
    ("column", "needed"),
    [
        (["n/a", *range(60, 83)], "age is unknown of sub-0 ses-01"),
        (["nan"] * 24, "age is nan in every scan|unknown"),
        ([70] * 24, "age is 70 in every scan"),
        ([f"about {n}" for n in range(24)], "age has 24 different texts"),
    ],
)
def test_a_covariate_that_is_none_is_refused(column: list[object], needed: str) -> None:
    with pytest.raises(CohortError, match=needed):
        read_covariates(cohort(age=column), ["age"])


def test_a_covariate_that_is_not_there_is_refused() -> None:
    with pytest.raises(CohortError, match="education is no column of the table"):
        read_covariates(cohort(), ["education"])


def test_the_grade_is_kept_without_being_asked_for_where_every_scan_has_one() -> None:
    assert read_covariates(cohort(bapl=GRADES), ["age"] * 0).names == ("bapl",)
    some = [None, *GRADES[1:].tolist()]
    assert read_covariates(cohort(bapl=some), []).names == ()


def test_nothing_of_amyloid_is_known_of_different_people_so_that_none_is_harmonised_away() -> None:
    found = cohort(age=np.arange(24) * 1.0)
    with pytest.raises(CohortError, match="nothing tells what a camera adds"):
        fit_harmonization(found, read_covariates(found, ["age"]), 8.0)


def test_people_scanned_at_both_sites_are_enough_without_a_grade() -> None:
    both = cohort(participant_id=[f"sub-{n % 12}" for n in range(24)])
    both.table.iloc[12:, :3] = read_by(people(24, GRADES == 3)[:12], SITES[12:])
    _, offsets = fit_harmonization(both, read_covariates(both, []), 8.0)
    assert [each.elsewhere for each in offsets] == [12, 12]
    assert not doubts(offsets)


def test_an_offset_that_may_be_chance_is_a_doubt_with_what_to_do() -> None:
    values = people(24, GRADES == 3)
    found = scans(np.column_stack([values[:, :2], 100 * values[:, 0]]), SITES, bapl=GRADES)
    with pytest.raises(CohortError, match=r"fewer than 20 scans of site A \(12\), site B"):
        check_sites(found)
    _, offsets = fit_harmonization(found, read_covariates(found, []), 8.0)
    assert "scan eight people at two sites" in doubts(offsets)[0]
