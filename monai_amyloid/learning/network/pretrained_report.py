"""What became of each tensor when pretrained weights were loaded."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from typing import Literal

import pandas as pd

from monai_amyloid.output import write_table

State = Literal["loaded", "missing", "unexpected", "refused"]

# Of a ResNet, from the input on; their modules in MONAI and torchvision.
STAGES = {
    "stem": ("conv1", "bn1"),
    "layer1": ("layer1",),
    "layer2": ("layer2",),
    "layer3": ("layer3",),
    "layer4": ("layer4",),
}


@dataclass(frozen=True)
class TensorReport:
    """What became of one tensor.

    Attributes:
        name: Name in the network, or in the file where the network has no such tensor.
        shape: Shape of the tensor under that name.
        state: Outcome for the tensor: ``loaded`` from the file; ``missing`` in the file, and so as
            initialised; ``unexpected``, only in the file; ``refused``, in both but not loaded, and
            so as initialised.
        why: Reason for the state, empty for ``loaded``.
    """

    name: str
    shape: tuple[int, ...]
    state: State
    why: str = ""


@dataclass(frozen=True)
class LoadReport:
    """What became of all tensors.

    Attributes:
        source: Description of the weights that were loaded.
        tensors: Reports of the network's tensors, then of those that only the file has.
    """

    source: str
    tensors: tuple[TensorReport, ...]

    def named(self, state: State) -> tuple[str, ...]:
        """Names of the tensors that this became of."""
        return tuple(tensor.name for tensor in self.tensors if tensor.state == state)

    def reach(self) -> str:
        """How far from the input on the network is pretrained, in words."""
        own = [tensor for tensor in self.tensors if tensor.state != "unexpected"]
        whole = {stage: _is_whole(own, modules) for stage, modules in STAGES.items()}
        done = list(takewhile(lambda stage: whole[stage], STAGES))
        if not done:
            return "no stage whole"
        return "all layers" if len(done) == len(STAGES) else f"to {done[-1]}"

    def summary(self) -> str:
        """One line."""
        counts = [
            f"{len(self.named(state))} {state}" for state in ("missing", "refused", "unexpected")
        ]
        loaded = len(self.named("loaded"))
        total = len(self.tensors) - len(self.named("unexpected"))
        return (
            f"{self.source}, {self.reach()}: {loaded} of {total} tensors loaded, "
            f"{', '.join(counts)}"
        )

    def write(self, path: Path) -> None:
        """Write the table ``tensor shape state why``."""
        rows = [
            (tensor.name, "x".join(map(str, tensor.shape)) or "1", tensor.state, tensor.why)
            for tensor in self.tensors
        ]
        write_table(pd.DataFrame(rows, columns=["tensor", "shape", "state", "why"]), path)


def _is_whole(own: Sequence[TensorReport], modules: Sequence[str]) -> bool:
    """Whether all that a stage computes with was loaded."""
    parts = [
        tensor
        for tensor in own
        # torchvision's files have no counts of batches, and nothing is computed with them.
        if tensor.name.removeprefix("net.").split(".")[0] in modules
        and not tensor.name.endswith("num_batches_tracked")
    ]
    return bool(parts) and all(tensor.state == "loaded" for tensor in parts)
