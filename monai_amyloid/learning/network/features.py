"""A frozen network runs once a scan; its features stay on disk for every epoch and fold."""

import copy
import hashlib
from collections.abc import Hashable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from monai.config import KeysCollection
from monai.transforms import Compose, MapTransform, Randomizable

from monai_amyloid.checksum import sha256
from monai_amyloid.learning.transforms.description import describe
from monai_amyloid.output import read_array, replacing
from monai_amyloid.source import source_checksum


class OnFeatures(torch.nn.Module):
    """A slice network whose backbone has already been run: only the head learns.

    Its state dict is that of the whole network, so that what training writes, evaluation reads
    and export packages is the stock MONAI network, backbone and head in one file.

    Args:
        network: MONAI ``MILModel``; its ``net`` is not changed: optimizers, batch-norm updates and
            ``train()`` do not reach it.
    """

    def __init__(self, network: torch.nn.Module) -> None:
        super().__init__()
        # In a tuple torch does not take it for a part of this module.
        self._whole = (network,)
        head = copy.copy(network)
        # The copy shares the parts of the head; a backbone that returns its input
        # leaves MONAI's forward to do the rest.
        head._modules = {**network._modules, "net": torch.nn.Identity()}
        self.head = head

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """Logits of bags of features.

        Args:
            features: Features of each slice, ``(B, slices, F, 1, 1)``.
        """
        logits: torch.Tensor = self.head(features)
        return logits

    # torch types it by overloads that no override of one signature satisfies.
    def state_dict(self, **kwargs: Any) -> dict[str, Any]:  # type: ignore[override]
        """Tensors of the whole network, by its own names."""
        return dict(self._whole[0].state_dict(**kwargs))

    def load_state_dict(
        self, state_dict: Mapping[str, Any], strict: bool = True, assign: bool = False
    ) -> Any:
        """Load the whole network."""
        return self._whole[0].load_state_dict(state_dict, strict, assign)


class FrozenFeaturesd(Randomizable, MapTransform):
    """From a preprocessed scan to the features of a frozen backbone, kept on disk.

    They are found again by the content of the preprocessed scan and of the backbone's weights,
    and by every further transform with its numbers: change one of them and they are computed
    anew. Random transforms give a fixed number of versions a scan, of which each call draws one.

    Args:
        keys: Keys of the preprocessed scans.
        steps: Augmentation and layout: transforms from a scan to slices ``(slices, 3, X, Y)``.
        network: MONAI ``MILModel``, on the device it will stay on; its ``net`` computes ``F``
            features of each slice.
        cache_dir: Folder of the features; folds, runs and processes may share it.
        versions: Number of augmented versions of each scan.
        seed: Seed of the augmented versions.
        allow_missing_keys: Whether a key may be missing from a dictionary.
    """

    def __init__(
        self,
        keys: KeysCollection,
        steps: Sequence[Any],
        network: torch.nn.Module,
        cache_dir: str,
        versions: int = 1,
        seed: int = 0,
        allow_missing_keys: bool = False,
    ) -> None:
        MapTransform.__init__(self, keys, allow_missing_keys)
        self.steps = Compose(steps)
        self.backbone = cast(torch.nn.Module, network.net)
        self.cache_dir = Path(cache_dir)
        self.versions = versions
        self.seed = seed
        # Before any call: random transforms remember what they drew.
        packages = [f"{name} {version(name)}" for name in ("monai", "monai-amyloid")]
        code = source_checksum("learning/network", "learning/transforms")
        self._recipe = repr([packages, code, seed, describe(list(steps))])
        # The tensors themselves: to list them anew would take longer than to read features.
        self._tensors = dict(self.backbone.state_dict(keep_vars=True))
        self._weights: tuple[int, str] = (-1, "")

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        """Replace each scan by features ``(slices, F, 1, 1)``, float32."""
        result = dict(data)
        drawn = int(self.R.randint(self.versions))
        for key in self.key_iterator(result):
            result[key] = self._features(data, key, drawn)
        return result

    def _features(self, data: Mapping[Hashable, Any], key: Hashable, drawn: int) -> torch.Tensor:
        scan = np.asarray(data[key])
        of_scan = sha256(f"{scan.dtype} {scan.shape}".encode() + scan.tobytes())
        facts = [of_scan, self._digest_of_weights(), self._recipe, str(drawn)]
        file = self.cache_dir / f"{sha256(repr(facts))}.npy"
        features = read_array(file)
        if features is None:
            words = np.random.SeedSequence([self.seed, drawn, int(of_scan[:16], 16)])
            self.steps.set_random_state(seed=int(words.generate_state(1)[0]))
            features = self._run(self.steps(dict(data))[key])
            with replacing(file) as part, part.open("wb") as stream:
                np.save(stream, features)
        return torch.from_numpy(features)[..., None, None]

    def _run(self, slices: Any) -> Any:
        device = next(self.backbone.parameters()).device
        self.backbone.eval()
        with torch.inference_mode():
            features = self.backbone(torch.as_tensor(slices).float().to(device))
        return features.flatten(1).cpu().numpy()

    def _digest_of_weights(self) -> str:
        """SHA-256 of the backbone, hashed again when weights were loaded into it since."""
        changes = sum(tensor._version for tensor in self._tensors.values())
        if changes != self._weights[0]:
            digest = hashlib.sha256()
            for name, tensor in self._tensors.items():
                digest.update(name.encode())
                digest.update(tensor.detach().cpu().contiguous().numpy().tobytes())
            self._weights = (changes, digest.hexdigest())
        return self._weights[1]
