"""Pairs of patients whose studies look alike: does one ever get what belongs to the other?

python -m benchmarks.fuzz.mixed_patients [--pairs 600] [--real 24] [--workers N]

A pair is two scans of two people who do not exist, as DICOM, by one DICOM file, NIfTI, zip, a
session of BIDS whose tracer stands in an inherited sidecar, or by a DICOMDIR. Names, sizes, times
and UIDs are each equal or different; what differs for sure is the uptake or, in every other pair,
for BIDS the inherited tracer alone. Each pair is run as an inbox that is refilled, as A/PT and then
B/PT, and as copies in one run, through naming, ledger, resume, tables and key of ``infer``, and
through the resume of ``prepare``. There a stand-in for network and registration writes what the
program's own reader read, so that whose result it is can be seen in it. The last ``--real`` pairs,
of simulated heads, go through the whole of ``infer``, and say what share of a study's time it takes
to know it by its content.
"""

import argparse
import itertools
import json
import os
import shutil
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import nibabel as nib
import numpy as np
import pandas as pd
import pydicom
from pydicom.fileset import FileSet

from benchmarks.figures import record
from monai_amyloid.cohort import prepare as preparing
from monai_amyloid.grading import run as grading
from monai_amyloid.grading.listing import NamedStudy
from monai_amyloid.grading.many.kept import KeptResult
from monai_amyloid.grading.options import OutputOptions
from monai_amyloid.grading.run import grade_studies
from monai_amyloid.grading.task import GradingSettings, Task
from monai_amyloid.installed import shipped_bundle
from monai_amyloid.pet.files.fingerprint import fingerprint
from monai_amyloid.pet.image import PetImage
from monai_amyloid.pet.study import read_study
from monai_amyloid.phantom.cohorts.cohort import simulate
from monai_amyloid.phantom.cohorts.plan import Plan
from monai_amyloid.result.result import Result, read_result, write_result
from monai_amyloid.writing.dicom import write_series
from monai_amyloid.writing.nifti import write_nifti

SHAPE = (16, 14, 12)
TRACERS = ("18FFBB", "18FAV45")
NAMES = {
    "equal": ("PT", "PT"),
    "equal, hidden": ("0077120034", "0077120034"),  # as a hospital's number: becomes study-0001
    "equal but for case": ("PT", "pt"),
    "different": ("PT", "brain"),
}
PLAIN = OutputOptions(report=False)
# What a result says of whose it is: mean uptake and tracer, as they are read.
Content = tuple[float, str]


@dataclass(frozen=True)
class Pair:
    """How the studies of two people look alike.

    Attributes:
        form: What a study is.
        names: Key of :data:`NAMES`.
        sizes: Whether files have the same sizes.
        times: Whether files have the same times.
        uids: Whether headers have the same UIDs.
        number: Seed of the uptake.
    """

    form: str
    names: str
    sizes: bool
    times: bool
    uids: bool
    number: int

    def write(self, who: int, place: Path) -> Path:
        """Write the study of the first or the second person into a folder; its path in it."""
        place.mkdir(parents=True)
        only_tracer = self.form == "bids" and self.number % 2 == 0
        random = np.random.default_rng([self.number, 0 if only_tracer else who])
        # Even from slice to slice, with a background, as the reader wants it.
        voxels = random.uniform(0.5, 1.5) * random.uniform(1000, 1500, SHAPE).astype(np.float32)
        voxels[:3] = 0
        image = PetImage(
            voxels,
            np.diag([8.0, 8.0, 8.0, 1.0]),
            TRACERS[who if only_tracer else 0],
            "Bq/mL",
            {"CorrectedImage": ["DECY", "ATTN"], "DecayCorrection": "START"},
        )
        uid = "1" if self.uids else str(who)
        comment = "a" if self.sizes else "a" * (1 + 40 * who)
        study = FORMS[self.form](image, place, NAMES[self.names][who], uid, comment)
        moment = 1_600_000_000 + (0 if self.times else who)
        for file in place.rglob("*"):
            os.utime(file, (moment, moment))
        return study.relative_to(place)


class Written:
    """The two studies of a pair, to be copied as they are."""

    def __init__(self, pair: Pair, place: Path) -> None:
        self.place = place
        self.paths = [pair.write(who, place / str(who)) for who in (0, 1)]
        self.truths = [content_of(place / str(who) / self.paths[who]) for who in (0, 1)]
        if self.truths[0] == self.truths[1]:
            raise AssertionError(f"{pair}: the two are one")

    def copy(self, who: int, place: Path) -> tuple[Path, "Content"]:
        """Copy a study into a folder, with its times; its path, and whose it is."""
        shutil.rmtree(place, ignore_errors=True)
        shutil.copytree(self.place / str(who), place)
        return place / self.paths[who], self.truths[who]


def folder(image: PetImage, place: Path, name: str, uid: str, comment: str) -> Path:
    """A DICOM series."""
    write_series(image, place / name, participant="P", seed_uid=uid)
    for file in sorted((place / name).iterdir())[: len(comment) - 1]:
        dataset = pydicom.dcmread(file)
        dataset.ImageComments = comment
        dataset.save_as(file)
    return place / name


def one_file(image: PetImage, place: Path, name: str, uid: str, comment: str) -> Path:
    """A DICOM series, by one of its files."""
    first = sorted(folder(image, place, "series", uid, comment).iterdir())[0]
    return first.rename(first.with_name(f"{name}.dcm"))


def zipped(image: PetImage, place: Path, name: str, uid: str, comment: str) -> Path:
    """A zip in which nothing says when it was made."""
    series = folder(image, place, "series", uid, comment)
    with zipfile.ZipFile(place / f"{name}.zip", "w") as archive:
        for file in sorted(series.iterdir()):
            archive.writestr(zipfile.ZipInfo(file.name), file.read_bytes())
    shutil.rmtree(series)
    return place / f"{name}.zip"


def nifti(image: PetImage, place: Path, name: str, uid: str, comment: str) -> Path:
    """A NIfTI file with its sidecar, uncompressed, so that sizes are equal."""
    write_nifti(image, place / f"{name}.nii.gz")
    stored = nib.load(place / f"{name}.nii.gz")
    nib.save(stored, place / f"{name}.nii")
    (place / f"{name}.nii.gz").unlink()
    _add(place / f"{name}.json", SeriesInstanceUID=uid, ImageComments=comment)
    return place / f"{name}.nii"


def bids(image: PetImage, place: Path, name: str, uid: str, comment: str) -> Path:
    """A session of BIDS; what it inherits lies three folders above."""
    session = place / name / f"sub-{name}" / "ses-1" / "pet"
    session.mkdir(parents=True)
    stem = f"sub-{name}_ses-1_pet"
    nifti(image, session, stem, uid, comment)
    (session / f"{stem}.json").rename(place / name / "pet.json")
    (place / name / "dataset_description.json").write_text("{}")
    return session


def medium(image: PetImage, place: Path, name: str, uid: str, comment: str) -> Path:
    """A CD by its DICOMDIR; the people's directories are equal where their UIDs are."""
    files = FileSet()
    for file in sorted(folder(image, place, "series", uid, comment).iterdir()):
        dataset = pydicom.dcmread(file)
        dataset.StudyID = "1"
        files.add(dataset)
    files.write(place / name)
    shutil.rmtree(place / "series")
    return place / name / "DICOMDIR"


def _add(sidecar: Path, **values: str) -> None:
    sidecar.write_text(json.dumps({**json.loads(sidecar.read_text()), **values}, indent=1))


FORMS: dict[str, Callable[[PetImage, Path, str, str, str], Path]] = {
    "dicom": folder,
    "one file": one_file,
    "zip": zipped,
    "nifti": nifti,
    "bids": bids,
    "dicomdir": medium,
}


def all_pairs(count: int) -> Iterator[Pair]:
    """Every combination once, then again with other people."""
    alike = (True, False)
    kinds = list(itertools.product(FORMS, NAMES, alike, alike, alike))
    for number in range(count):
        yield Pair(*kinds[number % len(kinds)], number)


def content_of(study: Path) -> Content:
    """Whose scan it is, by the program's own reader."""
    image = read_study(study)
    return round(float(image.data.mean(dtype=float)), 2), str(image.tracer)


def stand_in(task: Task, settings: GradingSettings) -> KeptResult:
    """What is written in place of a grade: what was read."""
    mean, tracer = content_of(task.study)
    result = Result(
        name=task.name,
        status="graded",
        centiloid=mean,
        study={"tracer": tracer},
        made_from=task.made_from,
    )
    write_result(result, settings.output / task.name)
    return KeptResult.of(result)


class Watched:
    """An output folder, and what each name in it was first given to."""

    def __init__(self, output: Path) -> None:
        self.output, self.owners, self.wrong = output, dict[str, Content](), list[str]()

    def run(self, *studies: tuple[Path, Content]) -> None:
        """Grade studies, and see whether each has its own result and nobody lost one."""
        key = self.output.with_suffix(".tsv")
        results = grade_studies(
            Path("bundle"), [path for path, _ in studies], self.output, options=PLAIN, key=key
        )
        names = [each.name for each in results]
        if len({name.casefold() for name in names}) < len(names):
            self.wrong.append(f"one name for two: {names}")
        for (path, truth), result in zip(studies, results, strict=True):
            if (result.centiloid, result.study.get("tracer")) != truth:
                self.wrong.append(f"{path.name} has another's result, {result.name}")
            if self.owners.setdefault(result.name, truth) != truth:
                self.wrong.append(f"{result.name} was given anew")
        for name, truth in self.owners.items():
            kept = read_result(self.output / name)
            if kept is None or (kept.centiloid, kept.study["tracer"]) != truth:
                self.wrong.append(f"{name} was written over")
        table = pd.read_csv(self.output / "results.csv").set_index("study")
        listed = {name: (row.centiloid, row.tracer) for name, row in table.iterrows()}
        # The table has four digits.
        if {*listed} != {*self.owners} or any(
            abs(listed[name][0] / truth[0] - 1) > 1e-3 or listed[name][1] != truth[1]
            for name, truth in self.owners.items()
        ):
            self.wrong.append("results.csv says something else")
        named = pd.read_csv(key, sep="\t", dtype=str)
        if named["study"].duplicated().any() or {*named["study"]} != {*self.owners}:
            self.wrong.append("the key has other names")


def through_infer(pair: Written, place: Path) -> list[str]:
    """What went wrong with a pair in the three situations."""
    inbox = Watched(place / "refilled")
    for who in (0, 1, 0):
        inbox.run(pair.copy(who, place / "inbox"))
    a, b, copy = (pair.copy(who, place / to) for who, to in ((0, "A"), (1, "B"), (0, "copy")))
    beside = Watched(place / "beside")
    beside.run(a)
    beside.run(b)
    beside.run(b, a)
    copies = Watched(place / "copies")
    copies.run(a, copy, b)
    copies.run(b, copy)
    return [*inbox.wrong, *beside.wrong, *copies.wrong]


def normalised(image: PetImage, **_: Any) -> Any:
    """What is prepared in place of a registered scan: what was read."""
    mean = float(image.data.mean(dtype=float))
    return SimpleNamespace(
        suvr=image.data, source=image, centiloid=mean, regions={}, quality={}, warnings=()
    )


def through_prepare(pair: Written, place: Path) -> list[str]:
    """What went wrong with a pair that is prepared, from one inbox and together."""
    wrong: list[str] = []

    def check(output: Path, rows: Sequence[tuple[str, Path, Content]]) -> None:
        table = place / f"{output.name}.tsv"
        text = "".join(f"{name}\tses-1\t{path}\n" for name, path, _ in rows)
        table.write_text(f"participant_id\tsession_id\tpath\n{text}", encoding="utf-8")
        made = preparing.prepare(table, output).table.set_index("participant_id")
        for name, _, truth in rows:
            volume = np.asarray(nib.load(output / made.path[name]).dataobj).mean(dtype=float)
            for found in (made.centiloid[name], volume):
                if abs(found / truth[0] - 1) > 1e-4 or made.tracer[name] != truth[1]:
                    wrong.append(f"{name} is prepared from another's scan")

    for who in (0, 1, 0):
        check(place / "refilled", [("one", *pair.copy(who, place / "inbox"))])
    a, b = (pair.copy(who, place / "AB"[who]) for who in (0, 1))
    check(place / "both", [("sub-1", *a), ("SUB-1", *b)])
    check(place / "both", [("sub-1", *b), ("SUB-1", *a)])
    return wrong


def one_pair(pair: Pair) -> tuple[list[str], list[str]]:
    """What went wrong with a pair by infer, and by prepare."""
    with tempfile.TemporaryDirectory() as scratch:
        place = Path(scratch)
        written = Written(pair, place / "written")
        return through_infer(written, place / "infer"), through_prepare(written, place / "prepare")


def stood_in(count: int, workers: int) -> tuple[int, int]:
    """Run pairs through the stand-ins; how many were mixed by infer, and by prepare."""
    mixed = [0, 0]
    metadata = {"name": "x", "version": "1", "sha256": {}}
    with (
        patch.object(grading, "grade_there", stand_in),
        patch.object(preparing, "normalize", normalised),
        patch("monai_amyloid.grading.names.exported_metadata", lambda _: metadata),
        patch("monai_amyloid.grading.many.manifest.exported_metadata", lambda _: metadata),
        patch("monai_amyloid.grading.many.manifest._versions", dict[str, str]),
        get_context("fork").Pool(workers) as pool,  # which keeps what is patched
    ):
        pairs = list(all_pairs(count))
        for pair, wrong in zip(pairs, pool.imap(one_pair, pairs), strict=True):
            for number, each in enumerate(wrong):
                mixed[number] += bool(each)
                for line in each:
                    print(f"{pair}: {line}")
            if (pair.number + 1) % 50 == 0:
                print(f"{pair.number + 1} pairs …", flush=True)
    return mixed[0], mixed[1]


def graded_whole(count: int) -> tuple[int, float, float]:
    """Run pairs of heads through all of infer: how many were mixed, and what knowing them takes.

    Returns:
        Number of mixed pairs; median seconds to grade a study, and to know it by its content,
        which is done before and after it is read.
    """
    bundle, mixed = shipped_bundle(), 0
    seconds: list[float] = []
    known: list[float] = []
    with tempfile.TemporaryDirectory() as scratch:
        place = Path(scratch)
        simulate(place / "pool", 5, Plan(seed=22, sites=("site-1",)), form="dicom")
        people = sorted((place / "pool" / "scans").iterdir())
        alone = grade_studies(bundle, people, place / "alone", options=PLAIN)
        for number, (first, second) in enumerate(
            itertools.islice(itertools.cycle(itertools.permutations(range(5), 2)), count)
        ):
            output, inbox = place / f"out {number}", place / "inbox" / "PT"
            for who in (first, second, first):
                shutil.rmtree(inbox, ignore_errors=True)
                _alike(people[who], inbox, same_uids=number % 2 == 0)
                begun = time.perf_counter()
                [result] = grade_studies(bundle, [NamedStudy(inbox)], output, options=PLAIN)
                if result.seconds and who == second:
                    seconds.append(time.perf_counter() - begun)
                    begun = time.perf_counter()
                    fingerprint(inbox)
                    fingerprint(inbox)
                    known.append(time.perf_counter() - begun)
                expected = alone[who]
                if (result.probabilities, result.suvr) != (expected.probabilities, expected.suvr):
                    print(f"pair {number}: {result.name} is another's")
                    mixed += 1
            mixed += sorted(each.name for each in output.iterdir() if each.is_dir()) != [
                *("PT", "PT-2")
            ]
    return mixed, float(np.median(seconds)), float(np.median(known))


def _alike(study: Path, target: Path, same_uids: bool) -> None:
    """Copy a study under the names, times and perhaps UIDs that every other has."""
    target.mkdir(parents=True)
    for number, file in enumerate(sorted(study.iterdir())):
        dataset = pydicom.dcmread(file)
        if same_uids:
            dataset.StudyInstanceUID, dataset.SeriesInstanceUID = "1.2.3", "1.2.3.4"
            dataset.FrameOfReferenceUID = "1.2.3.5"
            dataset.SOPInstanceUID = f"1.2.3.4.{number + 1}"
            dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
        dataset.save_as(target / f"IM{number:04d}")
        os.utime(target / f"IM{number:04d}", (1_600_000_000, 1_600_000_000))


def main() -> None:
    """Print how many pairs were mixed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--pairs", type=int, default=600)
    parser.add_argument("--real", type=int, default=24)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    if options.pairs:
        infer, prepare = stood_in(options.pairs, options.workers)
        print(f"{options.pairs} pairs, {infer} mixed by infer, {prepare} by prepare (stand-ins)")
        record("pairs of patients through naming and resume of infer and prepare", options.pairs)
        record("of them mixed", infer + prepare)
    if options.real:
        mixed, seconds, known = graded_whole(options.real)
        share = known / seconds
        print(f"{options.real} pairs, {mixed} mixed by the whole of infer; {seconds:.2f} s a study")
        print(f"without report, {known:.3f} s of it to know it by its content: {share:.1%}")
        record("pairs of patients through the whole of infer", options.real)
        record("of these mixed", mixed)
        record("share of a study's time (no report) to know it by its content", share)


if __name__ == "__main__":
    main()
