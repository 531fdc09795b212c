"""Simulated scans as files: NIfTI, BIDS and DICOM."""
