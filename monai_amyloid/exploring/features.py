"""Features of each scan of a cohort by networks, kept on disk, so that work can be resumed."""

import json
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from zipfile import is_zipfile

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from monai_amyloid.brain.quantities.centiloid import florbetaben_line
from monai_amyloid.brain.quantities.suvr import region_labels
from monai_amyloid.bundle.integrity import ANY, Trust, read_bundle
from monai_amyloid.bundle.networks.trained import TrainedNetwork
from monai_amyloid.checksum import sha256, sha256_of_file, sha256_of_files
from monai_amyloid.cohort.datalist import CohortError
from monai_amyloid.cohort.pictures import PICTURE
from monai_amyloid.cohort.prepared_volume import load_suvr
from monai_amyloid.errors import RunError, UserError
from monai_amyloid.learning.pretraining.self_supervised import self_supervised_network
from monai_amyloid.output import replacing
from monai_amyloid.source import source_checksum
from monai_amyloid.work.cluster.choice import LOCAL, Cluster, engine_for
from monai_amyloid.work.engine import Crash
from monai_amyloid.work.progress import SILENT, Progress

Features = NDArray[np.float32]

REGIONAL, NETWORK, SELF_SUPERVISED = "regional", "network", "self_supervised"
# Of this package, what decides on the features of a scan besides weights and preprocessing.
_DECIDING = ("exploring/features.py", "bundle/networks", "learning/network", "learning/transforms")
# Scans that go through a network together.
_BATCH = 8


@dataclass(frozen=True)
class Networks:
    """Networks whose features are computed.

    Attributes:
        bundle: Bundle of the trained classifier.
        folds: Weights of the same network for each fold of a cross-validation, in their order; each
            network was trained without its fold. Empty where the bundle's own weights are used for
            every scan.
        self_supervised: Weights of a training by ``configs/self_supervised.json``, if any.
        device: Device to compute on, ``cuda`` or ``cpu``; None for the bundle's choice.
        trust: How far the bundle is trusted.
    """

    bundle: Path
    folds: tuple[Path, ...] = ()
    self_supervised: Path | None = None
    device: str | None = None
    trust: Trust = ANY

    def check(self) -> None:
        """Load every network once, before any long work.

        Raises:
            UserError: If weights are missing or of another network.
        """
        checked = read_bundle(self.bundle, self.trust)
        if TrainedNetwork(checked, self.device, trust=self.trust).kind == PICTURE:
            raise UserError(
                f"{self.bundle}: its network takes pictures, needed one that takes volumes; name "
                "another with --bundle"
            )
        for weights in self.folds:
            TrainedNetwork(checked, self.device, weights, trust=self.trust)
        if self.self_supervised is not None:
            if not self.self_supervised.is_file():
                raise UserError(
                    f"no {self.self_supervised}: needed model.pt of a training by "
                    "configs/self_supervised.json"
                )
            self_supervised_network(self.self_supervised)

    def digest(self) -> str:
        """Digest of the bundle and of all other weights."""
        others = [self.self_supervised] if self.self_supervised is not None else []
        digests = map(sha256_of_file, [*self.folds, *others])
        return sha256("".join([read_bundle(self.bundle, self.trust).sha256, *digests]))


def fold_weights(run: Path) -> tuple[Path, ...]:
    """Weights of the folds of a cross-validation, in their order.

    Raises:
        UserError: If there are fewer than two, or one is missing.
    """
    found = {
        int(path.parent.name.removeprefix("fold")): path
        for path in run.glob("fold*/model.pt")
        if path.parent.name.removeprefix("fold").isdigit()
    }
    if len(found) < 2 or sorted(found) != list(range(len(found))):
        raise UserError(
            f"{run}: found model.pt of folds {sorted(found) or 'none'}, needed those of all folds "
            "of `monai-amyloid crossval`"
        )
    return tuple(found[fold] for fold in range(len(found)))


def network_features(
    cohort: pd.DataFrame,
    networks: Networks,
    cache: Path,
    progress: Progress = SILENT,
    cluster: Cluster = LOCAL,
) -> dict[str, Features]:
    """Compute the features of every scan by every network.

    Args:
        cohort: Table of prepared scans, from :func:`~monai_amyloid.cohort.datalist.read_cohort`.
        networks: Networks whose features are computed.
        cache: Folder where features are kept, by the scan's content and the networks' weights.
        progress: Shows how many scans were seen; one that was seen before counts as finished.
        cluster: Machines whose networks see scans, in place of this process.

    Returns:
        ``network`` (or ``network0``, ``network1``, … of each fold) and ``self_supervised``,
        each ``(N, F)``.

    Raises:
        UserError: If weights are missing or of another network, or a scan is no prepared one.
    """
    digest = networks.digest()
    contents = sha256_of_files(map(Path, cohort["path"]))
    files = [
        cache / f"{_key(content, row.get('tracer'), digest)}.npz"
        for content, row in zip(contents, cohort.to_dict("records"), strict=True)
    ]
    progress.start(len(files))
    # One that is cut off has lost its end, by which a zip is known.
    missing = [place for place, file in enumerate(files) if not is_zipfile(file)]
    for _ in range(len(files) - len(missing)):
        progress.advance(finished_before=True)
    together = [missing[start : start + _BATCH] for start in range(0, len(missing), _BATCH)]
    batches = [(cohort.iloc[each], [files[place] for place in each]) for each in together]
    cache.mkdir(parents=True, exist_ok=True)
    engine = engine_for(cluster, 0, cache)
    with closing(engine.each(partial(_see, networks=networks), batches)) as each:
        for number, ended in each:
            if isinstance(ended, Crash):
                raise RunError(f"the process that saw scans ended without a word ({ended})")
            for _ in together[number]:
                progress.advance()
    _seeing.cache_clear()
    return _gather(files)


def _see(batch: tuple[pd.DataFrame, list[Path]], networks: Networks) -> None:
    """Keep the features of some scans, which go through the networks together."""
    rows, files = batch
    seen = _seeing(networks).features(rows)
    for order, file in enumerate(files):
        with replacing(file) as part, part.open("wb") as stream:
            np.savez(stream, **{name: each[order] for name, each in seen.items()})


def _key(content: str, tracer: object, digest: str) -> str:
    return sha256(json.dumps([content, tracer, digest, source_checksum(*_DECIDING)]))[:32]


def _gather(files: Sequence[Path]) -> dict[str, Features]:
    rows: dict[str, list[Features]] = {}
    for file in files:
        with np.load(file, allow_pickle=False) as seen:
            for name in seen.files:
                rows.setdefault(name, []).append(seen[name])
    return {name: np.stack(each) for name, each in rows.items()}


@lru_cache(maxsize=1)
def _seeing(networks: Networks) -> "_Seeing":
    return _Seeing(networks)


class _Seeing:
    """Networks, loaded."""

    def __init__(self, networks: Networks) -> None:
        device, trust = networks.device, networks.trust
        bundle = read_bundle(networks.bundle, trust)
        self.first = TrainedNetwork(bundle, device, trust=trust)
        self.networks = {
            f"{NETWORK}{fold}": TrainedNetwork(bundle, device, weights, trust=trust)
            for fold, weights in enumerate(networks.folds)
        } or {NETWORK: self.first}
        self.encoder: torch.nn.Module | None = None
        if networks.self_supervised is not None:
            self.encoder = self_supervised_network(networks.self_supervised).to(self.first.device)

    def features(self, rows: pd.DataFrame) -> dict[str, Features]:
        """Features of some scans by each network, ``(n, F)``."""
        scans = [
            (load_suvr(Path(row["path"])), str(row["tracer"])) for row in rows.to_dict("records")
        ]
        volumes = [self.first.preprocessed(*scan) for scan in scans]
        laid = zip(volumes, rows["tracer"].astype(str), strict=True)
        batch = torch.stack([self.first.laid_out(*each) for each in laid])
        seen = {name: network.features(batch) for name, network in self.networks.items()}
        if self.encoder is not None:
            whole = torch.stack([torch.as_tensor(np.asarray(each)) for each in volumes])
            with torch.inference_mode():
                encoded = self.encoder(whole.float().to(self.first.device))
            seen[SELF_SUPERVISED] = encoded.flatten(1).float().cpu().numpy()
        return seen


def regional_features(cohort: pd.DataFrame) -> pd.DataFrame:
    """SUVR of every region of the atlas, on florbetaben's scale; the regions do not overlap.

    Args:
        cohort: Table with columns ``suvr_*`` and ``tracer``.

    Raises:
        CohortError: If a region is missing.
    """
    parts = [name for name, labels in region_labels().items() if len(labels) == 1]
    return florbetaben_suvr(cohort, parts)


def florbetaben_suvr(cohort: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    """SUVR of some regions on florbetaben's scale, one row a scan.

    Args:
        cohort: Table with columns ``suvr_*`` and ``tracer``.
        names: Names of the regions, as in
            :func:`~monai_amyloid.brain.quantities.suvr.regional_suvr`.

    Raises:
        CohortError: If a region is missing.
    """
    columns = [f"suvr_{name}" for name in names]
    missing = [name for name in columns if name not in cohort or cohort[name].isna().any()]
    if missing:
        raise CohortError(
            f"participants.tsv: {missing[0]} is missing, needed for every scan; prepare the cohort "
            "with `monai-amyloid prepare`"
        )
    lines = np.array([florbetaben_line(tracer) for tracer in cohort["tracer"]])
    values = cohort[columns].to_numpy(float) * lines[:, :1] + lines[:, 1:]
    return pd.DataFrame(values, index=cohort.index, columns=list(names))
