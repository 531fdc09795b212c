"""One volume of several frames: closed forms of decay and duration."""

from dataclasses import replace

import numpy as np
import pytest

from monai_amyloid.findings.finding import StudyRefused
from monai_amyloid.pet.frames.series import Frame, FrameSeries
from monai_amyloid.pet.frames.static import static_image
from monai_amyloid.pet.image import PetImage

from .vendors import make_truth

HALF_LIFE = 6586.2
HEAD = make_truth((22, 24, 18), zooms=(8, 8, 9))
TIMES = ((5400.0, 300.0), (5700.0, 600.0), (6300.0, 300.0))


def series(scales: list[float], corrected_to: list, **fields) -> FrameSeries:
    """The same head in every frame, each with a scale."""
    frames = [
        Frame(lambda scale=scale: HEAD.frames[0] * np.float32(scale), start, duration, to)
        for (start, duration), scale, to in zip(TIMES, scales, corrected_to, strict=True)
    ]
    known = {"from_injection": True, "tracer": "18FFBB", "half_life": HALF_LIFE, **fields}
    return FrameSeries(
        frames=tuple(frames), affine=HEAD.affine, shape=HEAD.frames.shape[1:], source="x", **known
    )


def factor(image: PetImage) -> float:
    """How many times the head is in the image."""
    ratios = image.data / HEAD.frames[0]
    assert np.ptp(ratios) < 1e-4 * ratios.mean()
    return float(ratios.mean())


def test_frames_corrected_to_one_time_are_averaged_by_duration() -> None:
    image = static_image(series([1, 2, 5], [0.0, 0.0, 0.5]))
    assert factor(image) == pytest.approx((1 * 300 + 2 * 600 + 5 * 300) / 1200, rel=1e-5)
    assert image.provenance["warnings"] == []


@pytest.mark.parametrize("unknown", [None, 0.0])
def test_where_one_duration_is_unknown_the_frames_count_alike(unknown: float | None) -> None:
    known = series([1, 2, 6], [0.0] * 3)
    last = replace(known.frames[2], duration=unknown)
    image = static_image(replace(known, frames=(*known.frames[:2], last)))
    assert factor(image) == pytest.approx(3, rel=1e-5)
    assert list(map(str, image.provenance["warnings"])) == [
        "the durations of the frames are not known; they count alike"
    ]


def test_frames_corrected_to_their_own_start_are_brought_to_the_first() -> None:
    # The true activity is one at the first start; each frame shows what is left at its own.
    starts = [start for start, _ in TIMES]
    scales = [0.5 ** ((start - starts[0]) / HALF_LIFE) for start in starts]
    assert factor(static_image(series(scales, starts))) == pytest.approx(1, rel=1e-5)


@pytest.mark.parametrize("half_life", [HALF_LIFE, None])
def test_uncorrected_frames_are_brought_to_the_start_of_the_first(half_life) -> None:
    steps = np.linspace(0, 1, 2001)
    scales = [
        float(np.trapezoid(0.5 ** ((start - 5400 + steps * duration) / HALF_LIFE), steps))
        for start, duration in TIMES
    ]
    # Where the header has no half-life, that of the tracer is known.
    image = static_image(series(scales, [None] * 3, half_life=half_life))
    assert factor(image) == pytest.approx(1, rel=1e-5)


def test_uncorrected_frames_without_half_life_are_refused() -> None:
    unknown = series([1, 1, 1], [None] * 3, half_life=None, tracer=None, from_injection=False)
    even = tuple(Frame(frame.load, frame.start, 300.0) for frame in unknown.frames)
    unknown = FrameSeries(frames=even, affine=HEAD.affine, shape=unknown.shape, source="x")
    with pytest.raises(StudyRefused, match=r"x: the frames are not decay-corrected to one time.*"):
        static_image(unknown)


def test_where_the_header_is_silent_about_decay_a_warning_says_so() -> None:
    image = static_image(series([1, 2, 5], [None] * 3, decay_known=False))
    assert factor(image) == pytest.approx(2.5, rel=1e-5)
    (warning,) = map(str, image.provenance["warnings"])
    assert "does not say if the frames are decay-corrected" in warning


@pytest.mark.parametrize("kind", ["noise", "empty", "constant", "broken"])
def test_a_frame_that_is_not_the_head_is_refused_in_one_line(kind: str) -> None:
    random = np.random.default_rng(4)
    wrong = {
        "noise": random.gamma(1, 1, HEAD.frames.shape[1:]).astype(np.float32),
        "empty": np.zeros(HEAD.frames.shape[1:], np.float32),
        "constant": np.full(HEAD.frames.shape[1:], 7, np.float32),
        "broken": np.full(HEAD.frames.shape[1:], np.nan, np.float32),
    }[kind]
    good = series([1, 1, 1], [0.0] * 3)
    frames = (Frame(lambda: wrong, 5400.0, 300.0, 0.0), *good.frames[1:])
    spoilt = FrameSeries(
        frames=frames,
        affine=HEAD.affine,
        shape=good.shape,
        source="x",
        from_injection=True,
        tracer="18FFBB",
    )
    with pytest.raises(StudyRefused, match=r"^x: ") as refusal:
        static_image(spoilt)
    assert "\n" not in str(refusal.value)


def test_frames_too_small_to_be_matched_are_refused() -> None:
    tiny = np.random.default_rng(1).gamma(1, 1, (9, 9, 9)).astype(np.float32)
    frames = tuple(Frame(lambda: tiny, start, duration, 0.0) for start, duration in TIMES)
    small = FrameSeries(
        frames=frames,
        affine=np.eye(4),
        shape=(9, 9, 9),
        source="x",
        from_injection=True,
        tracer="18FFBB",
    )
    with pytest.raises(StudyRefused, match=r"^x: the frames cannot be laid on one another"):
        static_image(small)
