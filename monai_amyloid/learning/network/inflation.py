"""Weights of a 2D network for the 3D network of the same layers."""

from collections.abc import Mapping

import torch


def inflate(kernel: torch.Tensor, depth: int) -> torch.Tensor:
    """A 2D kernel as a 3D one with the same output for a volume that is constant along z.

    Args:
        kernel: Kernel of a 2D convolution, ``(O, I, X, Y)``.
        depth: Length of the third axis, voxels.

    Returns:
        Kernel of a 3D convolution, ``(O, I, X, Y, depth)``, whose sum over the third axis is
        ``kernel``.

    References:
        Carreira and Zisserman 2017, Quo Vadis, Action Recognition?, arXiv:1705.07750
    """
    return (kernel / depth)[..., None].repeat(1, 1, 1, 1, depth)


def inflate_to_fit(
    stored: Mapping[str, torch.Tensor], own: Mapping[str, torch.Tensor]
) -> dict[str, torch.Tensor]:
    """Every 2D kernel as long as that of the 3D network; all other tensors as they are.

    Where the network has one channel and the kernel several, such as the colours of
    ImageNet, they are summed, which is their output for a grey picture.

    Args:
        stored: Tensors of the 2D network by name.
        own: Tensors of the 3D network by name.
    """
    result = dict(stored)
    for name, kernel in stored.items():
        if kernel.ndim == 4 and name in own and own[name].ndim == 5:
            grey = kernel.sum(1, keepdim=True) if own[name].shape[1] == 1 else kernel
            result[name] = inflate(grey.float(), own[name].shape[-1])
    return result
