"""Whether results are still like those of a reference: an alarm that comes seldom without a cause.

The reference are the first results of a bundle. Every later one is compared with all before it
(:mod:`monai_amyloid.evaluation.drift`); a month that is unlike them is named. Nobody is asked to
look at how often that is done: the alarm counts every look.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import accumulate
from statistics import fmean, median

from monai_amyloid.checksum import sha256
from monai_amyloid.evaluation.drift import evidence, log_bets, since
from monai_amyloid.findings.finding import Finding, Phrase, Term, phrase, warning
from monai_amyloid.node.operating.logs import Log
from monai_amyloid.node.queue.queue import Queue
from monai_amyloid.node.queue.studies import StudyResult
from monai_amyloid.node.settings import LEAST_REFERENCE, Drift

_DOUBT = "doubt"
# What is watched, and how it is called; quality by its names in results.
MEASURES: dict[str, Phrase] = {
    "centiloid": phrase("node_drift_centiloid", "Centiloid"),
    _DOUBT: phrase("node_drift_of_doubt", "share of doubtful and refused studies"),
    "registration": phrase("node_drift_registration", "match with the template"),
    "fwhm_mm": phrase("node_drift_fwhm_mm", "resolution in mm"),
    "noise_cv": phrase("node_drift_noise_cv", "noise"),
    "cerebellum_covered": phrase(
        "node_drift_cerebellum_covered", "share of the cerebellum in the field of view"
    ),
}
_MONTHS = 12


@dataclass(frozen=True)
class MeasureDrift:
    """How one measure is.

    Attributes:
        measure: Name of the measure, one of :data:`MEASURES`.
        share: Evidence of a change over that of an alarm: 1 and more is an alarm.
        alarm: What is to be seen to; None where there was no alarm.
    """

    measure: str
    share: float
    alarm: Finding | None = None


@dataclass(frozen=True)
class DriftReport:
    """How results are, beside the reference.

    Attributes:
        reference: Number of results in the reference so far.
        needed: Number that it has to have before anything is compared.
        later: Number of results after it.
        measures: How each measure is; none before the reference is whole.
    """

    reference: int
    needed: int
    later: int = 0
    measures: tuple[MeasureDrift, ...] = ()

    @property
    def alarms(self) -> tuple[Finding, ...]:
        """What is to be seen to."""
        return tuple(each.alarm for each in self.measures if each.alarm is not None)


def drift_of(queue: Queue, settings: Drift) -> DriftReport:
    """Compare the results of the newest bundle with their reference.

    Args:
        queue: Queue of the node's studies.
        settings: Size and beginning of the reference, and how often an alarm may be false.
    """
    history = queue.worklist.history(settings.first_study)
    newest = next((each.bundle for _, each in reversed(history) if each.bundle), "")
    history = [(uid, each) for uid, each in history if each.bundle == newest]
    reference, later = history[: settings.reference], history[settings.reference :]
    if len(reference) < settings.reference:
        return DriftReport(len(reference), settings.reference)
    found = (_measured(name, reference, later, settings) for name in MEASURES)
    return DriftReport(
        len(reference),
        settings.reference,
        len(later),
        tuple(each for each in found if each is not None),
    )


class DriftWatch:
    """Looks whether results drift, and writes an alarm into the log when it begins.

    Args:
        queue: Queue of the node's studies.
        settings: When an alarm is raised.
        log: Log of the node.

    Attributes:
        found: How results were at the last look; None before the first.
    """

    def __init__(self, queue: Queue, settings: Drift, log: Log) -> None:
        self._queue, self._settings, self._log = queue, settings, log
        self.found: DriftReport | None = None
        self._seen: tuple[int, int] | None = None

    def step(self) -> None:
        """Look once, where there are new results."""
        if self._settings.reference == 0:
            return
        now = self._queue.worklist.newest_result()
        if now == self._seen:
            return
        before = () if self.found is None else self.found.alarms
        self.found, self._seen = drift_of(self._queue, self._settings), now
        known = {each.code + str(each.values.get("measure")) for each in before}
        for each in self.found.measures:
            alarm = each.alarm
            if alarm and alarm.code + str(alarm.values.get("measure")) not in known:
                self._log.warning("drift", measure=each.measure, since=alarm.values["month"])


def _measured(
    name: str,
    reference: Sequence[tuple[str, StudyResult]],
    later: Sequence[tuple[str, StudyResult]],
    settings: Drift,
) -> MeasureDrift | None:
    before = [value for _, each in reference if (value := _value(name, each)) is not None]
    if len(before) < LEAST_REFERENCE:
        return None
    # A clock that is set back leads to no earlier month.
    months = [*accumulate((_month(each) for _, each in later), max)]
    rows = [
        (month, value, int(sha256(f"{uid} {name}")[:12], 16) / 16**12)
        for month, (uid, each) in zip(months, later, strict=True)
        if (value := _value(name, each)) is not None
    ]
    if not rows:
        return MeasureDrift(name, 0.0)
    periods, values, ties = ([*column] for column in zip(*rows, strict=True))
    bets = log_bets(before, values, ties)
    # One false alarm of all measures together in so many years, or less often.
    most = _MONTHS * settings.years * len(MEASURES)
    shares = evidence(bets, periods) / most
    first = next((place for place, share in enumerate(shares) if share >= 1), None)
    if first is None:
        return MeasureDrift(name, float(shares[-1]))
    month = since(bets[: first + 1], periods[: first + 1])
    after = values[periods.index(month) :]
    return MeasureDrift(name, float(shares.max()), _alarm(name, month, after, before, settings))


def _alarm(
    name: str, month: str, after: Sequence[float], before: Sequence[float], settings: Drift
) -> Finding:
    if name == _DOUBT:
        return warning(
            "node_drift_doubt",
            "of the {count} studies since {month} {now:.0%} are doubtful or refused, of the "
            "reference {before:.0%}: by chance such an alarm comes once in {years:g} years or less "
            "often; see to scanner, reconstruction, tracer and who is sent, and set first_study "
            "of [drift] once it is settled",
            count=len(after),
            month=Term(month),
            now=fmean(after),
            before=fmean(before),
            years=settings.years,
        )
    return warning(
        "node_drift",
        "{measure}: the median of the {count} studies since {month} is {now:.3g}, of the reference "
        "{before:.3g}: by chance such an alarm comes once in {years:g} years or less often; see to "
        "scanner, reconstruction, tracer and who is sent, and set first_study of [drift] once it "
        "is settled",
        measure=MEASURES[name],
        count=len(after),
        month=Term(month),
        now=median(after),
        before=median(before),
        years=settings.years,
    )


def _value(name: str, result: StudyResult) -> float | None:
    if name == _DOUBT:
        return float(result.status != "graded")
    return result.centiloid if name == "centiloid" else result.quality.get(name)


def _month(result: StudyResult) -> str:
    return f"{datetime.fromtimestamp(result.made_at, UTC):%Y-%m}"
