"""A trained fold and its configs become a MONAI Bundle that runs from its own folder."""

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch

from monai_amyloid.bundle.card import measured_text, write_large_files
from monai_amyloid.bundle.description import Origin, describe
from monai_amyloid.bundle.files import CALIBRATION, INFERENCE, METADATA, MODEL, file_content
from monai_amyloid.bundle.metadata import facts_of
from monai_amyloid.bundle.run import read_run
from monai_amyloid.bundle.untrusted.config import strange_in
from monai_amyloid.errors import UserError
from monai_amyloid.evaluation.deciding.decision_file import write_decision
from monai_amyloid.output import check_writable, refuse_link
from monai_amyloid.output_lock import alone_beside
from monai_amyloid.strict_json import read_object


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
        Folder of the bundle, ``output``.

    Raises:
        UserError: If a file is missing, the configs do not describe the trained network, the
            weights cannot be stored in 16 bits, ``output`` is a folder of something else, or
            another run is writing it.
    """
    check_writable(output)
    run = read_run(run_dir)
    decision, learned_from = run.calibration()
    if output.exists() and not (output / METADATA).is_file():
        raise UserError(f"{output}: exists and is no bundle; choose another --output")
    if full_size is not None and not full_size.is_file():
        raise UserError(f"no {full_size}: needed the model.pt of the larger network")
    state = half_precision_state(run.state) if half_precision else run.state
    origin = Origin(
        config_files=config_files,
        settings=run.settings,
        began_elsewhere=run.began_elsewhere,
        facts=facts_of(run, trained_on),
        measured=measured_text(run),
    )
    description = describe(origin, state)

    refuse_link(output)
    partial = output.with_name(f".{output.name}.partial")
    earlier = output.with_name(f".{output.name}.earlier")
    with alone_beside(output, "export"):
        # An export that was killed between its last two steps had moved the earlier bundle away.
        if earlier.exists() and not output.exists():
            earlier.rename(output)
        for left in (partial, earlier):
            shutil.rmtree(left, ignore_errors=True)
        try:
            partial.mkdir(parents=True)  # not one that somebody has just laid there
            (partial / MODEL).parent.mkdir()
            torch.save(state, partial / MODEL)
            write_decision(decision, partial / CALIBRATION, learned_from)
            description.write(partial)
            write_large_files(partial, full_size)
            if output.exists():
                output.rename(earlier)
            partial.rename(output)
        finally:
            for left in (partial, earlier) if output.exists() else (partial,):
                shutil.rmtree(left, ignore_errors=True)
    return output


def foreign_in(bundle: Path) -> str:
    """What an exported bundle's ``inference.json`` holds that is no part of this program.

    It comes from the configs that the network was trained with, and is to be trusted by whoever
    is given the bundle.

    Args:
        bundle: Folder of the bundle.

    Returns:
        The first such expression or component, with its place; empty where there is none.
    """
    return next(iter(strange_in(read_object(file_content(bundle, INFERENCE)))), "")


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
