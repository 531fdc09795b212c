"""What became of a mutant: refused, the same, changed with an excuse, or a find."""

import os
import resource
import shutil
import sys
import tempfile
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from pydicom.tag import BaseTag

from monai_amyloid.findings.finding import StudyRefused
from monai_amyloid.pet.image import PetImage
from monai_amyloid.pet.study import read_study

from . import SECRETS, Mutant, Seed, raw, tags
from .differences import differences
from .excuses import excuse

LONGEST_MESSAGE = 2000
MOST_BYTES = 2 * 2**30
PIXELS = BaseTag(0x7FE00010)
_NOT_LOADED = "takes more memory"
FINDS = ("error", "changed silently")


@dataclass(frozen=True)
class Verdict:
    """What became of a mutant.

    Attributes:
        outcome: ``"refused"``, ``"same"``, ``"warned"`` (changed, and it says so), ``"excused"``
            (no reader can notice), ``"changed silently"`` or ``"error"``.
        words: The message, the reason, or what changed.
    """

    outcome: str
    words: str = ""


def write(files: dict[str, bytes], folder: Path) -> None:
    """Write a study into an empty folder."""
    for name, content in files.items():
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)


@contextmanager
def _captured() -> Iterator[list[str]]:
    """Catch what C libraries and Python write to the terminal."""
    said: list[str] = []
    sys.stdout.flush()
    sys.stderr.flush()
    kept = os.dup(1), os.dup(2)
    with tempfile.TemporaryFile() as stream:
        os.dup2(stream.fileno(), 1)
        os.dup2(stream.fileno(), 2)
        try:
            yield said
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            for number, descriptor in enumerate(kept, start=1):
                os.dup2(descriptor, number)
                os.close(descriptor)
            stream.seek(0)
            said.append(stream.read(2000).decode(errors="replace"))


def _message(text: str) -> Verdict:
    """Check a refusal: one printable line that names nobody."""
    if _NOT_LOADED in text:
        return Verdict("error", f"memory: {text}")
    if not text.isprintable() or not 0 < len(text) <= LONGEST_MESSAGE:
        return Verdict("error", f"no printable line of {LONGEST_MESSAGE} letters: {text!r}")
    told = [word for word in SECRETS if word in text]
    return Verdict("error", f"names a person: {text}") if told else Verdict("refused", text)


def what_changed(image: PetImage, right: PetImage) -> str:
    """Say what of an image counts and is not as it was; "" for nothing."""
    if image.data.shape != right.data.shape:
        return f"shape {image.data.shape}, was {right.data.shape}"
    # SUVR divides by a mean: a factor for the whole volume does not count.
    old, new = right.data.astype(np.float64), image.data.astype(np.float64)
    factor = float((old * new).sum() / (old**2).sum())
    if factor <= 0 or np.abs(new / factor - old).max() > 1e-4 * np.abs(old).max():
        off = np.abs(new / factor - old).max() / np.abs(old).max() if factor > 0 else np.inf
        count = int((np.abs(new / (factor or 1) - old) > 1e-4 * np.abs(old).max()).sum())
        return f"{count} of {old.size} voxels by up to {off:.2g} of the largest"
    corners = np.array(list(np.ndindex(2, 2, 2))) * (np.array(old.shape) - 1)
    places = np.c_[corners, np.ones(8)] @ (np.linalg.inv(right.affine) @ image.affine).T
    moved = float(np.linalg.norm(places[:, :3] - corners, axis=1).max())
    if moved > 0.1:
        return f"affine by {moved:.2g} voxels"
    # Without a tracer a study is not graded: that is asked for, not changed.
    if image.tracer not in (right.tracer, None):
        return f"tracer {image.tracer}, was {right.tracer}"
    return ""


def read(seed: Seed, files: dict[str, bytes]) -> PetImage:
    """Read a study from files in memory."""
    place = Path(tempfile.mkdtemp())
    try:
        write(files, place)
        return read_study(place / seed.path, tracer=seed.tracer)
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _peak_bytes() -> int:
    """Give the largest working set of this process so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _resident_bytes() -> int:
    """Give what this process holds in memory now; 0 where the system does not say, as macOS."""
    held = Path("/proc/self/statm")
    return int(held.read_text().split()[1]) * resource.getpagesize() if held.is_file() else 0


def judge(mutant: Mutant, right: PetImage) -> Verdict:
    """Read a mutant and judge what comes of it.

    Args:
        mutant: A spoiled study.
        right: What the study is as it should be.
    """
    image: PetImage | None = None
    refusal = error = ""
    before, held = _peak_bytes(), _resident_bytes()
    with _captured() as said:
        try:
            image = read(mutant.seed, mutant.files)
        except StudyRefused as refused:
            refusal = str(refused)
        except BaseException:
            error = traceback.format_exc()
    if error:
        return Verdict("error", error)
    if said[0]:
        return Verdict("error", f"wrote to the terminal: {said[0]}")
    peak = _peak_bytes()
    # What this process took before, and still holds, is not the reader's.
    if peak > before and peak - held > MOST_BYTES:
        return Verdict("error", f"memory: {(peak - held) / 2**30:.2f} GB")
    return _message(refusal) if image is None else _compared(mutant, image, right)


def _compared(mutant: Mutant, image: PetImage, right: PetImage) -> Verdict:
    """Judge what was read."""
    told = [word for word in SECRETS if word in str(dict(image.provenance))]
    if told:
        return Verdict("error", f"provenance names a person: {_where(image.provenance, told)}")
    changed = what_changed(image, right)
    if not changed:
        return Verdict("same")
    reason = excuse(mutant) or _of_pixels_alone(mutant, right)
    if reason is not None:
        return Verdict("excused", f"{reason}: {changed}")
    warnings = [
        one for one in image.provenance["warnings"] if one not in right.provenance["warnings"]
    ]
    if warnings:
        return Verdict("warned", f"{changed}: {warnings[0]}")
    parts = [
        f"{one.file}: {one.where} {one.old!r:.80} -> {one.new!r:.80}" for one in differences(mutant)
    ]
    return Verdict("changed silently", f"{changed}; " + "; ".join(parts[:6]))


def _with_pixels_of(right: bytes, wrong: bytes) -> bytes:
    """Give a file the pixels of another, where they are as many."""
    now, before = raw.unpacked(wrong), raw.unpacked(right)
    try:
        if raw.is_dicom(right):
            dataset, pixels = tags.read(wrong), tags.raw_item(tags.read(right), PIXELS)
            other = dataset.get_item(PIXELS)
            if pixels.length != 0xFFFFFFFF and len(other.value) != len(pixels.value):
                return wrong
            if other.value in wrong:
                return wrong.replace(other.value, pixels.value)
            dataset._dict[PIXELS] = pixels  # deflated
            return tags.written(dataset)
        if len(now) == len(before) and raw.is_sound(wrong):
            parts = bytearray(now)
            for span in raw.voxel_spans(before):
                parts[span] = before[span]
            return raw.packed_like(bytes(parts), right)
    except Exception:  # noqa: S110 (what is broken stays as it is)
        pass
    return wrong


def _of_pixels_alone(mutant: Mutant, right: PetImage) -> str | None:
    """Whether nothing is changed, or it is refused, with the pixels as they were."""
    old = mutant.seed.files
    files = {
        name: _with_pixels_of(old[name], content)
        if name in old and content != old[name]
        else content
        for name, content in mutant.files.items()
    }
    if files == mutant.files:
        return None
    try:
        unchanged = not what_changed(read(mutant.seed, files), right)
    except StudyRefused:
        unchanged = True
    return "(a) bytes of the pixels" if unchanged else None


def _where(provenance: Any, told: list[str]) -> list[str]:
    return [key for key, value in provenance.items() if any(word in str(value) for word in told)]
