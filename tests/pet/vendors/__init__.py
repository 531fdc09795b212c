"""Write PET studies with a known truth, in the forms of hospitals: test code, not shipped.

Nothing here imports the package's readers, so that the writer and the reader are independent.
"""

from .capture import captured, write_capture, write_mip, write_multiframe_capture
from .classic import write_classic, write_dual_phase, written_values
from .enhanced import write_enhanced
from .header import Form
from .hospital import write_ct, write_hospital_folder, write_report
from .legacy import write_legacy_converted
from .patterns import PHILIPS_BQML_PER_COUNT, VENDORS
from .pixels import STORED, TRANSFER_SYNTAXES, largest
from .truth import EARLY_AND_LATE, FOUR_LATE_FRAMES, Truth, make_truth, stored

__all__ = [
    "EARLY_AND_LATE",
    "FOUR_LATE_FRAMES",
    "PHILIPS_BQML_PER_COUNT",
    "STORED",
    "TRANSFER_SYNTAXES",
    "VENDORS",
    "Form",
    "Truth",
    "captured",
    "largest",
    "make_truth",
    "stored",
    "write_capture",
    "write_classic",
    "write_ct",
    "write_dual_phase",
    "write_enhanced",
    "write_hospital_folder",
    "write_legacy_converted",
    "write_mip",
    "write_multiframe_capture",
    "write_report",
    "written_values",
]
