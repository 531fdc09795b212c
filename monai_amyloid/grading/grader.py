"""A bundle and a study make a result: the one place that joins the rooms."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from monai.bundle import ConfigParser
from monai.data import MetaTensor
from monai.transforms import Compose
from numpy.typing import NDArray

from monai_amyloid.brain.normalization import BrainPet, normalize
from monai_amyloid.brain.normative import z_scores
from monai_amyloid.brain.template import TEMPLATE_AFFINE
from monai_amyloid.cohort.datalist import GRADES
from monai_amyloid.cohort.picture_cohort import PICTURE, VOLUME
from monai_amyloid.cohort.pictures import read_bag
from monai_amyloid.errors import UserError
from monai_amyloid.evaluation.decision import Decision, read_decision
from monai_amyloid.learning.exported import exported_file, exported_metadata
from monai_amyloid.learning.losses import grade_probabilities
from monai_amyloid.output import writable_folder
from monai_amyloid.pet.image import PetImage, StudyRefused
from monai_amyloid.pet.sources import is_picture
from monai_amyloid.pet.study import read_study
from monai_amyloid.report.figures import require_matplotlib, write_picture, write_slices
from monai_amyloid.report.result import Result, write_result, write_results
from monai_amyloid.study_names import study_name, unique_names

ONLY_A_PICTURE = (
    "graded from a picture: no Centiloid, SUVR or quality can be said of it, nor whether it is the "
    "right slice, which side is left, or that the scan behind it could be graded"
)
Bag = NDArray[np.float32]  # pictures of one person, (91, 109, n), 0 to 255


class Grader:
    """A trained bundle, ready to grade studies.

    Args:
        bundle: Folder that ``monai-amyloid export`` wrote. Its configs are code that runs: use
            bundles that you trust.
        device: ``"cuda"``, ``"cpu"`` or None for the bundle's own choice.

    Raises:
        UserError: If a file is missing, weights or calibration are not those that were exported,
            or the machine has no such device.
    """

    def __init__(self, bundle: Path, device: str | None = None) -> None:
        metadata = exported_metadata(bundle)
        weights = exported_file(bundle, "models/model.pt")
        self.decision = read_decision(Path(exported_file(bundle, "models/calibration.json")))
        self.model = {
            "name": metadata["name"],
            "version": metadata["version"],
            "sha256": metadata["sha256"]["models/model.pt"],
        }
        config = bundle / "configs" / "inference.json"
        if not config.is_file():
            raise UserError(f"no {config}: needed a whole bundle; copy or export it again")
        parser = ConfigParser()
        parser.read_config(str(config))
        parser["bundle_root"] = str(bundle)
        self.kind = str(parser.get("input_kind", VOLUME))
        self.device = _device(device or parser.get_parsed_content("device"))
        self.preprocessing = Compose(
            [
                *parser.get_parsed_content("preprocessing"),
                *parser.get_parsed_content("layout"),
            ]
        )
        self.network = parser.get_parsed_content("network_def")
        state = torch.load(weights, map_location="cpu", weights_only=True)
        self.network.load_state_dict(state)
        self.network.to(self.device).eval()

    def grade(
        self, study: Path, tracer: str | None = None, series: str | None = None
    ) -> tuple[Result, BrainPet | Bag | None]:
        """Read, normalise and classify one study.

        Args:
            study: As :func:`monai_amyloid.pet.study.read_study` takes it; for a bundle of a
                network of pictures, a picture or a folder of one person's.
            tracer: BIDS label, where the study names none.
            series: Which image to take where the study has several.

        Returns:
            The result, and the normalised scan or the pictures ``(91, 109, n)`` unless the
            study was refused.
        """
        clock = _Clock()
        name = study_name(study)
        header: dict[str, Any] = {}
        try:
            if self.kind == PICTURE:
                return self._grade_pictures(study, clock)
            if study.is_file() and is_picture(study):
                raise StudyRefused(
                    f"{study}: found a picture, needed a scan, for this bundle's network is of "
                    "volumes; name a bundle of pictures with --bundle"
                )
            image = read_study(study, tracer=tracer, series=series)
            header = _said_of(image)
            clock.lap("read")
            brain = normalize(image)
            clock.lap("register")
        except StudyRefused as refusal:
            result = Result(
                name=name,
                status="refused",
                reasons=(str(refusal),),
                study=header,
                model=self.model,
                seconds=clock.seconds,
            )
            return result, None
        header["warnings"] = [*header["warnings"], *brain.warnings]
        chances = self.probabilities(brain)
        clock.lap("network")
        return replace(
            self._graded(name, chances, header, clock),
            centiloid=brain.centiloid,
            suvr=brain.regions,
            z_scores=z_scores(brain.regions, brain.source.tracer),
            quality=brain.quality,
        ), brain

    def _grade_pictures(self, study: Path, clock: "_Clock") -> tuple[Result, Bag]:
        """Grade a picture, of which nothing else can be said."""
        bag = read_bag(study)
        clock.lap("read")
        chances = self._probabilities(bag)
        clock.lap("network")
        header = {"tracer": None, "source": PICTURE, "warnings": [ONLY_A_PICTURE]}
        return self._graded(study_name(study), chances, header, clock), bag

    def _graded(
        self, name: str, chances: NDArray[np.float64], header: Mapping[str, Any], clock: "_Clock"
    ) -> Result:
        said = self.decision.apply(chances[None])
        calibrated, inside = said.probabilities[0], said.sets[0]
        most = int(calibrated.argmax()) + 1
        likely = tuple(grade for grade in GRADES if inside[grade - 1])
        doubt = bool(said.needs_reader[0])
        return Result(
            name=name,
            status="needs_reader" if doubt else "graded",
            reasons=(_why_in_doubt(most, likely, self.decision),) if doubt else (),
            bapl=most,
            probabilities={str(grade): float(p) for grade, p in enumerate(calibrated, start=1)},
            prediction_set=likely,
            study=header,
            model=self.model,
            seconds=clock.seconds,
        )

    def probabilities(self, brain: BrainPet) -> NDArray[np.float64]:
        """The network's own probabilities of BAPL 1, 2 and 3 of a normalised scan, ``(3,)``."""
        return self._probabilities(brain.suvr, brain.source.tracer)

    def _probabilities(
        self, image: NDArray[np.float32], tracer: str | None = None
    ) -> NDArray[np.float64]:
        volume = MetaTensor(image[None], affine=TEMPLATE_AFFINE)
        batch = self.preprocessing({"image": volume, "tracer": tracer})["image"][None]
        with torch.inference_mode():
            logits = self.network(batch.to(self.device))
        chances = np.asarray(grade_probabilities(logits.float())[0].double().cpu())
        if not np.isfinite(chances).all():
            raise ArithmeticError("the network's output is not finite; export it again")
        return chances


def _why_in_doubt(most: int, likely: tuple[int, ...], decision: Decision) -> str:
    """Why a person must read a scan, by its most probable grade and its prediction set."""
    thresholds = zip(GRADES, decision.set_thresholds, strict=True)
    always = [str(grade) for grade, least in thresholds if least <= 0 and grade != most]
    if always and {str(grade) for grade in likely} - {*always} <= {str(most)}:
        named = " or ".join(always)
        return f"BAPL {named} cannot be left out: too few such scans calibrated this bundle"
    if not likely:
        return f"BAPL {most} is the most probable grade, but less so than in most scans of it"
    if len(likely) == 1:  # a rare grade enters a set at a lower probability
        return f"BAPL {most} is the most probable grade, but the scan may well be BAPL {likely[0]}"
    return f"more than one grade is likely: BAPL {' or '.join(map(str, likely))}"


def grade_studies(
    grader: Grader,
    studies: Sequence[Path],
    output: Path,
    *,
    tracer: str | None = None,
    series: str | None = None,
    pictures: bool = True,
    finished: Callable[[Result], None] = lambda result: None,
) -> list[Result]:
    """Grade studies one by one and write what is said of each.

    Args:
        grader: The loaded bundle.
        studies: Study folders or files; one that fails does not stop the others.
        output: ``<study>/result.json`` and ``<study>/picture.png`` are written here, and
            ``results.csv`` for all.
        tracer: BIDS label, where a study names none.
        series: Which image to take where a study has several.
        pictures: Whether to draw ``picture.png``.
        finished: Called with each result.

    Raises:
        UserError: If ``output`` cannot be written, or pictures cannot be drawn.
    """
    writable_folder(output)
    if pictures:
        require_matplotlib()
    results = []
    for study, name in zip(studies, unique_names(studies), strict=True):
        result, shown = _grade_or_say_why(grader, study, tracer, series)
        folder = output / name
        folder.mkdir(exist_ok=True)
        picture = folder / "picture.png"
        picture.unlink(missing_ok=True)  # of an earlier run with another outcome
        clock = _Clock()
        if shown is not None and pictures:
            if isinstance(shown, BrainPet):
                write_picture(shown, result, picture)
            else:
                write_slices(shown, result, picture)
            clock.lap("report")
        result = replace(result, name=name, seconds={**result.seconds, **clock.seconds})
        write_result(result, folder)
        results.append(result)
        finished(result)
    write_results(results, output / "results.csv")
    return results


def _grade_or_say_why(
    grader: Grader, study: Path, tracer: str | None, series: str | None
) -> tuple[Result, BrainPet | Bag | None]:
    """Grade a study; an error that nobody foresaw becomes its reason too."""
    try:
        return grader.grade(study, tracer, series)
    except Exception as error:
        reason = f"{study}: could not be graded ({type(error).__name__}: {error})"
        return Result(study_name(study), "refused", (reason,), model=grader.model), None


def _device(name: str) -> torch.device:
    """A device of this machine by its name."""
    try:
        torch.zeros(1, device=name)
    except (RuntimeError, AssertionError) as error:  # torch raises either, by its build
        reason = str(error).splitlines()[0]
        raise UserError(f"device {name!r} cannot be used ({reason}); choose cpu") from error
    return torch.device(name)


def _said_of(image: PetImage) -> dict[str, Any]:
    """What a study said of itself, for its result."""
    return {
        "tracer": image.tracer,
        "source": image.provenance.get("source"),
        "series_instance_uid": image.provenance.get("SeriesInstanceUID"),
        "series": image.provenance.get("series", []),
        "frames": image.provenance.get("frames"),
        "suv_factor": image.provenance.get("suv_factor"),
        "warnings": image.provenance.get("warnings", []),
    }


class _Clock:
    """Seconds of each step."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._last = time.perf_counter()

    def lap(self, step: str) -> None:
        now = time.perf_counter()
        self.seconds[step] = now - self._last
        self._last = now
