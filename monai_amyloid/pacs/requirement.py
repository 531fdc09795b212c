"""What DICOM results need beside what grading needs."""

from importlib.util import find_spec

from monai_amyloid.errors import UserError


def require_highdicom() -> None:
    """Say before any work that DICOM results cannot be made.

    Raises:
        UserError: If highdicom, of the extra ``report``, is not installed.
    """
    if find_spec("highdicom") is None:
        raise UserError(
            "DICOM results need highdicom; install it with: pip install 'monai-amyloid[report]'"
        )
