"""Seconds and memory to read a study, beside other readers: python -m benchmarks.timing.reading.

With ``--folder DIR`` a static series of one's own is read instead of the two that are made.

Each reader runs in a process of its own, the readers in turn, so that none finds the memory of
another and all meet the same machine. Seconds are the fastest of the runs within a process that
has imported and read once; dcm2niix is a program, so its whole process is timed. Memory is what
the largest working set grew by over that after the imports (Linux). Development tools needed:
the extra "dev".
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pydicom

from benchmarks.figures import record

SHAPE = (256, 256, 90)
RUNS = 7
START_SECONDS, FRAME_SECONDS = 5400.0, 300.0


def write_studies(folder: Path) -> dict[str, Path]:
    """Write a static study and one of four late frames, as a scanner sends them."""
    from monai_amyloid.pet.image import PetImage
    from monai_amyloid.writing.dicom import write_series

    grid = np.stack(np.meshgrid(*(np.linspace(-1.3, 1.3, n) for n in SHAPE), indexing="ij"))
    head = 8000.0 * ((grid**2).sum(0) < 1) * (1.5 + grid[0] * grid[1] + 0.3 * np.sin(7 * grid[2]))
    noise = np.random.default_rng(0)
    affine = np.diag([1.0, 1.0, 2.0, 1.0])
    provenance = {"CorrectedImage": ["DECY", "ATTN"], "DecayCorrection": "START"}
    studies = {}
    for name, frames in (("static", 1), ("four frames", 4)):
        studies[name] = folder / name
        for number in range(frames):
            values = (head + noise.normal(0, 800, SHAPE)).clip(0).astype(np.float32)
            image = PetImage(values, affine, "18FFBB", "Bq/mL", provenance)
            part = studies[name] / f"frame {number}"
            part.parent.mkdir(exist_ok=True)
            write_series(image, part, participant="sub-1", seed_uid=name)
            for file in part.iterdir():
                _complete(file, number, frames)
    return studies


def _complete(file: Path, number: int, frames: int) -> None:
    """Give a file the time of its frame, and as much of a header as a scanner writes."""
    dataset = pydicom.dcmread(file)
    at = START_SECONDS + number * FRAME_SECONDS
    clock = "{:02d}{:02d}{:02d}".format(*(int(at // 60**k) % 60 for k in (2, 1, 0)))
    dataset.AcquisitionTime, dataset.FrameReferenceTime = clock, str(number * 300_000)
    dataset.ActualFrameDuration = str(int(FRAME_SECONDS * 1000))
    dataset.RadiopharmaceuticalInformationSequence[0].RadiopharmaceuticalStartTime = "000000"
    dataset.SeriesType = ["DYNAMIC" if frames > 1 else "STATIC", "IMAGE"]
    dataset.NumberOfTimeSlices = frames
    dataset.ImageIndex = dataset.InstanceNumber = number * SHAPE[2] + int(dataset.InstanceNumber)
    dataset.SOPInstanceUID += f".{number}"
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    block = dataset.private_block(0x0071, "BENCHMARK HEADER", create=True)
    for element in range(80):  # scanners write about 150 elements, half of them private
        block.add_new(element, "LO", f"private value {element}")
    dataset.save_as(file)


def _ours(folder: Path) -> None:
    from monai_amyloid.pet.study import read_study

    read_study(folder)


def _our_frames(folder: Path) -> None:
    from monai_amyloid.pet.dicom.header import open_header
    from monai_amyloid.pet.dicom.series import read_series

    files = [file for file in folder.rglob("*") if file.is_file()]
    for frame in read_series(header for header in map(open_header, files) if header).frames:
        frame.load()


def _simpleitk(folder: Path) -> None:
    import SimpleITK as sitk  # noqa: N813 (its own documentation names it so)

    names = sitk.ImageSeriesReader.GetGDCMSeriesFileNames(str(folder), "", False, True)
    sitk.ReadImage(names or sitk.ImageSeriesReader.GetGDCMSeriesFileNames(str(folder / "frame 0")))


def _monai(folder: Path) -> None:
    from monai.data import PydicomReader

    for part in sorted(folder.iterdir()):
        reader = PydicomReader()
        reader.get_data(reader.read(str(part)))


def _highdicom(folder: Path) -> None:
    import highdicom

    for part in sorted(folder.iterdir()):
        highdicom.get_volume_from_series([pydicom.dcmread(file) for file in part.iterdir()])


def _dcm2niix(folder: Path) -> None:
    program = Path(sys.executable).with_name("dcm2niix")
    with tempfile.TemporaryDirectory() as output:
        command = [program, "-b", "n", "-z", "n", "-o", output, folder]
        subprocess.run(command, check=True, capture_output=True)


READERS: dict[str, Callable[[Path], None]] = {
    "monai_amyloid, whole study": _ours,
    "monai_amyloid, frames alone": _our_frames,
    "SimpleITK": _simpleitk,
    "MONAI PydicomReader": _monai,
    "highdicom": _highdicom,
    "dcm2niix": _dcm2niix,
}


def measure(reader: str, folder: Path) -> tuple[float, float]:
    """Fastest seconds and megabytes of growth, of the reader within this process."""
    _import(reader)
    before = _peak_bytes()
    READERS[reader](folder)
    grown = (_peak_bytes() - before) / 1e6 if reader != "dcm2niix" else np.nan
    seconds = []
    for _ in range(RUNS):
        start = time.perf_counter()
        READERS[reader](folder)
        seconds.append(time.perf_counter() - start)
    return min(seconds), grown


def _peak_bytes() -> int:
    """Largest working set of this process; getrusage would count that of its parent too."""
    status = Path("/proc/self/status").read_text()
    return 1024 * int(status.split("VmHWM:")[1].split()[0])


def _import(reader: str) -> None:
    """Import what a reader needs, and let it read something small, before its memory counts."""
    with tempfile.TemporaryDirectory() as folder:
        from monai_amyloid.pet.image import PetImage
        from monai_amyloid.writing.dicom import write_series

        values = np.zeros((16, 16, 12), np.float32)
        values[3:13, 3:13] = np.random.default_rng(0).normal(9, 0.1, (10, 10, 12))
        small = PetImage(values, np.eye(4), "18FFBB", "Bq/mL", {"CorrectedImage": ["ATTN"]})
        write_series(small, Path(folder) / "frame 0", participant="sub-1", seed_uid="small")
        READERS[reader](Path(folder))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--rounds", type=int, default=3, help="processes of each reader")
    parser.add_argument("--folder", type=Path, help="a folder that holds one static series")
    parser.add_argument("--reader", choices=READERS, help=argparse.SUPPRESS)
    parser.add_argument("--study", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.reader:
        print(*measure(options.reader, options.study))
        return
    with tempfile.TemporaryDirectory() as folder:
        if options.folder:
            studies = {"given": Path(folder) / "given"}
            shutil.copytree(options.folder, studies["given"] / "frame 0")
        else:
            studies = write_studies(Path(folder))
        for name, study in studies.items():
            compare(name, study, options.rounds)


def compare(name: str, study: Path, rounds: int) -> None:
    """Run every reader on one study, in turn, and print its table."""
    files = [file for file in study.rglob("*") if file.is_file()]
    first = pydicom.dcmread(files[0], stop_before_pixels=True)
    frames = len(list(study.iterdir()))
    shape = (first.Columns, first.Rows, len(files) // frames)
    size = np.prod(shape) * 4 / 1e6
    print(f"\n{name}: {frames} x {' x '.join(map(str, shape))}, {size:.0f} MB a volume\n")
    found: dict[str, list[tuple[float, float]]] = {reader: [] for reader in READERS}
    for _ in range(rounds):
        for reader, figures in found.items():
            command = [sys.executable, "-W", "ignore", "-m", "benchmarks.timing.reading"]
            command += ["--reader", reader, "--study", str(study)]
            answer = subprocess.run(command, check=False, capture_output=True, text=True)
            done = answer.returncode == 0
            seconds, grown = map(float, answer.stdout.split()[-2:]) if done else (np.nan, np.nan)
            figures.append((seconds, grown))
    base = np.median([seconds for seconds, _ in found["monai_amyloid, frames alone"]])
    print("| reader | seconds | of our frames | memory, MB | volumes |")
    print("|---|---|---|---|---|")
    for reader, figures in found.items():
        seconds, grown = np.median(figures, axis=0)
        took = "refuses | -" if np.isnan(seconds) else f"{seconds:.3f} | {seconds / base:.2f}"
        memory = "- | -" if np.isnan(grown) else f"{grown:.0f} | {grown / size:.1f}"
        print(f"| {reader} | {took} | {memory} |")
        if not np.isnan(seconds):
            record(f"{name}: {reader}", seconds, "s")
        if not np.isnan(grown):
            record(f"{name}: {reader}: growth of memory", grown, "MB")


if __name__ == "__main__":
    main()
