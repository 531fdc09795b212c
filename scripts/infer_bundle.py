"""Grade amyloid PET studies with a bundle: python scripts/infer_bundle.py STUDY… --output DIR.

The same as `monai-amyloid infer`; see its --help.
"""

import sys

from monai_amyloid.cli import main

if __name__ == "__main__":
    sys.argv.insert(1, "infer")
    main()
