"""Grade amyloid brain PET with MONAI."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from monai_amyloid.version import __version__

if TYPE_CHECKING:
    from monai_amyloid.errors import UserError
    from monai_amyloid.result.result import Result

__all__ = ["Result", "UserError", "__version__", "grade"]


def __dir__() -> list[str]:
    """What is public, and nothing that this file or Python itself needs."""
    return sorted(__all__)


def __getattr__(name: str) -> Any:
    # Loaded where they are asked for: the command line imports this package before anything else.
    if name == "Result":
        from monai_amyloid.result.result import Result

        return Result
    if name == "UserError":
        from monai_amyloid.errors import UserError

        return UserError
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def grade(
    study: str | Path,
    *,
    bundle: str | Path | None = None,
    tracer: str | None = None,
    series: str | None = None,
    tracer_is_really: bool = False,
    device: str | None = None,
    identify: bool = False,
    require_bundle: str | None = None,
    trust_config: bool = False,
) -> "Result":
    """Grade one study, as ``monai-amyloid infer`` does, and write nothing.

    Args:
        study: A DICOM folder, zip, DICOMDIR, NIfTI or ECAT file, or a BIDS ``pet`` folder.
        bundle: The trained classifier; by default the one that comes along. It is loaded once.
        tracer: Tracer such as ``"18FFBB"`` or ``"florbetaben"``, where the study names none.
        series: Name of the image to take where the study has several: its number in the list of
            images, the end of its UID, its description or its file.
        tracer_is_really: Whether ``tracer`` counts against what the study names.
        device: ``"cuda"``, ``"cpu"`` or None for the bundle's own choice.
        identify: Whether the result may say who was scanned.
        require_bundle: SHA-256 of the only bundle that may grade, whole, as ``monai-amyloid
            verify`` prints it; None for any.
        trust_config: Whether expressions and components of the bundle's config that
            ``monai-amyloid export`` never wrote may run.

    Returns:
        What ``result.json`` holds: status, grade, probabilities, Centiloid, SUVR and more. A study
        that cannot be graded is ``refused``, with its reason; it raises nothing.

    Raises:
        UserError: If the bundle cannot be used, or is another than the one required.
    """
    from monai_amyloid.grading.single import grade_study

    return grade_study(
        study,
        bundle,
        tracer,
        series,
        tracer_is_really,
        device,
        identify,
        require_bundle,
        trust_config,
    )
