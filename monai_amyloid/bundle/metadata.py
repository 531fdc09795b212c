"""``metadata.json``: what a bundle says of itself to a program."""

import json
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import monai
import numpy as np
import pandas as pd
import torch

from monai_amyloid.bundle.run import TrainedRun
from monai_amyloid.findings.rules import BAPL_NAMES
from monai_amyloid.version import __version__

NOT_DESCRIBED = "scans that the maker of this bundle did not describe"
# What a training leaves in metadata.json; the rest comes from the configs.
FACTS = (
    "monai_version",
    "pytorch_version",
    "numpy_version",
    "required_packages_version",
    "data_source",
    "eval_metrics",
    "eval_metrics_of_this_network",
)
_PACKAGES = ("nibabel", "pydicom", "pytorch-ignite", "scikit-learn", "SimpleITK", "tensorboard")


def facts_of(run: TrainedRun, trained_on: str | None) -> dict[str, Any]:
    """What was installed and measured when a network was trained, by :data:`FACTS`.

    Args:
        run: What was trained.
        trained_on: The cohort, in the maker's words.
    """
    facts: dict[str, Any] = {
        "monai_version": monai.__version__,
        "pytorch_version": torch.__version__.split("+")[0],
        "numpy_version": np.__version__,
        "required_packages_version": {
            "monai-amyloid": __version__,
            **{name.lower(): version(name) for name in _PACKAGES},
        },
        "data_source": trained_on or NOT_DESCRIBED,
    }
    measured = run.measured()
    if not measured.empty:
        facts["eval_metrics"] = _numbers(measured.iloc[0].to_dict())
    return facts | {"eval_metrics_of_this_network": _numbers(run.measured_alone())}


def make_metadata(
    template: Path,
    facts: Mapping[str, Any],
    differences: Mapping[str, Any],
    shape: tuple[int, ...],
    logits: int,
    names: Sequence[str] = BAPL_NAMES,
) -> dict[str, Any]:
    """Fill in what was trained, measured and installed.

    Args:
        template: ``metadata.json`` of the configs.
        facts: Facts of the training from :func:`facts_of`.
        differences: The configs' ``metadata``: what differs of the bundle or of its input image.
        shape: Shape of the network's input without the batch.
        logits: Two of an ordinal head, or three of a softmax head.
        names: Names of the three grades, lowest first.

    Returns:
        All but the checksums.
    """
    metadata: dict[str, Any] = json.loads(template.read_text(encoding="utf-8"))
    metadata |= facts
    image = metadata["network_data_format"]["inputs"]["image"]
    # For the 2D network, whose input is a bag of slices (slices, 3, X, Y), the first axis is
    # called channels too, so that MONAI's verify_net_in_out builds the right tensor.
    image["num_channels"], image["spatial_shape"] = shape[0], list(shape[1:])
    for name, value in differences.items():
        (image if name in image else metadata)[name] = value
    first, second, third = metadata["grade_names"] = list(map(str, names))
    output = metadata["network_data_format"]["outputs"]["pred"]
    if tuple(names) != BAPL_NAMES:
        metadata["task"] = f"Classify amyloid brain PET into {first}, {second} and {third}"
        metadata["label_classes"] = f"0, 1, 2 for {first}, {second}, {third}"
        metadata["pred_classes"] = (
            f"two logits: of {second} or {third} against {first}, and of {third} against {second}"
        )
        output["channel_def"] = {
            "0": f"logit of {second} or {third}",
            "1": f"logit of {third}, given {second} or {third}",
        }
    if logits == 3:
        classes = {str(place): f"logit of {name}" for place, name in enumerate(names)}
        output |= {"format": "logits", "num_channels": 3, "channel_def": classes}
        metadata["pred_classes"] = f"three logits, of {first}, {second} and {third} (softmax)"
    return metadata


def _numbers(row: Mapping[Any, Any]) -> dict[str, float]:
    """The numbers of a row, to four decimals."""
    return {
        str(name): round(float(value), 4)
        for name, value in row.items()
        if not isinstance(value, str) and pd.notna(value)
    }
