import numpy as np
import pytest
from scipy import ndimage

from monai_amyloid.brain.template import brain_mask, regions, voi
from monai_amyloid.phantom.people.geometry.anatomy import (
    ANATOMIES,
    WARP_AFFINE,
    Anatomy,
    load_anatomy,
)
from monai_amyloid.phantom.people.geometry.deformation import (
    grid_points,
    interpolate,
    jacobian,
    moved,
)

from .people import brain_points

pytestmark = pytest.mark.slow

EVERY = pytest.mark.parametrize("name", ANATOMIES)


def millilitres(anatomy: Anatomy, *names: str) -> float:
    return sum(float(anatomy.tissues[name].sum(dtype=float)) for name in names) * 8e-3


def brain_of(anatomy: Anatomy) -> np.ndarray:
    return anatomy.tissues["grey"] + anatomy.tissues["white"] > 0.5


def air_within(anatomy: Anatomy, centre: tuple, radius: float) -> float:
    """Share of air in a ball, whose centre is in millimetres."""
    points = grid_points(anatomy.labels.shape, anatomy.affine)
    inside = np.linalg.norm(points - np.reshape(centre, (3, 1, 1, 1)), axis=0) < radius
    return float(1 - anatomy.fractions.sum(axis=0)[inside].mean())


@EVERY
def test_fractions_are_shares_of_a_voxel(name: str) -> None:
    fractions = load_anatomy(name).fractions
    assert fractions.shape == (6, 104, 128, 128)
    assert fractions.min() >= 0
    # Six fractions in 8 bit: each is rounded by up to half of 1/255.
    assert fractions.sum(axis=0).max() <= 1 + 6 * 0.5 / 255


@EVERY
def test_the_head_has_the_volumes_of_a_person(name: str) -> None:
    anatomy = load_anatomy(name)
    # The ICBM 152 average is about 1.2 times an average brain of 1.3 L.
    assert 950 < millilitres(anatomy, "grey", "white") < 1800
    assert 0.9 < millilitres(anatomy, "grey") / millilitres(anatomy, "white") < 1.7
    assert 10 < millilitres(anatomy, "ventricle") < 40
    assert 200 < millilitres(anatomy, "csf") < 550
    assert 400 < millilitres(anatomy, "skull") < 1000
    assert 1300 < millilitres(anatomy, "soft_tissue") < 2500


@EVERY
def test_the_brain_is_one_piece(name: str) -> None:
    pieces, _ = ndimage.label(brain_of(load_anatomy(name)))
    sizes = np.bincount(pieces.ravel())[1:]
    assert sizes.max() / sizes.sum() > 0.999


@EVERY
def test_every_voxel_has_a_region_and_every_region_has_brain(name: str) -> None:
    anatomy = load_anatomy(name)
    volume = np.bincount(anatomy.labels[brain_of(anatomy)], minlength=35) * 8e-3
    assert set(np.unique(anatomy.labels)) == set(regions().table["label"])
    assert volume[1:].min() > 1.5
    assert 90 < volume[34] < 230  # the cerebellum


@EVERY
def test_left_and_right_regions_lie_on_their_side_and_are_alike(name: str) -> None:
    anatomy, table = load_anatomy(name), regions().table
    x = grid_points(anatomy.labels.shape, anatomy.affine)[0]
    tissue = anatomy.fractions[:2].sum(axis=0)
    volumes: dict[str, list[float]] = {}
    for row in table[table.hemisphere != "both"].itertuples():
        weight = tissue * (anatomy.labels == row.label)
        centroid = float((x * weight).sum() / weight.sum())
        assert (centroid < -3) if row.hemisphere == "left" else (centroid > 3), row.region
        volumes.setdefault(row.region, []).append(float(weight.sum()))
    for region, (left, right) in volumes.items():
        # The cingulate differs most between the sides of one person.
        assert 0.6 < left / right < 1.6, region


@EVERY
def test_bone_encloses_the_brain_but_for_its_base(name: str) -> None:
    anatomy = load_anatomy(name)
    z = grid_points(anatomy.labels.shape, anatomy.affine)[2]
    # Shut at the level of the base, whatever is not bone and hangs together with the brain ...
    open_space, _ = ndimage.label((anatomy.tissues["skull"] < 0.3) & (z > -20))
    inside = open_space == np.bincount(open_space[brain_of(anatomy) & (z > -20)]).argmax()
    assert not inside[[0, -1]].any() and not inside[:, [0, -1]].any() and not inside[..., -1].any()
    # ... holds no skin and no air, and all of the brain.
    assert anatomy.tissues["soft_tissue"][inside].mean() < 0.01
    assert inside[brain_of(anatomy) & (z > -20)].mean() > 0.999


@EVERY
def test_sinuses_and_airway_hold_air_and_the_eyes_fluid(name: str) -> None:
    anatomy = load_anatomy(name)
    to_here = moved(anatomy.from_icbm, np.array([[28, -28, 0], [52, 52, -6], [-62, -62, -95.0]]))
    assert max(air_within(anatomy, place, 12) for place in to_here.T[:2]) > 0.5
    assert air_within(anatomy, tuple(to_here.T[2]), 20) > 0.05
    points = grid_points(anatomy.labels.shape, anatomy.affine)
    front = (np.abs(points[0]) > 15) & (points[1] > 35) & (np.abs(points[2] + 38) < 20)
    for side in (points[0] < 0, points[0] > 0):
        eye = float(anatomy.tissues["csf"][front & side & (anatomy.depth == 0)].sum()) * 8e-3
        assert 3 < eye < 14  # an eyeball has 6 to 7 mL


@EVERY
def test_depth_is_nothing_outside_the_brain_and_grows_inward(name: str) -> None:
    anatomy = load_anatomy(name)
    brain = brain_of(anatomy)
    assert anatomy.depth[~ndimage.binary_dilation(brain, iterations=8)].max() < 3
    core = ndimage.distance_transform_edt(ndimage.binary_closing(brain, iterations=4)) * 2
    assert anatomy.depth[core > 26].min() > 15
    # No deeper than the way out of the closed brain, and about as deep.
    assert np.corrcoef(anatomy.depth[brain], core[brain].clip(max=25.5))[0, 1] > 0.8


@EVERY
def test_the_way_from_icbm_has_no_folds_in_the_brain(name: str) -> None:
    displacement = load_anatomy(name).from_icbm
    points = brain_points()
    growth = interpolate(jacobian(displacement)[None], WARP_AFFINE, points)[0]
    assert growth.min() > 0.05
    if name == "icbm152":
        assert not displacement.any()


def test_the_average_has_the_templates_cerebellum_and_brain() -> None:
    anatomy = load_anatomy("icbm152")
    cerebellum = regions().table.set_index("region")["label"]["cerebellum"]
    for mask, expected in (
        (voi("cerebellar_grey"), anatomy.labels == cerebellum),
        (brain_mask(), anatomy.fractions[:4].sum(axis=0) > 0.5),
    ):
        points = np.argwhere(mask) * 2 + [-90, -126, -72] - anatomy.affine[:3, 3]
        assert expected[tuple((points // 2).astype(int).T)].mean() > 0.95


def test_an_anatomy_is_read_once() -> None:
    assert load_anatomy("9861") is load_anatomy("9861")
    with pytest.raises(FileNotFoundError):
        load_anatomy("1")
