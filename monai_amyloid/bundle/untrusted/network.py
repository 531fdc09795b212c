"""A bundle's network and transforms, made of its config and its weights."""

import copy
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

from monai_amyloid.bundle.integrity import ANY, Trust
from monai_amyloid.bundle.untrusted.components import Components
from monai_amyloid.bundle.untrusted.config import strange_in
from monai_amyloid.bundle.untrusted.weights import read_weights
from monai_amyloid.errors import RunError
from monai_amyloid.strict_json import read_object

Make = Callable[[str], Any]


class Described:
    """What a bundle's ``inference.json`` describes.

    Args:
        content: Bytes of the file.
        path: Path of the file.
        trust: Whether what export never wrote may run.

    Attributes:
        config: Content of the file.
        path: Path of the file.

    Raises:
        RunError: If it is no config, or holds what export never wrote and is not trusted.
    """

    def __init__(self, content: bytes, path: Path, trust: Trust = ANY) -> None:
        self.path = path
        try:
            self.config = read_object(content)
        except ValueError as error:
            raise RunError(f"{self.path}: no config ({error}); export the bundle again") from error
        strange = strange_in(self.config, paths=False)  # nothing follows them here
        if strange and not trust.config:
            more = f" and {len(strange) - 1} more" if len(strange) > 1 else ""
            raise RunError(
                f"{self.path}: holds what `monai-amyloid export` has never written and MONAI would "
                f"run: {strange[0]}{more}; read the file, and add --trust-config if you trust "
                "whoever made it"
            )
        self._evaluated = bool(strange)
        self.make: Make
        if self._evaluated:
            self.make = _evaluated(self.config, path.parents[1])
        else:
            self.make = Components(self.config, self.path).make

    def steps(self, name: str) -> list[Callable[[Any], Any]]:
        """A list of transforms."""
        steps = self.make(name)
        if not isinstance(steps, list) or not all(map(callable, steps)):
            raise RunError(f"{self.path}: {name} is no list of transforms; export it again")
        return steps

    def network(self, content: bytes, path: Path) -> torch.nn.Module:
        """The network with weights.

        Args:
            content: Bytes of the file of the weights.
            path: Path of that file, for what is said of it.

        Raises:
            RunError: If they are no weights, or those of another network.
        """
        state = read_weights(content, path)
        if self._evaluated:
            network = self.make("network_def")
        else:
            # Without memory first: what a config describes may be of any size, the weights are not.
            with torch.device("meta"), _WithoutValues():
                network = self.make("network_def")
        if not isinstance(network, torch.nn.Module):
            raise RunError(f"{self.path}: network_def is no network; export it again")
        if _shapes(network.state_dict()) != _shapes(state):
            raise RunError(
                f"{path}: weights of another network than that of {self.path.parents[1]}; name the "
                "bundle that was exported from the same configs"
            )
        if not self._evaluated:
            network = network.to_empty(device="cpu")
        network.load_state_dict(state)
        return network


class _WithoutValues(TorchFunctionMode):
    """Leaves out the drawing of random weights, for which ``meta`` would load a compiler first."""

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        if func in (torch.Tensor.normal_, torch.Tensor.uniform_):
            return args[0]
        return func(*args, **(kwargs or {}))


def _shapes(state: Mapping[str, torch.Tensor]) -> dict[str, torch.Size]:
    return {name: weight.shape for name, weight in state.items()}


def _evaluated(config: Mapping[str, Any], folder: Path) -> Make:
    """A config as MONAI reads it: whatever stands there runs."""
    from monai.bundle import ConfigParser

    parser = ConfigParser(copy.deepcopy(dict(config)))
    parser["bundle_root"] = str(folder)
    make: Make = parser.get_parsed_content
    return make
