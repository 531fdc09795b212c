"""MONAI Label app: an exported bundle grades the studies of a running server.

MONAI Label imports this file from the folder that ``--app`` names. The bundle is given with
``--conf bundle FOLDER``; the model has the name of that folder. README.md beside it explains how.
"""

import copy
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from fastapi import HTTPException
from monai.data import MetaTensor
from monailabel.interfaces.app import MONAILabelApp
from monailabel.interfaces.tasks.infer_v2 import InferTask, InferType
from monailabel.tasks.infer.bundle import BundleInferTask

from monai_amyloid.brain.quantities.uncertainty import load_interval
from monai_amyloid.bundle.integrity import Trust
from monai_amyloid.bundle.networks.trained import TrainedNetwork
from monai_amyloid.errors import UserError, find_user_error
from monai_amyloid.evaluation.deciding.decision import Decision
from monai_amyloid.findings.finding import StudyRefused
from monai_amyloid.findings.rules import FEATURES_APART, doubts
from monai_amyloid.learning.network.head import HeadInputs
from monai_amyloid.learning.network.losses import grade_probabilities
from monai_amyloid.pet.known_words import only_known
from monai_amyloid.pet.private import private_reason

LABELS = {f"BAPL {grade}": grade - 1 for grade in (1, 2, 3)}


class GradeStudy(BundleInferTask):
    """Read a study, lay it on the template, and tell the probabilities of BAPL 1, 2 and 3.

    Args:
        bundle: Folder that ``monai-amyloid export`` wrote.
        conf: Configuration of the app, from MONAI Label.
    """

    def __init__(self, bundle: Path, conf: Mapping[str, str]) -> None:
        super().__init__(str(bundle), conf, type=InferType.CLASSIFICATION, load_strict=True)
        # What the metadata names are the network's logits, not the grades.
        self.labels = LABELS
        self.path = [self.bundle_config.get_parsed_content("checkpoint")]  # checked by its SHA-256
        postprocessing = self.bundle_config.get_parsed_content("postprocessing")
        self.decision: Decision = postprocessing.decision

    def __call__(
        self, request: Mapping[str, Any], callbacks: Mapping[Any, Any] | None = None
    ) -> tuple[str | None, dict[str, Any]]:
        """Grade the study at ``request["image"]``.

        Raises:
            HTTPException: 404 if there is no such study, 422 if it is refused; both say why.
        """
        study = request["image"]
        if not study or not Path(study).exists():  # Path("") would be the server's own folder
            raise HTTPException(404, "no such study on this server; give its path or its name")
        try:
            answer: tuple[str | None, dict[str, Any]] = super().__call__(request, callbacks)
        except Exception as error:
            # Without its cause: the server's log is read by others than those who may know names.
            raise refused(error, Path(study)) from None
        return answer

    def pre_transforms(self, data: Mapping[str, Any] | None = None) -> Sequence[Callable[..., Any]]:
        """Steps from a study's path to the network's input."""
        self._update_device(data)
        reader = copy.copy(self.bundle_config.get_parsed_content("read_study"))
        asked = data or {}
        if asked.get("tracer"):
            reader.tracer = asked["tracer"]
            reader.tracer_is_really = bool(asked.get("tracer_is_really"))
        steps = [self.bundle_config.get_parsed_content(key) for key in ("preprocessing", "layout")]
        return [reader, *steps[0], *steps[1]]

    def post_transforms(
        self, data: Mapping[str, Any] | None = None
    ) -> Sequence[Callable[..., Any]]:
        """From the network's logits to calibrated probabilities and what follows from them."""
        return [self._decide]

    def run_inferer(
        self, data: dict[str, Any], convert_to_batch: bool = True, device: str = "cuda"
    ) -> dict[str, Any]:
        """Run the network, and keep how far the scan lies from those of its training."""
        heard = HeadInputs(self._get_network(device, data))
        try:
            answered: dict[str, Any] = super().run_inferer(data, convert_to_batch, device)
            apart = heard.apart()
        finally:
            heard.close()
        answered[FEATURES_APART] = None if apart is None else apart[0]
        return answered

    def _decide(self, data: dict[str, Any]) -> dict[str, Any]:
        own = grade_probabilities(torch.as_tensor(data["pred"])[None].float())
        [calibrated] = self.decision.calibrate(own.double().cpu().numpy())
        data["pred"] = MetaTensor(calibrated)  # the writer needs MONAI's own kind
        quality = {**data["quality"], FEATURES_APART: data[FEATURES_APART]}
        scan = self.decision.graded_scan(calibrated, centiloid=data["centiloid"], quality=quality)
        reasons = doubts(scan)
        data["decision"] = {
            "bapl": scan.grade,
            "status": "needs_reader" if reasons else "graded",
            "prediction_set": list(scan.prediction_set),
            "centiloid": data["centiloid"],
            "centiloid_interval": load_interval(data["centiloid"], quality, str(data["tracer"])),
            "reasons": [str(reason) for reason in reasons],
        }
        return data

    def writer(
        self, data: dict[str, Any], extension: str | None = None, dtype: Any = None
    ) -> tuple[str | None, dict[str, Any]]:
        """MONAI Label's own list of labels and scores, with the grade beside it."""
        file, written = super().writer(data, extension, dtype)
        return file, {**written, **data["decision"]}


def refused(error: Exception, study: Path) -> HTTPException:
    """What the server answers, and writes into its log, of a study that it cannot grade.

    Args:
        error: What was raised; other libraries may have wrapped it.
        study: Path of the study.
    """
    mistake = find_user_error(error)
    if isinstance(mistake, StudyRefused):
        return HTTPException(422, private_reason(mistake.findings, study))
    if mistake is not None:
        return HTTPException(422, only_known(str(mistake), of_error=True))
    return HTTPException(500, f"the study could not be graded ({type(error).__name__})")


class AmyloidApp(MONAILabelApp):
    """A server that grades amyloid brain PET with one bundle.

    Args:
        app_dir: Folder of this app.
        studies: Folder of studies.
        conf: ``bundle``, the bundle's folder; ``require_bundle``, the SHA-256 of the only one that
            may grade; ``trust_config true`` where its config may run code of its maker.

    Raises:
        UserError: If no bundle is named, or it cannot be used.
    """

    def __init__(self, app_dir: str, studies: str, conf: dict[str, str]) -> None:
        if "bundle" not in conf:
            raise UserError("no bundle is named: needed --conf bundle FOLDER")
        self.bundle = Path(conf["bundle"]).resolve()
        # MONAI Label passes over a folder that is no bundle, and evaluates the config of a bundle.
        trust = Trust.of(conf.get("require_bundle"), conf.get("trust_config") == "true")
        TrainedNetwork(self.bundle, "cpu", trust=trust)
        super().__init__(
            app_dir,
            studies,
            conf,
            name="monai-amyloid",
            description="Grades amyloid brain PET into BAPL 1, 2 and 3: research software",
        )

    def init_infers(self) -> dict[str, InferTask]:
        """The one model, by the name of its bundle's folder."""
        return {self.bundle.name: GradeStudy(self.bundle, self.conf)}
