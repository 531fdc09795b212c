"""JSON that every reader reads in the same way."""

import pytest

from monai_amyloid.strict_json import read_object


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b'{"a": 1, "a": 2}', "'a' stands there twice"),
        (b'{"b": {"a": 1, "\\u0061": 2}}', "'a' stands there twice"),
        (b'{"a": NaN}', "found NaN"),
        (b'{"a": [-Infinity]}', "found -Infinity"),
        (b'{"a": 1e999}', "found 1e999"),
        (b'{"a": ' + b"[" * 40 + b"]" * 40 + b"}", "nested deeper"),
        (b'{"a": ' + b"[" * 10**6 + b"]" * 10**6 + b"}", "nested deeper"),
        (b'{"a": ' + b"9" * 10_000 + b"}", "digits"),
        (b"[1]", "needed an object"),
        (b"", "Expecting value"),
        (b'\xff{"a": 1}', "codec"),
    ],
)
def test_what_readers_may_read_differently_is_refused(text: bytes, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        read_object(text)


def test_other_json_is_read_as_it_is() -> None:
    text = '{"a": [1, -2.5, true, null, "뇌"], "b": {"a": {}}}'
    assert read_object(text.encode()) == {"a": [1, -2.5, True, None, "뇌"], "b": {"a": {}}}
