"""What is said of the scans that were measured together: their levels, changes and clearing."""

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

from monai_amyloid.brain.normalization import BrainPet
from monai_amyloid.brain.quantities.atrophy import thinning_effect
from monai_amyloid.brain.quantities.uncertainty import (
    chance_below,
    load_interval,
    suvr_spreads,
)
from monai_amyloid.findings.finding import Finding, doubt, note
from monai_amyloid.following.change import MeasuredChange, measure_change, timed_change
from monai_amyloid.following.change_errors import Causes
from monai_amyloid.following.days import years_between
from monai_amyloid.following.differences import differences
from monai_amyloid.following.joint import Joint
from monai_amyloid.following.rule import ClearingRule, chance, verdict
from monai_amyloid.following.visits import PlannedVisit
from monai_amyloid.result.followed import (
    Change,
    Clearing,
    RegionChange,
    Visit,
)

# From a 90 % interval's half width to a 95 % interval's, of a normal distribution.
_WIDER = 1.96 / 1.645
# What thinning takes is worth a note from here on, and a warning from here on, Centiloid.
_LEAST_THINNING, _MUCH_THINNING = 1.0, 5.0


def levels(
    brains: Sequence[BrainPet], joint: Joint | None
) -> list[tuple[float, tuple[float, float]]]:
    """Centiloid of each scan with its 90 % interval, of all scans of one tracer together."""
    found = []
    for place, brain in enumerate(brains):
        load = brain.centiloid
        if joint is not None:
            same = [
                other
                for other, each in enumerate(brains)
                if each.source.tracer == brain.source.tracer
            ]
            # All together they lie where they lie alone, on average.
            apart = [brains[other].centiloid - joint.centiloids[other] for other in same]
            load = joint.centiloids[place] + math.fsum(apart) / len(apart)
        found.append((load, load_interval(load, brain.quality, str(brain.source.tracer))))
    return found


def change_between(
    pair: tuple[int, int],
    there: Sequence[int],
    brains: Sequence[BrainPet],
    joint: Joint,
    planned: Sequence[PlannedVisit],
    clean: Callable[[Finding], Finding],
) -> Change:
    """The change between two of the scans that were measured together."""
    earlier, later = (brains[place] for place in pair)
    first, last = (planned[there[place]] for place in pair)
    years = years_between(first.date, last.date)
    found = differences(earlier.source, later.source, earlier.quality, later.quality)
    findings = tuple(map(clean, found.findings))
    plain = later.centiloid - earlier.centiloid
    if earlier.source.tracer != later.source.tracer:
        measured = _between_tracers(earlier, later, years)
        findings = (_two_tracers(), *findings)
    else:
        silent = any(each.code == "scanner_not_known" for each in found.findings)
        measured = measure_change(
            joint.regions[pair[0]],
            joint.regions[pair[1]],
            Causes(
                loads=(joint.centiloids[pair[0]], joint.centiloids[pair[1]]),
                earlier=earlier.quality,
                later=later.quality,
                # What no header says is taken for the worse.
                other_scanner=found.scanner or found.reconstruction or found.correction or silent,
                tracer=str(earlier.source.tracer),
                years=years,
            ),
        )
        findings = (*findings, *_of_thinning(pair, joint, measured.centiloid, earlier))
    return Change(
        earlier=there[pair[0]],
        later=there[pair[1]],
        years=years,
        centiloid=measured.centiloid,
        interval=measured.interval,
        yearly=measured.yearly,
        yearly_interval=measured.yearly_interval,
        plain=plain,
        direction=measured.direction,
        regions={
            name: RegionChange(suvr=change, interval=interval)
            for name, (change, interval) in measured.regions.items()
        },
        findings=findings,
    )


def _of_thinning(
    pair: tuple[int, int], joint: Joint, change: float, earlier: BrainPet
) -> tuple[Finding, ...]:
    """What the cortex that thinned between two scans has taken of the change."""
    tracer = str(earlier.source.tracer)
    before, after = (thinning_effect(joint.suvr[place], tracer) for place in pair)
    if before is None or after is None:
        return ()
    thinning = before - after
    if abs(thinning) < _LEAST_THINNING:
        return ()
    found = note(
        "change_by_thinning",
        "of the change of {change:+.0f} Centiloid, {thinning:+.0f} seem to come from the cortex "
        "being thinner or thicker than before; without that it would be {without:+.0f}, as far as "
        "simulated scans show",
        change=change,
        thinning=thinning,
        without=change - thinning,
    )
    return (replace(found, level="warning") if abs(thinning) > _MUCH_THINNING else found,)


def _between_tracers(earlier: BrainPet, later: BrainPet, years: float | None) -> MeasuredChange:
    """The difference of two Centiloids, of which nothing cancels."""
    half, change = 0.0, later.centiloid - earlier.centiloid
    for brain in (earlier, later):
        [(_, (low, high))] = levels([brain], None)
        half = math.hypot(half, (high - low) / 2 * _WIDER)
    return timed_change(change, (change - half, change + half), years, {})


def clearing_of(
    rule: ClearingRule | None,
    there: Sequence[int],
    brains: Sequence[BrainPet],
    visits: Sequence[Visit],
) -> Clearing | None:
    """Whether the rule holds at the last visit; None where that was refused."""
    if rule is None or not there or there[-1] != len(visits) - 1:
        return None

    def below(place: int, mark: float) -> float:
        brain, load = brains[place], visits[there[place]].centiloid or 0.0
        tracer = str(brain.source.tracer)
        spread = suvr_spreads(load, brain.quality, tracer)["cortex"]
        return chance_below(load, mark, spread, tracer)

    # A refused visit between two parts them: they are no two in a row.
    in_a_row = 2 if len(there) > 1 and there[-2] == there[-1] - 1 else 1
    holds = chance(rule, lambda place, mark: below(len(there) - in_a_row + place, mark), in_a_row)
    return Clearing(
        below=rule.below, twice_below=rule.twice_below, chance=holds, verdict=verdict(holds)
    )


def _two_tracers() -> Finding:
    return doubt(
        "change_between_tracers",
        "two tracers were injected: the change is the difference of two Centiloids by two lines, "
        "of which nothing cancels, and regions are not compared; follow a person with one tracer",
    )
