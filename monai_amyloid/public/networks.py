"""Networks: trained, evaluated, packaged as bundles, checked."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from monai_amyloid.installed import TRAIN, shipped_bundle

if TYPE_CHECKING:
    from monai_amyloid.evaluation.results import Evaluation


def cross_validate(
    dataset_dir: str | Path,
    output_dir: str | Path,
    *,
    config_files: Sequence[str | Path] = (TRAIN,),
    folds: int = 5,
    repeats: int = 1,
    values: Mapping[str, str] | None = None,
    jobs: int | None = None,
) -> "Evaluation":
    """Train every fold, predict what it holds out and evaluate, as ``monai-amyloid crossval`` does.

    Args:
        dataset_dir: Folder that :func:`prepare` wrote, of graded scans.
        output_dir: Folder of the folds. The same call goes on after an interrupt.
        config_files: Config of the training and its differences, in order.
        folds: Number of folds.
        repeats: How often people are dealt out to folds.
        values: Settings of the config by name, such as ``{"max_epochs": "20"}``.
        jobs: Folds that are trained at the same time; None for as many as fit.

    Returns:
        Evaluation of all folds, as of :func:`evaluate`.

    Raises:
        UserError: If a setting or the cohort cannot be used.
        RunError: If folds failed; the others are trained all the same.

    Examples:
        >>> import monai_amyloid
        >>> small = {"max_epochs": "1", "spacing_mm": "8", "slices": "2", "device": "cpu"}
        >>> found = monai_amyloid.cross_validate("prepared", "runs/mine", folds=2, values=small)
        >>> found.folds
        (0, 1)
    """
    from monai_amyloid.crossval.cross_validation import cross_validate as run
    from monai_amyloid.crossval.plan import CrossValidation

    plan = CrossValidation(
        config_files=tuple(map(Path, config_files)),
        dataset_dir=Path(dataset_dir),
        output_dir=Path(output_dir),
        folds=folds,
        repeats=repeats,
        values=values or {},
    )
    return run(plan, jobs)


def evaluate(
    run_dir: str | Path,
    dataset_dir: str | Path,
    *,
    ceiling: str | Path | None = None,
    readings: str | Path | None = None,
) -> "Evaluation":
    """Compare a network with baselines on held-out scans, as ``monai-amyloid evaluate`` does.

    Args:
        run_dir: Folder of the folds, each with ``predictions.tsv``; tables are written there.
        dataset_dir: Folder of the prepared scans that the folds were trained on.
        ceiling: Path of the ``ceiling.tsv`` of a simulated cohort, to compare with.
        readings: Path of a table with what several readers said of each scan.

    Returns:
        Measures of every model with their intervals, the network first.

    Raises:
        UserError: If nothing was predicted, or predictions do not fit the scans or their folds.

    Examples:
        >>> import monai_amyloid
        >>> found = monai_amyloid.evaluate("runs/mine", "prepared")
        >>> found.results[0].model, found.results[0].scans
        ('network', 15)
    """
    from monai_amyloid.evaluation.evaluate import evaluate as measure

    return measure(
        Path(run_dir),
        Path(dataset_dir),
        ceiling=None if ceiling is None else Path(ceiling),
        readings=None if readings is None else Path(readings),
    )


def export(
    run_dir: str | Path,
    output: str | Path,
    *,
    config_files: Sequence[str | Path] = (TRAIN,),
    trained_on: str | None = None,
    half_precision: bool = False,
) -> Path:
    """Write a bundle of a trained network, as ``monai-amyloid export`` does.

    Args:
        run_dir: Folder of a fold or of a cross-validation.
        output: Folder of the bundle; a bundle that is there is replaced when the new one is whole.
        config_files: Configs that were trained with, in the same order.
        trained_on: Words for the card that say on which scans.
        half_precision: Whether weights are stored in 16 bits.

    Returns:
        Folder of the bundle.

    Raises:
        UserError: If a file is missing, the configs are of another network, or ``output`` is a
            folder of something else.

    Examples:
        >>> import monai_amyloid
        >>> made = monai_amyloid.export("runs/mine", "bundles/my_bapl_classification")
        >>> (made / "models" / "model.pt").is_file()
        True
    """
    from monai_amyloid.bundle.export import export as write

    return write(
        Path(run_dir),
        list(map(Path, config_files)),
        Path(output),
        half_precision=half_precision,
        trained_on=trained_on,
    )


def verify(bundle: str | Path | None = None, *, trust_config: bool = False) -> dict[str, str]:
    """Check a bundle, as ``monai-amyloid verify`` does.

    Args:
        bundle: Folder of the bundle; by default the one that comes along.
        trust_config: Whether MONAI's checks run although export never wrote some of it.

    Returns:
        What is wrong, by the name of the check; empty where nothing is.

    Examples:
        >>> import monai_amyloid
        >>> monai_amyloid.verify()
        {}
    """
    from monai_amyloid.bundle.verify import verify as look

    folder = Path(bundle) if bundle is not None else shipped_bundle()
    return {each.name: each.wrong for each in look(folder, trust_config=trust_config) if each.wrong}
