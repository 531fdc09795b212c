"""What a network started from, in words that promise no more than was loaded."""

import re
from pathlib import Path
from typing import Any

import pandas as pd

from monai_amyloid.learning.network.pretrained_report import LoadReport, TensorReport
from monai_amyloid.learning.network.pretrained_sources import NOTHING

# torchvision's classifier of 1,000 classes, which no network here has.
_IMAGENET_HEAD = "fc.bias"


def weights_name(pretrained: str, report: str) -> str:
    """Name the weights that a network started from.

    Args:
        pretrained: Source of the weights, as in
            :func:`~monai_amyloid.learning.network.pretrained.start_from`.
        report: Path of the table that it wrote.

    Returns:
        Short name, such as ``ImageNet``, ``ImageNet to layer 2`` or ``untrained``.
    """
    if pretrained in NOTHING:
        return "untrained"
    table = pd.read_csv(report, sep="\t", dtype=str)
    rows: list[Any] = table.to_dict("records")
    tensors = tuple(TensorReport(row["tensor"], (), row["state"]) for row in rows)
    outcome = LoadReport(pretrained, tensors)
    source = Path(pretrained).name
    if _IMAGENET_HEAD in outcome.named("unexpected"):
        source = "ImageNet"
    reach = re.sub(r"(\d)", r" \1", outcome.reach())
    return source if reach == "all layers" else f"{source} {reach}"
