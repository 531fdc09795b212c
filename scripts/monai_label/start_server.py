"""Start MONAI Label's server where pydicom is 3 or newer.

MONAI Label imports pydicom-seg, which takes one name from a module that pydicom 3 removed; the
name is in ``pydicom.uid`` since pydicom 2.3. Arguments are those of ``monailabel``.
"""

import sys

import pydicom.uid

sys.modules["pydicom._storage_sopclass_uids"] = pydicom.uid

from monailabel.main import Main  # noqa: E402

if __name__ == "__main__":
    Main().run()
