"""Probes that look for the grade where it must not be.

Each probe gives classifiers one thing that must not know the grade: what is drawn of a person, or
what a stored scan shows outside the brain. Three grades in equal numbers: chance is a balanced
accuracy of 1/3, and no probe may reach more than :data:`LARGEST_SCORE`.
"""

import json
import zlib
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import ndimage
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold, StratifiedKFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from monai_amyloid.brain.template import TEMPLATE_AFFINE, TEMPLATE_SHAPE, brain_mask, voi
from monai_amyloid.phantom.cohorts.storage import store
from monai_amyloid.phantom.people.geometry.deformation import grid_points
from monai_amyloid.phantom.people.person import Session
from monai_amyloid.phantom.scanning.scanner import Scanned, acquire

LARGEST_SCORE = 0.40
PERCENTILES = (5, 25, 50, 75, 90, 95, 99)
# Resolution spreads the cortex's uptake this far: the scalp is looked at beyond.
SPILL_MM, SCALP_MM = 12.0, 20.0
# Above the face.
_LOWEST_MM = -20.0

Row = dict[str, Any]
# Voxels of a scan, by what is there.
Places = dict[str, NDArray[np.intp]]


def balanced_accuracy(
    features: pd.DataFrame,
    grades: pd.Series,
    people: pd.Series | None = None,
    repeats: int = 3,
) -> dict[str, list[float]]:
    """Cross-validated balanced accuracy of a linear and of a nonlinear classifier.

    Args:
        features: A row a scan; text is one column a word.
        grades: Grade of each scan.
        people: Who was scanned, where all scans of one person are held out together.
        repeats: Splits into five parts.

    Returns:
        Score of each repeat, by classifier.
    """
    models = {
        "logistic": make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)),
        "forest": RandomForestClassifier(30, max_depth=4, random_state=0),
    }
    numbers = pd.get_dummies(features.fillna(0)).to_numpy(float)
    split = StratifiedKFold if people is None else GroupKFold
    return {
        name: [
            float(
                cross_val_score(
                    model,
                    numbers,
                    grades,
                    groups=people,
                    cv=split(5, shuffle=True, random_state=repeat),
                    scoring="balanced_accuracy",
                ).mean()
            )
            for repeat in range(repeats)
        ]
        for name, model in models.items()
    }


def flat(prefix: str, record: Mapping[str, Any]) -> Row:
    """A record as columns: a column a number of a tuple, and whether a value is there at all."""
    row: Row = {}
    for key, value in record.items():
        name = f"{prefix}{key}"
        if isinstance(value, Mapping):
            row |= flat(f"{name}_", value)
        elif isinstance(value, list | tuple | np.ndarray):
            row |= flat(f"{name}_", {str(number): part for number, part in enumerate(value)})
            row[f"{name}_count"] = len(value)
        elif value is None:
            row[f"{name}_count"] = 0
        else:
            row[name] = value
    return row


def drawn_row(session: Session) -> Row:
    """What is drawn of a person, head and scan, besides the disease; with the grade."""
    grade = session.reading.bapl if session.reading else None
    row = {"bapl": grade, "age": session.age, "sex": session.sex}
    row |= flat("head_", asdict(session.head.morphology))
    row |= flat("scan_", session.scan.as_row())
    return {name: value for name, value in row.items() if not name.endswith("seed")}


# Columns of each probe of what is drawn.
DRAWN_PROBES: dict[str, Callable[[str], bool]] = {
    "age and sex": lambda name: name in ("age", "sex"),
    "site": lambda name: name == "scan_site",
    "head size": lambda name: name.startswith("head_scale"),
    "anatomy, ventricles and thinning": lambda name: (
        name.startswith("head_") and not name.startswith("head_scale")
    ),
    "pose and field of view": lambda name: name.startswith(
        ("scan_rotation", "scan_shift", "scan_lowest", "scan_slices", "scan_motion", "scan_ct")
    ),
    "resolution and noise level": lambda name: name in ("scan_fwhm_mm", "scan_noise_cv"),
    "scale and scalp": lambda name: name.startswith(("scan_scale", "scan_scalp")),
    "everything": lambda name: name.startswith(("age", "sex", "head_", "scan_")),
}
# Beginnings of the columns of each probe of a stored scan. One level at a time: the ratios of
# several are the shape of the histogram, which is the disease itself and not the intensity.
IMAGE_PROBES = [*(f"intensity {name}" for name in ("mean", "SD", "max", "50 %", "99 %"))]
IMAGE_PROBES += ["scalp", "noise level", "header", "sidecar", "file size"]


def fields(source: str, record: Mapping[str, Any]) -> dict[str, float]:
    """Every field as a number: text by its checksum."""
    found = {}
    for key, value in record.items():
        for number, part in enumerate(np.ravel(np.array(value, object))):
            is_text = isinstance(part, str | bytes)
            as_number = zlib.crc32(repr(part).encode()) if is_text else part
            # A header holds n/a in most fields.
            found[f"{source} {key} {number}"] = float(np.nan_to_num(as_number))
    return found


def stored_scan(session: Session, folder: Path, tracer: str, places: Places | None = None) -> Row:
    """What a stored scan shows outside its brain, by probe and feature.

    Args:
        session: Person and scan.
        folder: Folder that the scan is stored in.
        tracer: BIDS label of the tracer.
        places: Scalp and cerebellum, where they are known.

    Returns:
        Features, with the grade.
    """
    ideal = Scanned(session.head, session.uptake, session.scan)
    series = acquire(ideal, session.scan, tracer)
    path = folder / store(series, folder, session.participant, session.session, "nifti", 0)
    image = nib.load(path)
    volume = np.asarray(image.dataobj, np.float32)
    sidecar = json.loads(path.with_name(path.name.replace(".nii.gz", ".json")).read_text())
    row: Row = {"bapl": session.reading.bapl if session.reading else None}
    row["file size"] = path.stat().st_size
    row |= fields("header", {name: image.header[name].tolist() for name in image.header})
    row |= fields("sidecar", sidecar)
    row |= {"intensity mean": volume.mean(), "intensity SD": volume.std()}
    row |= {"intensity max": volume.max()}
    levels = np.percentile(volume, PERCENTILES)
    row |= {f"intensity {p} %": v for p, v in zip(PERCENTILES, levels, strict=True)}
    return row | described_places(volume, places or find_places(session))


def find_places(session: Session) -> Places:
    """Where a scan shows scalp far from the brain, and where the inside of the cerebellum."""
    outside = ndimage.distance_transform_edt(~brain_mask(), sampling=TEMPLATE_AFFINE[0, 0])
    points = grid_points(TEMPLATE_SHAPE, TEMPLATE_AFFINE)
    masks = {
        "scalp": (outside > SPILL_MM) & (outside <= SCALP_MM) & (points[2] > _LOWEST_MM),
        "cerebellum": ndimage.binary_erosion(voi("whole_cerebellum"), iterations=2),
    }
    in_head = session.head.from_template(points)
    to_voxel = np.linalg.inv(session.scan.affine) @ session.scan.head_to_scanner()
    found = {}
    for name, mask in masks.items():
        voxels = to_voxel[:3, :3] @ in_head[:, mask] + to_voxel[:3, 3:]
        nearest = np.unique(np.rint(voxels).astype(np.intp), axis=1)
        size = np.array(session.scan.shape)[:, None]
        found[name] = nearest[:, ((nearest >= 0) & (nearest < size)).all(axis=0)]
    return found


def described_places(volume: NDArray[np.float32], places: Places) -> Row:
    """Scalp far from the brain, and noise of the cerebellum."""
    scalp = volume[tuple(places["scalp"])]
    cerebellum = tuple(places["cerebellum"])
    fine = volume - ndimage.uniform_filter(volume, 3)
    levels = np.percentile(scalp, PERCENTILES)
    row = {f"scalp {p} %": v for p, v in zip(PERCENTILES, levels, strict=True)}
    row |= {"scalp mean": scalp.mean(), "scalp SD": scalp.std()}
    return row | {"noise level": fine[cerebellum].std() / volume[cerebellum].mean()}
