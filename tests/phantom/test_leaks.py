"""Nothing but the brain tells the grade: probes that look everywhere else.

Each probe gives a classifier one thing that must not know the grade. Three classes in equal
numbers: chance is a balanced accuracy of 1/3, and no probe may reach more than 0.40.

What is drawn of a person is probed in hundreds of people. Voxels cost more: there the same person
is scanned three times by the same scan, once with the amyloid of each grade, and all three are
held out together. What does not know the grade then scores 1/3 exactly, and not by chance.
"""

import json
import zlib
from collections.abc import Callable
from dataclasses import replace
from functools import cache, lru_cache
from pathlib import Path
from types import SimpleNamespace

import nibabel as nib
import numpy as np
import pandas as pd
import pytest
from scipy import ndimage
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold, StratifiedKFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from monai_amyloid.brain.template import READ_REGIONS, regions
from monai_amyloid.phantom.cohorts.plan import Plan
from monai_amyloid.phantom.cohorts.reader import Evidence
from monai_amyloid.phantom.cohorts.storage import store
from monai_amyloid.phantom.people import person
from monai_amyloid.phantom.people.anatomy import TISSUES, load_anatomy
from monai_amyloid.phantom.people.deformation import grid_points, interpolate
from monai_amyloid.phantom.people.head import shape_head
from monai_amyloid.phantom.people.person import Session, draw_sessions
from monai_amyloid.phantom.people.tracer_map import petrous_bone
from monai_amyloid.phantom.scanning.scanner import Scanned, acquire

pytestmark = pytest.mark.slow

LARGEST_SCORE = 0.40
DRAWN, SCANNED = 600, 14
PERCENTILES = (5, 25, 50, 75, 90, 95, 99)
# Resolution spreads the cortex's uptake this far: the scalp is looked at beyond.
SPILL_MM = 12.0

Scores = dict[str, float]


def balanced_accuracy(
    features: pd.DataFrame, grades: pd.Series, people: pd.Series | None = None
) -> Scores:
    """Cross-validated, of a linear and of a nonlinear classifier, over several splits."""
    models = {
        "logistic": make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)),
        "forest": RandomForestClassifier(30, max_depth=4, random_state=0),
    }
    split = StratifiedKFold if people is None else GroupKFold
    scores: Scores = {}
    for name, model in models.items():
        found = [
            cross_val_score(
                model,
                features.to_numpy(float),
                grades,
                groups=people,
                cv=split(5, shuffle=True, random_state=repeat),
                scoring="balanced_accuracy",
            ).mean()
            for repeat in range(3)
        ]
        scores[name] = float(np.mean(found))
    return scores


def assert_tells_nothing(
    features: pd.DataFrame, grades: pd.Series, people: pd.Series | None = None
) -> None:
    with threadpool_limits(1):
        scores = balanced_accuracy(features, grades, people)
    # Where scans are few, one classifier's luck is outweighed by the other's.
    score = max(scores.values()) if people is None else float(np.mean(list(scores.values())))
    assert score <= LARGEST_SCORE, scores


# People without voxels: the same draws, in the same order, as a cohort's.


def evidence_of_loads(_: object, amyloid: np.ndarray) -> dict[str, Evidence]:
    """What a reader sees, by the load of a region alone."""
    table = regions().table
    loads = {
        name: float(amyloid[table["label"][table.read_region == name]].mean())
        for name in READ_REGIONS
    }
    return {n: Evidence(0.65 + 0.2 * load, 0.6 + 0.2 * load, load) for n, load in loads.items()}


@pytest.fixture(scope="module")
def drawn() -> pd.DataFrame:
    """What is drawn of many people: a row each, with the grade that the reader gave."""
    rows = []
    with pytest.MonkeyPatch.context() as patch:
        head = {"fractions": np.zeros((6, 1), np.float32)}
        patch.setattr(person, "shape_head", lambda drawn: SimpleNamespace(morphology=drawn, **head))
        patch.setattr(person, "tracer_map", lambda _, values, __: values.amyloid)
        patch.setattr(person, "see", evidence_of_loads)
        for number in range(1, DRAWN + 1):
            (session,) = draw_sessions(Plan(seed=11), number, 1 + number % 3)
            morphology = vars(session.head.morphology)
            x, y, z = morphology["scale"]
            rows.append(
                {"bapl": session.reading.bapl, "age": session.age, "sex": session.sex}
                | {k: v for k, v in morphology.items() if k not in ("scale", "infarct_mm", "seed")}
                | {"scale_x": x, "scale_y": y, "scale_z": z}
                | {"infarct": morphology["infarct_mm"] is not None}
                | {f"scan_{name}": value for name, value in session.scan.as_row().items()}
            )
    return pd.DataFrame(rows)


DRAWN_PROBES: dict[str, Callable[[str], bool]] = {
    "age and sex": lambda name: name in ("age", "sex"),
    "site": lambda name: name == "scan_site",
    "head size": lambda name: name.startswith("scale_"),
    "anatomy, ventricles and thinning": lambda name: (
        name.endswith(("_mm", "thinning", "hydrocephalus", "infarct", "anatomy"))
        and not name.startswith("scan_")
    ),
    "pose and field of view": lambda name: name.startswith(
        ("scan_rotation", "scan_shift", "scan_lowest", "scan_slices", "scan_motion", "scan_ct")
    ),
    "resolution and noise level": lambda name: name in ("scan_fwhm_mm", "scan_noise_cv"),
    "scale and scalp": lambda name: name in ("scan_scale", "scan_scalp"),
    "everything": lambda name: name not in ("bapl", "scan_seed"),
}


@pytest.mark.parametrize("probe", DRAWN_PROBES)
def test_what_is_drawn_of_a_person_does_not_tell_the_grade(drawn: pd.DataFrame, probe: str) -> None:
    chosen = drawn[[name for name in drawn if DRAWN_PROBES[probe](name)]]
    assert not chosen.empty
    assert_tells_nothing(pd.get_dummies(chosen), drawn.bapl)


# Real scans, as their files hold them.


def fields(source: str, record: dict) -> dict[str, float]:
    """Every field as a number: text by its checksum."""
    found = {}
    for key, value in record.items():
        for number, part in enumerate(np.ravel(np.array(value, object))):
            is_text = isinstance(part, str | bytes)
            if is_text:
                part = zlib.crc32(repr(part).encode())
            found[f"{source} {key} {number}"] = float(np.nan_to_num(part))  # n/a in most headers
    return found


Places = tuple[np.ndarray, np.ndarray]


def described(
    session: Session, folder: Path, places: Places | None
) -> tuple[dict[str, float], Places]:
    """What a stored scan shows outside its brain, by probe and feature, and at which places."""
    ideal = Scanned(session.head, session.uptake, session.scan)
    series = acquire(ideal, session.scan, "18FFBB")
    path = folder / store(series, folder, session.participant, session.session, "nifti", 0)
    image = nib.load(path)
    volume = np.asarray(image.dataobj, np.float32)
    sidecar = json.loads(path.with_name(path.name.replace(".nii.gz", ".json")).read_text())
    found = {"bapl": session.reading.bapl, "file size": path.stat().st_size}
    found |= fields("header", {name: image.header[name].tolist() for name in image.header})
    found |= fields("sidecar", sidecar)
    found |= {"intensity mean": volume.mean(), "intensity SD": volume.std()}
    found |= {"intensity max": volume.max()}
    levels = np.percentile(volume, PERCENTILES)
    found |= {f"intensity {p} %": v for p, v in zip(PERCENTILES, levels, strict=True)}
    places = places or find_places(session, volume.shape, image.affine)
    return found | described_places(volume, places), places


@cache
def place_maps(name: str) -> np.ndarray:
    """Of an anatomy: mm outside the brain's hull, soft tissue, cerebellum ``(3, X, Y, Z)``."""
    anatomy, table = load_anatomy(name), regions().table
    outside = 2.0 * ndimage.distance_transform_edt(anatomy.depth == 0)
    soft = anatomy.fractions[TISSUES.index("soft_tissue")]
    brain = anatomy.fractions[:2].sum(axis=0)
    hind = np.isin(anatomy.labels, table["label"][table.region == "cerebellum"]) * (brain > 0.9)
    return np.stack([outside, soft, hind]).astype(np.float32)


def find_places(session: Session, shape: tuple[int, ...], affine: np.ndarray) -> Places:
    """Where a scan shows scalp far from the brain, and where the cerebellum."""
    anatomy = load_anatomy(session.head.morphology.anatomy)
    to_head = np.linalg.inv(session.scan.head_to_scanner()) @ affine
    points = session.head.to_anatomy(grid_points(shape, to_head))
    outside, soft, hind = interpolate(place_maps(anatomy.name), anatomy.affine, points)
    return (outside > SPILL_MM) & (soft > 0.9), hind > 0.9


def described_places(volume: np.ndarray, places: Places) -> dict[str, float]:
    """Scalp far from the brain, and noise of the cerebellum."""
    far, cerebellum = places
    scalp = volume[far]
    fine = volume - ndimage.uniform_filter(volume, 3)
    levels = np.percentile(scalp, PERCENTILES)
    found = {f"scalp {p} %": v for p, v in zip(PERCENTILES, levels, strict=True)}
    found |= {"scalp mean": scalp.mean(), "scalp SD": scalp.std()}
    return found | {"noise level": fine[cerebellum].std() / volume[cerebellum].mean()}


def beyond(session: Session) -> np.ndarray:
    """1 outside the petrous bone, where soft tissue holds less than the scalp."""
    petrous = petrous_bone(session.head.morphology.anatomy)
    outside = np.ones(session.uptake.shape, np.float32)
    outside.reshape(-1)[petrous.index] -= 0.65 * petrous.share
    return outside


def scan_people(count: int, seed: int, folder: Path) -> pd.DataFrame:
    rows = []
    for number in range(1, count + 1):
        # With the amyloid of each grade, head and scan, and so the places, are the same.
        scan, places = None, None
        for grade in (1, 2, 3):
            (session,) = draw_sessions(Plan(seed=seed), number, grade)
            # That the scan is drawn without regard to the grade, the probes above show.
            scan = scan or session.scan
            soft = session.head.fractions[-1] * np.float32(scan.scalp - session.scan.scalp)
            same = replace(session, scan=scan, uptake=session.uptake + soft * beyond(session))
            row, places = described(same, folder / str(grade), places)
            rows.append(row | {"person": number})
    return pd.DataFrame(rows)


@pytest.fixture(scope="module")
def scanned(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    """What real scans show, a row each, with the grade."""
    with threadpool_limits(1), pytest.MonkeyPatch.context() as patch:
        shaped_once = lru_cache(maxsize=1)(shape_head)
        patch.setattr(person, "shape_head", shaped_once)
        return scan_people(SCANNED, 12, tmp_path_factory.mktemp("leaks"))


# One level at a time: the ratios of several are the shape of the histogram, which is the disease
# itself and not the scan's intensity (together they score 0.46 of 270 scans).
IMAGE_PROBES = [*(f"intensity {name}" for name in ("mean", "SD", "max", "50 %", "99 %"))]
IMAGE_PROBES += ["scalp", "noise level", "header", "sidecar", "file size"]


@pytest.mark.parametrize("probe", IMAGE_PROBES)
def test_a_stored_scan_does_not_tell_the_grade_outside_its_brain(
    scanned: pd.DataFrame, probe: str
) -> None:
    assert_tells_nothing(
        scanned[[c for c in scanned if str(c).startswith(probe)]], scanned.bapl, scanned.person
    )


def test_a_probe_finds_a_leak_where_there_is_one(drawn: pd.DataFrame) -> None:
    leak = pd.DataFrame({"leak": drawn.bapl + np.random.default_rng(0).normal(0, 1, len(drawn))})
    assert min(balanced_accuracy(leak, drawn.bapl).values()) > LARGEST_SCORE
