"""Seconds a scan of each network on this machine: python -m benchmarks.timing.networks.

Random tensors of the shapes that preprocessing makes, one optimiser step a batch. Run it on an
otherwise idle machine: two programs with two threads each slow each other about tenfold.
"""

import argparse
import time
from pathlib import Path

import torch
from monai.bundle import ConfigParser
from monai.data import MetaTensor
from monai.transforms import Compose

from benchmarks.figures import record
from monai_amyloid.brain.template import TEMPLATE_AFFINE, TEMPLATE_SHAPE
from monai_amyloid.learning.network.losses import GradeLoss

CONFIGS = Path(__file__).resolve().parents[2] / "configs"
NETWORKS = {
    "2D slices": ["train.json"],
    "3D, half width": ["train.json", "resnet50_3d.json"],
}


def measure(files: list[str], spacing_mm: float, batch: int, steps: int) -> tuple[float, ...]:
    """Median seconds a scan of training and of inference, and millions of parameters."""
    parser = ConfigParser()
    parser.read_config([str(CONFIGS / name) for name in files])
    parser["spacing_mm"] = spacing_mm
    steps_of_image = [
        *parser.get_parsed_content("preprocessing"),
        *parser.get_parsed_content("layout"),
    ]
    empty = MetaTensor(torch.zeros(1, *TEMPLATE_SHAPE), affine=TEMPLATE_AFFINE)
    shape = Compose(steps_of_image)({"image": empty, "tracer": "18FFBB"})["image"].shape
    device = torch.device(parser.get_parsed_content("device"))
    network = parser.get_parsed_content("network_def").to(device)
    images = torch.rand(batch, *shape, device=device)
    labels = torch.arange(batch, device=device) % 3
    optimizer, loss = torch.optim.AdamW(network.parameters()), GradeLoss()

    def train() -> None:
        optimizer.zero_grad()
        loss(network.train()(images), labels).backward()
        optimizer.step()

    @torch.inference_mode()
    def infer() -> None:
        network.eval()(images)

    seconds = []
    for work in (train, infer):
        times = []
        for _ in range(steps + 1):
            start = time.perf_counter()
            work()
            if device.type == "cuda":
                torch.cuda.synchronize()
            times.append(time.perf_counter() - start)
        seconds.append(sorted(times[1:])[steps // 2] / batch)
    return (*seconds, sum(p.numel() for p in network.parameters()) / 1e6)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--steps", type=int, default=5)
    options = parser.parse_args()
    print(f"torch {torch.__version__}, {torch.get_num_threads()} threads, batch {options.batch}")
    print("| network | voxels, mm | train, s/scan | infer, s/scan | parameters, M |")
    print("|---|---|---|---|---|")
    for name, files in NETWORKS.items():
        for spacing in (3.0, 4.0):
            figures = measure(files, spacing, options.batch, options.steps)
            train, infer, parameters = figures
            print(f"| {name} | {spacing:g} | {train:.3f} | {infer:.3f} | {parameters:.1f} |")
            record(f"{name}, {spacing:g} mm: an optimiser step", train, "s/scan")
            record(f"{name}, {spacing:g} mm: inference", infer, "s/scan")


if __name__ == "__main__":
    main()
