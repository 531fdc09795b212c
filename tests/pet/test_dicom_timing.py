"""When frames were measured and to what they are decay-corrected, by the headers."""

from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset

from monai_amyloid.findings.finding import StudyRefused
from monai_amyloid.pet.dicom import series as dicom
from monai_amyloid.pet.dicom.attributes import named
from monai_amyloid.pet.dicom.times.timing import over_midnight
from monai_amyloid.pet.frames.series import FrameSeries
from monai_amyloid.pet.study import read_study

from .reading import headers_of
from .vendors import VENDORS, Truth, make_truth, write_classic, write_enhanced
from .vendors.oracles import assert_same, files_of

pytestmark = pytest.mark.slow

FRAMES = ((5400, 300), (5700, 480), (6180, 300), (6480, 120))
LATE = make_truth((10, 10, 9), frames=FRAMES)
HEAD = make_truth((22, 24, 18), zooms=(8, 8, 9), frames=FRAMES)


def read(folder: Path) -> FrameSeries:
    return dicom.read_series(headers_of(files_of(folder)))


def times(series: FrameSeries) -> list[tuple[float | None, float | None]]:
    return [(frame.start, frame.duration) for frame in series.frames]


@pytest.mark.parametrize("decay", ["START", "ADMIN", "NONE"])
@pytest.mark.parametrize("vendor", VENDORS)
def test_frames_start_and_end_as_in_truth(vendor: str, decay: str, tmp_path: Path) -> None:
    series = read(write_classic(LATE, tmp_path, vendor, decay=decay))
    assert times(series) == [(start, duration) for start, duration in FRAMES]
    assert series.from_injection and series.decay_known
    assert series.half_life == pytest.approx(LATE.half_life)
    expected = {"START": 5400, "ADMIN": 0, "NONE": None}[decay]
    assert [frame.corrected_to for frame in series.frames] == [expected] * 4


@pytest.mark.parametrize("decay", ["START", "NONE"])
def test_an_enhanced_file_tells_the_same_times(decay: str, tmp_path: Path) -> None:
    series = read(write_enhanced(LATE, tmp_path / "x", decay=decay).parent)
    assert times(series) == [(start, duration) for start, duration in FRAMES]
    expected = {"START": 5400, "NONE": None}[decay]
    assert [frame.corrected_to for frame in series.frames] == [expected] * 4


@pytest.mark.parametrize("dated", [True, False])
def test_midnight_does_not_turn_frames_round(dated: bool, tmp_path: Path) -> None:
    truth = make_truth((10, 10, 9), frames=FRAMES, injection=datetime(2000, 2, 28, 22, 20))
    changes = {} if dated else {"AcquisitionDate": None}
    series = read(write_classic(truth, tmp_path, "canon", **changes))
    assert times(series) == [(start, duration) for start, duration in FRAMES]


def test_a_clock_runs_on_over_midnight_only_where_it_has_no_date() -> None:
    assert over_midnight([86_000.0, None, 100.0]) == [86_000.0, None, 86_500.0]
    assert over_midnight([30_000.0, 60_000.0]) == [30_000.0, 60_000.0]
    dated = [63_000_000_000.0, 63_000_080_000.0]
    assert over_midnight(dated) == dated
    assert over_midnight([None]) == [None]


def _corrected_to_own_start(truth: Truth):
    def edit(dataset: Dataset, frame: int, number: int) -> None:
        factor = np.exp(-truth.rate * truth.starts[frame]) / truth.remaining(frame)
        dataset.DecayFactor = f"{factor:.10g}"

    return edit


def test_the_decay_factor_shows_frames_that_were_corrected_to_their_own_start(
    tmp_path: Path,
) -> None:
    write_classic(HEAD, tmp_path, decay="START", edit=_corrected_to_own_start(HEAD))
    found = [frame.corrected_to for frame in read(tmp_path).frames]
    np.testing.assert_allclose(found, HEAD.starts, atol=1e-3)
    # The voxels then mean the activity at each start: brought to the first one's.
    grow = np.exp(HEAD.rate * (np.array(HEAD.starts) - HEAD.starts[0]))
    values = HEAD.values("START") * grow[:, None, None, None]
    expected = np.average(values, axis=0, weights=HEAD.durations)[None]
    image = read_study(tmp_path)
    assert_same((image.data[None], image.affine), expected, HEAD)


@pytest.mark.parametrize("clock", ["frame", "series"])
def test_bed_positions_that_were_not_decay_corrected_are_refused(
    clock: str, tmp_path: Path
) -> None:
    truth = make_truth((16, 14, 30), frames=((5400, 240),))
    form = {"beds": 2, "decay": "NONE", "acquisition_time": clock}
    with pytest.raises(StudyRefused, match=r"\(0054,1102\) is NONE, but .* up to 243 s apart"):
        read(write_classic(truth, tmp_path, "ge", **form))


def test_a_scan_before_its_injection_has_no_time_and_says_so(tmp_path: Path) -> None:
    def edit(dataset: Dataset, frame: int, number: int) -> None:
        dataset.RadiopharmaceuticalInformationSequence[0].RadiopharmaceuticalStartTime = "120000"

    write_classic(make_truth(), tmp_path, "ge", edit=edit)
    image = read_study(tmp_path)
    assert str(image.provenance["frames"]) == "one static frame, time after injection not known"
    (warning,) = map(str, image.provenance["warnings"])
    assert "(0018,1072)" in warning and "min apart, which cannot be" in warning


@pytest.mark.parametrize(
    ("keyword", "value"),
    [("ActualFrameDuration", "long"), ("DecayFactor", "1e999"), ("FrameReferenceTime", "20 min")],
)
@pytest.mark.filterwarnings("ignore:Invalid value:UserWarning")
def test_a_broken_number_of_time_that_no_grade_needs_is_named(
    keyword: str, value: str, tmp_path: Path
) -> None:
    def edit(dataset: Dataset, frame: int, number: int) -> None:
        element = dataset[keyword]
        content = value.encode() + b" " * (len(value) % 2)
        dataset[element.tag] = RawDataElement(
            element.tag, element.VR, len(content), content, 0, False, True
        )

    image = read_study(write_classic(make_truth(), tmp_path, edit=edit))
    [warning] = map(str, image.provenance["warnings"])
    assert str(named(keyword)) in warning and "taken as missing" in warning
