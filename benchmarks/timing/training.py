"""Seconds of an epoch, and where they go: python -m benchmarks.timing.training PREPARED.

The same steps of the same trainer, fed three ways in turn: as `run training` feeds it (from the
cache on disk, augmented), from batches that lie in memory already, and by MONAI's plain `Dataset`
with the same transforms. Then memory against the size of the cohort: every scan of the cohort
under many names, read through the cache.

Run it on an otherwise idle machine.
"""

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import torch
from monai.bundle import ConfigParser
from monai.data import DataLoader, Dataset
from monai.utils import set_determinism

from benchmarks.figures import record
from monai_amyloid.learning.transforms.cache import CachedScans

CONFIGS = Path(__file__).resolve().parents[2] / "configs"
NETWORKS = {
    "3D, half width, 3 mm": (["train.json", "resnet50_3d.json"], {}),
    "3D, half width, 2 mm": (["train.json", "resnet50_3d.json"], {"spacing_mm": 2.0}),
    "3D, 3 mm": (["train.json", "resnet50_3d.json"], {"widen_factor": 1.0}),
    "2D slices, 3 mm": (["train.json"], {}),
}


class Epochs:
    """One trainer without its handlers, whose loader can be exchanged.

    Args:
        files: Names of configs.
        prepared: Prepared cohort.
        scans: How many of its training scans make an epoch.
        cache: Folder of the cache.
        overrides: Values at the top of the config.
    """

    def __init__(
        self, files: list[str], prepared: Path, scans: int, cache: str, overrides: dict[str, Any]
    ) -> None:
        self.parser = ConfigParser()
        self.parser.read_config([str(CONFIGS / name) for name in files])
        values = {"dataset_dir": str(prepared), "cache_dir": cache, "num_workers": 0}
        for key, value in {**values, **overrides, "train#handlers": []}.items():
            self.parser[key] = value
        self.data = self.parser.get_parsed_content("datalist")["training"][:scans]
        self.transform = self.parser.get_parsed_content("train#preprocessing")
        self.batch_size = self.parser.get_parsed_content("batch_size")
        self.device = torch.device(self.parser.get_parsed_content("device"))
        self.trainer = self.parser.get_parsed_content("train#trainer")
        self.loaders: dict[str, Any] = {
            "as trained": self._loader(CachedScans(self.data, self.transform, cache)),
            "plain MONAI Dataset": self._loader(Dataset(self.data, self.transform)),
        }
        self.loaders["in memory"] = [
            {
                key: part.to(self.device) if torch.is_tensor(part) else part
                for key, part in b.items()
            }
            for b in self.loaders["as trained"]
        ]

    def _loader(self, dataset: Any) -> Any:
        workers = 0 if self.device.type == "cpu" else 8
        return DataLoader(dataset, batch_size=self.batch_size, shuffle=True, num_workers=workers)

    def seconds(self, fed: str) -> float:
        """Time one epoch."""
        loader = self.loaders[fed]
        self.trainer.data_loader = loader
        self.trainer.state.max_epochs, self.trainer.state.epoch_length = 1, len(loader)
        self.trainer.state.epoch = self.trainer.state.iteration = 0
        set_determinism(0)
        start = time.perf_counter()
        self.trainer.run()
        if self.device.type == "cuda":
            torch.cuda.synchronize()
        return time.perf_counter() - start

    def input_seconds(self, fed: str) -> float:
        """Time the loader alone, over one epoch."""
        start = time.perf_counter()
        for _ in self.loaders[fed]:
            pass
        return time.perf_counter() - start


def speed(prepared: Path, scans: int, rounds: int, cache: str, names: list[str]) -> None:
    """Print seconds a scan and the two ratios of each network."""
    print(f"torch {torch.__version__}, {torch.get_num_threads()} threads, {scans} scans an epoch")
    print(
        "| network | as trained, s/scan | times in memory | plain Dataset, times "
        "| input alone, s/scan | of plain Dataset, times | peak GB |"
    )
    print("|---|---|---|---|---|---|---|")
    for name in names:
        files, overrides = NETWORKS[name]
        epochs = Epochs(files, prepared, scans, cache, overrides)
        taken: dict[str, list[float]] = {fed: [] for fed in epochs.loaders}
        for number in range(rounds + 1):
            for fed in epochs.loaders:
                # The plain dataset is slow: two rounds show it.
                if fed == "plain MONAI Dataset" and number > 2:
                    continue
                seconds = epochs.seconds(fed)
                if number:  # the first round warms up
                    taken[fed].append(seconds)
        median = {fed: statistics.median(values) for fed, values in taken.items()}
        own, plain = median["as trained"], median["plain MONAI Dataset"]
        read, read_plain = (
            epochs.input_seconds(fed) for fed in ("as trained", "plain MONAI Dataset")
        )
        print(
            f"| {name} | {own / scans:.3f} | {own / median['in memory']:.2f} | "
            f"{plain / own:.1f} | {read / scans:.4f} | {read_plain / read:.1f} | "
            f"{peak_mb() / 1000:.1f} |",
            flush=True,
        )
        record(f"{name}: an epoch", own / scans, "s/scan")
        record(f"{name}: an epoch, times that in memory", own / median["in memory"], "times")
        record(f"{name}: MONAI's plain Dataset, times an epoch", plain / own, "times")
        record(f"{name}: input alone", read / scans, "s/scan")
        record(f"{name}: MONAI's plain Dataset, times the input", read_plain / read, "times")


def peak_mb() -> float:
    """The most memory this process has had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000


def memory(prepared: Path, sizes: list[int]) -> None:
    """Print the growth of a process that reads cohorts of several sizes, each in its own."""
    print("| scans | peak memory, MB | growth over the first hundred, MB | s/scan |")
    print("|---|---|---|---|")
    for size in sizes:
        with tempfile.TemporaryDirectory(prefix="amyloid-training-") as folder:
            said = subprocess.run(
                [sys.executable, "-m", "benchmarks.timing.training", str(prepared),
                 "--read", str(size), "--cache", folder],
                capture_output=True, text=True, check=True,
            )  # fmt: skip
        figures = json.loads(said.stdout.splitlines()[-1])
        print("| {scans} | {after:.0f} | {growth:.0f} | {seconds:.3f} |".format(**figures))
        record(f"{size} scans read twice: peak memory", figures["after"], "MB")
        record(f"{size} scans read twice: growth over the first hundred", figures["growth"], "MB")


def read(prepared: Path, size: int, cache: str) -> None:
    """Read a cohort of ``size`` scans twice through the cache: written, then read."""
    parser = ConfigParser()
    parser.read_config([str(CONFIGS / name) for name in ("train.json", "resnet50_3d.json")])
    parser["dataset_dir"] = str(prepared)
    scans = parser.get_parsed_content("datalist")["training"]
    links = Path(cache) / "scans"
    links.mkdir()
    data = []
    for number in range(size):
        scan = scans[number % len(scans)]
        link = links / f"{number}.nii.gz"
        link.symlink_to(scan["image"])
        data.append({**scan, "image": str(link)})
    dataset = CachedScans(data, parser.get_parsed_content("train#preprocessing"), cache)
    first, start = 0.0, time.perf_counter()
    for _ in range(2):
        for number in range(size):
            dataset[number]
            if number == 100 and not first:
                first = peak_mb()
    after = peak_mb()
    seconds = (time.perf_counter() - start) / (2 * size)
    print(json.dumps({"scans": size, "after": after, "growth": after - first, "seconds": seconds}))


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("prepared", type=Path)
    parser.add_argument("--scans", type=int, default=96)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--network", action="append", choices=NETWORKS)
    parser.add_argument("--sizes", type=int, nargs="*", default=[600, 10000])
    parser.add_argument("--read", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--cache", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.read:
        read(options.prepared, options.read, options.cache)
        return
    with tempfile.TemporaryDirectory(prefix="amyloid-training-") as folder:
        names = options.network or list(NETWORKS)
        speed(options.prepared, options.scans, options.rounds, folder, names)
    print()
    memory(options.prepared, options.sizes)


if __name__ == "__main__":
    main()
