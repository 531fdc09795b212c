"""Learning from scans alone: the hidden part of a scan is predicted from the rest of it.

Blocks are cut out of half of the scans, and the network's one feature vector must predict the
whole brain on a coarse grid. Neighbouring tissue predicts little of a block's amyloid, the brain's
pattern predicts much, so that the vector comes to hold where and how much amyloid there is. No
grade, region or Centiloid is used.

A classifier may begin from such a network (``pretrained``). Of its head it then gets the rows of
the grid's first cells: they lie outside the brain, so that these are as they were initialised.

References:
    Pathak et al. 2016, context encoders, doi:10.1109/CVPR.2016.278
    He et al. 2022, masked autoencoders, doi:10.1109/CVPR52688.2022.01553
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from monai.data import MetaTensor
from monai.networks.nets import resnet50
from monai.transforms import Compose

from monai_amyloid.brain.template import TEMPLATE_AFFINE, brain_mask
from monai_amyloid.cohort.datalist import CohortError, read_cohort
from monai_amyloid.cohort.folds import check_reference
from monai_amyloid.errors import UserError
from monai_amyloid.learning.network.pretrained_sources import read_state_dict

# Part of the participants on whom the best epoch is chosen.
_VALIDATION_PART = 0.1
# Of an intensity that is 1 at SUVR 2.5: what amyloid changes in a voxel, about 0.5 SUVR.
_UNIT = 0.2
_TRACER = "18FFBB"  # tracer of the SUVR that the network sees
_STEM_FEATURES = 64  # of a ResNet-50 of full width


def unlabelled_split(dataset_dir: str, seed: int) -> dict[str, list[dict[str, Any]]]:
    """Divide a prepared dataset, graded or not, into a training and a validation part.

    Args:
        dataset_dir: Folder of the prepared dataset, with ``participants.tsv``.
        seed: Seed of the division, which is by participant.

    Returns:
        Lists ``training`` and ``validation`` with one dictionary for each session: ``image``
        (path), ``participant_id``, ``session_id`` and ``tracer`` where known.

    Raises:
        CohortError: If the table is not usable, its scans are over another reference region than
            those that a bundle grades, or it has fewer than two participants.
    """
    cohort = read_cohort(Path(dataset_dir) / "participants.tsv")
    check_reference(cohort, Path(dataset_dir))
    people = pd.Series(sorted(cohort["participant_id"].unique()))
    if len(people) < 2:
        raise CohortError(f"{dataset_dir}: found {len(people)} participant, needed two or more")
    shuffled = people.sample(frac=1, random_state=seed)
    chosen = set(shuffled.iloc[: max(1, round(_VALIDATION_PART * len(people)))])
    columns = ["path", "participant_id", "session_id", "tracer"]
    rows = cohort[[name for name in columns if name in cohort]]
    selects = rows["participant_id"].isin(chosen)
    return {"training": _datalist(rows[~selects]), "validation": _datalist(rows[selects])}


def _datalist(rows: pd.DataFrame) -> list[dict[str, Any]]:
    named = rows.rename(columns={"path": "image"})
    return [{str(key): value for key, value in row.items()} for row in named.to_dict("records")]


class WholeOnGrid:
    """Pass a scan to the network, and the whole of it on a coarse grid to the loss.

    Args:
        grid: Number of cells along X, Y, Z.
    """

    def __init__(self, grid: Sequence[int]) -> None:
        self.grid = _three(grid)

    def __call__(
        self,
        batch: Mapping[str, Any],
        device: str | torch.device | None = None,
        non_blocking: bool = False,
        **kwargs: Any,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Images ``(B, 1, X, Y, Z)`` and means of the grid's cells ``(B, cells)``.

        A batch without ``whole`` hides nothing.
        """
        images = batch["image"].to(device, non_blocking=non_blocking)
        whole = batch.get("whole", images).to(device, non_blocking=non_blocking)
        return images, _means(whole, self.grid)


def _three(grid: Sequence[int]) -> tuple[int, int, int]:
    x, y, z = (int(cells) for cells in grid)
    return x, y, z


def _means(scans: torch.Tensor, grid: tuple[int, int, int]) -> torch.Tensor:
    return torch.nn.functional.adaptive_avg_pool3d(scans.float(), grid).flatten(1)


class ReconstructionLoss(torch.nn.Module):
    """Squared error of the brain on a coarse grid, in units of what amyloid changes.

    Args:
        grid: Number of cells of the coarse grid along X, Y, Z.
        preprocessing: Transforms from a scan on the template's grid to the network's grid, used to
            find the brain there.
    """

    def __init__(self, grid: Sequence[int], preprocessing: Sequence[Any]) -> None:
        super().__init__()
        brain = MetaTensor(brain_mask()[None].astype(np.float32), affine=TEMPLATE_AFFINE)
        seen = Compose(list(preprocessing))({"image": brain, "tracer": _TRACER})["image"]
        share = _means(torch.from_numpy(np.asarray(seen))[None], _three(grid))
        self.brain = share / share.sum()

    def forward(self, outputs: torch.Tensor, whole: torch.Tensor) -> torch.Tensor:
        """Loss of a batch.

        Args:
            outputs: Predicted value of each cell, ``(B, cells)``, in units of 0.5 SUVR.
            whole: True value of each cell, ``(B, cells)``, 1 at SUVR 2.5.
        """
        error = outputs.float() - whole / _UNIT
        loss: torch.Tensor = (error.square() * self.brain.to(error.device)).sum(dim=1).mean()
        return loss

    def metrics(self, outputs: torch.Tensor, whole: torch.Tensor) -> dict[str, float]:
        """Measures of one validation pass: ``loss``."""
        return {"loss": float(self(outputs, whole))}

    def score(self, outputs: torch.Tensor, whole: torch.Tensor) -> float:
        """The loss with its sign turned: the higher the better."""
        return -float(self(outputs, whole))


def cells(grid: Sequence[int]) -> int:
    """Number of outputs of the network that fills in a grid."""
    return int(np.prod(grid))


def self_supervised_network(weights: Path) -> torch.nn.Module:
    """The encoder of a self-supervised training, whose output is its feature vector.

    Args:
        weights: Path of the ``model.pt`` of a training by ``configs/self_supervised.json``.

    Returns:
        MONAI's 3D ResNet-50 of the stored width, scans ``(B, 1, X, Y, Z)`` to ``(B, F)``.

    Raises:
        UserError: If the file is missing, or of another network.
    """
    stored = read_state_dict(weights)
    stem = stored.get("conv1.weight")
    if stem is None or stem.ndim != 5:
        raise UserError(
            f"{weights}: not the weights of a 3D ResNet-50; name the model.pt of a training by "
            "configs/self_supervised.json"
        )
    network: torch.nn.Module = resnet50(
        spatial_dims=3,
        n_input_channels=1,
        conv1_t_stride=2,
        widen_factor=stem.shape[0] / _STEM_FEATURES,
        feed_forward=False,
        bias_downsample=False,
    )
    encoder = {name: value for name, value in stored.items() if not name.startswith("fc.")}
    try:
        network.load_state_dict(encoder)
    except RuntimeError as error:
        raise UserError(
            f"{weights}: not the weights of a 3D ResNet-50; name the model.pt of a training by "
            "configs/self_supervised.json"
        ) from error
    return network.eval()
