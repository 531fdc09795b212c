"""Whether a folder is a bundle that MONAI's own world accepts: the Model Zoo's checks and ours."""

import contextlib
import io
import logging
import math
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import nibabel as nib
import numpy as np
import torch
from monai.bundle import (
    ConfigWorkflow,
    ckpt_export,
    verify_metadata,
    verify_net_in_out,
)

from monai_amyloid.bundle.card import LARGE_BYTES
from monai_amyloid.bundle.files import (
    CALIBRATION,
    INFERENCE,
    LISTED,
    METADATA,
    MODEL,
    check_stated,
    exported_metadata,
    file_content,
    read_metadata,
)
from monai_amyloid.bundle.untrusted.config import strange_in, strange_in_data, strange_in_logging
from monai_amyloid.bundle.untrusted.network import Described
from monai_amyloid.checksum import sha256
from monai_amyloid.errors import one_line
from monai_amyloid.evaluation.deciding.decision_file import decision_of
from monai_amyloid.strict_json import read_object

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
_CONFIGS = (
    "configs/train.json",
    "configs/evaluate.json",
    "configs/inference.json",
    "configs/multi_gpu_train.json",
)
_LOGGING = "configs/logging.conf"
# Numbers of a scan; the whole template in 1 mm has 7 million.
_LARGEST = 100_000_000
_OF_A_DESKTOP = (".DS_Store", "Thumbs.db", "desktop.ini")


@dataclass(frozen=True)
class Check:
    """What was checked, and what was wrong; empty where nothing was."""

    name: str
    wrong: str


def verify(bundle: Path, *, trust_config: bool = False) -> Iterator[Check]:
    """Check a bundle, one thing after the other.

    It is looked at first; MONAI's own checks, which evaluate the configs, are tried only where
    that found nothing, and on a copy of the very bytes that were looked at.

    Args:
        bundle: Folder of the bundle.
        trust_config: Whether MONAI's checks run although export never wrote some of it.

    Yields:
        Each check when it is done.
    """
    found: dict[str, bytes] = {}
    understood = True
    for name, look in _LOOKS.items():
        done = _tried(name, partial(look, bundle, found))
        harmless = (_sizes, _checksums) if not trust_config else (_sizes, _checksums, _look, _fits)
        understood &= not done.wrong or look in harmless
        yield done
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        copy = Path(folder)
        for name, content in found.items() if understood else ():
            (copy / name).parent.mkdir(exist_ok=True)
            (copy / name).write_bytes(content)
        for name, check in _CHECKS.items():
            if not understood:
                yield Check(name, "not tried, as it would run what the checks above found")
                continue
            with contextlib.chdir(copy):
                done = _tried(name, partial(check, copy))
            yield done


def _tried(name: str, check: Callable[[], object]) -> Check:
    quiet = contextlib.redirect_stdout(io.StringIO())
    # MONAI reports what it does.
    logging.disable(logging.WARNING)
    try:
        with quiet, contextlib.redirect_stderr(io.StringIO()):
            check()
        return Check(name, "")
    except Exception as error:  # MONAI's checks raise what they like
        wrong = (one_line(error) or type(error).__name__)[:500]
        return Check(name, "".join(each if each.isprintable() else "?" for each in wrong))
    finally:
        logging.disable(logging.NOTSET)


class _WrongError(Exception):
    """A check that failed."""


def _files(bundle: Path, found: dict[str, bytes]) -> None:
    missing = [name for name in FILES if not (bundle / name).is_file()]
    if missing:
        raise _WrongError(f"missing: {', '.join(missing)}")
    for path in bundle.rglob("*"):
        if path.is_symlink() and not path.resolve().is_relative_to(bundle.resolve()):
            raise _WrongError(f"{path.relative_to(bundle)} is a link that leads out of the bundle")
    found |= {name: file_content(bundle, name) for name in (*LISTED, METADATA)}


def _sizes(bundle: Path, found: Mapping[str, bytes]) -> None:
    listed = bundle / "large_files.yml"
    text = file_content(bundle, listed.name).decode("utf-8") if listed.is_file() else ""
    for path in bundle.rglob("*"):
        name = path.relative_to(bundle).as_posix()
        if path.is_file() and path.stat().st_size > LARGE_BYTES and f'"{name}"' not in text:
            raise _WrongError(f"{name} is larger than 25 MB and not in large_files.yml")


def _checksums(bundle: Path, found: Mapping[str, bytes]) -> None:
    stated = read_metadata(found[METADATA], bundle / METADATA)["sha256"]
    for name in (*LISTED, *(stated.keys() - {*LISTED})):
        if name not in stated:
            raise _WrongError(f"{METADATA} lists no SHA-256 of {name}; export the bundle again")
        check_stated(bundle, name, sha256(found.get(name) or file_content(bundle, name)), stated)
    for path in sorted([*(bundle / "configs").rglob("*"), *(bundle / "models").rglob("*")]):
        name = path.relative_to(bundle).as_posix()
        if path.is_file() and name not in (*stated, METADATA) and path.name not in _OF_A_DESKTOP:
            raise _WrongError(f"{name} is none of the files that were exported")


def _look(bundle: Path, found: Mapping[str, bytes]) -> None:
    for name in _CONFIGS:
        for strange in strange_in(read_object(found[name])):
            raise _WrongError(f"{name}: {strange}, which `monai-amyloid export` never wrote")
    for strange in strange_in_logging(found[_LOGGING]):
        raise _WrongError(f"{_LOGGING}: {strange}, which Python's logging would run")
    for strange in strange_in_data(read_object(found[METADATA])):
        raise _WrongError(f"{METADATA}: {strange}, which MONAI would run")
    decision_of(found[CALIBRATION], bundle / CALIBRATION)


def _fits(bundle: Path, found: Mapping[str, bytes]) -> None:
    described = Described(found[INFERENCE], bundle / INFERENCE)
    described.network(found[MODEL], bundle / MODEL)
    metadata = read_metadata(found[METADATA], bundle / METADATA)
    image = metadata["network_data_format"]["inputs"]["image"]
    shape = [image["num_channels"], *image["spatial_shape"]]
    if not all(type(side) is int and side > 0 for side in shape) or math.prod(shape) > _LARGEST:
        raise _WrongError(f"{METADATA} says that the network takes {str(shape)[:80]} numbers")


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
            ckpt_file=str(bundle / MODEL),
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
    content = {name: file_content(bundle, name) for name in (INFERENCE, METADATA, MODEL)}
    described = Described(content[INFERENCE], bundle / INFERENCE)
    network = described.network(content[MODEL], bundle / MODEL)
    image = read_object(content[METADATA])["network_data_format"]["inputs"]["image"]
    shape = (1, image["num_channels"], *image["spatial_shape"])
    return network.eval(), torch.rand(shape, generator=torch.Generator().manual_seed(0))


# Nothing of the bundle runs in these.
_LOOKS: dict[str, Callable[[Path, dict[str, bytes]], None]] = {
    "every file is there": _files,
    "no file is too large for git": _sizes,
    "checksums": _checksums,
    "configs stand alone and hold nothing that export never wrote": _look,
    "weights are those of the network": _fits,
}
# MONAI evaluates the configs in these.
_CHECKS: dict[str, Callable[[Path], None]] = {
    "metadata fits the Model Zoo's schema": _schema,
    "network takes and gives what the metadata says": _network,
    "properties of an inference bundle": _properties("inference", "configs/inference.json"),
    "properties of a training bundle": _properties("training", "configs/train.json"),
    "TorchScript gives the checkpoint's answer": _torchscript,
}
