from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.uid import ExplicitVRLittleEndian, JPEGLosslessSV1

from monai_amyloid.findings.finding import StudyRefused
from monai_amyloid.pet.dicom.pixels import jpeg_process
from monai_amyloid.pet.dicom.pixels.jpeg_process import JpegProcess
from monai_amyloid.pet.study import read_study

from .vendors import make_truth, write_classic

TRUTH = make_truth()


@pytest.fixture(scope="module")
def compressed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("jpeg")
    return write_classic(TRUTH, folder, transfer_syntax=JPEGLosslessSV1, names="plain")


def test_the_child_gives_the_stored_values(compressed: Path, tmp_path: Path) -> None:
    plain = write_classic(TRUTH, tmp_path, transfer_syntax=ExplicitVRLittleEndian, names="plain")
    with JpegProcess() as jpeg:
        for file in sorted(compressed.iterdir())[:3]:
            [values] = jpeg.decode(file, [None])
            expected = pydicom.dcmread(plain / file.name).pixel_array
            np.testing.assert_array_equal(values, expected)


def test_a_frame_that_cannot_be_decoded_is_told_and_the_next_one_is_decoded(
    compressed: Path, tmp_path: Path
) -> None:
    first, second = sorted(compressed.iterdir())[:2]
    dataset = pydicom.dcmread(first)
    dataset.PixelData = dataset.PixelData[:40] + b"\xff" * (len(dataset.PixelData) - 40)
    dataset.save_as(tmp_path / "broken")
    with JpegProcess() as jpeg:
        with pytest.raises(ValueError, match=r"\w"):
            jpeg.decode(tmp_path / "broken", [None])
        assert jpeg.decode(second, [None])[0].shape == TRUTH.frames.shape[2:0:-1]


@pytest.mark.slow
def test_a_decoder_that_ends_is_an_error_and_starts_again(compressed: Path) -> None:
    file = next(compressed.iterdir())
    with JpegProcess() as jpeg:
        [expected] = jpeg.decode(file, [None])
        assert jpeg._child is not None
        jpeg._child.kill()
        jpeg._child.wait()
        with pytest.raises(ValueError, match="the decoder of lossless JPEG failed on it"):
            jpeg.decode(file, [None])
        np.testing.assert_array_equal(jpeg.decode(file, [None])[0], expected)


def test_a_decoder_that_hangs_is_ended_and_the_study_refused(
    compressed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jpeg_process, "LONGEST_SECONDS", 0.0)
    with pytest.raises(StudyRefused, match=r"the decoder of lossless JPEG failed on it.*export"):
        read_study(compressed)
