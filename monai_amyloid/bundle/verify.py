"""Whether a folder is a bundle that MONAI's own world accepts: the Model Zoo's checks and ours."""

import contextlib
import io
import json
import logging
import re
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import nibabel as nib
import numpy as np
import torch
from monai.bundle import (
    ConfigParser,
    ConfigWorkflow,
    ckpt_export,
    verify_metadata,
    verify_net_in_out,
)

from monai_amyloid.bundle.card import LARGE_BYTES
from monai_amyloid.bundle.files import METADATA, exported_file, exported_metadata
from monai_amyloid.errors import one_line

SCHEMA = Path(__file__).parent / "data" / "meta_schema_20240725.json"
FILES = (
    "LICENSE",
    METADATA,
    "configs/inference.json",
    "configs/evaluate.json",
    "configs/train.json",
    "configs/multi_gpu_train.json",
    "configs/logging.conf",
    "models/model.pt",
    "models/calibration.json",
    "docs/README.md",
    "docs/data_license.txt",
)
# Of an exported network's logits against those of the checkpoint, both in 32 bits.
TOLERANCE = 1e-3
_CONFIGS = ("configs/train.json", "configs/evaluate.json", "configs/inference.json")
_FOREIGN_PATH = re.compile(r'"[^"]*(?:/home/|/root/|/Users/|/tmp/|[A-Za-z]:\\\\)[^"]*"')
_MACRO = re.compile(r'"[^"]*%[A-Za-z]\w*[^"]*"')


@dataclass(frozen=True)
class Check:
    """What was checked, and what was wrong; empty where nothing was."""

    name: str
    wrong: str


def verify(bundle: Path) -> Iterator[Check]:
    """Check a bundle, one thing after the other.

    Args:
        bundle: Folder of the bundle. Its configs are code that runs.

    Yields:
        Each check when it is done.
    """
    for name, check in _CHECKS.items():
        quiet = contextlib.redirect_stdout(io.StringIO())
        # MONAI reports what it does.
        logging.disable(logging.WARNING)
        try:
            with quiet, contextlib.redirect_stderr(io.StringIO()):
                check(bundle)
            yield Check(name, "")
        except Exception as error:  # MONAI's checks raise what they like
            reason = one_line(error) or type(error).__name__
            yield Check(name, reason[:500])
        finally:
            logging.disable(logging.NOTSET)


class _WrongError(Exception):
    """A check that failed."""


def _files(bundle: Path) -> None:
    missing = [name for name in FILES if not (bundle / name).is_file()]
    if missing:
        raise _WrongError(f"missing: {', '.join(missing)}")


def _sizes(bundle: Path) -> None:
    listed = bundle / "large_files.yml"
    text = listed.read_text(encoding="utf-8") if listed.is_file() else ""
    for path in bundle.rglob("*"):
        name = path.relative_to(bundle).as_posix()
        if path.is_file() and path.stat().st_size > LARGE_BYTES and f'"{name}"' not in text:
            raise _WrongError(f"{name} is larger than 25 MB and not in large_files.yml")


def _checksums(bundle: Path) -> None:
    for name in exported_metadata(bundle)["sha256"]:
        exported_file(bundle, name)


def _self_contained(bundle: Path) -> None:
    for name in _CONFIGS:
        text = (bundle / name).read_text(encoding="utf-8")
        for pattern, what in ((_MACRO, "a macro"), (_FOREIGN_PATH, "a path of its maker")):
            if found := pattern.search(text):
                raise _WrongError(f"{name} holds {what}: {found[0]}")


def _schema(bundle: Path) -> None:
    # The file is there: nothing is downloaded.
    verify_metadata(meta_file=str(bundle / METADATA), filepath=str(SCHEMA))
    metadata = exported_metadata(bundle)
    if metadata["version"] not in metadata["changelog"]:
        raise _WrongError(f"version {metadata['version']} is not in the changelog")


def _network(bundle: Path) -> None:
    verify_net_in_out(
        net_id="network_def",
        meta_file=str(bundle / METADATA),
        config_file=str(bundle / "configs/inference.json"),
        device="cpu",
    )


def _properties(kind: str, config: str) -> Callable[[Path], None]:
    def check(bundle: Path) -> None:
        # Windows does not remove what a writer of TensorBoard still holds open.
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            workflow = ConfigWorkflow(
                config_file=str(bundle / config),
                meta_file=str(bundle / METADATA),
                workflow_type=kind,
                logging_file=False,
                bundle_root=str(bundle),
                dataset_dir=str(_placeholders(Path(folder))),
                output_dir=folder,
                cache_dir=folder,
            )
            workflow.initialize()
            missing = workflow.check_properties()
        if missing:
            raise _WrongError(f"{config} lacks {', '.join(missing)}")

    return check


def _placeholders(folder: Path) -> Path:
    """A cohort of tiny images that nobody reads, as a config needs one to be put together."""
    scans = folder / "scans"
    scans.mkdir()
    rows = ["participant_id\tsession_id\tpath\ttracer\tbapl"]
    for number in range(15):
        image = nib.Nifti1Image(np.full((4, 4, 4), number, np.float32), np.eye(4))
        nib.save(image, scans / f"{number}.nii")
        rows.append(f"sub-{number}\tses-01\tscans/{number}.nii\t18FFBB\t{1 + number % 3}")
    (folder / "participants.tsv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return folder


def _torchscript(bundle: Path) -> None:
    config = bundle / "configs" / "inference.json"
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "model.ts"
        ckpt_export(
            net_id="network_def",
            filepath=str(script),
            ckpt_file=exported_file(bundle, "models/model.pt"),
            meta_file=str(bundle / METADATA),
            config_file=str(config),
        )
        exported = torch.jit.load(str(script), map_location="cpu")  # type: ignore[no-untyped-call]
        network, image = loaded_network(bundle)
        with torch.inference_mode():
            apart = float((exported(image) - network(image)).abs().max())
    if not apart <= TOLERANCE:
        raise _WrongError(f"TorchScript's logits differ from the checkpoint's by {apart:.2g}")


def loaded_network(bundle: Path) -> tuple[torch.nn.Module, torch.Tensor]:
    """A bundle's network with its weights, and noise of the shape that it takes.

    Returns:
        The network, ready to be called, and ``(1, channels, ...)`` between 0 and 1.
    """
    parser = ConfigParser()
    parser.read_config(str(bundle / "configs" / "inference.json"))
    network: torch.nn.Module = parser.get_parsed_content("network_def")
    path = exported_file(bundle, "models/model.pt")
    network.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))
    metadata = json.loads((bundle / METADATA).read_text(encoding="utf-8"))
    image = metadata["network_data_format"]["inputs"]["image"]
    shape = (1, image["num_channels"], *image["spatial_shape"])
    return network.eval(), torch.rand(shape, generator=torch.Generator().manual_seed(0))


_CHECKS: dict[str, Callable[[Path], None]] = {
    "every file is there": _files,
    "no file is too large for git": _sizes,
    "checksums": _checksums,
    "configs stand alone": _self_contained,
    "metadata fits the Model Zoo's schema": _schema,
    "network takes and gives what the metadata says": _network,
    "properties of an inference bundle": _properties("inference", "configs/inference.json"),
    "properties of a training bundle": _properties("training", "configs/train.json"),
    "TorchScript gives the checkpoint's answer": _torchscript,
}
