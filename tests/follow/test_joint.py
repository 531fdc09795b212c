from pathlib import Path

import numpy as np
import pytest

from follow.heads import head, of_tracer, pose
from monai_amyloid.brain.normalization import BrainPet, normalize
from monai_amyloid.brain.quantities.centiloid import centiloid
from monai_amyloid.brain.quantities.references import white_over_cerebellum
from monai_amyloid.brain.quantities.suvr import regional_suvr, suvr
from monai_amyloid.brain.registration.one_head import register_visits
from monai_amyloid.brain.template import pet_templates, voi
from monai_amyloid.following.joint import join
from monai_amyloid.pet.study import read_study

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def visits() -> dict[str, BrainPet]:
    """One person: twice alike, once with more amyloid, once with a brighter cerebellum."""
    images = {
        "first": head(0.4, pose(1)),
        "again": head(0.4, pose(2), scale=3.0),
        "grown": head(0.7, pose(3)),
        "bright": head(0.4, pose(4), cerebellum=1.05),
    }
    return {name: normalize(image) for name, image in images.items()}


def test_two_scans_are_laid_on_each_other_within_half_a_millimetre(
    visits: dict[str, BrainPet],
) -> None:
    pair = [visits["first"], visits["grown"]]
    found = register_visits([each.source for each in pair], [each.registration for each in pair])
    true = pose(3) @ np.linalg.inv(pose(1))
    between = found[1].matrix @ np.linalg.inv(found[0].matrix)
    corners = np.array([[x, y, z, 1.0] for x in (-60, 60) for y in (-90, 60) for z in (-40, 70)]).T
    apart = np.linalg.norm(((between - true) @ pose(1) @ corners)[:3], axis=0)
    assert apart.mean() < 0.5
    turn = between[:3, :3]
    np.testing.assert_allclose(turn @ turn.T, np.eye(3), atol=1e-6)  # rigid


def test_an_unchanged_brain_changes_by_less_than_one_centiloid(visits: dict[str, BrainPet]) -> None:
    joint = join([visits["first"], visits["again"]])
    assert abs(joint.centiloids[1] - joint.centiloids[0]) < 1
    assert abs(joint.regions[1]["frontal"] - joint.regions[0]["frontal"]) < 0.01


def test_more_amyloid_shows_with_its_true_size(visits: dict[str, BrainPet]) -> None:
    negative, positive = pet_templates()
    before, after = (
        regional_suvr(suvr(negative + share * (positive - negative), voi("whole_cerebellum")))
        for share in (np.float32(0.4), np.float32(0.7))
    )
    true = centiloid(after["cortex"], "18FFBB") - centiloid(before["cortex"], "18FFBB")
    joint = join([visits["first"], visits["grown"]])
    assert joint.centiloids[1] - joint.centiloids[0] == pytest.approx(true, abs=1.5)
    back = join([visits["grown"], visits["first"]])
    assert back.centiloids[0] - back.centiloids[1] == pytest.approx(
        joint.centiloids[1] - joint.centiloids[0], abs=0.5
    )


def test_a_cerebellum_that_is_brighter_on_one_day_counts_by_half(
    visits: dict[str, BrainPet],
) -> None:
    plain = visits["bright"].centiloid - visits["first"].centiloid
    joint = join([visits["first"], visits["bright"]])
    assert plain < -5
    assert joint.centiloids[1] - joint.centiloids[0] == pytest.approx(plain / 2, abs=1.5)


def test_a_scan_alone_is_measured_as_it_is(visits: dict[str, BrainPet]) -> None:
    joint = join([visits["first"]])
    assert joint.centiloids[0] == pytest.approx(visits["first"].centiloid, abs=1e-3)


def test_scans_of_two_tracers_each_keep_their_own_reference(visits: dict[str, BrainPet]) -> None:
    other = normalize(of_tracer(visits["bright"].source, "18FAV45"))
    joint = join([visits["first"], other])
    for brain, load in zip((visits["first"], other), joint.centiloids, strict=True):
        assert load == pytest.approx(brain.centiloid, abs=2)


def test_blurred_in_amyloid_is_no_white_matter(visits: dict[str, BrainPet]) -> None:
    pair = join([visits["first"], visits["grown"]]).suvr
    before, after = map(white_over_cerebellum, pair)
    assert after == pytest.approx(before, rel=0.02)


@pytest.mark.parametrize(("later", "change"), [("all", 40.0), ("pos", 81.0)])
def test_real_group_means_differ_by_what_gaain_gives_them(
    shared_data: Path, later: str, change: float
) -> None:
    folder = shared_data / "templates"
    pair = [
        normalize(read_study(folder / f"florbetaben_{name}.nii.gz", tracer="18FFBB"))
        for name in ("neg", later)
    ]
    before, after = join(pair).centiloids
    assert after - before == pytest.approx(change, abs=3)
