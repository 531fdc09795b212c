"""Write a bundle's configs, metadata and card anew from configs/.

python scripts/development/refresh_bundle.py [BUNDLE] [--config-file FILE …]

Without arguments: the bundles that come with the program. Do so after a change to configs/, to the
card's text or to the place of a function that a config names; a test fails where it was not done.
"""

import argparse
import json
from pathlib import Path

import monai_amyloid
from monai_amyloid.bundle.integrity import read_bundle
from monai_amyloid.bundle.refresh import refresh
from monai_amyloid.installed import CONFIGS, shipped_bundle

# By which the shipped bundles are known, and graded without MONAI.
KNOWN_BUNDLES = Path(monai_amyloid.__file__).parent / "bundle" / "data" / "shipped.json"
# What they were trained with.
SHIPPED = {
    "2d": [CONFIGS / "train.json"],
    "3d": [CONFIGS / "train.json", CONFIGS / "resnet50_3d.json"],
}

if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("bundle", type=Path, nargs="?")
    parser.add_argument("--config-file", type=Path, action="append")
    options = parser.parse_args()
    if options.bundle is not None:
        refresh(options.bundle, options.config_file or SHIPPED["3d"])
    else:
        for network, config_files in SHIPPED.items():
            refresh(shipped_bundle(network), config_files)
        known = {network: read_bundle(shipped_bundle(network)).sha256 for network in SHIPPED}
        KNOWN_BUNDLES.write_text(json.dumps(known, indent=2) + "\n", encoding="utf-8")
