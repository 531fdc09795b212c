"""What differs between two scans of one person, by their headers and by what was measured."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from monai_amyloid.following.differences import Differences, differences
from monai_amyloid.pet.study import read_study

from .scans import dicom, image, nifti

SCANNER = {"ManufacturerModelName": "Biograph64_mCT", "start_minutes": 90.0}
QUALITY = {"fwhm_mm": 6.0, "noise_cv": 0.08, "cerebellum_covered": 1.0, "cortex_covered": 1.0,
           "motion_mm": 0.5}  # fmt: skip


def compared(
    earlier: Mapping[str, Any],
    later: Mapping[str, Any],
    quality: Mapping[str, float] = QUALITY,
    quality_later: Mapping[str, float] = QUALITY,
) -> Differences:
    one, other = (image(1, {**SCANNER, **header}) for header in (earlier, later))
    return differences(one, other, quality, quality_later)


def codes(found: Differences) -> list[str]:
    return [each.code for each in found.findings]


METHOD, KERNEL = "ReconstructionMethod", "ConvolutionKernel"
ATTENUATION, MODEL = "AttenuationCorrectionMethod", "ManufacturerModelName"
LABELS = {"ReconMethodName": "OSEM", "ReconMethodParameterLabels": ["subsets", "iterations"]}


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        ({}, {}),
        ({METHOD: "PSF+TOF 4i5s"}, {METHOD: "psf tof 4i 5s"}),
        ({METHOD: "OSEM3D 4i21s"}, {METHOD: "OSEM 3D"}),
        ({METHOD: "OSEM 4i21s"}, LABELS | {"ReconMethodParameterValues": [21, 4]}),
        ({KERNEL: "XYZ Gauss5.00"}, {}),
        ({"ReconFilterType": "none"}, {KERNEL: "Gauss 5"}),
        ({ATTENUATION: "measured,AC_CT_Brain"}, {"AttenuationCorrection": "CT-based"}),
        ({ATTENUATION: "corrected"}, {ATTENUATION: "CT"}),
        ({MODEL: "Biograph64_mCT"}, {MODEL: "BIOGRAPH64 MCT"}),
        ({"Manufacturer": "SIEMENS"}, {"Manufacturer": "Siemens Healthineers"}),
        ({"start_minutes": 85.0}, {"start_minutes": 95.0}),
        ({"device_mark": "1a"}, {}),
        ({"PatientPosition": "HFS"}, {"PatientPosition": "HFS"}),
    ],
)
def test_what_is_the_same_or_not_known_is_no_difference(
    earlier: dict[str, Any], later: dict[str, Any]
) -> None:
    assert codes(compared(earlier, later)) == []
    assert codes(compared(later, earlier)) == []


@pytest.mark.parametrize(
    ("earlier", "later", "code", "answer"),
    [
        ({}, {MODEL: "Discovery 690"}, "scanner_differs", "scanner"),
        ({"device_mark": "1a"}, {"device_mark": "2b"}, "scanner_of_another_machine", "scanner"),
        ({"station_mark": "1a"}, {"station_mark": "2b"}, "scanner_of_another_machine", "scanner"),
        ({"SoftwareVersions": "VG70"}, {"SoftwareVersions": "VG80"},
         "scanner_software_differs", ""),
        ({METHOD: "OSEM 4i21s"}, {METHOD: "PSF+TOF 4i21s"}, "reconstruction_differs",
         "reconstruction"),
        ({METHOD: "OSEM 4i21s"}, {METHOD: "OSEM 6i21s"}, "reconstruction_settings_differ",
         "reconstruction"),
        ({"NumberOfSubsets": 21}, LABELS | {"ReconMethodParameterValues": [14, 4]},
         "reconstruction_settings_differ", "reconstruction"),
        ({"TimeOfFlightInformationUsed": "TRUE"}, {"TimeOfFlightInformationUsed": "FALSE"},
         "time_of_flight_differs", "reconstruction"),
        ({KERNEL: "XYZ Gauss5.00"}, {KERNEL: "XYZ Gauss2.00"}, "reconstruction_filter_differs",
         "reconstruction"),
        ({"ReconFilterType": "Gauss", "ReconFilterSize": 5},
         {"ReconFilterType": "Gauss", "ReconFilterSize": 2}, "reconstruction_filter_differs",
         "reconstruction"),
        ({ATTENUATION: "measured,AC_CT"}, {ATTENUATION: "MRAC_DIXON"},
         "attenuation_correction_differs", "correction"),
        ({"ScatterCorrectionMethod": "Model-based"}, {"ScatterCorrectionMethod": "Convolution"},
         "scatter_correction_differs", "correction"),
        ({}, {"start_minutes": 101.0}, "scan_start_differs", ""),
        ({"duration_minutes": 20.0}, {"duration_minutes": 10.0}, "scan_duration_differs", ""),
        ({"PatientPosition": "HFS"}, {"PatientPosition": "HFP"}, "patient_position_differs", ""),
    ],
)  # fmt: skip
def test_each_difference_of_headers_has_its_finding_and_answer(
    earlier: dict[str, Any], later: dict[str, Any], code: str, answer: str
) -> None:
    for found in (compared(earlier, later), compared(later, earlier)):
        assert codes(found) == [code]
        flags = ("scanner", "reconstruction", "correction", "tracer")
        assert [flag for flag in flags if getattr(found, flag)] == [answer] * bool(answer)


@pytest.mark.parametrize(
    ("measured", "code"),
    [
        ({"fwhm_mm": 7.1}, "resolution_differs"),
        ({"noise_cv": 0.13}, "noise_differs"),
        ({"motion_mm": 3.0}, "motion_differs"),
        ({"cerebellum_covered": 0.9}, "coverage_differs"),
        ({"cortex_covered": 0.95}, "coverage_differs"),
    ],
)
def test_each_difference_of_measures_has_its_finding(measured: dict[str, float], code: str) -> None:
    found = compared({}, {}, quality_later={**QUALITY, **measured})
    assert codes(found) == [code]
    assert {"earlier_mm", "earlier_cv", "earlier"} & set(found.findings[0].values)


@pytest.mark.parametrize("value", [None, float("nan"), 7.0])
def test_a_measure_that_is_not_known_or_near_differs_in_nothing(value: Any) -> None:
    assert codes(compared({}, {}, quality_later={**QUALITY, "fwhm_mm": value})) == []


def test_answers_have_a_sign_and_are_none_where_one_is_not_known() -> None:
    found = compared({}, {"start_minutes": 70.0}, quality_later={**QUALITY, "fwhm_mm": 5.0})
    assert (found.resolution_mm, found.minutes) == (-1.0, -20.0)
    unknown = compared({}, {"start_minutes": None}, quality_later={})
    assert (unknown.resolution_mm, unknown.minutes) == (None, None)
    assert codes(unknown) == ["scan_start_not_known"]


def test_two_tracers_and_voxels_of_two_sizes_are_seen_on_the_images() -> None:
    earlier = image(1, SCANNER)
    affine = earlier.affine @ np.diag([0.5, 0.5, 1, 1])
    found = differences(earlier, replace(earlier, tracer="11CPIB", affine=affine), {}, {})
    assert codes(found) == ["tracer_differs", "voxels_differ"]
    assert found.tracer
    assert "4.0 x 4.0 x 5.0 mm, then 2.0 x 2.0 x 5.0 mm" in str(found.findings[1])


def test_dicom_headers_hold_what_is_compared_and_no_name_of_a_machine(tmp_path: Path) -> None:
    values = {"ManufacturerModelName": "Biograph64_mCT", "StationName": "KIM_PET", METHOD: "OSEM"}
    one = dicom(tmp_path / "a", "2019-03-12", DeviceSerialNumber="SN1007", **values)
    other = dicom(tmp_path / "b", "2021-03-12", DeviceSerialNumber="SN2008", **values)
    scans = list(map(read_study, (one, other)))
    assert codes(differences(scans[0], scans[1], {}, {})) == [
        "scanner_of_another_machine", "scan_start_not_known"
    ]  # fmt: skip
    texts = json.dumps([dict(scan.provenance) for scan in scans], default=str)
    assert not any(name in texts for name in ("KIM", "SN1007", "SN2008"))


def test_sidecars_hold_the_start_the_duration_and_the_reconstruction(tmp_path: Path) -> None:
    scans = []
    for number, begins in ((1, 5400), (2, 6300)):
        path = nifti(tmp_path / f"{number}.nii.gz", number)
        sidecar = {"TracerName": "florbetaben", "TimeZero": "09:00:00", "InjectionStart": 0,
                   "ScanStart": begins, "FrameTimesStart": [begins], "FrameDuration": [1200],
                   "ManufacturersModelName": "mCT", "ReconMethodName": "PSF+TOF",
                   "ImageDecayCorrected": True, "ImageDecayCorrectionTime": begins}  # fmt: skip
        path.with_name(f"{number}.json").write_text(json.dumps(sidecar))
        scans.append(read_study(path))
    found = differences(scans[0], scans[1], {}, {})
    assert scans[0].provenance["duration_minutes"] == 20
    assert (codes(found), found.minutes) == (["scan_start_differs"], 15.0)


def test_a_text_says_both_values_and_what_they_do() -> None:
    found = compared({}, {"start_minutes": 108.0}).findings[0]
    assert "90 min, then 108 min after the injection" in str(found)
    assert "drifts" in str(found)
    assert (found.values["earlier_min"], found.values["later_min"]) == (90.0, 108.0)
