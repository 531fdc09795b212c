"""Cohorts: simulated, prepared, explored."""

from pathlib import Path
from typing import TYPE_CHECKING, Literal

from monai_amyloid.installed import shipped_bundle

if TYPE_CHECKING:
    from monai_amyloid.brain.quantities.suvr import Reference
    from monai_amyloid.cohort.prepare import Prepared
    from monai_amyloid.exploring.exploration import Exploration
    from monai_amyloid.phantom.cohorts.plan import Plan


def simulate(
    folder: str | Path,
    participants: int,
    plan: "Plan | None" = None,
    *,
    form: Literal["nifti", "dicom", "bids"] = "nifti",
    workers: int = 1,
) -> Path:
    """Write a simulated cohort, as ``monai-amyloid simulate`` does; the same call goes on.

    Args:
        folder: Folder of the cohort, made if missing; it must not hold another cohort.
        participants: Number of people.
        plan: Settings of the cohort; None for the usual ones.
        form: Format of the scans.
        workers: Number of processes.

    Returns:
        Path of ``participants.tsv``; ``truth.tsv`` is beside it.

    Raises:
        UserError: If the folder holds another cohort.
        RunError: If it cannot be written, or another run is writing there.

    Examples:
        >>> import monai_amyloid
        >>> table = monai_amyloid.simulate("cohort", 2)
        >>> table.read_text().splitlines()[1].split()[:4]
        ['sub-0001', 'ses-01', 'scans/sub-0001_ses-01_pet.nii.gz', '18FFBB']
    """
    from monai_amyloid.phantom.cohorts.cohort import simulate as make

    make(Path(folder), participants, plan, form=form, workers=workers)
    return Path(folder) / "participants.tsv"


def prepare(
    cohort: str | Path,
    output: str | Path,
    *,
    tracer: str | None = None,
    reference: "Reference" = "whole_cerebellum",
    workers: int = 0,
) -> "Prepared":
    """Read, register and normalise each scan of a cohort, as ``monai-amyloid prepare`` does.

    Args:
        cohort: Cohort table or its folder, or a spreadsheet.
        output: Folder of the SUVR volumes and their table. Scans that an earlier call prepared
            are not repeated.
        tracer: Tracer of the scans whose header and row name none.
        reference: Region that SUVR is over.
        workers: Number of processes; with 0 everything runs in this one.

    Returns:
        Tables of the prepared and of the refused scans.

    Raises:
        UserError: If the table is not usable, ``output`` holds something else, or every scan was
            refused.

    Examples:
        >>> import monai_amyloid
        >>> table = monai_amyloid.simulate("cohort", 2)
        >>> found = monai_amyloid.prepare("cohort", "two_scans")
        >>> len(found.table) + len(found.refused)
        2
    """
    from monai_amyloid.cohort.prepare import prepare as make

    return make(Path(cohort), Path(output), tracer=tracer, reference=reference, workers=workers)


def explore(
    prepared: str | Path,
    output: str | Path,
    *,
    bundle: str | Path | None = None,
    run: str | Path | None = None,
    seed: int = 0,
) -> "Exploration":
    """See a cohort as a continuum, without its grades, as ``monai-amyloid explore`` does.

    The page and the tables are the command's to write.

    Args:
        prepared: Folder that :func:`prepare` wrote, of 50 scans or more.
        output: Folder in which features are kept.
        bundle: Classifier whose features are explored; by default the one that comes along.
        run: Cross-validation of that classifier on these scans, so that each is seen by a network
            that did not learn from it.
        seed: Seed of everything random.

    Returns:
        Scores with intervals, groups, neighbours and doubtful grades.

    Raises:
        UserError: If the cohort is not prepared or too small, or UMAP is not installed.

    Examples:
        >>> import monai_amyloid
        >>> found = monai_amyloid.explore("fifty_scans", "explored")
        >>> found.main.score.shape
        (50,)
    """
    from monai_amyloid.exploring.exploration import explore as look
    from monai_amyloid.exploring.features import Networks, fold_weights
    from monai_amyloid.output_lock import alone_in

    networks = Networks(
        Path(bundle) if bundle is not None else shipped_bundle(),
        () if run is None else fold_weights(Path(run)),
    )
    networks.check()
    with alone_in(Path(output), "explore"):
        return look(Path(prepared), networks, Path(output), seed=seed)
