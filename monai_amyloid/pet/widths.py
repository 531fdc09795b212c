"""The two widths of a Gaussian blur that PET and its mathematics go by."""

import math

# Full width at half maximum over the standard deviation.
FWHM_PER_SIGMA = math.sqrt(8 * math.log(2))
