"""What stands beside every grade wherever it is read: what it was learnt from."""

from monai_amyloid.findings.finding import Phrase, phrase
from monai_amyloid.result.result import Result

_LEARNT_FROM = {
    "simulated": phrase("learnt_simulated", "Learnt from simulated scans, not tested on patients."),
    "other": phrase(
        "learnt_other", "Learnt from the scans that the bundle's card names; read its limits there."
    ),
}


def learnt_from(result: Result) -> Phrase:
    """The sentence that stands beside a result's grade."""
    return _LEARNT_FROM.get(result.model.get("learnt_from", ""), _LEARNT_FROM["other"])
