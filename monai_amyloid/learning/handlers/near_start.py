"""What is judged and kept of a training lies between what it began from and where it has come.

A network that graded well before it was shown a hospital's few scans loses some of that to the
chance of one reader's grades. The mean of the weights before and after keeps more of both than
either (Wortsman et al. 2022, arXiv:2109.01903). Training itself goes on from its own weights.
"""

from typing import Any

import torch
from ignite.engine import Engine, Events

from monai_amyloid.learning.network.head import ScoredHead, head_of


class NearStart:
    """A network that can take the mean of its start's weights and its own, and its own again.

    Nothing is done where the start has not learnt grades: a network from nothing, or from ImageNet.

    Args:
        network: Network with the weights that the training begins from, which are copied.
        share: How much of the mean is the start, 0 (nothing) to 1.
    """

    def __init__(self, network: torch.nn.Module, share: float) -> None:
        self.network = network
        self.share = float(share) if _has_learnt_grades(network) else 0.0
        self._start = _numbers(network, copied=True) if self.share else {}
        self._own: dict[str, torch.Tensor] = {}

    def take_mean(self) -> None:
        """Give the network the mean."""
        self._own = _numbers(self.network, copied=True)
        with torch.no_grad():
            for name, value in _numbers(self.network).items():
                value.lerp_(self._start[name].to(value.device), self.share)

    def take_own(self) -> None:
        """Give the network its own weights again."""
        self.network.load_state_dict(self._own, strict=False)
        self._own = {}

    def state_dict(self) -> dict[str, Any]:
        """The network's state with its own weights, for a checkpoint."""
        return {**self.network.state_dict(), **self._own}

    def load_state_dict(self, content: dict[str, Any]) -> None:
        """Set the network's own weights, between two epochs."""
        self.network.load_state_dict(content)


class MeanWithStart:
    """Give a network the mean with its start while an epoch is judged, and its own weights after.

    Handlers that follow in the list see the mean. Once all have acted, the network has its own
    weights again.

    Args:
        near_start: Network that can take the mean and its own weights.
    """

    def __init__(self, near_start: NearStart) -> None:
        self.near_start = near_start

    def attach(self, engine: Engine) -> None:
        """Act when an epoch of a trainer ends, before and after all other handlers."""
        if self.near_start.share:
            engine.add_event_handler(Events.EPOCH_COMPLETED, self)
            engine.add_event_handler(Events.STARTED, self._attach_last)

    def _attach_last(self, engine: Engine) -> None:
        # A federation starts a trainer once a round.
        if not engine.has_event_handler(self._restore, Events.EPOCH_COMPLETED):
            engine.add_event_handler(Events.EPOCH_COMPLETED, self._restore)

    def __call__(self, engine: Engine) -> None:
        """Give the network the mean."""
        self.near_start.take_mean()

    def _restore(self, engine: Engine) -> None:
        self.near_start.take_own()


def _has_learnt_grades(network: torch.nn.Module) -> bool:
    """Whether a training of this program has told the head what features are usual."""
    head = head_of(network)
    return isinstance(head, ScoredHead) and bool((head.features_spread > 0).any())


def _numbers(network: torch.nn.Module, copied: bool = False) -> dict[str, torch.Tensor]:
    """What of a network's state is real numbers, by name."""
    return {
        name: value.clone() if copied else value
        for name, value in network.state_dict().items()
        if value.is_floating_point()
    }
