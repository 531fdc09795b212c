"""Uptake that was cut off at the top of its scale is refused, however it was stored."""

import numpy as np
import pytest

from monai_amyloid.findings.finding import StudyRefused
from monai_amyloid.pet.frames.saturation import MOST_CLIPPED, check_saturation, refuse_saturated

RAMP = np.arange(1000, dtype=np.float32).reshape(10, 10, 10)


def noisy_head(scale: float = 1000.0) -> np.ndarray:
    grid = np.stack(np.meshgrid(*[np.linspace(-1.3, 1.3, 40)] * 3, indexing="ij"))
    head = np.exp(-2 * (grid**2).sum(0) ** 2)
    noise = np.random.default_rng(3).normal(0, 0.1, head.shape) * np.sqrt(head + 0.02)
    return (scale * (head + noise).clip(0)).astype(np.float32)


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
    words = [str(one) for one in check_saturation(levels, provenance, "x")]
    assert len(words) == warned
    assert all("with 100 values" in one and "scale is linear" in one for one in words)


@pytest.mark.parametrize("scale", [1, 0.001, 40.0])
def test_the_part_of_bright_voxels_at_the_top_is_limited(scale: float) -> None:
    # In each slice of the ramp 100 values ten apart, up to about `top`.
    for top in range(800, 1000, 7):
        cut = np.minimum(RAMP, top) * np.float32(scale)
        slices = [cut[..., k] for k in range(10)]
        at_top = sum((one == one.max()).sum() - 1 for one in slices)
        part = at_top / sum((one > one.max() / 2).sum() for one in slices)
        if abs(part - MOST_CLIPPED) < 0.003:
            continue
        if part < MOST_CLIPPED:
            assert refuse_saturated(cut, "x") == pytest.approx(part, abs=1e-3)
        else:
            with pytest.raises(StudyRefused, match=rf"^x: {part:.0%} of the bright voxels"):
                refuse_saturated(cut, "x")


@pytest.mark.parametrize("top", [32767, 65535, 4095, 255, 1.0])
def test_a_scale_that_is_too_small_is_refused_in_every_type(top: float) -> None:
    head = noisy_head()
    limit = np.percentile(head[head > 500], 70)
    cut = np.minimum(head / limit, 1) * top
    stored = np.rint(cut) if top > 1 else cut
    with pytest.raises(StudyRefused, match=r"\(saturated\)"):
        check_saturation(stored.astype(np.float32), {}, "x")


def test_each_slice_cut_off_at_a_top_of_its_own_is_refused() -> None:
    head = noisy_head()
    tops = 0.7 * head.max(axis=(0, 1)) * np.random.default_rng(1).uniform(0.8, 1, 40)
    with pytest.raises(StudyRefused, match=r"\(saturated\)"):
        check_saturation(np.minimum(head, tops.astype(np.float32)), {}, "x")


@pytest.mark.parametrize("bits", [8, 12, 15, 16])
@pytest.mark.parametrize("own", [True, False])
def test_a_whole_range_stored_in_full_is_no_saturation(bits: int, own: bool) -> None:
    head = noisy_head()
    highest = head.max(axis=(0, 1)) if own else head.max()
    steps = 2**bits - 1
    stored = np.rint(head / highest * steps) / steps * highest
    assert not check_saturation(stored.astype(np.float32), {}, "x")


def test_a_few_voxels_at_the_top_are_warned_of() -> None:
    head = noisy_head()
    limit = np.percentile(head[head > head.max() / 2], 98)
    (found,) = check_saturation(np.minimum(head, np.float32(limit)), {}, "x")
    assert "may have been cut off" in str(found)
