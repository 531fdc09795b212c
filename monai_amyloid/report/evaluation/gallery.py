"""The worst errors as pictures: where a model and the readers differ most, with the scan."""

import base64
import io
from dataclasses import dataclass
from pathlib import Path

import nibabel as nib
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from PIL import Image

from monai_amyloid.brain.template import TEMPLATE_AFFINE, TEMPLATE_SHAPE, voi
from monai_amyloid.evaluation.results import Evaluation
from monai_amyloid.pictures.cut_brain import DARKEST_SUVR, without_face
from monai_amyloid.pictures.orientation import lettered, upright

# Axial places of the four regions in the order they are read: inferior temporal lobe, frontal
# lobe with posterior cingulate, precuneus, parietal lobe.
_PLACES_MM = (-20.0, 8.0, 26.0, 46.0)
_ENLARGED = 2
_AXIAL = 2
_SHOWN = 12


@dataclass(frozen=True, kw_only=True)
class WorstError:
    """A held-out scan whose most probable grade is not the readers'.

    Attributes:
        participant: The table's ``participant_id``.
        session: The table's ``session_id``.
        site: The site that made the scan.
        true: Grade that the readers gave, 1 to 3.
        predicted: Grade that the model found most probable, 1 to 3.
        probabilities: Probabilities of BAPL 1, 2 and 3; calibrated where a calibration was learned.
        picture: Data URI of a PNG with axial slices, empty where the volume is gone.
    """

    participant: str
    session: str
    site: str
    true: int
    predicted: int
    probabilities: tuple[float, ...]
    picture: str


def worst_errors(evaluation: Evaluation, count: int = _SHOWN) -> list[WorstError]:
    """The network's errors in the first repeat, the worst first.

    Two grades off is worse than one; of equal ones, a less probable true grade is worse.

    Args:
        evaluation: An evaluation whose first result is the network's.
        count: Most errors that are returned.
    """
    network = evaluation.results[0]
    rows = evaluation.held_out.rows
    chances = (
        network.predictions.probabilities
        if network.predictions is not None
        else network.probabilities
    )
    truth, predicted_grades = rows["bapl"].to_numpy(int), chances.argmax(axis=1) + 1
    table = pd.DataFrame(
        {
            "off": np.abs(truth - predicted_grades),
            "chance": chances[np.arange(len(truth)), truth - 1],
            "first": (rows["repeat"] == rows["repeat"].min()).to_numpy(),
        }
    )
    wrong = table[table["first"] & (table["off"] > 0)]
    order = wrong.sort_values(["off", "chance"], ascending=[False, True], kind="stable").index
    return [
        WorstError(
            participant=str(rows["participant_id"].iloc[place]),
            session=str(rows["session_id"].iloc[place]),
            site=str(rows["site"].iloc[place]),
            true=int(truth[place]),
            predicted=int(predicted_grades[place]),
            probabilities=tuple(float(chance) for chance in chances[place]),
            picture=_picture(Path(str(rows["path"].iloc[place]))),
        )
        for place in order[:count]
    ]


def _picture(path: Path) -> str:
    try:
        volume = np.asarray(nib.load(path).dataobj, np.float32)
    except (OSError, nib.filebasedimages.ImageFileError):
        return ""
    image = axial_slices(volume)
    shown = Image.fromarray(image)
    size = (shown.width * _ENLARGED, shown.height * _ENLARGED)
    buffer = io.BytesIO()
    shown.resize(size, Image.Resampling.BICUBIC).save(buffer, format="PNG", optimize=True)
    return f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"


def axial_slices(volume: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Axial slices side by side, SUVR on the inverse grey scale it is read in.

    Args:
        volume: ``(X, Y, Z)`` RAS+: SUVR on the template's grid, or a stack of pictures, of
            which evenly spaced ones are shown as bright as they were stored.

    Returns:
        ``(Y, slices * X)``; front up. Of a scan the patient's sides stand in letters; which side
        of a picture is left is not known, so that it is shown as it was read.
    """
    if volume.shape == TEMPLATE_SHAPE:
        heights = [round((place - TEMPLATE_AFFINE[2, 3]) / 2) for place in _PLACES_MM]
        darkest = DARKEST_SUVR * float(volume[voi("whole_cerebellum")].mean())
        shown = 255 * (1 - np.clip(without_face(volume) / darkest, 0, 1))
        levels = shown.round().astype(np.uint8)
        row = [lettered(upright(levels, _AXIAL, height), _AXIAL) for height in heights]
    else:
        count = min(len(_PLACES_MM), volume.shape[2])
        heights = [int((place + 0.5) * volume.shape[2] / count) for place in range(count)]
        shown = 255 * np.clip(volume / max(float(volume.max()), 1e-6), 0, 1)
        levels = shown.round().astype(np.uint8)
        row = [levels[:, ::-1, height].T for height in heights]
    return np.concatenate(row, axis=1)
