"""Components of a config, made without evaluating any text of it.

Of the few expressions that lie between a config and a grade each has its meaning here, and of the
few components its place in Python: what is not in these tables is not made.
"""

import math
import re
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

import torch

from monai_amyloid.bundle.untrusted.config import TARGET, plain
from monai_amyloid.errors import RunError, one_line

_REFERENCE = re.compile(r"@(\w+(?:::\w+)*)")
_EXPRESSIONS: Mapping[str, Callable[["Components"], Any]] = {
    "$'cuda' if torch.cuda.is_available() else 'cpu'": lambda _: (
        "cuda" if torch.cuda.is_available() else "cpu"
    ),
    "$[@spacing_mm] * 3": lambda components: [components.make("spacing_mm")] * 3,
    "$torch.float32": lambda _: torch.float32,
}
_VOLUMES = "monai_amyloid.learning.transforms.volumes"
_NEAR_BRAIN = "monai_amyloid.learning.transforms.near_brain"
_PICTURES = "monai_amyloid.learning.transforms.pictures"
_SCORED = "monai_amyloid.learning.network.scored"
# By what configs have ever called them; first where they were before.
_PLACES = {
    "monai_amyloid.learning.transforms.AxialSlicesd": _VOLUMES,
    "monai_amyloid.learning.transforms.FlorbetabenEquivalentd": _VOLUMES,
    "monai_amyloid.learning.picture_transforms.OriginalSliced": _PICTURES,
    "monai_amyloid.learning.picture_transforms.PictureBagd": _PICTURES,
    "monai_amyloid.learning.picture_transforms.RepeatColoursd": _PICTURES,
    f"{_VOLUMES}.AxialSlicesd": _VOLUMES,
    f"{_VOLUMES}.FlorbetabenEquivalentd": _VOLUMES,
    f"{_NEAR_BRAIN}.OnlyBraind": _NEAR_BRAIN,
    f"{_PICTURES}.OriginalSliced": _PICTURES,
    f"{_PICTURES}.PictureBagd": _PICTURES,
    f"{_PICTURES}.RepeatColoursd": _PICTURES,
    f"{_SCORED}.ScoredSlices": _SCORED,
    f"{_SCORED}.ScoredVolume": _SCORED,
    "monai.networks.nets.MILModel": "monai.networks.nets",
    "monai.networks.nets.resnet50": "monai.networks.nets",
    "EnsureTyped": "monai.transforms",
    "Resized": "monai.transforms",
    "ScaleIntensityRanged": "monai.transforms",
    "Spacingd": "monai.transforms",
    "SpatialCropd": "monai.transforms",
}
# Of arguments that decide how large a scan becomes, least and most; mm, voxels and slices.
_BOUNDS = {"pixdim": (0.5, 50.0), "spatial_size": (1, 512), "slices": (1, 512)}
# From one reference to the next.
_LONGEST = 100
_SCALAR = (str, int, float, torch.dtype, torch.nn.Module, type(None))


class Components:
    """Makes what a config describes.

    Args:
        config: Content of ``inference.json``, in which
            :func:`~monai_amyloid.bundle.untrusted.config.strange_in` found nothing.
        where: The file, for what is said of it.
    """

    def __init__(self, config: Mapping[str, Any], where: object) -> None:
        self._config, self._where = config, where
        self._made: dict[str, Any] = {}
        self._making: set[str] = set()

    def make(self, place: str) -> Any:
        """What stands at a place, with all that it refers to; the same each time.

        Args:
            place: Keys from the top of the config, ``a::b::0``.

        Raises:
            RunError: If there is no such place, it refers to itself, or something in it is
                none of those that can be made.
        """
        if place not in self._made:
            if place in self._making or len(self._making) > _LONGEST:
                raise self._wrong(f"{place} refers to itself, or too far")
            self._making.add(place)
            self._made[place] = self._value(self._found(place), place)
            self._making.remove(place)
        return self._made[place]

    def _found(self, place: str) -> Any:
        value: Any = self._config
        for key in place.split("::"):
            try:
                value = value[int(key)] if isinstance(value, list) else value[key]
            except (LookupError, TypeError, ValueError) as error:
                raise self._wrong(f"no {place} there, needed a whole config") from error
        return value

    def _value(self, value: Any, place: str) -> Any:
        if isinstance(value, Mapping):
            parts = {key: self._part(each, f"{place}::{key}") for key, each in value.items()}
            return self._component(parts, place) if TARGET in parts else parts
        if isinstance(value, list):
            return [self._part(each, f"{place}::{number}") for number, each in enumerate(value)]
        if isinstance(value, str) and (reference := _REFERENCE.fullmatch(plain(value))):
            return self.make(reference[1])
        if isinstance(value, str) and value.startswith("$"):
            if plain(value) not in _EXPRESSIONS:
                raise self._wrong(f"{place} is {value[:80]!r}, which cannot be known here")
            return _EXPRESSIONS[plain(value)](self)
        return value

    def _part(self, value: Any, place: str) -> Any:
        """What stands inside another; a component that others refer to is made once."""
        return self.make(place) if isinstance(value, Mapping) else self._value(value, place)

    def _component(self, parts: Mapping[str, Any], place: str) -> Any:
        target = parts[TARGET]
        module = _PLACES.get(target) if isinstance(target, str) else None
        if module is None:
            raise self._wrong(f"{place} is {str(target)[:80]!r}, which cannot be made here")
        arguments = {name: each for name, each in parts.items() if name != TARGET}
        for name, argument in arguments.items():
            each = argument if isinstance(argument, list) else [argument]
            least, most = _BOUNDS.get(name, (-math.inf, math.inf))
            for one in each:
                if not isinstance(one, _SCALAR):  # lists of lists can stand for any number of them
                    raise self._wrong(f"{place} has no plain value as {name}")
                if isinstance(one, int | float) and not least <= one <= most:
                    raise self._wrong(f"{place} has {name} {one:.9g}, needed {least} to {most}")
        try:
            return getattr(import_module(module), target.rpartition(".")[2])(**arguments)
        except Exception as error:  # whatever a constructor makes of what it is given
            reason = (one_line(error) or type(error).__name__)[:200]
            raise self._wrong(f"{place} cannot be made ({reason})") from error

    def _wrong(self, what: str) -> RunError:
        shown = "".join(letter if letter.isprintable() else "?" for letter in what)
        return RunError(f"{self._where}: {shown}; copy the bundle or export it again")
