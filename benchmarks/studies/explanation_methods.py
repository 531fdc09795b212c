"""Maps of what drove a grade, by every method that `benchmarks/studies/explanation.py` compares."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from monai.bundle import ConfigParser
from monai.data import MetaTensor
from monai.transforms import Compose
from monai.visualize import GradCAM, GradCAMpp, ModelWithHooks
from numpy.typing import NDArray
from scipy import ndimage

from monai_amyloid.brain.quantities.neutral import remove
from monai_amyloid.brain.template import TEMPLATE_AFFINE, brain_mask
from monai_amyloid.bundle.networks.trained import MonaiSteps
from monai_amyloid.learning.explanation import GradeScore, attribution, on_template

LAYERS = ("layer1", "layer2", "layer3")
Map = NDArray[np.float32]


class Explained:
    """A bundle's network, and each method's map of what it saw."""

    def __init__(self, bundle: Path) -> None:
        parser = ConfigParser()
        parser.read_config(str(bundle / "configs" / "inference.json"))
        parser["bundle_root"] = str(bundle)
        self.steps = parser.get_parsed_content("preprocessing")
        self.layout = parser.get_parsed_content("layout")
        self.network = parser.get_parsed_content("network_def")
        state = torch.load(bundle / "models" / "model.pt", map_location="cpu", weights_only=True)
        self.network.load_state_dict(state)
        self.network.eval()
        self.score = GradeScore(self.network)
        self.trained = MonaiSteps(self.network, self.steps, self.layout)
        self._cams: dict[str, Any] = {}

    def given(self, suvr: Map, steps: list[Any]) -> Any:
        """A volume after some of the transforms."""
        scan = {"image": MetaTensor(suvr[None], affine=TEMPLATE_AFFINE), "tracer": "18FFBB"}
        return Compose(steps)(scan)["image"]

    def log_odds(self, volumes: list[Map]) -> NDArray[np.float64]:
        """Of each volume, ``(N, 3)``."""
        found = []
        with torch.inference_mode():
            for start in range(0, len(volumes), 8):
                several = volumes[start : start + 8]
                batch = [self.given(each, [*self.steps, *self.layout]) for each in several]
                found.append(self.score(torch.stack(batch)).double().numpy())
        return np.concatenate(found)

    def methods(self) -> dict[str, Callable[[Map, Map, int], Map]]:
        """Each method by its name."""

        def gradients(steps: int) -> Callable[[Map, Map, int], Map]:
            return lambda suvr, neutral, grade: attribution(
                self.trained, suvr, neutral, "18FFBB", grade, steps
            )

        found = {
            "gradient halfway (shipped)": gradients(1),
            "integrated gradients, 3 steps": gradients(3),
            "integrated gradients, 8 steps": gradients(8),
        }
        for layer in LAYERS:
            for name, kind in (("GradCAM", GradCAM), ("GradCAM++", GradCAMpp)):
                found[f"MONAI {name}, {layer}"] = self._class_activation(kind, layer)
            found[f"LayerCAM, {layer}"] = self._class_activation(None, layer)
        found["occlusion of 24 mm cubes"] = self._occlusion
        return found

    def _class_activation(self, kind: Any, layer: str) -> Callable[[Map, Map, int], Map]:
        (name,) = (n for n, _ in self.score.named_modules() if n.endswith(f".{layer}"))

        def show(suvr: Map, neutral: Map, grade: int) -> Map:
            if (key := f"{kind} {layer}") not in self._cams:
                hooked = ModelWithHooks(
                    self.score, name, register_forward=True, register_backward=True
                )
                self._cams[key] = kind(hooked, name) if kind else hooked
            volume = self.given(suvr, self.steps)
            batch = self.given(suvr, [*self.steps, *self.layout])[None]
            method = self._cams[key]
            if kind:
                found = method.compute_map(batch, class_idx=grade - 1)[:, 0]
            else:
                _, (seen,), (slope,) = method(batch, class_idx=grade - 1)
                found = (torch.relu(slope) * seen).sum(1)
            shown = found.detach().numpy()
            # The middle of what a layer's voxel sees: a stride apart, from the first voxel on.
            # An upsampling, as if it filled the voxel, would be off by half of that.
            stride = 2 ** round(np.log2(batch.shape[-2] / shown.shape[-2]))
            strides = [stride] * 3
            if shown.ndim == 3:  # of each slice
                shown, strides = self._piled(shown, volume), [stride, stride, 1]
            else:
                shown = shown[0]
            return on_template(shown, np.asarray(volume.affine) @ np.diag([*strides, 1.0]))

        return show

    def _piled(self, slices: Map, volume: Any) -> Map:
        """Maps of slices ``(slices, X, Y)`` as a volume, linear between them ``(X, Y, Z)``."""
        heights = torch.arange(volume.shape[-1]).float().expand(volume.shape).contiguous()
        laid = Compose(self.layout)({"image": MetaTensor(heights)})["image"]
        places = np.asarray(laid)[:, 1, 0, 0]  # of the middle channel
        every = np.arange(volume.shape[-1])
        weights = np.stack([np.interp(every, places, each) for each in np.eye(len(places))])
        return np.einsum("sxy,sz->xyz", slices, weights).astype(np.float32)

    def _occlusion(self, suvr: Map, neutral: Map, grade: int) -> Map:
        cubes, places = [], []
        for corner in np.ndindex(8, 10, 8):
            box = tuple(slice(12 * i, 12 * i + 12) for i in corner)
            if brain_mask()[box].any():
                region = np.zeros(suvr.shape, bool)
                region[box] = True
                cubes.append(remove(suvr, region, neutral))
                places.append(box)
        odds = self.log_odds([suvr, *cubes])[:, grade - 1]
        shown = np.zeros(suvr.shape, np.float32)
        for box, drop in zip(places, odds[0] - odds[1:], strict=True):
            shown[box] = max(drop, 0)
        return ndimage.gaussian_filter(shown, 3)
