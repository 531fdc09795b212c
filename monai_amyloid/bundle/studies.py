"""Raw studies as input of a MONAI pipeline: read, registered, SUVR on the template grid."""

import math
from collections.abc import Callable, Hashable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import torch
from ignite.engine import Engine, Events
from monai.config import KeysCollection
from monai.data import MetaTensor
from monai.transforms import Compose, MapTransform
from torch.utils.data import Dataset

from monai_amyloid.brain.normalization import normalize
from monai_amyloid.brain.quality.measures import MEASURES
from monai_amyloid.brain.quantities.uncertainty import load_interval
from monai_amyloid.brain.template import TEMPLATE_AFFINE, TEMPLATE_SHAPE
from monai_amyloid.cohort.pictures import PICTURE, VOLUME, read_bag
from monai_amyloid.errors import RefusedError, UserError
from monai_amyloid.evaluation.deciding.decision_file import read_decision
from monai_amyloid.findings.finding import StudyRefused
from monai_amyloid.findings.rules import FEATURES_APART, doubts
from monai_amyloid.learning.network.head import HeadInputs
from monai_amyloid.output import write_csv
from monai_amyloid.pet.files.archive import ARCHIVE_SUFFIXES
from monai_amyloid.pet.formats.table import FORMATS
from monai_amyloid.pet.identity import identity_of
from monai_amyloid.pet.private import NUMBERED, private_reason, tells
from monai_amyloid.pet.study import read_study
from monai_amyloid.study_names import study_name, unique

_PROBABILITIES = ("p_bapl1", "p_bapl2", "p_bapl3")
_CENTILOIDS = ("centiloid", "centiloid_low", "centiloid_high")
_PICTURES = (".jpg", ".jpeg", ".png")
_STUDIES = (
    *(suffix for image in FORMATS for suffix in image.suffixes),
    *(*ARCHIVE_SUFFIXES, *_PICTURES),
)


def list_studies(folder: str) -> list[dict[str, str]]:
    """List the studies of a folder: each subfolder, archive, image file and picture in it.

    Args:
        folder: Folder of studies.

    Returns:
        MONAI dictionaries with ``image``, the path, and ``study``, its name in the results: a
        number, in the order of the names, where the study's own may tell who was scanned.

    Raises:
        UserError: If the folder is missing or holds no study.
    """
    root = Path(folder)
    found = []
    if root.is_dir():
        found = [
            path
            for path in sorted(root.iterdir())
            if not path.name.startswith(".")
            and (path.is_dir() or path.name.lower().endswith(_STUDIES))
        ]
    if not found:
        raise UserError(
            f"{folder}: no studies there, needed a folder of study folders or NIfTI files; "
            "name it with --dataset_dir"
        )
    own = list(map(study_name, found))
    shown = (
        NUMBERED.format(number) if tells(name, identity_of(path)) else name
        for number, (path, name) in enumerate(zip(found, own, strict=True), start=1)
    )
    return [
        {"image": str(path), "study": name} for path, name in zip(found, unique(shown), strict=True)
    ]


class ReadStudyd(MapTransform):
    """Read a study and lay it on the template, as ``prepare`` does for training.

    Args:
        keys: Keys of the dictionary whose values are paths of studies.
        tracer: BIDS label or name for studies that name none.
        kind: ``volume``, or ``picture`` for a network of pictures.
        allow_missing_keys: Whether a key may be missing from a dictionary.
        tracer_is_really: Whether the tracer counts against what a study names.
    """

    def __init__(
        self,
        keys: KeysCollection,
        tracer: str | None = None,
        kind: str = VOLUME,
        allow_missing_keys: bool = False,
        *,
        tracer_is_really: bool = False,
    ) -> None:
        super().__init__(keys, allow_missing_keys)
        self.tracer = tracer
        self.tracer_is_really = tracer_is_really
        self.kind = kind

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        """Replace each path by SUVR ``(1, 91, 109, 91)`` on the template grid, RAS+.

        The scan's ``tracer``, ``centiloid`` and ``quality`` stand beside it. Pictures become
        ``(1, 91, 109, n)``, 0 to 255.

        Raises:
            StudyRefused: If a study cannot be graded.
        """
        result = dict(data)
        for key in self.key_iterator(result):
            path = Path(result[key])
            if self.kind == PICTURE:
                volume = read_bag(path)
            else:
                image = read_study(path, tracer=self.tracer, tracer_is_really=self.tracer_is_really)
                brain = normalize(image)
                volume, result["tracer"] = brain.suvr, brain.source.tracer
                result["centiloid"], result["quality"] = brain.centiloid, brain.quality
            result[key] = MetaTensor(volume[None], affine=TEMPLATE_AFFINE)
        return result


class StudyDataset(Dataset[dict[str, Any]]):
    """Studies to grade; one that cannot be graded says why, and the others go on.

    Args:
        data: Dictionaries of :func:`list_studies`.
        read: Reader of a study, :class:`ReadStudyd`.
        transforms: Transforms from SUVR on the template to the network's input.
    """

    def __init__(
        self,
        data: Sequence[Mapping[Any, str]],
        read: ReadStudyd,
        transforms: Sequence[Callable[[Any], Any]],
    ) -> None:
        self.data = data
        self.read = read
        self.transforms = Compose(transforms)

    def __len__(self) -> int:
        return len(self.data)

    def __getitem__(self, index: int) -> dict[str, Any]:
        """A study: ``image``, ``study``, what was measured, and ``refused``: empty, or the reason.

        ``centiloid``, the ends of its interval and each measure of ``quality`` are NaN where they
        were not measured.
        """
        item: dict[Hashable, Any] = {**self.data[index]}
        try:
            read, refused = self.read(item), ""
        except Exception as error:  # one study that nobody foresaw must not stop the others
            # The network needs something of the usual shape; its answer is thrown away.
            depth = 1 if self.read.kind == PICTURE else TEMPLATE_SHAPE[2]
            empty = torch.zeros(1, *TEMPLATE_SHAPE[:2], depth)
            read = {"image": MetaTensor(empty, affine=TEMPLATE_AFFINE), "tracer": "18FFBB"}
            refused = _reason(error, Path(item["image"]), item["study"])
        image = self.transforms({"image": read["image"], "tracer": read.get("tracer")})["image"]
        quality = {**dict.fromkeys(MEASURES, math.nan), **read.get("quality", {})}
        measured = {**_with_interval(read), "quality": quality}
        return {"image": image, "study": item["study"], **measured, "refused": refused}


def _with_interval(read: Mapping[Hashable, Any]) -> dict[str, float]:
    """Centiloid of a scan and the ends of its interval; NaN where it has none."""
    if "centiloid" not in read:
        return dict.fromkeys(_CENTILOIDS, math.nan)
    ends = load_interval(read["centiloid"], read["quality"], str(read["tracer"]))
    return dict(zip(_CENTILOIDS, (read["centiloid"], *ends), strict=True))


def _reason(error: Exception, study: Path, name: str) -> str:
    """Why a study is refused, in a line that tells nobody's name."""
    if isinstance(error, StudyRefused):
        return private_reason(error.findings, study, name)
    return f"{name}: could not be graded ({type(error).__name__})"


class WriteProbabilities:
    """Write a table of every study's grade when an evaluator has seen them all.

    Args:
        path: CSV to write: ``study status p_bapl1 p_bapl2 p_bapl3 prediction_set centiloid
            centiloid_low centiloid_high reasons``, with a byte order mark so that Excel reads
            Korean. They are those of ``monai-amyloid infer``.
        calibration: ``calibration.json`` of the bundle.
        network: The network that predicts, to know how far studies lie from the training's scans;
            None where that is not asked.

    Raises:
        UserError: If there is no such calibration; and at the end, after the table is written, if
            a study was refused.
    """

    def __init__(self, path: str, calibration: str, network: torch.nn.Module | None = None) -> None:
        self.path = Path(path)
        self.heard = None if network is None else HeadInputs(network)
        self.decision = read_decision(Path(calibration))
        self.rows: list[dict[str, Any]] = []

    def attach(self, engine: Engine) -> None:
        """Act on the batches and at the end of an evaluator that decollates."""
        engine.add_event_handler(Events.STARTED, lambda _: self.rows.clear())
        engine.add_event_handler(Events.ITERATION_COMPLETED, self)
        engine.add_event_handler(Events.COMPLETED, self._write)

    def __call__(self, engine: Engine) -> None:
        """Keep a batch's studies."""
        batch, outputs = engine.state.batch, engine.state.output
        apart = None if self.heard is None else self.heard.apart()
        known: Sequence[float | None] = apart or [None] * len(batch)
        for item, output, far in zip(batch, outputs, known, strict=True):
            row = self._row(item, output["pred"], far)
            self.rows.append({"study": item["study"], **row})

    def _row(
        self, item: Mapping[str, Any], calibrated: torch.Tensor, apart: float | None
    ) -> dict[str, Any]:
        if item["refused"]:
            empty = dict.fromkeys((*_PROBABILITIES, "prediction_set", *_CENTILOIDS))
            return {"status": "refused", **empty, "reasons": item["refused"]}
        load, quality = float(item["centiloid"]), item["quality"]
        scan = self.decision.graded_scan(
            calibrated.double().reshape(3).cpu().numpy(),
            centiloid=None if math.isnan(load) else load,
            quality={
                **{name: float(value) for name, value in quality.items()},
                FEATURES_APART: apart,
            },
        )
        reasons = doubts(scan)
        return {
            "status": "needs_reader" if reasons else "graded",
            **dict(zip(_PROBABILITIES, scan.probabilities, strict=True)),
            "prediction_set": "+".join(map(str, scan.prediction_set)),
            **{name: float(item[name]) for name in _CENTILOIDS},
            "reasons": "; ".join(map(str, reasons)),
        }

    def _write(self, engine: Engine) -> None:
        table = pd.DataFrame(self.rows)
        write_csv(table, self.path, "%.6g")
        refused = table[table["status"] == "refused"]
        if not refused.empty:
            raise RefusedError(
                f"{len(refused)} of {len(table)} studies were refused, the first because: "
                f"{refused['reasons'].iloc[0]}; the others are in {self.path}"
            )
