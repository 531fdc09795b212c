"""Configs and a checkpoint become a MONAI Bundle that runs from its own folder."""

import hashlib
import json
import re
import shutil
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import monai
import numpy as np
import pandas as pd
import torch
from monai.bundle import ConfigParser
from monai.data import MetaTensor
from monai.transforms import Compose

import monai_amyloid
from monai_amyloid.brain.template import TEMPLATE_AFFINE, TEMPLATE_SHAPE
from monai_amyloid.cohort.datalist import GRADES
from monai_amyloid.cohort.picture_cohort import PICTURE
from monai_amyloid.errors import UserError
from monai_amyloid.output import writable_folder

NAME = "amyloid_pet_bapl_classification"
_PACKAGES = ("nibabel", "pydicom", "pytorch-ignite", "scikit-learn", "SimpleITK", "tensorboard")
_REFERENCE = re.compile(r"[@%](\w+)")


def export(run_dir: Path, config_files: Sequence[Path], output: Path) -> Path:
    """Write a bundle from what ``monai.bundle run training`` left in a fold's folder.

    Args:
        run_dir: Holds ``model.pt`` and ``settings.json``.
        config_files: The ones trained with, in the same order; ``inference.json``,
            ``evaluate.json``, ``metadata.json`` and ``logging.conf`` stand beside the first.
        output: The bundle's folder; a bundle that is there is replaced when the new one
            is complete.

    Returns:
        ``output``.

    Raises:
        UserError: If a file is missing, the configs do not describe the trained network, or
            ``output`` is a folder of something else.
    """
    configs = config_files[0].parent
    weights = run_dir / "model.pt"
    settings_file = run_dir / "settings.json"
    beside = ("inference.json", "evaluate.json", "metadata.json", "logging.conf")
    needed = [weights, settings_file, *config_files, *(configs / name for name in beside)]
    for path in needed:
        if not path.is_file():
            raise UserError(
                f"no {path}: needed the folder of a trained fold and the configs it was "
                "trained with; train first with `python -m monai.bundle run training`"
            )
    if output.exists() and not (output / "configs" / "metadata.json").is_file():
        raise UserError(f"{output}: exists and is no bundle; choose another --output")
    writable_folder(output.parent)
    settings = json.loads(settings_file.read_text(encoding="utf-8"))
    training = _merged(config_files, settings)
    inference_file = configs / "inference.json"
    merged = _merged([*config_files, inference_file], settings)
    roots = json.loads(inference_file.read_text(encoding="utf-8"))
    inference = _needed_by(merged, ["bundle_root", "device", "network_def", *roots])

    partial = output.with_name(f".{output.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    try:
        for folder in ("configs", "models", "docs"):
            (partial / folder).mkdir(parents=True)
        state = torch.load(weights, map_location="cpu", weights_only=True)
        stored = partial / "models" / "model.pt"
        torch.save(state, stored)
        shape, logits = _check_network(inference, state, config_files)
        metadata = _metadata(configs / "metadata.json", stored, shape, run_dir)
        _describe(metadata, merged.get("metadata", {}), logits)
        for name, content in (
            ("train.json", training),
            ("inference.json", inference),
            ("metadata.json", metadata),
        ):
            text = json.dumps(content, indent=4, ensure_ascii=False) + "\n"
            (partial / "configs" / name).write_text(text, encoding="utf-8")
        for name in ("evaluate.json", "logging.conf"):
            shutil.copyfile(configs / name, partial / "configs" / name)
        _write_documents(partial, metadata, settings, run_dir)
        shutil.rmtree(output, ignore_errors=True)
        partial.rename(output)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return output


def _merged(files: Iterable[Path], settings: Mapping[str, Any]) -> dict[str, Any]:
    """One config without macros out of several, with the values that were trained with."""
    parser = ConfigParser()
    parser.read_config([str(file) for file in files])
    for key, value in settings.items():
        parser[key] = value
    parser.resolve_macro_and_relative_ids()
    return dict(parser.config)


def _needed_by(config: Mapping[str, Any], roots: Iterable[str]) -> dict[str, Any]:
    """The top-level entries that ``roots`` refer to, directly or through others."""
    found: dict[str, Any] = {}
    waiting = list(roots)
    while waiting:
        key = waiting.pop(0)
        if key in config and key not in found:
            found[key] = config[key]
            waiting += _REFERENCE.findall(json.dumps(config[key]))
    return found


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


def _metadata(
    template: Path, weights: Path, shape: tuple[int, ...], run_dir: Path
) -> dict[str, Any]:
    metadata: dict[str, Any] = json.loads(template.read_text(encoding="utf-8"))
    metadata["monai_version"] = monai.__version__
    metadata["pytorch_version"] = torch.__version__.split("+")[0]
    metadata["numpy_version"] = np.__version__
    metadata["required_packages_version"] = {
        "monai-amyloid": monai_amyloid.__version__,
        **{name.lower(): version(name) for name in _PACKAGES},
    }
    measured = _evaluation(run_dir)
    if not measured.empty:
        metadata["eval_metrics"] = {
            name: round(float(value), 4)
            for name, value in measured.iloc[0].items()
            if name != "model" and pd.notna(value)
        }
    metadata["sha256"] = hashlib.sha256(weights.read_bytes()).hexdigest()
    image = metadata["network_data_format"]["inputs"]["image"]
    # For the 2D network, whose input is a bag of slices (slices, 3, X, Y), the first axis is
    # called channels too, so that MONAI's verify_net_in_out builds the right tensor.
    image["num_channels"], image["spatial_shape"] = shape[0], list(shape[1:])
    return metadata


def _describe(metadata: dict[str, Any], said: Mapping[str, Any], logits: int) -> None:
    """Say in the metadata what is true of this network's input and output.

    Args:
        metadata: To be changed.
        said: The configs' ``metadata``: of the bundle, or of the input image.
        logits: Two of an ordinal head, or three of a softmax head.
    """
    image = metadata["network_data_format"]["inputs"]["image"]
    for name, value in said.items():
        (image if name in image else metadata)[name] = value
    if logits == 3:
        names = {str(grade - 1): f"logit of BAPL {grade}" for grade in GRADES}
        output = {"format": "logits", "num_channels": 3, "channel_def": names}
        metadata["network_data_format"]["outputs"]["pred"] |= output
        metadata["pred_classes"] = "three logits, of BAPL 1, 2 and 3 (softmax)"


def _write_documents(
    bundle: Path, metadata: Mapping[str, Any], settings: Mapping[str, Any], run_dir: Path
) -> None:
    root = Path(monai_amyloid.__file__).parents[1]
    for name in ("LICENSE", "NOTICE"):
        if (root / name).is_file():
            shutil.copyfile(root / name, bundle / name)
    measured = _evaluation(run_dir)
    card = f"""# {metadata["name"]} {metadata["version"]}

**Research software. Not a medical device, not clinically validated.**
{metadata["description"]}

Trained on the cohort that its maker prepared, which this card does not know: the demo's is
simulated. Settings: {json.dumps(settings)}.

## Use

    monai-amyloid infer STUDY --bundle . --output results
    python -m monai.bundle run inference --config_file configs/inference.json \\
        --dataset_dir FOLDER_OF_STUDIES

Both need the Python package monai-amyloid. A config is code: run bundles that you trust.

## Held-out scans

{_as_markdown(measured)}
"""
    (bundle / "docs" / "README.md").write_text(card, encoding="utf-8")
    licence = (
        "The weights were trained on scans that are not part of this bundle. Simulated scans of\n"
        "monai-amyloid derive from the ICBM 152 template and the Desikan-Killiany atlas; see\n"
        "NOTICE of the Python package monai-amyloid. A hospital's own scans keep their own terms.\n"
    )
    (bundle / "docs" / "data_license.txt").write_text(licence, encoding="utf-8")


def _evaluation(run_dir: Path) -> pd.DataFrame:
    """The network and its baselines on the held-out scans; empty where not evaluated."""
    table = run_dir / "evaluation.tsv"
    return pd.read_csv(table, sep="\t") if table.is_file() else pd.DataFrame()


def _as_markdown(measured: pd.DataFrame) -> str:
    if measured.empty:
        return "Not evaluated: run `evaluating` before `export`."
    lines = [
        "With 95 % intervals over participants; the baselines graded the same scans.",
        "",
        "| model | scans | accuracy | macro-F1 | BAPL 2 F1 | quadratic kappa |",
        "|---|---|---|---|---|---|",
    ]
    for row in measured.to_dict("records"):
        cells = [str(row["model"]), str(row["n"])]
        for name in ("accuracy", "macro_f1", "bapl2_f1", "quadratic_kappa"):
            low, high = row[f"{name}_low"], row[f"{name}_high"]
            cells.append(f"{row[name]:.2f} [{low:.2f}, {high:.2f}]")
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)
