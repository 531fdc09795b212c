"""What a process that will grade can load before it is known what."""

from pathlib import Path

from monai_amyloid.bundle.integrity import Trust, read_bundle
from monai_amyloid.work.loading import lasting, when_needed


def load_all(
    bundle: Path,
    device: str | None,
    placed_on: Path | None,
    require_bundle: str | None,
    *,
    trust_config: bool,
) -> None:
    """Load PyTorch, the bundle and the template; arguments as those of ``grade_studies``."""
    when_needed("pandas")
    with lasting():
        from monai_amyloid.brain.registration.register import load_template
        from monai_amyloid.grading.worker import loaded_grader

        load_template()
        trust = Trust(read_bundle(bundle, Trust.of(require_bundle)).sha256, trust_config)
        loaded_grader(bundle, device, placed_on, trust)
