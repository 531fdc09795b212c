"""Scans mixed with scans of the same or a neighbouring grade."""

from collections.abc import Mapping
from typing import Any

import torch
from monai.engines.utils import default_prepare_batch

from monai_amyloid.learning.network.losses import soft_labels


class MixNeighbours:
    """Mix-up that stays on the disease's continuum: BAPL 1 is never mixed with BAPL 3.

    Half of a negative and half of a positive scan look like no patient; between neighbouring
    grades the mixture looks like the scan between them. Given to a trainer as
    ``prepare_batch``.

    Args:
        alpha: Parameter of the Beta distribution that the mixing shares are drawn from,
            dimensionless; 0 for no mixing.

    References:
        Zhang et al. 2018, mixup: Beyond Empirical Risk Minimization, arXiv:1710.09412
    """

    def __init__(self, alpha: float = 0.0) -> None:
        if alpha < 0:
            raise ValueError(f"found alpha {alpha}, needed 0 (no mixing) or more")
        self.alpha = alpha

    def __call__(
        self,
        batch: Mapping[str, Any],
        device: str | torch.device | None = None,
        non_blocking: bool = False,
        **kwargs: Any,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Move a batch to the device, and mix it.

        Args:
            batch: Dictionary with ``image`` ``(B, ...)`` and ``label`` ``(B,)``, 0, 1, 2 for BAPL
                1, 2, 3.
            device: Device to move the batch to.
            non_blocking: Whether the move may be asynchronous, see :meth:`torch.Tensor.to`.
            **kwargs: Further arguments of :meth:`torch.Tensor.to`.

        Returns:
            Images ``(B, ...)``, and labels ``(B,)`` as they are, or where scans are mixed the
            share of each grade ``(B, 3)``.
        """
        images, labels = default_prepare_batch(batch, device, non_blocking, **kwargs)
        if not self.alpha:
            return images, labels
        partners = neighbours(labels)
        # From the global generator, which is seeded anew with each epoch.
        own = torch.distributions.Beta(self.alpha, self.alpha).sample((len(labels),)).to(images)
        shares = soft_labels(labels, 0)
        mixed_labels = own[:, None] * shares + (1 - own[:, None]) * shares[partners]
        weight = own.reshape(-1, *[1] * (images.ndim - 1))
        return weight * images + (1 - weight) * images[partners], mixed_labels


def neighbours(labels: torch.Tensor) -> torch.Tensor:
    """A partner for each scan of a batch, of the same grade or the next.

    Args:
        labels: Grade of each scan, 0, 1 or 2, ``(B,)``.

    Returns:
        Index of each scan's partner ``(B,)``; its own where there is no other.
    """
    near = (labels.reshape(-1, 1) - labels.reshape(1, -1)).abs() <= 1
    near.fill_diagonal_(False)
    near |= torch.diag(~near.any(dim=1))
    return torch.multinomial(near.float(), 1)[:, 0]
