"""Write a bundle's configs, metadata and card anew from configs/.

python scripts/development/refresh_bundle.py [BUNDLE] [--config-file FILE …]

Without arguments: the shipped bundle. Do so after a change to configs/, to the card's text or to
the place of a function that a config names; a test fails where it was not done.
"""

import argparse
from pathlib import Path

from monai_amyloid.bundle.refresh import refresh
from monai_amyloid.installed import CONFIGS, shipped_bundle

# What the shipped bundle was trained with.
SHIPPED = [CONFIGS / "train.json", CONFIGS / "resnet50_3d.json"]

if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("bundle", type=Path, nargs="?", default=shipped_bundle())
    parser.add_argument("--config-file", type=Path, action="append")
    options = parser.parse_args()
    refresh(options.bundle, options.config_file or SHIPPED)
