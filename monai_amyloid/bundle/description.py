"""What a bundle says of itself and its network: all of it but the weights and the calibration."""

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from monai.bundle import ConfigParser
from monai.data import MetaTensor
from monai.transforms import Compose

from monai_amyloid.brain.template import TEMPLATE_AFFINE, TEMPLATE_SHAPE
from monai_amyloid.bundle.card import write_documents
from monai_amyloid.bundle.configs import bundle_configs
from monai_amyloid.bundle.files import LISTED, METADATA
from monai_amyloid.bundle.metadata import make_metadata
from monai_amyloid.checksum import sha256_of_file
from monai_amyloid.cohort.pictures import PICTURE
from monai_amyloid.errors import UserError
from monai_amyloid.findings.rules import BAPL_NAMES


@dataclass(frozen=True, kw_only=True)
class Origin:
    """What a bundle's description is made from.

    Attributes:
        config_files: The configs trained with, in the same order; the others of a bundle
            (:data:`~monai_amyloid.bundle.configs.BESIDE`) stand beside the first.
        settings: The values trained with, by their name at the top of the config.
        began_elsewhere: Whether the training began from other weights than random ones.
        facts: What was installed and measured, by its name in ``metadata.json``.
        measured: What was measured on held-out scans, in Markdown, for the card.
    """

    config_files: Sequence[Path]
    settings: Mapping[str, Any]
    began_elsewhere: bool
    facts: Mapping[str, Any]
    measured: str


@dataclass(frozen=True)
class Description:
    """A bundle's configs and metadata.

    Attributes:
        origin: What they were made from.
        configs: ``train.json``, ``evaluate.json`` and ``inference.json`` by name.
        metadata: Content of ``metadata.json``, without the checksums.
    """

    origin: Origin
    configs: Mapping[str, Mapping[str, Any]]
    metadata: Mapping[str, Any]

    def write(self, bundle: Path) -> None:
        """Write configs, metadata, card and licences.

        Args:
            bundle: The bundle's folder, with its weights and its calibration.
        """
        beside = self.origin.config_files[0].parent
        for folder in ("configs", "docs"):
            (bundle / folder).mkdir(exist_ok=True)
        for name, content in self.configs.items():
            _write(bundle / "configs" / name, content)
        for name in ("multi_gpu_train.json", "logging.conf"):
            shutil.copyfile(beside / name, bundle / "configs" / name)
        checksums = {name: sha256_of_file(bundle / name) for name in LISTED}
        metadata = {**self.metadata, "sha256": checksums}
        _write(bundle / METADATA, metadata)
        write_documents(bundle, metadata, self.origin.settings, self.origin.measured)


def _write(path: Path, content: Mapping[str, Any]) -> None:
    text = json.dumps(content, indent=4, ensure_ascii=False) + "\n"
    path.write_text(text, encoding="utf-8", newline="\n")


def describe(origin: Origin, state: Mapping[str, torch.Tensor]) -> Description:
    """Make a bundle's configs and metadata, and try the network that they describe.

    Args:
        origin: What they are made from.
        state: The weights of the network.

    Raises:
        UserError: If a config is missing, or the weights are of another network.
    """
    files = origin.config_files
    configs = bundle_configs(files, origin.settings, origin.began_elsewhere)
    shape, logits = _check_network(configs["inference.json"], state, files)
    template = files[0].parent / "metadata.json"
    differences = configs["train.json"].get("metadata", {})
    names = configs["train.json"].get("grade_names", BAPL_NAMES)
    metadata = make_metadata(template, origin.facts, differences, shape, logits, names)
    return Description(origin, configs, metadata)


def _check_network(
    config: Mapping[str, Any], state: Mapping[str, torch.Tensor], config_files: Sequence[Path]
) -> tuple[tuple[int, ...], int]:
    """Load the weights into the described network and run it once.

    Returns:
        Shape of the network's input without the batch, and the number of logits.
    """
    parser = ConfigParser(dict(config))
    network = parser.get_parsed_content("network_def")
    try:
        network.load_state_dict(state)
    except RuntimeError as error:
        named = ", ".join(map(str, config_files))
        raise UserError(
            f"the trained weights do not fit the network of {named}; "
            "give the config files that it was trained with, in the same order"
        ) from error
    steps = [*parser.get_parsed_content("preprocessing"), *parser.get_parsed_content("layout")]
    depth = 1 if config["input_kind"] == PICTURE else TEMPLATE_SHAPE[2]
    empty = MetaTensor(torch.zeros(1, *TEMPLATE_SHAPE[:2], depth), affine=TEMPLATE_AFFINE)
    image = Compose(steps)({"image": empty, "tracer": "18FFBB"})["image"]
    with torch.inference_mode():
        logits = network.eval()(image[None])
    return tuple(image.shape), logits.shape[-1]
