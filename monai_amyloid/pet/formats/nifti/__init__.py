"""NIfTI, in one file or in two."""
