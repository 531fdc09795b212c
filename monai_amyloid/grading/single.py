"""One study, graded in memory."""

from pathlib import Path

from monai_amyloid.bundle.integrity import Trust, read_bundle
from monai_amyloid.grading.listing import NamedStudy
from monai_amyloid.grading.many.looks import look_at_all
from monai_amyloid.grading.names import name_tasks
from monai_amyloid.grading.options import OutputOptions
from monai_amyloid.grading.outputs import cleaned
from monai_amyloid.grading.privacy import Privacy
from monai_amyloid.grading.worker import graded_or_failed, loaded_grader
from monai_amyloid.installed import shipped_bundle
from monai_amyloid.result.result import Result


def grade_study(
    study: str | Path,
    bundle: str | Path | None,
    tracer: str | None,
    series: str | None,
    tracer_is_really: bool,
    device: str | None,
    identify: bool,
    require_bundle: str | None = None,
    trust_config: bool = False,
) -> Result:
    """Grade one study; see :func:`monai_amyloid.grade`."""
    folder = Path(bundle) if bundle is not None else shipped_bundle()
    options = OutputOptions(report=False, identify=identify)
    named = NamedStudy(Path(study), tracer, series, tracer_is_really)
    # The SHA-256 tells a bundle that is loaded already from one that has taken its place.
    sha256 = read_bundle(folder, Trust.of(require_bundle)).sha256
    grader = loaded_grader(folder, device, None, Trust(sha256, trust_config))
    [task] = name_tasks([named], look_at_all([named], None), None, sha256, options)
    graded = graded_or_failed(task, grader)
    return cleaned(graded.result, named.path, options, Privacy(task.identity))
