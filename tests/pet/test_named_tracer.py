"""Which tracer a study names, and when a user's word counts against it."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from monai_amyloid.findings.finding import StudyRefused
from monai_amyloid.pet.frames.series import Frame, FrameSeries
from monai_amyloid.pet.header.named_tracer import (
    known_label,
    other_tracers,
    tracer_of,
    tracer_refusals,
    with_tracer,
)

CODE = {"CodeValue": "712736002", "CodingSchemeDesignator": "SCT", "CodeMeaning": "agent"}
FRAME = Frame(lambda: np.zeros((9, 9, 9), np.float32))
SERIES = FrameSeries(frames=(FRAME,), affine=np.eye(4), shape=(9, 9, 9), source="scan")


def reasons(provenance: dict) -> str:
    return "; ".join(map(str, tracer_refusals(provenance, Path("scan"))))


def test_the_tracer_is_found_by_code_where_the_text_is_vague() -> None:
    assert (
        tracer_of({"Radiopharmaceutical": "Solution", "RadiopharmaceuticalCodeSequence": [CODE]})
        == "18FFBB"
    )


@pytest.mark.parametrize("broken", [5, "code", {}, [1, {"CodeValue": None}]])
def test_a_code_sequence_of_the_wrong_kind_names_no_tracer(broken: object) -> None:
    assert tracer_of({"RadiopharmaceuticalCodeSequence": broken}) is None


@pytest.mark.parametrize(
    ("provenance", "name"),
    [
        ({"Radiopharmaceutical": "Foobarane [18F]"}, "Foobarane"),
        ({"TracerName": "XY-123"}, "XY-123"),
        ({"RadiopharmaceuticalCodeSequence": [{"CodeMeaning": "Foobarane"}]}, "Foobarane"),
        ({"file_name": "sub-01_trc-18FXY123_pet.nii.gz"}, "18FXY123"),
    ],
)
def test_a_name_that_is_not_known_stops_the_users_tracer(provenance: dict, name: str) -> None:
    series = with_tracer(replace(SERIES, provenance=provenance), "18FFBB")
    assert f"{name}" in reasons(series.provenance)
    assert "not known here as an amyloid tracer" in reasons(series.provenance)
    assert "--tracer-is-really" in reasons(series.provenance)


@pytest.mark.parametrize(
    "provenance",
    [
        {"SeriesDescription": "PET brain PI-2620 45-75 min"},
        {"Radiopharmaceutical": "F-18", "ProtocolName": "Brain FDG"},
        {"StudyDescription": "Tau PET MK6240"},
        {"file_name": "scan_FDG.nii.gz"},
    ],
)
def test_a_description_that_names_another_tracer_counts_where_nothing_else_names_one(
    provenance: dict,
) -> None:
    assert "no tracer is named, but" in reasons(provenance)
    assert not reasons({**provenance, "TracerName": "florbetaben"})


@pytest.mark.parametrize(
    "provenance",
    [
        {"SeriesDescription": "PET brain Foobarane"},
        {"SeriesDescription": "Amyloid AC", "StudyDescription": "FDG and amyloid"},
        {"SeriesDescription": "FBB 90-110", "StudyDescription": "PET FDG"},
        {"Radiopharmaceutical": "Solution"},
        {"Radiopharmaceutical": "Florbetaben", "TracerName": "Foobarane"},
        {"file_name": "sub-01_trc-18FFBB_pet.nii.gz"},
        {},
    ],
)
def test_a_description_of_other_words_and_a_vague_header_stop_nothing(provenance: dict) -> None:
    assert not reasons(provenance) and not other_tracers(provenance)


def test_the_users_tracer_fills_in_but_never_contradicts_the_header() -> None:
    assert with_tracer(SERIES, "18FFMM").tracer == "18FFMM"
    named = replace(SERIES, tracer="18FFBB", provenance={"TracerName": "Neuraceq"})
    assert with_tracer(named, "18FFBB") is named
    with pytest.raises(StudyRefused, match=r"scan: .*18FFBB \(Neuraceq\), but 18FFMM was given"):
        with_tracer(named, "18FFMM")
    described = replace(SERIES, provenance={"SeriesDescription": "Florbetapir AC"})
    with pytest.raises(StudyRefused, match=r"18FAV45 \(Florbetapir AC\), but 18FFBB was given"):
        with_tracer(described, "18FFBB")


@pytest.mark.parametrize(
    ("provenance", "tracer"),
    [
        ({"TracerName": "Foobarane"}, None),
        ({"Radiopharmaceutical": "FDG -- fluorodeoxyglucose"}, None),
        ({"TracerName": "Amyvid"}, "18FAV45"),
        ({"SeriesDescription": "PET FDG"}, None),
    ],
)
def test_the_user_may_overrule_the_header_and_is_reminded_of_it(
    provenance: dict, tracer: str | None
) -> None:
    series = replace(SERIES, tracer=tracer, provenance=provenance)
    overruled = with_tracer(series, "florbetaben", is_really=True)
    assert overruled.tracer == "18FFBB"
    [warning] = map(str, overruled.warnings)
    assert "18FFBB was taken, by --tracer-is-really" in warning
    assert next(iter(provenance.values())) in warning
    silent = with_tracer(SERIES, "18FFBB", is_really=True)
    assert silent.tracer == "18FFBB" and not silent.warnings


def test_a_users_tracer_is_known_in_any_spelling() -> None:
    assert [known_label(text) for text in ("FBB", "neuraceq", "Florbetaben", "18ffbb")] == [
        "18FFBB"
    ] * 4
    with pytest.raises(StudyRefused, match=r"unknown tracer 'PI-2620'; needed .* 18FFBB, 18FAV45"):
        known_label("PI-2620")
