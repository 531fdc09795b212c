"""A trained fold and its configs become a MONAI Bundle that runs from its own folder."""

import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from monai.bundle import ConfigParser
from monai.data import MetaTensor
from monai.transforms import Compose

from monai_amyloid.brain.template import TEMPLATE_AFFINE, TEMPLATE_SHAPE
from monai_amyloid.bundle.card import write_documents, write_large_files
from monai_amyloid.bundle.configs import bundle_configs
from monai_amyloid.bundle.files import METADATA, sha256
from monai_amyloid.bundle.metadata import make_metadata
from monai_amyloid.bundle.run import read_run
from monai_amyloid.cohort.picture_cohort import PICTURE
from monai_amyloid.errors import UserError
from monai_amyloid.evaluation.decision import write_decision
from monai_amyloid.output import check_writable, writable_folder


def export(
    run_dir: Path,
    config_files: Sequence[Path],
    output: Path,
    *,
    half_precision: bool = False,
    trained_on: str | None = None,
    full_size: Path | None = None,
) -> Path:
    """Write a bundle from what training and evaluating left.

    Args:
        run_dir: Folder of a fold, or of a cross-validation, whose first fold is taken. All its
            folds' held-out predictions calibrate the bundle.
        config_files: The ones trained with, in the same order; the bundle's own
            (:data:`~monai_amyloid.bundle.configs.BESIDE`) stand beside the first.
        output: The bundle's folder; a bundle that is there is replaced when the new one
            is complete.
        half_precision: Whether weights are stored in 16 bits; they compute in 32.
        trained_on: The cohort, in words, for the card.
        full_size: ``model.pt`` of a larger network, to be listed in ``large_files.yml``.

    Returns:
        ``output``.

    Raises:
        UserError: If a file is missing, the configs do not describe the trained network, the
            weights cannot be stored in 16 bits, or ``output`` is a folder of something else.
    """
    check_writable(output)
    run = read_run(run_dir)
    decision, learned_from = run.calibration()
    configs = bundle_configs(config_files, run.settings, run.began_elsewhere)
    if output.exists() and not (output / METADATA).is_file():
        raise UserError(f"{output}: exists and is no bundle; choose another --output")
    if full_size is not None and not full_size.is_file():
        raise UserError(f"no {full_size}: needed the model.pt of the larger network")
    state = half_precision_state(run.state) if half_precision else run.state
    shape, logits = _check_network(configs["inference.json"], state, config_files)
    said = configs["train.json"].get("metadata", {})
    beside = config_files[0].parent
    metadata = make_metadata(beside / "metadata.json", run, said, shape, logits, trained_on)

    writable_folder(output.parent)
    partial = output.with_name(f".{output.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    try:
        for folder in ("configs", "models", "docs"):
            (partial / folder).mkdir(parents=True)
        torch.save(state, partial / "models" / "model.pt")
        write_decision(decision, partial / "models" / "calibration.json", learned_from)
        files = ("models/model.pt", "models/calibration.json")
        metadata["sha256"] = {name: sha256(partial / name) for name in files}
        for name, content in {**configs, "metadata.json": metadata}.items():
            text = json.dumps(content, indent=4, ensure_ascii=False) + "\n"
            (partial / "configs" / name).write_text(text, encoding="utf-8", newline="\n")
        for name in ("multi_gpu_train.json", "logging.conf"):
            shutil.copyfile(beside / name, partial / "configs" / name)
        write_documents(partial, metadata, run, (decision, learned_from))
        write_large_files(partial, full_size)
        shutil.rmtree(output, ignore_errors=True)
        partial.rename(output)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return output


def half_precision_state(state: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Convolutions and matrices in 16 bits; what is small, and counts, as it is.

    Raises:
        UserError: If a weight is beyond the range of 16 bits.
    """
    stored = {
        name: value.half() if value.is_floating_point() and value.ndim > 1 else value
        for name, value in state.items()
    }
    for name, value in stored.items():
        if not torch.isfinite(value).all():
            raise UserError(f"{name} has weights beyond 65504; export without --half-precision")
    return stored


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
