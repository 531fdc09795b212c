"""How many points the original study's split by picture was worth.

    python -m benchmarks.studies.original_study PREPARED --pretrained imagenet

Its 603 pictures were three slices each of 201 people, 97 with grade 1, 26 with 2 and 78 with 3, and
were split at random by picture: slices of one person lay on both sides. Here such pictures are
made of as many simulated people (a prepared cohort of volumes), a frozen ResNet-50 and a dense
softmax head learn from three quarters of them and are measured on the rest, by the recipe of
``configs/original_2018.json``: split by picture, split by person, and by picture after each was
augmented, as the team itself tried and doubted; by person, the three pictures of one vote. Each is
repeated with other splits; brackets hold 95 % of them, and of the people that are drawn again.

Without ImageNet's weights whole (``--pretrained`` of a part of them) the features above are random:
what the split is worth shows all the same, the original's figures do not.
"""

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from monai.networks.nets import resnet50
from monai.transforms import RandAffine, Resize
from numpy.typing import NDArray

from benchmarks.figures import record
from monai_amyloid.cohort.datalist import read_cohort
from monai_amyloid.cohort.pictures import eight_bit
from monai_amyloid.evaluation.metrics import accuracy, confusion, macro_f1, quadratic_kappa, recall
from monai_amyloid.learning.network.pretrained import load
from monai_amyloid.learning.transforms.pictures import ORIGINAL_DIVISOR

Array = NDArray[np.float64]

PEOPLE = {1: 97, 2: 26, 3: 78}
SLICES = (44, 45, 46)
HELD_OUT = 0.25
EPOCHS, LEARNING_RATE, BATCH = 200, 0.003, 32
COPIES = 4  # of each picture, where pictures are augmented before they are split
PIXELS = 224


@dataclass(frozen=True)
class Pictures:
    """Features of pictures, and whose they are.

    Attributes:
        features: Features of each copy of each picture, ``(N, copies, 2048)``.
        grades: Grade of each picture, ``(N,)``.
        people: Number of the person of each picture, ``(N,)``.
    """

    features: torch.Tensor
    grades: NDArray[np.int64]
    people: NDArray[np.int64]


def drawn_people(prepared: Path) -> pd.DataFrame:
    """As many scans of each grade as the original had people."""
    cohort = read_cohort(prepared / "participants.tsv").drop_duplicates("participant_id")
    parts = []
    for grade, count in PEOPLE.items():
        of_grade = cohort[cohort["bapl"] == grade]
        if len(of_grade) < count:
            raise SystemExit(f"{prepared}: found {len(of_grade)} people of grade {grade}")
        parts.append(of_grade.head(count))
    return pd.concat(parts, ignore_index=True)


def shown(path: Path) -> torch.Tensor:
    """The three pictures of a scan as the network was shown them, ``(3, 1, 224, 224)``."""
    import nibabel as nib

    volume = eight_bit(np.asarray(nib.load(path).dataobj, np.float32))
    planes = [volume[..., index].T[::-1].astype(np.float32) for index in SLICES]
    large = Resize((PIXELS, PIXELS), mode="bilinear")
    return torch.stack([torch.as_tensor(large(plane[None].copy())) for plane in planes]) / (
        ORIGINAL_DIVISOR
    )


def described(people: pd.DataFrame, prepared: Path, pretrained: str, copies: int) -> Pictures:
    """Features of every picture and of its augmented copies; the first copy is the picture."""
    network = resnet50(
        spatial_dims=2,
        n_input_channels=3,
        conv1_t_stride=2,
        feed_forward=False,
        bias_downsample=False,
    )
    print(load(network, pretrained).summary())
    network.eval()
    move = RandAffine(
        prob=1.0,
        rotate_range=0.17,
        shear_range=0.05,
        translate_range=(10, 10),
        scale_range=(0.1, 0.1),
        padding_mode="zeros",
    ).set_random_state(0)
    found = []
    with torch.inference_mode():
        for path in people["path"]:
            pictures = shown(prepared / path)
            versions = [pictures] + [
                torch.stack([torch.as_tensor(move(one)) for one in pictures])
                for _ in range(copies - 1)
            ]
            batch = torch.cat(versions).repeat(1, 3, 1, 1)
            found.append(network(batch).reshape(copies, len(SLICES), -1).transpose(0, 1))
    grades = people["bapl"].to_numpy(int).repeat(len(SLICES))
    return Pictures(torch.cat(found), grades, np.arange(len(people)).repeat(len(SLICES)))


def trained(features: torch.Tensor, grades: NDArray[np.int64], seed: int) -> torch.nn.Linear:
    """A dense softmax head, as the original trained its own."""
    torch.manual_seed(seed)
    head = torch.nn.Linear(features.shape[1], len(PEOPLE))
    optimizer = torch.optim.Adam(head.parameters(), LEARNING_RATE)
    labels = torch.from_numpy(grades - 1)
    for _ in range(EPOCHS):
        for batch in torch.randperm(len(features)).split(BATCH):
            loss = torch.nn.functional.cross_entropy(head(features[batch]), labels[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return head


def by_picture(pictures: Pictures, random: np.random.Generator) -> NDArray[np.bool_]:
    """A quarter of the pictures, whoever they show, as the original held out."""
    held = np.zeros(len(pictures.grades), bool)
    held[random.permutation(len(held))[: round(HELD_OUT * len(held))]] = True
    return held


def by_person(pictures: Pictures, random: np.random.Generator) -> NDArray[np.bool_]:
    """All pictures of a quarter of the people of each grade."""
    grade_of = pd.Series(pictures.grades).groupby(pictures.people).first()
    chosen = [
        random.permutation(one.index.to_numpy())[: round(HELD_OUT * len(one))]
        for _, one in grade_of.groupby(grade_of)
    ]
    return np.isin(pictures.people, np.concatenate(chosen))


Split = Callable[[Pictures, np.random.Generator], NDArray[np.bool_]]


def one_run(
    pictures: Pictures, split: Split, copies: int, votes: bool, seed: int, *, mixed: bool
) -> Array:
    """Counts ``(3, 3)`` of one split.

    Args:
        pictures: All pictures.
        split: How they are split.
        copies: How many copies of each picture are learned from.
        votes: Whether the pictures of one person answer together.
        seed: Seed of the split and the head.
        mixed: Whether copies are dealt out as if each were a picture of its own.
    """
    random = np.random.default_rng(seed)
    features, width = pictures.features[:, :copies], pictures.features.shape[-1]
    if mixed:
        grades, people = (each.repeat(copies) for each in (pictures.grades, pictures.people))
        pictures = Pictures(features.reshape(-1, 1, width), grades, people)
        features, copies = pictures.features, 1
    held = split(pictures, random)
    known = features[torch.from_numpy(~held)].reshape(-1, width)
    head = trained(known, pictures.grades[~held].repeat(copies), seed)
    with torch.inference_mode():
        chances = head(features[torch.from_numpy(held), 0]).softmax(dim=1).numpy()
    truth, people = pictures.grades[held], pictures.people[held]
    if votes:
        chances = pd.DataFrame(chances).groupby(people).mean().to_numpy()
        truth = pd.Series(truth).groupby(people).first().to_numpy()
    return confusion(truth, chances.argmax(axis=1) + 1)


def main() -> None:
    """Print a row a way to split."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("prepared", type=Path)
    parser.add_argument("--pretrained", default="imagenet", help="as in docs/pretrained.md")
    parser.add_argument("--repeats", type=int, default=20)
    options = parser.parse_args()
    people = drawn_people(options.prepared)
    pictures = described(people, options.prepared, options.pretrained, COPIES)
    ways: dict[str, tuple[Split, int, bool, bool]] = {
        "by picture, as the original": (by_picture, 1, False, False),
        "by picture, augmented before the split": (by_picture, COPIES, False, True),
        "by person": (by_person, 1, False, False),
        "by person, augmented after the split": (by_person, COPIES, False, False),
        "by person, three slices vote": (by_person, 1, True, False),
    }
    print("| split | accuracy | grade 2 recall | macro-F1 | quadratic kappa |")
    print("|---|---|---|---|---|")
    for name, (split, copies, votes, mixed) in ways.items():
        matrices = np.stack(
            [
                one_run(pictures, split, copies, votes, seed, mixed=mixed)
                for seed in range(options.repeats)
            ]
        )
        measures = {
            "accuracy": accuracy(matrices),
            "grade 2 recall": recall(matrices)[:, 1],
            "macro-F1": macro_f1(matrices),
            "quadratic kappa": quadratic_kappa(matrices),
        }
        cells = []
        for measure, values in measures.items():
            low, high = np.nanquantile(values, [0.025, 0.975])
            cells.append(f"{np.nanmean(values):.2f} [{low:.2f}, {high:.2f}]")
            record(f"{name}: {measure}", float(np.nanmean(values)), low=low, high=high)
        print(f"| {name} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
