"""What a notebook may use of the package."""

import inspect

import pytest

import monai_amyloid
from monai_amyloid.errors import UserError
from monai_amyloid.result.result import Result


def test_the_package_shows_what_is_public_and_nothing_else() -> None:
    assert dir(monai_amyloid) == ["Result", "UserError", "__version__", "grade"]


def test_everything_that_is_shown_is_there_and_explained() -> None:
    assert monai_amyloid.Result is Result and monai_amyloid.UserError is UserError
    for name in dir(monai_amyloid):
        shown = getattr(monai_amyloid, name)
        assert name == "__version__" or len(inspect.getdoc(shown) or "") > 50
    with pytest.raises(AttributeError, match="grades"):
        monai_amyloid.grades  # noqa: B018
