"""The networks of the shipped bundles without MONAI, whose import takes longer than a study.

The layers, and the names of their weights, are those of MONAI's ``ResNet`` and ``MILModel``; a test
holds each against the other.
"""

import torch
from torch import nn

from monai_amyloid.learning.network.head import ScoredHead

_BLOCKS, _PLANES, _EXPANSION = (3, 4, 6, 3), (64, 128, 256, 512), 4
_HIDDEN = 2048  # of the attention over slices
_CONV = {2: nn.Conv2d, 3: nn.Conv3d}
_NORM = {2: nn.BatchNorm2d, 3: nn.BatchNorm3d}
_POOL = {2: nn.MaxPool2d, 3: nn.MaxPool3d}
_MEAN = {2: nn.AdaptiveAvgPool2d, 3: nn.AdaptiveAvgPool3d}


class Bottleneck(nn.Module):
    """A residual block of three convolutions.

    Args:
        dimensions: 2 for pictures, 3 for volumes.
        channels: Number of channels that come in.
        planes: Number of channels between; four times as many go out.
        stride: Step of the middle convolution, voxels.
    """

    def __init__(self, dimensions: int, channels: int, planes: int, stride: int) -> None:
        super().__init__()
        conv, norm, out = _CONV[dimensions], _NORM[dimensions], planes * _EXPANSION
        self.conv1 = conv(channels, planes, 1, bias=False)
        self.bn1 = norm(planes)
        self.conv2 = conv(planes, planes, 3, stride=stride, padding=1, bias=False)
        self.bn2 = norm(planes)
        self.conv3 = conv(planes, out, 1, bias=False)
        self.bn3 = norm(out)
        self.act = nn.ReLU(inplace=True)
        self.downsample = (
            nn.Sequential(conv(channels, out, 1, stride=stride, bias=False), norm(out))
            if stride != 1 or channels != out
            else None
        )

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """Features ``(B, 4 planes, ...)`` of an image ``(B, channels, ...)``."""
        residual = image if self.downsample is None else self.downsample(image)
        found = self.act(self.bn1(self.conv1(image)))
        found = self.act(self.bn2(self.conv2(found)))
        found = self.bn3(self.conv3(found))
        found += residual
        found = self.act(found)
        return torch.as_tensor(found)


class Backbone(nn.Module):
    """ResNet-50 up to its features.

    Args:
        dimensions: 2 for pictures, 3 for volumes.
        channels: Number of channels of an image.
        width: Share of the usual number of planes.
    """

    def __init__(self, dimensions: int, channels: int, width: float = 1.0) -> None:
        super().__init__()
        planes = [int(each * width) for each in _PLANES]
        self.conv1 = _CONV[dimensions](channels, planes[0], 7, stride=2, padding=3, bias=False)
        self.bn1 = _NORM[dimensions](planes[0])
        self.act = nn.ReLU(inplace=True)
        self.maxpool = _POOL[dimensions](3, stride=2, padding=1)
        before = planes[0]
        for number, (count, plane) in enumerate(zip(_BLOCKS, planes, strict=True), start=1):
            blocks = [Bottleneck(dimensions, before, plane, 1 if number == 1 else 2)]
            before = plane * _EXPANSION
            blocks += [Bottleneck(dimensions, before, plane, 1) for _ in range(1, count)]
            setattr(self, f"layer{number}", nn.Sequential(*blocks))
        self.avgpool = _MEAN[dimensions](1)
        self.out_features = before

    def features(self, image: torch.Tensor) -> torch.Tensor:
        """Features ``(B, F)`` of images ``(B, channels, ...)``."""
        found = self.maxpool(self.act(self.bn1(self.conv1(image))))
        for number in range(1, len(_BLOCKS) + 1):
            found = getattr(self, f"layer{number}")(found)
        found = self.avgpool(found)
        return torch.as_tensor(found.view(found.size(0), -1))

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """The same; a network with a head answers logits instead."""
        return self.features(image)


class PlainVolume(Backbone):
    """The 3D network: a volume ``(B, 1, X, Y, Z)`` to logits ``(B, 2)``.

    Args:
        width: Share of the usual number of planes.
    """

    def __init__(self, width: float) -> None:
        super().__init__(3, 1, width)
        self.fc = ScoredHead(self.out_features, 2)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """Logits of BAPL 2 or 3 against 1, and of 3 against 2."""
        return torch.as_tensor(self.fc(self.features(image)))


class PlainSlices(nn.Module):
    """The 2D network: a bag of slices ``(B, slices, 3, X, Y)`` to logits ``(B, 2)``."""

    def __init__(self) -> None:
        super().__init__()
        self.net = Backbone(2, 3)
        features = self.net.out_features
        self.attention = nn.Sequential(
            nn.Linear(features, _HIDDEN), nn.Tanh(), nn.Linear(_HIDDEN, 1)
        )
        self.myfc = ScoredHead(features, 2)

    def forward(self, bag: torch.Tensor) -> torch.Tensor:
        """Logits of BAPL 2 or 3 against 1, and of 3 against 2."""
        scans, slices = bag.shape[:2]
        found = self.net(bag.reshape(scans * slices, *bag.shape[2:])).reshape(scans, slices, -1)
        shares = torch.softmax(self.attention(found), dim=1)
        return torch.as_tensor(self.myfc(torch.sum(found * shares, dim=1)))
