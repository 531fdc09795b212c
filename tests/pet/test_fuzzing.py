"""The reader on spoiled studies: a short run of the fuzzer, and what longer runs found.

``benchmarks/fuzz/fuzzing.py`` runs the same mutations by the thousand.
"""

import io
import json
import os
import re
import struct
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.datadict import keyword_for_tag
from pydicom.dataset import Dataset

from monai_amyloid.pet.image import PetImage

from .mutations import KINDS, Mutant, mutant, raw, seed, tags
from .mutations.judge import FINDS, Verdict, judge, read, what_changed

ROOT = Path(__file__).parents[2]
RUNNER = "benchmarks.fuzz.fuzzing"
# Decoders in C can end the process: the runner's workers read these.
IN_PROCESS = [kind for kind in KINDS if kind not in ("fragments", "syntax changed")]
Change = Callable[[bytes], bytes]


@cache
def right(name: str) -> PetImage:
    return read(seed(name), seed(name).files)


def spoil(name: str, change: Change, *, first: bool = False, end: str = "") -> Verdict:
    """Judge a study with all its files changed, or the first, or those with an ending."""
    files = dict(seed(name).files)
    chosen = [file for file in sorted(files) if file.endswith(end)]
    for file in chosen[:1] if first else chosen:
        files[file] = change(files[file])
    return judge(Mutant("by hand", 0, seed(name), files), right(name))


def edited(edit: Callable[[Dataset], object]) -> Change:
    def change(content: bytes) -> bytes:
        dataset = tags.read(content)
        edit(dataset)
        return tags.written(dataset)

    return change


def setting(**values: Any) -> Change:
    def edit(dataset: Dataset) -> None:
        for keyword, value in values.items():
            setattr(dataset, keyword, value)

    return edited(edit)


def field(**values: Any) -> Change:
    """Set numbers of fields of a NIfTI header, given as ``{index: value}``, () for the only one."""

    def change(content: bytes) -> bytes:
        plain = raw.unpacked(content)
        record = np.frombuffer(bytearray(plain[:348]), nib.Nifti1Header.template_dtype, 1)[0:1]
        for name, value in values.items():
            for index, number in value.items():
                record[name][(0, *index) if isinstance(index, tuple) else (0, index)] = number
        return raw.packed_like(record.tobytes() + plain[348:], content)

    return change


@pytest.mark.slow
@settings(derandomize=True)
@given(st.sampled_from(IN_PROCESS), st.integers(0, 10**6))
def test_no_spoiled_study_raises_or_changes_in_silence(kind: str, number: int) -> None:
    spoiled = mutant(kind, number)
    verdict = judge(spoiled, right(spoiled.seed.name))
    assert verdict.outcome not in FINDS, f"{kind} {number} ({spoiled.seed.name}): {verdict.words}"


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["fragments", "syntax changed"])
def test_decoders_neither_end_the_process_nor_write_to_the_terminal(
    kind: str, tmp_path: Path
) -> None:
    command = [sys.executable, "-m", RUNNER, "--only", kind, "--runs", "60", "--workers", "1"]
    own_table = os.environ | {"MONAI_AMYLOID_FIGURES": str(tmp_path / "figures.tsv")}
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=600, cwd=ROOT, env=own_table
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]


def moved(image: PetImage, voxels: float) -> PetImage:
    affine = image.affine.copy()
    affine[:3, 3] += voxels * affine[:3, 1]
    return replace(image, affine=affine)


def test_the_judge_sees_what_counts_and_nothing_else() -> None:
    image = right("NIfTI")
    other = image.data.copy()
    other[3, 4, 5] *= 1.01
    assert not what_changed(replace(image, data=2 * image.data), image)
    assert not what_changed(replace(image, tracer=None), image)
    assert not what_changed(moved(image, 0.05), image)
    assert "1 of 990 voxels" in what_changed(replace(image, data=other), image)
    assert "affine" in what_changed(moved(image, 0.2), image)
    assert "tracer" in what_changed(replace(image, tracer="11CPIB"), image)
    assert "shape" in what_changed(replace(image, data=image.data[1:]), image)


@pytest.mark.slow
def test_the_same_number_gives_the_same_bytes() -> None:
    for kind in KINDS:
        assert mutant(kind, 3).files == mutant(kind, 3).files != mutant(kind, 4).files


def test_a_file_without_kind_and_with_a_broken_meta_header_is_refused() -> None:
    no_kind = edited(lambda dataset: dataset.pop("SOPClassUID"))

    def change(content: bytes) -> bytes:
        return no_kind(content).replace(b"\x02\x00\x02\x00UI", b"\x02\x00\x02\x00\x55\xa7")

    assert spoil("classic", change, first=True).outcome == "refused"


@pytest.mark.parametrize("keyword", ["Rows", "Columns"])
@pytest.mark.parametrize(
    "study", ["classic", "classic big endian", "classic deflated", "enhanced", "enhanced RLE"]
)
def test_more_pixels_than_rows_and_columns_are_refused(study: str, keyword: str) -> None:
    fewer = edited(lambda dataset: setattr(dataset, keyword, dataset[keyword].value - 1))
    assert spoil(study, fewer).outcome == "refused"


@pytest.mark.parametrize("study", ["classic", "classic JPEG-LS", "classic RLE", "enhanced RLE"])
def test_a_transfer_syntax_that_is_not_that_of_the_bytes_is_refused(study: str) -> None:
    def implicit(content: bytes) -> bytes:
        at = content.find(b"\x02\x00\x10\x00UI") + 6
        length = int.from_bytes(content[at : at + 2], "little")
        return (
            content[: at + 2]
            + b"1.2.840.10008.1.2".ljust(length, b"\0")
            + content[at + 2 + length :]
        )

    assert spoil(study, implicit, first=True).outcome == "refused"


def image_of(study: str) -> str:
    return "nii.gz" if study.endswith("gz") else "nii"


@pytest.mark.parametrize("study", ["NIfTI", "NIfTI gz", "NIfTI dynamic", "NIfTI dynamic gz"])
def test_a_nifti_header_that_leaves_voxels_over_is_refused(study: str) -> None:
    assert spoil(study, field(dim={2: 9}), end=image_of(study)).outcome == "refused"


@pytest.mark.parametrize("study", ["NIfTI", "NIfTI gz"])
def test_a_nifti_file_with_bytes_put_into_its_header_is_refused(study: str) -> None:
    def change(content: bytes) -> bytes:
        plain = raw.unpacked(content)
        return raw.packed_like(plain[:340] + b"\0\0\0" + plain[340:], content)

    assert spoil(study, change, end=image_of(study)).outcome == "refused"


def test_a_gzip_file_whose_checksum_is_wrong_is_refused() -> None:
    def wrong(content: bytes) -> bytes:
        return content[:-8] + bytes([content[-8] ^ 1]) + content[-7:]

    assert spoil("NIfTI gz", wrong, end=".gz").outcome == "refused"


@pytest.mark.parametrize("change", [{"srow_x": {1: 3.0}}, {"srow_z": {3: 99.0}}])
def test_a_sform_that_the_qform_contradicts_is_refused(change: dict[str, Any]) -> None:
    assert spoil("NIfTI", field(**change), end=".nii").outcome == "refused"


def claimed(length: int, content: bytes) -> bytes:
    """Let Rows claim a length, in an implicit file."""
    rows = b"\x28\x00\x10\x00\x02\x00\x00\x00"
    return content.replace(rows, rows[:4] + struct.pack("<I", length) + b"\0" * min(length, 70_001))


def test_a_number_of_70001_bytes_is_refused() -> None:
    verdict = spoil("classic implicit", lambda content: claimed(70_001, content), first=True)
    assert verdict.outcome == "refused"


def test_a_length_of_gigabytes_takes_no_memory() -> None:
    right("classic implicit")
    tracemalloc.start()
    verdict = spoil("classic implicit", lambda content: claimed(0xF0000000, content), first=True)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert verdict.outcome == "refused"
    assert peak < 50e6


@pytest.mark.parametrize("stored", [15, 12, 8])
@pytest.mark.parametrize(
    "study",
    ["classic", "classic deflated", "classic JPEG-LS", "classic RLE", "enhanced", "enhanced RLE"],
)
def test_uptake_in_bits_above_those_stored_is_refused(study: str, stored: int) -> None:
    assert spoil(study, setting(BitsStored=stored, HighBit=stored - 1)).outcome == "refused"


def test_an_ecat_header_that_leaves_voxels_over_is_refused() -> None:
    def fewer(content: bytes) -> bytes:
        assert content[1024:1536].count(b"\0\x0a\0\x0c\0\x09") == 1
        return content.replace(b"\0\x0a\0\x0c\0\x09", b"\0\x0a\0\x0c\0\x08", 1)

    assert spoil("ECAT", fewer).outcome == "refused"


def test_an_ecat_file_with_a_byte_lost_or_put_in_is_refused() -> None:
    assert spoil("ECAT", lambda content: content[:400] + content[401:]).outcome == "refused"
    assert spoil("ECAT", lambda content: content[:400] + b"\0" + content[400:]).outcome == "refused"


def scaled(places: tuple[int, ...], factor: float) -> dict[str, bytes]:
    """Give the classic study with another slope in some slices, counted along the normal."""
    files = seed("classic").files
    read_of = {name: tags.read(content) for name, content in files.items()}
    order = sorted(files, key=lambda name: read_of[name].ImagePositionPatient[2])
    changed = {}
    for place in places:
        dataset = read_of[order[place]]
        dataset.RescaleSlope = f"{float(dataset.RescaleSlope) * factor:.9g}"
        changed[order[place]] = tags.written(dataset)
    return {**files, **changed}


@pytest.mark.parametrize("place", [0, -1])
def test_the_slope_of_the_first_and_last_slice_is_checked_too(place: int) -> None:
    """One that is too small cannot be told from a head that fades."""
    spoiled = Mutant("by hand", 0, seed("classic"), scaled((place,), 30.0))
    assert judge(spoiled, right("classic")).outcome == "refused"


@pytest.mark.parametrize("value", ["11111111111111", "-5000000"])
def test_an_intercept_of_one_slice_that_drowns_it_is_refused(value: str) -> None:
    assert spoil("classic", setting(RescaleIntercept=value), first=True).outcome == "refused"


@pytest.mark.parametrize("study", ["enhanced", "enhanced RLE", "capture in one file"])
def test_unsigned_values_called_signed_are_refused(study: str) -> None:
    assert spoil(study, setting(PixelRepresentation=1)).outcome == "refused"


def test_early_and_late_frames_without_an_injection_are_no_late_acquisition() -> None:
    def forget(dataset: Dataset) -> None:
        item = dataset.RadiopharmaceuticalInformationSequence[0]
        for keyword in ("RadiopharmaceuticalStartTime", "RadiopharmaceuticalStartDateTime"):
            item.pop(keyword, None)

    assert spoil("dynamic", edited(forget)).outcome == "refused"
    assert spoil("enhanced dynamic", edited(forget)).outcome == "refused"


@pytest.mark.parametrize("place", [0, 5, -1])
def test_a_slice_of_another_tracer_is_refused(place: int) -> None:
    files = dict(seed("Philips").files)
    name = sorted(files)[place]
    dataset = tags.read(files[name])
    dataset.RadiopharmaceuticalInformationSequence[0].Radiopharmaceutical = "Flutemetamol"
    files[name] = tags.written(dataset)
    verdict = judge(Mutant("by hand", 0, seed("Philips"), files), right("Philips"))
    assert verdict.outcome == "refused"


def test_a_sidecar_that_says_two_things_of_one_key_is_refused() -> None:
    def twice(content: bytes) -> bytes:
        return content.rstrip()[:-1] + b', "TracerName": "Flutemetamol"}'

    assert json.loads(twice(seed("NIfTI").files["scan.json"]))["TracerName"] == "Flutemetamol"
    assert spoil("NIfTI", twice, end=".json").outcome == "refused"


@pytest.mark.parametrize("after", [b"", b"\0", b"garbage"])
def test_a_padded_deflated_file_above_a_megabyte_is_read(after: bytes) -> None:
    """DICOM pads what is deflated to an even length, so a byte may follow the stream's end."""

    def grow(content: bytes) -> bytes:
        dataset = tags.read(content)
        dataset.private_block(0x0099, "filler", create=True).add_new(1, "OB", bytes(2**21))
        dataset.save_as(written := io.BytesIO())
        return written.getvalue() + after

    assert spoil("classic deflated", grow, first=True).outcome == "same"


def test_a_tracer_of_a_million_letters_is_no_reason_to_wait() -> None:
    right("NIfTI")
    text = json.dumps("Florbetaben " * 100_000).encode()
    began = time.perf_counter()
    change = partial(re.sub, b'"Florbetaben"', text)
    assert spoil("NIfTI", change, end=".json").outcome in ("refused", "same")
    assert time.perf_counter() - began < 3


def test_a_form_code_that_does_not_exist_is_refused() -> None:
    change = field(sform_code={(): 8193}, srow_x={3: 55.0})
    assert spoil("NIfTI", change, end=".nii").outcome == "refused"


def test_a_sheared_sform_is_held_against_the_qform_too() -> None:
    assert spoil("NIfTI", field(srow_z={0: -0.5}), end=".nii").outcome == "refused"


def with_a_name_in(keyword: str) -> Change:
    """As where an element claims a length that swallows its neighbours."""

    def change(dataset: Dataset) -> None:
        holder, tag = next(
            place for place in tags.walk(dataset) if keyword_for_tag(place[1]) == keyword
        )
        value = b"1\\0\0PN\x0c\0Geheim^Zeta"
        holder._dict[tag] = tags.raw_item(holder, tag)._replace(value=value, length=len(value))

    return edited(change)


@pytest.mark.parametrize(
    "keyword",
    [
        *("RescaleSlope", "PixelSpacing", "Rows", "AcquisitionTime", "PhotometricInterpretation"),
        *("Modality", "SOPClassUID", "RadiopharmaceuticalStartTime", "NumberOfSlices", "Units"),
    ],
)
def test_a_refusal_does_not_quote_a_name_that_ran_into_another_value(keyword: str) -> None:
    verdict = spoil("classic", with_a_name_in(keyword))
    assert verdict.outcome in ("refused", "same", "excused"), verdict.words


def test_a_refused_dicomdir_does_not_quote_a_name() -> None:
    files = dict(seed("DICOMDIR").files)
    files["DICOMDIR"] = with_a_name_in("ReferencedFileID")(files["DICOMDIR"])
    verdict = judge(Mutant("by hand", 0, seed("DICOMDIR"), files), right("DICOMDIR"))
    assert verdict.outcome == "refused", verdict.words


def test_a_qform_that_is_no_number_hides_no_difference() -> None:
    change = field(qoffset_x={(): np.nan}, srow_x={3: 55.0})
    assert spoil("NIfTI", change, end=".nii").outcome == "refused"


def test_an_image_type_that_is_called_a_sequence_is_refused() -> None:
    spoiled = mutant("tag wild, all", 905212)
    assert judge(spoiled, right(spoiled.seed.name)).outcome == "refused"
