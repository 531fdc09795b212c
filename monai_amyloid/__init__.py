"""Grade amyloid brain PET with MONAI.

What this package shows (``dir(monai_amyloid)``) is its public face: from 1.0 on it changes only as
`Semantic Versioning <https://semver.org>`_ allows. Every module below it is unstable and may change
with any release. What follows an underscore is private.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from monai_amyloid.version import __version__ as __version__

if TYPE_CHECKING:
    from monai_amyloid.brain.normalization import BrainPet as BrainPet
    from monai_amyloid.brain.normalization import normalize as normalize
    from monai_amyloid.brain.quantities.centiloid import centiloid as centiloid
    from monai_amyloid.cohort.prepare import Prepared as Prepared
    from monai_amyloid.errors import UserError as UserError
    from monai_amyloid.evaluation.results import Evaluation as Evaluation
    from monai_amyloid.exploring.exploration import Exploration as Exploration
    from monai_amyloid.findings.finding import Finding as Finding
    from monai_amyloid.findings.finding import StudyRefused as StudyRefused
    from monai_amyloid.installed import shipped_bundle as shipped_bundle
    from monai_amyloid.pet.image import PetImage as PetImage
    from monai_amyloid.pet.study import read_study as read_study
    from monai_amyloid.pet.study import studies_of as studies_of
    from monai_amyloid.phantom.cohorts.plan import Plan as Plan
    from monai_amyloid.public.cohorts import explore as explore
    from monai_amyloid.public.cohorts import prepare as prepare
    from monai_amyloid.public.cohorts import simulate as simulate
    from monai_amyloid.public.networks import cross_validate as cross_validate
    from monai_amyloid.public.networks import evaluate as evaluate
    from monai_amyloid.public.networks import export as export
    from monai_amyloid.public.networks import verify as verify
    from monai_amyloid.public.studies import follow as follow
    from monai_amyloid.public.studies import grade as grade
    from monai_amyloid.result.followed import Followed as Followed
    from monai_amyloid.result.result import Result as Result

# Where each name stands; loaded where it is asked for, because the command line imports this
# package before anything else.
_PUBLIC = {
    "BrainPet": "brain.normalization",
    "Evaluation": "evaluation.results",
    "Exploration": "exploring.exploration",
    "Finding": "findings.finding",
    "Followed": "result.followed",
    "PetImage": "pet.image",
    "Plan": "phantom.cohorts.plan",
    "Prepared": "cohort.prepare",
    "Result": "result.result",
    "StudyRefused": "findings.finding",
    "UserError": "errors",
    "centiloid": "brain.quantities.centiloid",
    "cross_validate": "public.networks",
    "evaluate": "public.networks",
    "explore": "public.cohorts",
    "export": "public.networks",
    "follow": "public.studies",
    "grade": "public.studies",
    "normalize": "brain.normalization",
    "prepare": "public.cohorts",
    "read_study": "pet.study",
    "shipped_bundle": "installed",
    "simulate": "public.cohorts",
    "studies_of": "pet.study",
    "verify": "public.networks",
}

__all__ = ["__version__", *_PUBLIC]


def __dir__() -> list[str]:
    """What is public, and nothing that this file or Python itself needs."""
    return sorted(__all__)


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = globals()[name] = getattr(import_module(f"{__name__}.{_PUBLIC[name]}"), name)
    return found
