"""What a user is shown of an error, whatever MONAI wraps it in."""

from collections.abc import Callable

import pytest

from monai_amyloid.errors import find_user_error


def mistake(attempt: Callable[[], object]) -> str:
    """The one line of the mistake that an attempt ends with."""
    with pytest.raises(Exception) as raised:
        attempt()
    found = find_user_error(raised.value)
    assert found is not None, raised.value
    assert "\n" not in str(found)
    return str(found)
