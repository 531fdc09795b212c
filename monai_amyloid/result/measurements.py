"""What is measured on a normalised scan beside its grade, as a result holds it."""

from collections.abc import Sequence
from dataclasses import replace

from monai_amyloid.brain.normalization import BrainPet
from monai_amyloid.brain.quantities.beside import centiloids_beside
from monai_amyloid.brain.quantities.marks import compared
from monai_amyloid.brain.quantities.nearest_cases import nearest_cases
from monai_amyloid.brain.quantities.normative import z_scores
from monai_amyloid.brain.quantities.uncertainty import (
    centiloid_interval,
    suvr_intervals,
    suvr_spreads,
)
from monai_amyloid.findings.finding import Finding, Term, warning
from monai_amyloid.pet.tracers import FLORBETABEN
from monai_amyloid.result.result import Result


def with_measurements(result: Result, brain: BrainPet, notes: Sequence[Finding] = ()) -> Result:
    """A graded scan's result with Centiloid, SUVR, their intervals, and what to know of them.

    Args:
        result: What the network says of the scan, and whether a person must read it.
        brain: The normalised scan.
        notes: What was noticed when the scan was read, which stands before what was measured.
    """
    tracer = str(brain.source.tracer)
    spreads = suvr_spreads(brain.centiloid, brain.quality, tracer)
    intervals = suvr_intervals(brain.regions, spreads)
    beside = centiloids_beside(brain.suvr, brain.centiloid, spreads, tracer)
    scores = z_scores(brain.regions, tracer)
    found = [*result.findings, *notes, *brain.warnings, *beside.findings]
    if not scores:
        found.append(_no_negatives(tracer))
    if tracer != FLORBETABEN:
        found.append(_scale_of_florbetaben(tracer))
    return replace(
        result,
        findings=tuple(found),
        centiloid=brain.centiloid,
        centiloid_interval=centiloid_interval(intervals["cortex"], tracer),
        marks=tuple(
            mark.as_content() for mark in compared(brain.centiloid, spreads["cortex"], tracer)
        ),
        suvr=brain.regions,
        suvr_intervals=intervals,
        references=beside.references,
        adjusted=beside.adjusted,
        rescan_interval=beside.rescan,
        z_scores=scores or None,
        quality=brain.quality,
        nearest_cases=nearest_cases(brain.regions, tracer),
    )


def _no_negatives(tracer: str) -> Finding:
    return warning(
        "no_negatives_of_tracer",
        "no negative scans of {tracer} were measured, so its regions are not compared with those",
        tracer=Term(tracer),
    )


def _scale_of_florbetaben(tracer: str) -> Finding:
    return warning(
        "scale_of_florbetaben",
        "BAPL is the scale by which florbetaben scans are read; the grade of this {tracer} scan is "
        "the one that a florbetaben scan with the same amyloid would get, and no reading by the "
        "instructions for {tracer}",
        tracer=Term(tracer),
    )
