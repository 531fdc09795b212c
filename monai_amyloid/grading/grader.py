"""A bundle, loaded, and what it says of one study."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from monai_amyloid.brain.normalization import BrainPet, normalize
from monai_amyloid.brain.quantities.beside import centiloids_beside
from monai_amyloid.brain.quantities.marks import compared
from monai_amyloid.brain.quantities.nearest_cases import nearest_cases
from monai_amyloid.brain.quantities.normative import z_scores
from monai_amyloid.brain.quantities.uncertainty import (
    centiloid_interval,
    suvr_intervals,
    suvr_spreads,
)
from monai_amyloid.brain.registration.register import one_thread
from monai_amyloid.bundle.files import CALIBRATION, MODEL, grade_names, learnt_from
from monai_amyloid.bundle.integrity import Trust, read_bundle
from monai_amyloid.bundle.networks.answering import Answers
from monai_amyloid.bundle.networks.ready import ready_network
from monai_amyloid.cohort.pictures import PICTURE, read_bag
from monai_amyloid.evaluation.deciding.decision_file import decision_of
from monai_amyloid.explore.saved_map import read_map
from monai_amyloid.findings.finding import Finding, StudyRefused, Term, warning
from monai_amyloid.findings.rules import FEATURES_APART, doubts
from monai_amyloid.learning.explanation import activation_map, region_shares, strongest_spot
from monai_amyloid.learning.network.losses import grade_probabilities
from monai_amyloid.learning.network.region_scores import by_region
from monai_amyloid.pet.files.sources import is_picture
from monai_amyloid.pet.image import PetImage
from monai_amyloid.pet.study import read_study
from monai_amyloid.pet.tracers import FLORBETABEN
from monai_amyloid.report.study.map_chart import MapChart, map_chart
from monai_amyloid.result.result import Result
from monai_amyloid.study_names import study_name

Bag = NDArray[np.float32]  # pictures of one person, (91, 109, n), 0 to 255


@dataclass(frozen=True)
class Graded:
    """What is known of a study once it was graded.

    Attributes:
        result: What is said.
        shown: The normalised scan, or the pictures ``(91, 109, n)``; None where refused.
        activation: What drove the grade, 0 to 1 on the template grid ``(91, 109, 91)``; None
            where refused, and of pictures.
        chart: The scan among a cohort's cases; None without a map.
    """

    result: Result
    shown: BrainPet | Bag | None = None
    activation: NDArray[np.float32] | None = None
    chart: MapChart | None = None

    @property
    def brain(self) -> BrainPet | None:
        """The normalised scan, if it is one."""
        return self.shown if isinstance(self.shown, BrainPet) else None

    @property
    def bag(self) -> Bag | None:
        """The pictures, if that is what was graded."""
        return self.shown if isinstance(self.shown, np.ndarray) else None


class Grader:
    """A trained bundle, ready to grade studies.

    Args:
        bundle: Folder that ``monai-amyloid export`` wrote. Nothing of it runs.
        device: ``"cuda"``, ``"cpu"`` or None for the bundle's own choice.
        placed_on: A cohort's map, on which each scan is placed.
        require_bundle: SHA-256 of the only bundle that may grade; None for any.
        trust_config: Whether what export never wrote into a config may run.

    Raises:
        UserError: If a file is missing or is not the one that was exported, the bundle is another
            than the one required, its config holds what export never wrote, or the machine has no
            such device.
    """

    def __init__(
        self,
        bundle: Path,
        device: str | None = None,
        placed_on: Path | None = None,
        *,
        require_bundle: str | None = None,
        trust_config: bool = False,
    ) -> None:
        trust = Trust.of(require_bundle, trust_config)
        checked = read_bundle(bundle, trust)
        self.trained = ready_network(checked, device, trust)
        self.map = None if placed_on is None else read_map(placed_on)
        self.decision = decision_of(checked.content[CALIBRATION], bundle / CALIBRATION)
        self.model = {
            "name": checked.metadata["name"],
            "version": checked.metadata["version"],
            "sha256": checked.metadata["sha256"][MODEL],
            "bundle_sha256": checked.sha256,
            "learnt_from": learnt_from(checked.metadata),
        }
        self.grade_names = grade_names(checked.metadata)
        self._unlisted = checked.unlisted

    # A result is the same on any number of cores, and processes do not slow each other down.
    @one_thread()
    def grade(
        self,
        study: Path,
        tracer: str | None = None,
        series: str | None = None,
        *,
        tracer_is_really: bool = False,
    ) -> Graded:
        """Read, normalise, classify and explain one study.

        Args:
            study: Path of a study, see :func:`monai_amyloid.pet.study.read_study`; for a bundle
                whose network takes pictures, a picture or a folder of one person's pictures.
            tracer: BIDS label or name, where the study names none.
            series: Name of the image to take where the study has several.
            tracer_is_really: Whether the tracer counts against what the study names.

        Returns:
            The result and what it is of. Its texts may hold what names the person: they are for
            this machine until :class:`~monai_amyloid.grading.privacy.Privacy` has cleaned them.
        """
        clock = Clock()
        name = study_name(study)
        header: dict[str, Any] = {}
        notes: tuple[Finding, ...] = ()
        try:
            if self.trained.kind == PICTURE:
                return self._grade_pictures(study, clock)
            if study.is_file() and is_picture(study):
                raise StudyRefused(
                    "picture_for_volume_network",
                    "found a picture, needed a scan, for this bundle's network is of volumes; name "
                    "a bundle of pictures with {option}",
                    option=Term("--bundle"),
                    where=study,
                )
            image = read_study(
                study, tracer=tracer, series=series, tracer_is_really=tracer_is_really
            )
            header, notes = _header_of(image), _notes_on(image)
            clock.lap("read")
            brain = normalize(image)
            clock.lap("register")
        except StudyRefused as refusal:
            return Graded(
                Result(
                    name=name,
                    status="refused",
                    findings=(*refusal.findings, *notes),
                    grade_names=self.grade_names,
                    study=header,
                    model=self.model,
                    seconds=clock.seconds,
                )
            )
        answers = self._answers(brain.suvr, brain.source.tracer)
        clock.lap("network")
        apart = None if answers.apart is None else answers.apart[0]
        measured = {**brain.quality, FEATURES_APART: apart}
        result = self._result(name, _chances(answers), brain.centiloid, measured)
        activation = activation_map(self.trained, brain, int(result.grade or 0))
        clock.lap("explain")
        tracer = str(brain.source.tracer)
        spreads = suvr_spreads(brain.centiloid, brain.quality, tracer)
        intervals = suvr_intervals(brain.regions, spreads)
        marks = compared(brain.centiloid, spreads["cortex"], tracer)
        beside = centiloids_beside(brain.suvr, brain.centiloid, spreads, tracer)
        scores = z_scores(brain.regions, brain.source.tracer)
        unscored = () if scores else (_no_negatives(str(brain.source.tracer)),)
        scale = () if brain.source.tracer == FLORBETABEN else (_scale_of_florbetaben(brain),)
        result = replace(
            result,
            findings=(
                *result.findings,
                *notes,
                *brain.warnings,
                *beside.findings,
                *unscored,
                *scale,
            ),
            study=header,
            centiloid=brain.centiloid,
            centiloid_interval=centiloid_interval(intervals["cortex"], tracer),
            marks=tuple(mark.as_content() for mark in marks),
            suvr=brain.regions,
            suvr_intervals=intervals,
            references=beside.references,
            adjusted=beside.adjusted,
            rescan_interval=beside.rescan,
            z_scores=scores or None,
            quality=brain.quality,
            explanation=region_shares(activation),
            strongest_spot=strongest_spot(activation),
            region_scores=None if answers.scores is None else by_region(answers.scores[0]),
            nearest_cases=nearest_cases(brain.regions, str(brain.source.tracer)),
            seconds=clock.seconds,
        )
        return self._placed(Graded(result, brain, activation), brain)

    def _placed(self, graded: Graded, brain: BrainPet) -> Graded:
        """The same with the scan's place on the map, and the cases there; as it is without one."""
        if self.map is None:
            return graded
        place = self.map.place(brain.regions, brain.quality, str(brain.source.tracer))
        on_map = place.as_content()
        result = replace(
            graded.result, nearest_cases=tuple(on_map.pop("neighbours")), on_map=on_map
        )
        return replace(graded, result=result, chart=map_chart(self.map, on_map))

    def _grade_pictures(self, study: Path, clock: "Clock") -> Graded:
        """Grade a picture, of which nothing else can be said."""
        bag = read_bag(study)
        clock.lap("read")
        probabilities = _chances(self._answers(bag))
        clock.lap("network")
        result = self._result(study_name(study), probabilities, None, {})
        only_a_picture = warning(
            "only_a_picture",
            "graded from a picture: no Centiloid, SUVR or quality can be said of it, nor whether "
            "it is the right slice, which side is left, or that the scan behind it could be graded",
        )
        result = replace(
            result,
            findings=(*result.findings, only_a_picture),
            study={"tracer": None, "source": PICTURE},
            seconds=clock.seconds,
        )
        return Graded(result, bag)

    def _result(
        self,
        name: str,
        probabilities: NDArray[np.float64],
        centiloid: float | None,
        quality: Mapping[str, float | None],
    ) -> Result:
        """The grade, and whether a person must read the scan."""
        [calibrated] = self.decision.calibrate(probabilities[None])
        scan = self.decision.graded_scan(
            calibrated, centiloid=centiloid, quality=quality, grade_names=self.grade_names
        )
        found = doubts(scan)
        chance = 1 - scan.probabilities[0]
        threshold = self.decision.positive_threshold
        return Result(
            name=name,
            status="needs_reader" if found else "graded",
            findings=(*found, *self._of_an_earlier_export()),
            grade=scan.grade,
            grade_names=self.grade_names,
            probabilities=dict(enumerate(scan.probabilities, start=1)),
            prediction_set=tuple(scan.prediction_set),
            positive={"called": chance >= threshold, "chance": chance, "threshold": threshold},
            model=self.model,
        )

    def _of_an_earlier_export(self) -> tuple[Finding, ...]:
        if not self._unlisted:
            return ()
        return (
            warning(
                "bundle_lists_fewer_files",
                "the bundle is of an earlier export, which lists no SHA-256 of {files}: a change "
                "there since then cannot be seen; export it again",
                files=tuple(map(Term, self._unlisted)),
            ),
        )

    def probabilities(self, brain: BrainPet) -> NDArray[np.float64]:
        """The network's own probabilities of BAPL 1, 2 and 3 of a normalised scan, ``(3,)``."""
        return _chances(self._answers(brain.suvr, brain.source.tracer))

    def _answers(self, image: NDArray[np.float32], tracer: str | None = None) -> Answers:
        return self.trained.answers(self.trained.network_input(image, tracer)[None])


def _chances(answers: Answers) -> NDArray[np.float64]:
    """Probabilities of the grades of the first scan of a batch, ``(3,)``."""
    chances = np.asarray(grade_probabilities(answers.logits)[0].double().cpu())
    if not np.isfinite(chances).all():
        raise ArithmeticError("the network's output is not finite; export it again")
    return chances


def _header_of(image: PetImage) -> dict[str, Any]:
    """What the header says of a scan, for its result."""
    return {
        "tracer": image.tracer,
        "source": image.provenance.get("source"),
        "series_instance_uid": image.provenance.get("SeriesInstanceUID"),
        "suv_factor": image.provenance.get("suv_factor"),
    }


def _notes_on(image: PetImage) -> tuple[Finding, ...]:
    """Which image and frames were taken, and what is odd about them."""
    frames = image.provenance.get("frames")
    return (
        *image.provenance.get("series", ()),
        *(() if frames is None else (frames,)),
        *image.provenance.get("warnings", ()),
    )


def _no_negatives(tracer: str) -> Finding:
    return warning(
        "no_negatives_of_tracer",
        "no negative scans of {tracer} were measured, so its regions are not compared with those",
        tracer=Term(tracer),
    )


def _scale_of_florbetaben(brain: BrainPet) -> Finding:
    return warning(
        "scale_of_florbetaben",
        "BAPL is the scale by which florbetaben scans are read; the grade of this {tracer} scan is "
        "the one that a florbetaben scan with the same amyloid would get, and no reading by the "
        "instructions for {tracer}",
        tracer=Term(str(brain.source.tracer)),
    )


class Clock:
    """Seconds of each step of a study."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._last = time.perf_counter()

    def lap(self, step: str) -> None:
        """End a step; the next one begins."""
        now = time.perf_counter()
        self.seconds[step] = now - self._last
        self._last = now
