import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pydicom
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monai_amyloid.findings.finding import StudyRefused
from monai_amyloid.pet.formats.bids import entities, find_sessions, read_sidecar
from monai_amyloid.pet.frames.bids_times import frame_times, half_life_of
from monai_amyloid.pet.header.tracer_names import tracer_label
from monai_amyloid.pet.image import PetImage
from monai_amyloid.writing.dicom import write_series

DCM2NIIX = Path(sys.executable).with_name("dcm2niix")
IMAGE = "sub-01_ses-02_trc-18FFBB_run-1_pet.nii.gz"
FRAMES = {"FrameTimesStart": [0, 300, 600], "FrameDuration": [300, 300, 300]}


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    """A dataset with one session; its image need not be there to read its sidecars."""
    root = tmp_path / "above" / "dataset"
    (root / "sub-01" / "ses-02" / "pet").mkdir(parents=True)
    (root / "dataset_description.json").write_text("{}")
    return root


def write(path: Path, **content: object) -> None:
    path.write_text(json.dumps(content))


def test_a_name_is_split_into_its_entities() -> None:
    assert entities(Path("x") / IMAGE) == {
        **{"sub": "01", "ses": "02", "trc": "18FFBB", "run": "1", "suffix": "pet"}
    }
    assert entities(Path("pet.json")) == {"suffix": "pet"}
    for name in ("scan_pet.nii", "sub-01_brain mask.nii", "-1_pet.json", ".json", "sub-1.nii"):
        assert entities(Path(name)) == {}


def test_metadata_is_inherited_and_nearer_files_win(dataset: Path) -> None:
    folder = dataset / "sub-01" / "ses-02" / "pet"
    write(dataset / "pet.json", Units="root", TracerName="root", Manufacturer="root")
    write(dataset / "trc-18FFBB_pet.json", TracerName="tracer")
    write(dataset / "sub-01" / "sub-01_pet.json", Units="participant")
    write(folder / "sub-01_ses-02_trc-18FFBB_run-1_pet.json", Units="image")
    expected = {"Units": "image", "TracerName": "tracer", "Manufacturer": "root"}
    assert read_sidecar(folder / IMAGE) == expected


def test_files_of_another_image_suffix_or_dataset_do_not_count(dataset: Path) -> None:
    folder = dataset / "sub-01" / "ses-02" / "pet"
    write(dataset.parent / "pet.json", Units="above the root")
    write(dataset / "sub-02_pet.json", Units="another participant")
    write(dataset / "T1w.json", Units="another suffix")
    write(folder / "sub-01_ses-02_trc-18FFBB_run-2_pet.json", Units="another run")
    write(folder / "sub-01_rec-acdyn_pet.json", Units="an entity more")
    write(folder / "scan_pet.json", Units="no BIDS name")
    assert read_sidecar(folder / IMAGE) == {}


def test_the_dataset_counts_where_the_user_names_one_session_of_it(dataset: Path) -> None:
    image = dataset / "sub-01" / "ses-02" / "pet" / IMAGE
    write(dataset / "pet.json", Units="root")
    write(dataset / "sub-01" / "sub-01_pet.json", TracerName="participant")
    both = {"Units": "root", "TracerName": "participant"}
    assert read_sidecar(image) == read_sidecar(image, image.parent) == both
    (dataset / "dataset_description.json").unlink()
    assert read_sidecar(image) == {}
    assert read_sidecar(image, dataset / "sub-01") == {"TracerName": "participant"}
    assert read_sidecar(image, dataset) == both


def test_a_description_above_folders_that_are_no_dataset_does_not_count(tmp_path: Path) -> None:
    (tmp_path / "study" / "pet").mkdir(parents=True)
    write(tmp_path / "dataset_description.json")
    write(tmp_path / "pet.json", Units="above")
    write(tmp_path / "study" / "pet.json", TracerName="study")
    image = tmp_path / "study" / "pet" / IMAGE
    assert read_sidecar(image) == {}
    assert read_sidecar(image, tmp_path / "study") == {"TracerName": "study"}


@given(
    st.lists(
        st.tuples(st.integers(0, 3), st.sets(st.sampled_from(["ses-02", "trc-18FFBB", "run-1"]))),
        unique_by=lambda one: (one[0], frozenset(one[1])),
    )
)
def test_the_nearest_file_with_the_most_entities_wins(
    tmp_path_factory: pytest.TempPathFactory, files: list[tuple[int, set[str]]]
) -> None:
    root = tmp_path_factory.mktemp("dataset")
    levels = [root, root / "sub-01", root / "sub-01/ses-02", root / "sub-01/ses-02/pet"]
    levels[-1].mkdir(parents=True)
    for level, parts in files:
        name = "_".join(["sub-01", *sorted(parts), "pet.json"])
        write(levels[level] / name, Level=level, Entities=len(parts), **{f"Key{level}": level})
    found = read_sidecar(levels[-1] / IMAGE, root)
    best = max(((level, len(parts)) for level, parts in files), default=(None, None))
    assert (found.get("Level"), found.get("Entities")) == best
    assert {key for key in found if key.startswith("Key")} == {f"Key{one[0]}" for one in files}


def test_an_image_without_a_bids_name_has_the_file_of_its_stem_alone(tmp_path: Path) -> None:
    write(tmp_path / "pet.json", Units="inherited")
    write(tmp_path / "Scan.1.json", Units="own")
    assert read_sidecar(tmp_path / "Scan.1.NII.GZ") == {"Units": "own"}
    assert read_sidecar(tmp_path / "other.nii") == {}


def test_a_link_out_of_the_dataset_is_not_followed(dataset: Path, tmp_path: Path) -> None:
    folder = dataset / "sub-01" / "ses-02" / "pet"
    write(tmp_path / "outside.json", Units="outside")
    write(dataset / "annexed.json", Units="inside")
    link = folder / "sub-01_pet.json"
    link.symlink_to(tmp_path / "outside.json")
    assert read_sidecar(folder / IMAGE) == {}
    link.unlink()
    link.symlink_to(dataset / "annexed.json")
    assert read_sidecar(folder / IMAGE) == {"Units": "inside"}


@pytest.mark.parametrize(
    "text",
    [
        "{broken",
        "[1]",
        '{"FrameDuration": NaN}',
        '{"a": -Infinity}',
        "[" * 100_000,
        "\xff",
        "9" * 9999,
    ],
)
def test_a_broken_sidecar_is_refused_by_its_name(dataset: Path, text: str) -> None:
    (dataset / "pet.json").write_bytes(text.encode("latin-1"))
    with pytest.raises(StudyRefused, match=r"dataset.pet\.json: .*correct or remove it"):
        read_sidecar(dataset / "sub-01" / "ses-02" / "pet" / IMAGE)


def test_a_sidecar_of_over_ten_megabytes_is_refused(tmp_path: Path) -> None:
    (tmp_path / "scan.json").write_text('{"a": "' + "x" * 10_000_000 + '"}')
    with pytest.raises(StudyRefused, match="more than 10,000,000 bytes"):
        read_sidecar(tmp_path / "scan.nii")


def test_times_are_counted_from_the_injection() -> None:
    sidecar = {
        **{"FrameTimesStart": [0, 300, 600], "FrameDuration": [300, 300, 290.5]},
        **{"InjectionStart": -5400, "ImageDecayCorrected": True, "ImageDecayCorrectionTime": 0},
    }
    times = frame_times(sidecar, 3, "scan.nii")
    assert times.starts == (5400, 5700, 6000)
    assert times.durations == (300, 300, 290.5)
    assert times.corrected_to == (5400, 5400, 5400)
    assert (times.from_injection, times.decay_known) == (True, True)


def test_without_an_injection_times_count_from_the_first_frame() -> None:
    sidecar = {"FrameTimesStart": [60, 120], "FrameDuration": [60, 60], "InjectionStart": "n/a"}
    corrected = {"ImageDecayCorrected": True, "ImageDecayCorrectionTime": [60, 120]}
    times = frame_times(sidecar | corrected, 2, "scan.nii")
    assert (times.starts, times.corrected_to) == ((0, 60), (0, 60))
    assert (times.from_injection, times.decay_known) == (False, True)


@pytest.mark.parametrize(
    ("said", "known", "corrected_to"),
    [
        ({}, False, None),
        ({"ImageDecayCorrected": False}, True, None),
        ({"ImageDecayCorrected": True}, False, None),
        ({"DecayCorrection": "NONE"}, True, None),
        ({"DecayCorrection": "START"}, True, 5400),
        ({"DecayCorrection": "START", "ImageDecayCorrectionTime": -60}, True, 5340),
        ({"DecayCorrection": "ADMIN"}, True, 0),
        ({"DecayCorrection": "ADMIN", "InjectionStart": None}, False, None),
        ({"DecayCorrection": "yes"}, False, None),
        (
            {
                "InjectionStart": None,
                "DecayCorrection": "ADMIN",
                "ImageDecayCorrectionTime": -5400,
            },
            True,
            0,
        ),
    ],
)
def test_decay_correction_is_read_as_bids_or_dcm2niix_writes_it(
    said: dict, known: bool, corrected_to: float | None
) -> None:
    times = frame_times({**FRAMES, "InjectionStart": -5400, **said}, 3, "scan.nii")
    assert times.decay_known is known
    assert times.corrected_to == (corrected_to,) * 3


@pytest.mark.parametrize("key", ["DecayCorrectionFactor", "DecayFactor"])
def test_where_no_time_is_given_it_follows_from_the_decay_factors(key: str) -> None:
    seconds = np.arange(0, 300, 0.01) + 0.005
    activity = [np.mean(0.5 ** ((seconds + start + 5400) / 6586.2)) for start in (0, 300, 600)]
    said = {"ImageDecayCorrected": True, "TracerRadionuclide": "F18"}
    sidecar = {**FRAMES, **said, key: [float(1 / mean) for mean in activity]}
    times = frame_times(sidecar, 3, "scan.nii")
    assert times.corrected_to == pytest.approx([-5400] * 3, abs=0.01)
    assert not frame_times(sidecar | {"TracerRadionuclide": "?"}, 3, "scan.nii").decay_known
    assert not frame_times(sidecar | {key: [1, 1.1, 1.2]}, 3, "scan.nii").decay_known


def test_one_frame_needs_no_times() -> None:
    times = frame_times({}, 1, "scan.nii")
    assert (times.starts, times.durations, times.corrected_to) == ((None,),) * 3
    assert (times.from_injection, times.decay_known) == (False, False)
    times = frame_times({"FrameDuration": 1200, "ImageDecayCorrected": False}, 1, "scan.nii")
    assert (times.durations, times.decay_known) == ((1200,), True)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"FrameTimesStart": None}, "3 frames but no FrameTimesStart"),
        ({"FrameDuration": []}, "3 frames but no FrameDuration"),
        ({"FrameTimesStart": [0, 300]}, "FrameTimesStart .* holds 2 numbers, needed 3"),
        ({"FrameDuration": 300}, "FrameDuration .* holds 1 number, needed 3"),
        ({"FrameDuration": [300, 0, 300]}, "FrameDuration .* 0 s, needed more than 0"),
        ({"FrameTimesStart": [0, 600, 300]}, "from 600 s to 300 s at frame 3"),
        ({"FrameDuration": [302, 300, 300]}, "frame 1 ends at 302 s"),
        ({"FrameDuration": [5, "5", 5]}, "FrameDuration .* holds '5'"),
        ({"FrameTimesStart": [0, True, 600]}, "FrameTimesStart .* holds 'True'"),
        ({"FrameTimesStart": [0, 300, float("inf")]}, "FrameTimesStart .* holds 'inf'"),
        ({"InjectionStart": {"a": 1}}, "InjectionStart .* needed finite"),
        ({"ImageDecayCorrected": "true"}, "ImageDecayCorrected .* needed true or false"),
        ({"ImageDecayCorrected": False, "DecayCorrection": "START"}, "is false, but"),
        ({"ImageDecayCorrected": True, "DecayCorrection": "NONE"}, "is true, but"),
    ],
)
def test_times_that_cannot_be_right_are_refused(wrong: dict, message: str) -> None:
    with pytest.raises(StudyRefused, match=f"^scan.nii: .*{message}"):
        frame_times(FRAMES | wrong, 3, "scan.nii")


_NUMBERS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3)
_VALUES = st.recursive(
    _NUMBERS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner)
)
_KEYS = st.sampled_from(
    (
        *("FrameTimesStart", "FrameDuration", "InjectionStart", "ImageDecayCorrected"),
        *("ImageDecayCorrectionTime", "DecayCorrection", "DecayFactor", "TracerRadionuclide"),
    )
)


@pytest.mark.slow
@given(st.dictionaries(_KEYS, _VALUES), st.integers(1, 3))
def test_any_sidecar_gives_finite_times_or_is_refused(sidecar: dict, count: int) -> None:
    try:
        times = frame_times(sidecar, count, "scan.nii")
    except StudyRefused as refusal:
        assert str(refusal).startswith("scan.nii: ")
    else:
        for part in (times.starts, times.durations, times.corrected_to):
            assert len(part) == count
            assert all(time is None or np.isfinite(time) for time in part)


def test_frames_may_overlap_by_the_rounding_of_a_clock() -> None:
    times = frame_times(FRAMES | {"FrameDuration": [301, 301, 301]}, 3, "scan.nii")
    assert times.starts == (0, 300, 600)


def write_dynamic(image: PetImage, folder: Path, mode: str) -> None:
    """Three frames of five minutes from 10:30 as DICOM, injected at 9:00."""
    for number in range(3):
        spoken = replace(image, provenance={"DecayCorrection": mode})
        write_series(spoken, folder / str(number), participant="sub-7", seed_uid="sub-7")
        for file in (folder / str(number)).iterdir():
            one = pydicom.dcmread(file)
            one.SeriesType, one.NumberOfTimeSlices = ["DYNAMIC", "IMAGE"], 3
            one.InstanceNumber = one.ImageIndex = 12 * number + one.InstanceNumber
            one.AcquisitionTime, one.SeriesTime = f"10{30 + 5 * number}00", "103000"
            one.ActualFrameDuration = "300000"
            isotope = one.RadiopharmaceuticalInformationSequence[0]
            isotope.RadiopharmaceuticalStartTime = "090000"
            one.save_as(file)


@pytest.mark.parametrize("mode", ["START", "ADMIN", "NONE"])
def test_the_sidecar_of_dcm2niix_gives_the_times_of_the_dicom_frames(
    image: PetImage, tmp_path: Path, mode: str
) -> None:
    write_dynamic(image, tmp_path / "dicom", mode)
    subprocess.run([DCM2NIIX, "-f", "x", tmp_path / "dicom"], check=True, capture_output=True)
    sidecar = read_sidecar(tmp_path / "dicom" / "x.nii")
    times = frame_times(sidecar, 3, "x.nii")
    # The injection is known from a correction to it alone.
    assert times.from_injection is (mode == "ADMIN")
    assert times.starts == ((5400, 5700, 6000) if mode == "ADMIN" else (0, 300, 600))
    assert times.durations == (300, 300, 300)
    assert times.decay_known
    assert times.corrected_to == ((None,) * 3 if mode == "NONE" else (0.0,) * 3)
    assert half_life_of(None, sidecar["TracerRadionuclide"]) == 6586.2


@pytest.mark.parametrize(
    ("radionuclide", "seconds"),
    [
        *((text, 6586.2) for text in ("F18", "F-18", "18F", "18Fluorine", "[18F]", ["F18"])),
        *((text, 1223.4) for text in ("C11", "11C", "Carbon-11")),
        *((text, None) for text in ("O15", "F11", "", None, "FDG 18")),
    ],
)
def test_the_radionuclide_gives_the_half_life(radionuclide: object, seconds: float | None) -> None:
    assert half_life_of(None, radionuclide) == seconds
    assert half_life_of(tracer_label("PiB"), radionuclide) == (seconds or 1223.4)


def test_the_pet_folders_of_every_participant_and_session_are_found(dataset: Path) -> None:
    for place in ("sub-02/pet", "sub-01/ses-01/pet", "sub-01/ses-02/anat", "code/sub-1/pet"):
        (dataset / place).mkdir(parents=True)
    for kind in ("derivatives/petprep", "sourcedata"):
        (dataset / kind / "sub-01/pet").mkdir(parents=True)
    (dataset / "sub-03").mkdir()
    (dataset / "sub-03" / "pet").write_text("a file")
    found = [place.relative_to(dataset).as_posix() for place in find_sessions(dataset)]
    assert found == ["sub-01/ses-01/pet", "sub-01/ses-02/pet", "sub-02/pet"]


def test_links_out_and_other_folders_hold_no_sessions(dataset: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere" / "pet").mkdir(parents=True)
    (dataset / "sub-09").symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    assert [place.parts[-3] for place in find_sessions(dataset)] == ["sub-01"]
    assert find_sessions(tmp_path) == []
    assert find_sessions(tmp_path / "gone") == []
