"""What lists of many results show: a result in brief, which is a tenth of the whole."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from monai_amyloid.brain.template import READ_REGIONS
from monai_amyloid.result.result import Result

# A person reads the table: of the regions, the cortex and what a reader grades.
LISTED_REGIONS = ("cortex", *READ_REGIONS)
_OF_STUDY = ("tracer", "site")
_OF_MODEL = ("learnt_from",)


def brief(result: Result) -> Result:
    """A result without what no table and no page of many studies shows.

    Args:
        result: Result of a study.

    Returns:
        The result with its grade, findings but for notes, Centiloid, the SUVR of
        :data:`LISTED_REGIONS` and what it was made from; everything else is empty.
    """
    return replace(
        result,
        findings=tuple(each for each in result.findings if each.level != "note"),
        positive=None,
        marks=(),
        suvr=None if result.suvr is None else _some(result.suvr, LISTED_REGIONS),
        suvr_intervals=None,
        references={},
        z_scores=None if result.z_scores is None else _some(result.z_scores, ("cortex",)),
        quality=None,
        explanation=None,
        strongest_spot=None,
        region_scores=None,
        nearest_cases=(),
        study=_some(result.study, _OF_STUDY),
        patient=None,
        model=_some(result.model, _OF_MODEL),
    )


def _some(values: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    return {name: values[name] for name in names if name in values}
