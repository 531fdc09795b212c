"""The same scan under two names: nobody counts one study twice without knowing it."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from monai_amyloid.findings.finding import Finding, Term, warning
from monai_amyloid.pet.files.fingerprint import NOTHING
from monai_amyloid.result.result import Result

_CODE = "same_scan_twice"


def marked(results: Sequence[Result]) -> list[Result]:
    """Results of a folder, each scan that stands there more than once with a warning that says so.

    The warning is of the folder, not of the study: ``result.json`` does not have it.

    Args:
        results: Results of all studies in a folder, in any order.

    Returns:
        The results in their order, of which some have one warning more.
    """
    names = defaultdict(list)
    for result in results:
        names[result.made_from.get("scan", NOTHING)].append(result.name)
    return [
        _with_warning(result, names[result.made_from.get("scan", NOTHING)]) for result in results
    ]


def scans_twice(results: Sequence[Result]) -> list[Finding]:
    """The warnings that :func:`marked` gave, one for each scan.

    Args:
        results: Results that :func:`marked` returned.
    """
    found = [each for result in results for each in result.warnings if each.code == _CODE]
    return list({str(each): each for each in found}.values())


def _with_warning(result: Result, names: Sequence[str]) -> Result:
    if len(names) < 2 or result.made_from.get("scan", NOTHING) == NOTHING:
        return result
    found = warning(
        "same_scan_twice",
        "{studies:and} are the same scan, byte for byte: count it once",
        studies=tuple(map(Term, names)),
    )
    return replace(result, findings=(*result.findings, found))
