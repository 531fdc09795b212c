"""8-bit exports: a recorded warning where the scale is whole, a refusal where it was cut off."""

import numpy as np
import pytest

from monai_amyloid.findings.finding import StudyRefused
from monai_amyloid.pet.frames.eight_bit import MOST_CLIPPED, check_eight_bit

EIGHT = {"stored_bits": 8}
RAMP = np.arange(1000, dtype=np.float32).reshape(10, 10, 10)


@pytest.mark.parametrize(
    ("provenance", "warned"),
    [
        ({"stored_bits": 8}, True),
        ({"stored_bits": 7}, True),
        ({"stored_bits": 12}, False),
        ({"stored_type": "uint8"}, True),
        ({"stored_type": "int8"}, True),
        ({"stored_type": "int16"}, False),
        ({}, False),
    ],
)
def test_only_what_was_stored_with_8_bits_is_warned_of(provenance: dict, warned: bool) -> None:
    levels = np.floor(RAMP / 10)
    words = [str(one) for one in check_eight_bit(levels, provenance, "x")]
    assert len(words) == warned
    assert all("with 100 values" in one and "scale is linear" in one for one in words)


@pytest.mark.parametrize("scale", [1, 0.001, 40.0])
def test_the_part_of_bright_voxels_at_the_top_is_limited(scale: float) -> None:
    for top in range(800, 1000, 7):
        cut = np.minimum(RAMP, top) * np.float32(scale)
        # On a ramp up to `top` the closed form: voxels at the top over those above its half.
        part = (1000 - top) / (999 - top // 2)
        if abs(part - MOST_CLIPPED) < 0.003:
            continue
        if part < MOST_CLIPPED:
            assert len(check_eight_bit(cut, EIGHT, "x")) == 1
        else:
            with pytest.raises(StudyRefused, match=rf"^x: {part:.0%} of the bright voxels"):
                check_eight_bit(cut, EIGHT, "x")


def test_a_clipped_image_of_more_bits_is_not_judged() -> None:
    assert check_eight_bit(np.minimum(RAMP, 300), {"stored_bits": 16}, "x") == []
