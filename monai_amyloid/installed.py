"""What comes with the program beside its code: configs, trained bundles, licences.

In the source tree they stand beside the package; a wheel carries them inside it. They are never
looked for in the current folder: a config is code, and what runs must not depend on ``cd``.
"""

import shutil
from importlib.metadata import distribution
from pathlib import Path

from monai_amyloid.errors import UserError

# A folder of their own in the package: MONAI puts the folder above a config's onto Python's path.
_SHIPPED = Path(__file__).parent / "shipped"
_ROOT = _SHIPPED if _SHIPPED.is_dir() else Path(__file__).parents[1]

CONFIGS = _ROOT / "configs"
TRAIN = CONFIGS / "train.json"
BUNDLE_NAME = "amyloid_pet_bapl_classification"
# The trained bundles, by the network in each.
BUNDLES = {"3d": BUNDLE_NAME, "2d": f"{BUNDLE_NAME}_2d"}


def shipped_bundle(network: str = "3d") -> Path:
    """Folder of a trained bundle that comes with the program.

    Args:
        network: A key of :data:`BUNDLES`; the first is the one that grades unless another is named.

    Examples:
        >>> import monai_amyloid
        >>> monai_amyloid.shipped_bundle().name
        'amyloid_pet_bapl_classification'
    """
    return _ROOT / "bundles" / BUNDLES[network]


def licences() -> dict[str, str]:
    """Text of ``LICENSE`` and ``NOTICE``, by the name of the file."""
    names = ("LICENSE", "NOTICE")
    if _ROOT == _SHIPPED:
        program = distribution("monai-amyloid")
        found = {name: program.read_text(f"licenses/{name}") for name in names}
        return {name: text for name, text in found.items() if text is not None}
    return {name: (_ROOT / name).read_text(encoding="utf-8") for name in names}


def copy_configs(folder: Path) -> list[Path]:
    """Copy the configs, so that they can be read, changed and named on a command line.

    Args:
        folder: Folder to copy to, made if missing. A file that is there with the same content
            stays.

    Returns:
        The files, in the order of their names.

    Raises:
        UserError: If a file of the same name has other content; nothing is copied then.
    """
    copies = {source: folder / source.name for source in sorted(CONFIGS.iterdir())}
    for source, copy in copies.items():
        if copy.exists() and (not copy.is_file() or copy.read_bytes() != source.read_bytes()):
            raise UserError(
                f"{copy}: differs from the program's own, which would replace it; choose another "
                "folder, or move it away"
            )
    folder.mkdir(parents=True, exist_ok=True)
    for source, copy in copies.items():
        shutil.copyfile(source, copy)
    return list(copies.values())
