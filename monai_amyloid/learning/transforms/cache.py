"""What preprocessing makes of a scan, kept on disk: a cohort of any size in little memory."""

import json
from collections.abc import Hashable, Mapping, Sequence
from pathlib import Path
from typing import Any

import monai
import numpy as np
import torch
from monai.data import get_track_meta, set_track_meta
from monai.transforms import Compose
from monai.transforms.traits import RandomizableTrait
from torch.utils.data import Dataset

from monai_amyloid.checksum import sha256, sha256_of_file
from monai_amyloid.errors import UserError
from monai_amyloid.learning.transforms.description import describe
from monai_amyloid.output import read_array, remove_partials, replacing
from monai_amyloid.source import source_checksum

Item = Mapping[Hashable, Any]


def _is_each_time(step: Any) -> bool:
    """Whether a step and those after it are not kept on disk."""
    return isinstance(step, RandomizableTrait) or getattr(step, "at_each_access", False)


class CachedScans(Dataset[dict[Hashable, Any]]):
    """A dataset whose preprocessed images are kept on disk in 16 bits; its labels are not.

    MONAI's ``PersistentDataset`` leaves a broken file where it is killed while it writes one,
    keeps labels that a table has corrected since, and does not see that a scan was prepared anew.
    Here a file is whole or not there, and its name follows from the scan's content and every step
    before the first random one, with its code.

    Args:
        data: Dictionaries with a path as ``image``.
        transform: Transforms of a scan. The steps from the first random one on, or from the first
            one with ``at_each_access``, are done at each access; steps of probability 0 are left
            out.
        cache_dir: Folder of the cache, made if missing; folds, runs and processes may share it.
    """

    def __init__(self, data: Sequence[Item], transform: Compose, cache_dir: str) -> None:
        self.data = list(data)
        steps = transform.flatten().transforms
        first = next((n for n, step in enumerate(steps) if _is_each_time(step)), len(steps))
        self.fixed = Compose(steps[:first])
        # MONAI's elastic deformation resamples a scan even where none is drawn.
        self.random = Compose([step for step in steps[first:] if getattr(step, "prob", 1.0) > 0])
        self.folder = Path(cache_dir)
        self.folder.mkdir(parents=True, exist_ok=True)
        remove_partials(self.folder, shared=True)
        code = (source_checksum("learning/transforms"), monai.__version__)
        self.steps = repr((describe(steps[:first]), code))
        # Of each scan as it is first met: one training sees one content.
        self.contents: dict[str, str] = {}

    def __len__(self) -> int:
        """Number of scans."""
        return len(self.data)

    def __getitem__(self, index: int) -> dict[Hashable, Any]:
        """One scan, preprocessed and augmented.

        Raises:
            UserError: If a value of the preprocessed scan is infinite or no number.
        """
        item = self.data[index]
        path = self.path_of(item)
        kept = read_array(path)
        if kept is not None:
            image = torch.from_numpy(kept.astype(np.float32))
        else:
            image = torch.as_tensor(self.fixed(dict(item))["image"]).float()
            # Half precision tells 0.0005 of the range apart; noise is a hundred times that.
            with np.errstate(over="ignore"):  # refused below
                stored = image.numpy().astype(np.float16)
            with replacing(path) as part, part.open("wb") as file:
                np.save(file, stored, allow_pickle=False)
            image = torch.from_numpy(stored.astype(np.float32))
        if not bool(torch.isfinite(image).all()):
            raise UserError(
                f"{item['image']}: holds values that are not finite numbers, which no training "
                "survives; prepare this scan again"
            )
        # No step after the cache asks where a voxel lies; keeping account of it takes a quarter
        # of their time.
        tracked = get_track_meta()
        set_track_meta(False)
        try:
            result: dict[Hashable, Any] = self.random({**item, "image": image})
        finally:
            set_track_meta(tracked)
        return result

    def path_of(self, item: Item) -> Path:
        """Path of a scan's preprocessed image, which may not exist yet."""
        image = str(item["image"])
        if image not in self.contents:
            self.contents[image] = sha256_of_file(Path(image))
        # The tracer decides on the scale; the label, who it is and where it lies do not.
        made_from = [self.contents[image], item.get("tracer")]
        key = sha256(self.steps + json.dumps(made_from))
        return self.folder / f"{key[:32]}.npy"
